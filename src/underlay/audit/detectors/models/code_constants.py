"""Names of models that the constants of a kit spell: `GPT_4_O_MINI`, `Claude35Sonnet`."""

from __future__ import annotations

import re
from functools import cache

from underlay.audit.names.references import hosted_operator
from underlay.audit.readers.code_values import vocabulary_code

__all__ = ["spelled"]

_PREFIXES = re.compile(
    r"^(?:Chat|Create|Image|Embedding|Audio|Speech|Image)*(?:Model|MODEL_?)?(?=[A-Z0-9])"
)
_JOINED = re.compile(r"(?<=\d)-(?=\d)")


@cache
def spelled(word: str) -> str | None:
    """The hosted name that a constant's own name spells; None where it spells none."""
    known: dict[str, str] = vocabulary_code()["constant_names"]
    if word in known:
        return known[word]
    bare = _PREFIXES.sub("", word) if not word.isupper() else word
    bare = bare.replace("Dot", ".") if re.search(r"\dDot\d", bare) else bare
    bare = re.sub(r"(?i)dall_?e", "dalle", bare)
    if "_" in bare and (bare.isupper() or bare.islower()):
        parts = [part.lower() for part in bare.split("_") if part]
    else:
        spaced = re.sub(
            r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Z][a-z])|_|(?<=[a-z]{3})(?=\d)|(?<=[A-Z]{3})(?=\d)",
            " ",
            bare,
        )
        parts = spaced.lower().split()
    if len(parts) < 2:
        return None
    joined = re.sub(r"^(gpt)(\d)", r"\1-\2", "-".join(parts).replace("dalle-", "dall-e-"))
    joined = joined.replace("gpt-4-o", "gpt-4o").replace("gpt-35-", "gpt-3.5-")
    for name in (_JOINED.sub(".", joined, count=1), joined):
        if name.startswith("claude-") and name != joined:
            continue
        if hosted_operator(name) is not None:
            return name
    return None
