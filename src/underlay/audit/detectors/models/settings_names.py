"""What keys and words of settings say: whose models they are, and which keys are models' names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.names.references import Place, classify, hosted_operator, vocabulary
from underlay.audit.names.sites import words_of_name
from underlay.audit.readers.documents import DYNAMIC

if TYPE_CHECKING:
    from underlay.audit.findings import Kind
    from underlay.audit.readers.documents import Node

__all__ = ["holds_model", "is_by_model", "is_gateway_name", "provider_of", "revision_beside"]

_HOLDS = re.compile(r"(?:^|_)(?:model|repo|hf|hub|checkpoint|weights)(?:_|$)")
_PROVIDER_TAIL = re.compile(r"_?(?:provider|chat|llm|api|inference|local)$")
_PROVIDER_NAMES = {
    "hf": "huggingface",
    "hugging_face": "huggingface",
    "sentence_transformers": "huggingface",
    "sentence_transformer": "huggingface",
    "transformers": "huggingface",
    "lmstudio": "lm_studio",
    "google_ai": "google_genai",
    "google": "gemini",
    "vertexai": "vertex_ai",
    "togetherai": "together",
    "azureopenai": "azure",
    "aws_bedrock": "bedrock",
    "amazon_bedrock": "bedrock",
    "mistral_ai": "mistral",
}
_KINDS: dict[str, Kind] = {"hosted": "hosted", "ollama": "ollama", "hub": "hub"}


def is_by_model(keys: list[Node]) -> bool:
    """Limits, prices and the like by model: most keys can be nothing else."""
    known = sum(hosted_operator(k.text) is not None or is_gateway_name(k.text) for k in keys)
    return len(keys) > 1 and 2 * known > len(keys)


def holds_model(key: str, value: Node) -> bool:
    """`modelURL: org/name`: beside it, a name is what people call it."""
    if value.kind != "text" or "/" not in value.text or not _HOLDS.search(words_of_name(key)):
        return False
    found = classify(value.text, Place(None, None, 0.6))
    return found is not None and found.kind in ("hub", "file")


def provider_of(text: str) -> tuple[str, Kind] | None:
    """Who a word such as `openai` or `OllamaProvider` means, and what its models are called."""
    name = text.strip().lower().replace("-", "_")
    name = _PROVIDER_TAIL.sub("", name) or name
    name = _PROVIDER_NAMES.get(name, name)
    gateways = vocabulary()["gateways"]
    known = gateways.get(name) or gateways.get(name.replace("_", "-"))
    kind = _KINDS.get(known["kind"]) if known is not None else None
    return (known["operator"], kind) if kind is not None else None


def is_gateway_name(text: str) -> bool:
    """`anthropic/claude-...`: a gateway's prefix and a name of a hosted scheme."""
    prefix, sign, rest = text.partition("/")
    if not sign or " " in text or len(text) > 120:
        return False
    listed = prefix.lower() in vocabulary()["gateways"] or prefix in vocabulary()["makers"]["names"]
    return listed and hosted_operator(rest.rpartition("/")[2].partition(":")[0]) is not None


def revision_beside(parent: Node) -> str | None:
    """The commit or tag that the mapping of a model gives beside it."""
    text = parent.text_of("revision", "model_revision", "modelRevision", "hf_revision")
    return text if text and DYNAMIC not in text and "$" not in text else None
