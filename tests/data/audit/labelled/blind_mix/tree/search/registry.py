"""Which settings go with which embedding model."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass
class Settings:
    pool: str
    prefix: str = ""


OWN = OrderedDict([
    ("bge-m3", Settings("cls")),
    ("bge-base-en-v1.5", Settings("cls")),
    (
        "multilingual-e5-base",
        Settings("mean", prefix="query: "),
    ),
])
KNOWN = OrderedDict()
KNOWN.update(OWN)

RERANK_FILES = {
    "ms-marco-TinyBERT-L-2-v2": "tiny_bert_q8.onnx",
    "rank_duo_7b_v1": "rank_duo_7b_v1.Q4_K_M.gguf",
}
ARCHIVE = "https://huggingface.co/prithivida/flashrank/resolve/main/{}.zip"

SENTIMENT_SETS = ["SetFit/sst2", "SetFit/amazon_reviews_multi_en"]


def settings_of(model_name, task_name=None):
    """Try it: `python -m search.registry --model_path intfloat/e5-large-v2`."""
    if model_name not in KNOWN:
        raise KeyError("no settings for it; take one such as intfloat/e5-small-v2")
    if task_name in SENTIMENT_SETS:
        return Settings("mean")
    return KNOWN[model_name]
