import os

from langchain_anthropic import ChatAnthropic
from langchain_community.chat_models import ChatOllama
from langchain_openai import AzureChatOpenAI, ChatOpenAI, OpenAIEmbeddings

from app.settings import get_settings

LOCAL = os.getenv("LOCAL_LLM_URL", "http://localhost:8080/v1")


def make(provider: str):
    settings = get_settings()
    if provider == "openai":
        return ChatOpenAI(model=settings.llm.chat_model)
    if provider == "anthropic":
        return ChatAnthropic(model="claude-3-5-sonnet-latest", max_tokens=1024)
    if provider == "azure":
        return AzureChatOpenAI(azure_deployment="gpt-4-turbo", api_version="2024-05-01")
    if provider == "ollama":
        return ChatOllama(model="llama3.1")
    if provider == "local":
        return ChatOpenAI(model="gpt-3.5-turbo", base_url=LOCAL, api_key="none")
    raise ValueError(f"unknown provider {provider}")


def embeddings():
    return OpenAIEmbeddings(model="text-embedding-3-small")
