"""What keys and words of settings say: whose models they are, and which keys are models' names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.names.references import Place, classify, hosted_operator, vocabulary
from underlay.audit.names.sites import CLIP_MODEL, CLIP_WEIGHTS, words_of_name
from underlay.audit.readers.documents import DYNAMIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.findings import Kind
    from underlay.audit.readers.documents import Node

__all__ = [
    "clip_parts",
    "connects",
    "holds_model",
    "is_by_model",
    "is_gateway_name",
    "leading_repository",
    "literals_of",
    "provider_of",
    "revision_beside",
]

# how a client reaches a model, beside what it is called
_CONNECTIONS = frozenset(
    ("api_key", "base_url", "api_base", "api_type", "endpoint", "api_version", "api_key_env")
)
# an expression of GitHub's workflows; what is compared in it is no value
_EXPRESSION = re.compile(r"\$\{\{(?P<inside>[^}]{1,500})\}\}")
_LITERAL = re.compile(r"(?:\|\||&&)\s{0,4}'(?P<text>[^'\s]{2,160})'(?!\s{0,4}[=!]=)")

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


def clip_parts(node: Node) -> Iterator[tuple[str, Node]]:
    """`arch: ViT-bigG-14` beside `version: laion2b_s39b_b160k`: a model of open_clip, its weights.

    Only both together are told of: the name of an architecture alone says no weights.
    """
    texts = [(key, value) for key, value in node.items() if value.kind == "text"]
    weights = [pair for pair in texts if CLIP_WEIGHTS.fullmatch(pair[1].text)]
    if weights:
        models = [pair for pair in texts if CLIP_MODEL.fullmatch(pair[1].text)]
        if models:
            yield from (*models, *weights)


def connects(value: Node) -> bool:
    """Whether a mapping says how a model is reached: then the project uses it."""
    return any(words_of_name(key) in _CONNECTIONS for key, _ in value.items())


def leading_repository(value: Node) -> Node | None:
    """The first of a container's arguments, where it is a repository that shows what it is.

    Images of inference servers take the model as their only argument without a flag.
    """
    first = value.values[0] if value.kind == "list" and value.values else None
    if first is None or first.kind != "text" or first.text.count("/") != 1:
        return None
    found = classify(first.text, Place(None, None, 0.5))
    return first if found and found.kind == "hub" and found.confidence >= 0.75 else None


def literals_of(text: str) -> list[tuple[str, int]]:
    """What an expression such as `${{ inputs.model || 'gpt-4o' }}` may become, with offsets."""
    return [
        (literal["text"], expression.start("inside") + literal.start("text"))
        for expression in _EXPRESSION.finditer(text)
        for literal in _LITERAL.finditer(expression["inside"])
    ]
