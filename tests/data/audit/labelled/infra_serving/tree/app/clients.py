import os

import anthropic
import boto3
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI

LOCAL = "http://localhost:8000/v1"

local = OpenAI(base_url=LOCAL, api_key="none")
hosted = OpenAI()
deepseek = OpenAI(base_url="https://api.deepseek.com/v1", api_key=os.environ["DEEPSEEK_API_KEY"])
chosen = AsyncOpenAI(base_url=os.environ["LLM_BASE_URL"])
claude = anthropic.Anthropic()
bedrock = boto3.client("bedrock-runtime", region_name="us-east-1")
s3 = boto3.client("s3")
chat = ChatOpenAI(model="gpt-4o-mini")
ollama = ChatOpenAI(model="llama3.2", openai_api_base="http://ollama:11434/v1")
