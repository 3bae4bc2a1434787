"""Dockerfiles as instructions, each a fragment that knows where it stands.

The published Python reader of the format joins continued lines, which loses columns, and knows
no heredocs; what is inside an instruction is read by the parsers of shell and JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import Fragment, read_json
from underlay.audit.readers.shell import Command, read_shell, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from underlay.audit.readers.shell import Assignment, Variables

__all__ = ["Instruction", "read_containerfile"]

MAX_INSTRUCTIONS = 1_000

_KEYWORD = re.compile(r"[ \t]*(?:ONBUILD[ \t]+)?([A-Za-z]+)(?:[ \t]+|$)", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?[ \t]*([\"']?)([A-Za-z_]\w{0,60})\1")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])", re.IGNORECASE)
_PAIR = re.compile(r"[A-Za-z_][\w.]*=")
_LEGACY = re.compile(r"([A-Za-z_][\w.]*)[ \t]+(\S[^\n]*)")
_OPTIONS = re.compile(r"(?:--[a-z-]+(?:=\S+)?[ \t]+)+")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its keyword in capitals, and the text after it."""

    keyword: str
    line: int
    fragment: Fragment

    def assignments(self, variables: Variables) -> list[Assignment]:
        """What ENV or ARG sets; `variables` grows by it."""
        fragment = self.fragment
        legacy = _LEGACY.match(fragment.text) if self.keyword == "ENV" else None
        if legacy and not _PAIR.match(fragment.text):
            # ENV NAME value: with a sign between, it is shell
            text = fragment.text[: legacy.end(1)] + "=" + fragment.text[legacy.end(1) + 1 :]
            quoted = text if len(legacy[2].split()) == 1 else ""
            fragment = fragment.replaced(quoted)
        found: list[Assignment] = []
        for part in read_shell(fragment, variables):
            found += part.environment if isinstance(part, Command) else [part]
        for one in found:
            if any(value.text for value in one.values):
                variables[one.name] = one.values
        return found

    def parts(self, variables: Variables) -> Iterator[Command | Assignment]:
        """The commands of RUN, CMD, ENTRYPOINT, in shell form or as an argument list."""
        options = _OPTIONS.match(self.fragment.text)
        skipped = options.end() if options else 0
        text = " " * skipped + self.fragment.text[skipped:]
        if text.lstrip().startswith("["):
            document = read_json(text)
            if document.roots and document.roots[0].kind == "list":
                items = [
                    (node.text, *self.fragment.at(node.start))
                    for node in document.roots[0].values
                    if node.kind == "text"
                ]
                yield words_of(items, variables)
                return
        heredoc = _HEREDOC.match(text.lstrip())
        if heredoc:  # RUN <<EOF: the body is the script
            head, _, body = text.partition("\n")
            text = " " * len(head) + "\n" + body
        yield from read_shell(self.fragment.replaced(text), variables)


def read_containerfile(source: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, in their order."""
    escape = "\\"
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = Fragment(source)
    whole.at(0)  # its parts share what it knows of lines
    row = count = 0
    while row < len(lines):
        if count >= MAX_INSTRUCTIONS:
            cut(f"more than {MAX_INSTRUCTIONS} instructions: the rest is not read")
            return
        stripped = lines[row].strip()
        directive = _ESCAPE.match(stripped)
        if directive:
            escape = directive[1]
        keyword = _KEYWORD.match(lines[row])
        if not stripped or stripped.startswith("#") or not keyword:
            row += 1
            continue
        count += 1
        first = row
        body, row = _body(lines, row, escape)
        start = starts[first] + keyword.end()
        text = "".join(body)[keyword.end() :]
        fragment = whole.part(start, start + len(text)).replaced(text)
        yield Instruction(keyword[1].upper(), first + 1, fragment)


def _body(lines: list[str], row: int, escape: str) -> tuple[list[str], int]:
    """The lines of one instruction, comments in it blanked, and the row after it."""
    body: list[str] = []
    waiting: list[str] = []
    while row < len(lines):
        line = lines[row]
        row += 1
        stripped = line.strip()
        if body and (stripped.startswith("#") or not stripped):
            # the shell would end a command here, Docker doesn't
            body.append(" " * (len(line) - 2) + "\\\n" if len(line) > 1 else line)
            continue
        if stripped.endswith(escape):
            body.append(line if escape == "\\" else line.replace(escape, "\\"))
            continue
        body.append(line)
        waiting = [match[2] for match in _HEREDOC.finditer("".join(body))]
        break
    for end in waiting:
        while row < len(lines):
            body.append(lines[row])
            row += 1
            if body[-1].strip() == end:
                break
    return body, row
