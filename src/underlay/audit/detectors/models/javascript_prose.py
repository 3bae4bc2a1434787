"""Names of models in the running text of JavaScript: comments, what pages show, titles of tests."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.names.mentions import mentions
from underlay.audit.names.references import hosted_operator, key_strength
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["names_in", "told_in"]

_MOST = 200  # of one comment
_LONGEST = 20_000  # characters of one comment
# without one of these a text names nothing that `mentions` knows
_SPEAKING = re.compile(
    r"(?i)gpt|claude|gemini|llama|bert|mi[sx]tral|qwen|embed|whisper|davinci|command-r|minilm|mpnet|"
    r"deepseek|gemma|phi-|huggingface|bge-|dall-e|grok-|o[134]-|[\w-]/[A-Z]"
)
# `model: "..."`, `const MODEL = "..."`, `"gpt-4o",` on a line of its own
_SET = re.compile(
    r"(?:(?P<key>[A-Za-z_][\w.]{0,60})[\"']?\s{0,4}(?::\s{0,4}\w{1,40}\s{0,4})?[=:]\s{0,4})?"
    r"(?P<quote>[\"'`])(?P<text>[\w./:@+-]{2,120})(?P=quote)"
)


def names_in(comment: str) -> Iterator[tuple[str, int, int]]:
    """(name, lines below the comment's first, characters before it) of what may be a model."""
    if not any(sign in comment for sign in ("'", '"', "`")):
        return
    if len(comment) > _LONGEST:
        cut(f"a comment of more than {_LONGEST} characters: not read")
        return
    for below, line in enumerate(comment.split("\n")):
        for match in islice(_SET.finditer(line), _MOST):
            text = match["text"]
            is_set = match["key"] is not None and key_strength(match["key"].rpartition(".")[2]) > 0
            if is_set or (match["quote"] != "`" and hosted_operator(text) is not None):
                yield text, below, match.start("quote")


def told_in(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, lines below the text's first, characters before it) of what running text names."""
    if len(text) > _LONGEST or not _SPEAKING.search(text):
        return
    for one in islice(mentions(text), _MOST):
        if not one.is_local:
            below = text.count("\n", 0, one.start)
            yield one.candidate.ref, below, one.start - text.rfind("\n", 0, one.start) - 1
