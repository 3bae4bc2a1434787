import os

from google import genai
from langchain_groq import ChatGroq
from openai import AzureOpenAI
import litellm

client = genai.Client(api_key=os.environ["GEMINI_API_KEY"])
azure = AzureOpenAI(azure_endpoint=os.environ["AZURE_OPENAI_ENDPOINT"], api_version="2024-06-01")
fast = ChatGroq(model="llama-3.1-8b-instant")
local = litellm.completion(model="ollama/llama3", api_base="http://localhost:11434", messages=[])
