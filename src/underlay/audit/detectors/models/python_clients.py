"""Which Python classes are clients of a language model, told by their names alone.

A name of a service that no list knows is a model's where a client of such a service takes it:
behind `model=` of the client, and inside the client's own class.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["ASKED", "is_client"]

# the keys under which a client is given the model that it asks
ASKED = re.compile(r"_?(?:default_?)?model(?:_?(?:name|id))?", re.IGNORECASE)
# `ChatAcme`, `AsyncChatAcme`, `AcmeLLM`, `AcmeEmbeddings`, `AcmeReranker`, `AcmeChatModel`
_CLIENT = re.compile(
    r"_?(?:Async|Base)?Chat[A-Z]\w{1,40}|"
    r"\w{0,40}(?:LLM|Llm|ChatModel|LanguageModel|LLMClient|LLMProvider|LLMService|ChatClient|"
    r"ChatGenerator|ChatLLM|Embeddings?|Embedder|Rerank(?:er)?)",
    re.ASCII,
)
# what is sent and kept has such names too, and what stands in for a client, or is a server's own
_OTHERS = re.compile(
    r"(?:Request|Response|Messages?|Session|Template|History|Config|Settings|Params|Args|Chunk|"
    r"Choice|Event|Window|Room|Record|Input|Output|Result|Usage|Completion|Prompt|Options|Agent|"
    r"Bot|State|Engine|Service|Handler|View|Page)$|"
    r"(?i:fake|mock|dummy|test|stub|echo|local|ollama|llama_?cpp|gguf|vllm|self_?hosted|scripted|"
    r"custom|example|demo|noop|random|static|record|replay|positional|rotary|patch|token|time|"
    r"hugging|transformer|sentence|onnx|mlx|ctrans|gpt4all|xinference|llamafile|tgi)"
)


@lru_cache(maxsize=10_000)
def is_client(name: str) -> bool:
    """Whether a class is called as clients of models are; the last part of a dotted name counts."""
    last = name.rpartition(".")[2]
    return _CLIENT.fullmatch(last) is not None and _OTHERS.search(last) is None
