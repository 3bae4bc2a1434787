from sentence_transformers import CrossEncoder, SentenceTransformer

from . import constants as c
from .settings import get_settings

EMBEDDERS = {
    "small": "all-MiniLM-L6-v2",
    "large": "mixedbread-ai/mxbai-embed-large-v1",
    "german": {"name": "jinaai/jina-embeddings-v2-base-de", "dim": 768, "trust": True},
}


def load(kind: str = "small"):
    entry = EMBEDDERS[kind]
    name = entry["name"] if isinstance(entry, dict) else entry
    return SentenceTransformer(name, trust_remote_code=True)


def default_embedder():
    settings = get_settings()
    return SentenceTransformer(settings.retrieval.embedder)


def reranker():
    return CrossEncoder(get_settings().retrieval.reranker)


def multilingual():
    return SentenceTransformer(c.E5, revision="3f9a2b7c")
