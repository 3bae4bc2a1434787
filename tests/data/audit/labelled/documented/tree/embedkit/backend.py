"""Backends of embedkit."""

from sentence_transformers import CrossEncoder


class Ranker:
    """Ranks with a cross encoder.

    Arguments:
        name: a T5 checkpoint (e.g., 't5-large', 'google/t5-xxl-lm-adapt') or a path;
            `cross-encoder/ms-marco-MiniLM-L-6-v2` where nothing is said
    """

    def __init__(self, name: str = "cross-encoder/ms-marco-MiniLM-L-6-v2") -> None:
        # BAAI/bge-reranker-base does as well, says the paper
        self.model = CrossEncoder(name)
