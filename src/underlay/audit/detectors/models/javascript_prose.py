"""Names of models in comments of JavaScript: code that is commented out."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from underlay.audit.names.references import hosted_operator, key_strength
from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["names_in"]

_MOST = 200  # of one comment
_LONGEST = 20_000  # characters of one comment
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
