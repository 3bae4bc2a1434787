from enum import Enum
from typing import Literal

Provider = Literal["openai", "anthropic", "google"]
FastModel = Literal["gpt-4.1-nano", "gemini-2.0-flash-lite"]


class Model(str, Enum):
    SONNET = "claude-sonnet-4-20250514"
    GEMINI = "gemini-2.5-pro"
    LLAMA = "groq/llama-3.3-70b-versatile"
    ROUTER = "openrouter/deepseek/deepseek-chat-v3-0324"


PRICES = {
    "gpt-4o": (2.5, 10.0),
    "mistral-large-2411": (2.0, 6.0),
}
CONTEXT = {Model.SONNET: 200_000}
REASONING_PREFIXES = ("o1", "o3")


def is_reasoning(name: str) -> bool:
    return name.startswith(REASONING_PREFIXES) or "gpt-5" in name
