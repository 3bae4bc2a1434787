import os

from langchain_openai import ChatOpenAI

judge = ChatOpenAI(model="gpt-4-turbo", base_url=os.environ["OPENAI_API_BASE"])
