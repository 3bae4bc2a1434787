"""Which models are compared."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    label: str
    hub: str
    gpus: int = 1


ENTRIES = (
    Entry("Llama 3.1 8B", "meta-llama/Llama-3.1-8B-Instruct"),
    Entry("Gemma 2", "google/gemma-2-27b-it", 2),
    Entry("Aya", "CohereForAI/aya-expanse-8b"),
    Entry("Salamandra", "BSC-LT/salamandra-7b-instruct"),
    Entry("Viking", "LumiOpen/Viking-33B", 4),
)
JUDGES = [("gpt-4o-2024-11-20", 0.5), ("claude-3-opus-latest", 0.5)]
SKIP = {"HuggingFaceH4/mt_bench_prompts", "lmsys/chatbot_arena_conversations"}
METRICS = ["accuracy/top-1", "accuracy/top-5", "loss/val"]


def load(entry: Entry):
    from vllm import LLM
    return LLM(model=entry.hub, tensor_parallel_size=entry.gpus)


def tokens(text):
    import tiktoken
    return len(tiktoken.encoding_for_model("gpt-4").encode(text))
