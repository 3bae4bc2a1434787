"""Settings of the service, from the environment."""
from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings


class LLMSettings(BaseSettings):
    provider: str = "openai"
    chat_model: str = "gpt-4o-mini"
    fallback_model: str = Field(default="claude-3-haiku-20240307", description="used on timeouts")
    temperature: float = 0.1


class RetrievalSettings(BaseSettings):
    embedder: str = Field("BAAI/bge-small-en-v1.5", env="EMBEDDER")
    reranker: str | None = "cross-encoder/ms-marco-MiniLM-L-6-v2"
    sparse: str = "naver/splade-cocondenser-ensembledistil"
    collection: str = "docs/chunks"
    mime: str = "application/json"


class Settings(BaseSettings):
    llm: LLMSettings = LLMSettings()
    retrieval: RetrievalSettings = RetrievalSettings()


@lru_cache
def get_settings() -> Settings:
    return Settings()
