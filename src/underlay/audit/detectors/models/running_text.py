"""Models that running text inside a program names: comments, titles of tests, what a page shows."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.names.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pieces_of", "told_in"]

_MOST = 200  # of one text
_LONGEST = 20_000  # characters of one text
# without one of these a text names nothing that `mentions` knows
_SPEAKING = re.compile(
    r"(?i)gpt|claude|gemini|llama|bert|mi[sx]tral|qwen|embed|whisper|davinci|command-r|minilm|mpnet|"
    r"deepseek|gemma|phi-|huggingface|bge-|dall-e|grok-|o[134]-|[\w-]/[A-Z]"
)


def told_in(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, lines below the text's first, characters before it) of each model that is named."""
    if len(text) > _LONGEST or not _SPEAKING.search(text):
        return
    for one in islice(mentions(text), _MOST):
        if not one.is_local:
            below = text.count("\n", 0, one.start)
            yield one.candidate.ref, below, one.start - text.rfind("\n", 0, one.start) - 1


def pieces_of(text: str) -> Iterator[str]:
    """A long text in pieces that `told_in` reads, cut behind the end of a line if there is one."""
    start = 0
    while start < len(text):
        end = min(len(text), start + _LONGEST)
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
