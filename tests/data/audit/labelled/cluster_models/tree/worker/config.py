import os
from dataclasses import dataclass


@dataclass
class Config:
    base_url: str = os.environ.get("LLM_BASE_URL", "")
    model: str = os.environ.get("LLM_MODEL", "gpt-4o-mini")
    embed_url: str = os.environ["EMBED_BASE_URL"]
