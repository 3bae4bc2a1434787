"""Models that running text inside a program names: comments, titles of tests, what a page shows."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.names.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from underlay.audit.names.sites import Sightings, Site

__all__ = ["pieces_of", "tell", "told_in"]

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


def tell(
    text: str,
    line: int,
    column: int,
    site: Site,
    found: Sightings,
    taken: Collection[tuple[int, int]] = (),
) -> None:
    """Adds what a text names whose first character stands at `line` and `column`.

    `taken`: (lines below, characters before) of what was read otherwise.
    """
    for name, below, right in told_in(text):
        if (below, right) not in taken:
            found.see(name, line + below, right + 1 if below else column + right, site)


def pieces_of(text: str) -> Iterator[str]:
    """A long text in pieces that `told_in` reads, cut behind the end of a line if there is one."""
    start = 0
    while start < len(text):
        end = min(len(text), start + _LONGEST)
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
