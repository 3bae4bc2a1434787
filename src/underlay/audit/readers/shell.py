"""Shell text as commands whose words know their values: constants, defaults, loops over lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import DYNAMIC, Fragment, grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Assignment",
    "Command",
    "Value",
    "Variables",
    "Word",
    "read_shell",
    "split_value",
    "words_of",
]

# what a script may hold before the rest is left: a generated one has no models
MAX_COMMANDS = 5_000
MAX_ALTERNATIVES = 200
MAX_JOINED = 20
MAX_NESTING = 60
LONGEST_WORD = 20_000
MAX_CHAIN = 300
MAX_PARTS = 200
LONGEST_NAME = 500


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a word can have, and where its text stands."""

    text: str  # DYNAMIC where a part is known only when the script runs
    line: int
    column: int
    is_default: bool = False  # `${NAME:-text}`: holds where the environment says nothing else
    parts: tuple[Value, ...] = ()  # the variables in it, where they were set

    @property
    def is_literal(self) -> bool:
        """Whether every part is known."""
        return DYNAMIC not in self.text


Variables = dict[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command: as written, and every value that it is known to have."""

    raw: str
    line: int
    column: int
    values: tuple[Value, ...]
    fragment: Fragment | None = None  # what it holds, where that is a script of its own

    @property
    def text(self) -> str:
        """The first value."""
        return self.values[0].text if self.values else ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`, alone or before a command."""

    name: str
    line: int
    column: int
    values: tuple[Value, ...]
    is_exported: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command with its environment and what it is fed."""

    words: tuple[Word, ...]
    environment: tuple[Assignment, ...] = ()
    heredocs: tuple[Fragment, ...] = ()
    redirects: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The first value of every word."""
        return [word.text for word in self.words]


_NAME = re.compile(r"\$[{(]?([A-Za-z_]\w*)[})]?")  # also $(NAME), as Kubernetes writes it
_CONTINUED = re.compile(r"([|&])\s+")
_SIGNS = re.compile(r"[|&]")
_BACKSLASH = re.compile(r"\\(\n|.)", re.DOTALL)


@dataclass(slots=True)
class _Reader:
    fragment: Fragment
    variables: Variables
    data: bytes = b""
    is_ascii: bool = True
    waiting: list[Assignment] = field(default_factory=list)

    def offset(self, position: int) -> int:
        if self.is_ascii:
            return position
        return len(self.data[:position].decode("utf-8", "ignore"))

    def raw(self, node: Any) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def value(self, node: Any, text: str, *, is_default: bool = False) -> Value:
        line, column = self.fragment.at(self.offset(node.start_byte))
        return Value(text, line, column, is_default)

    def values(self, node: Any, depth: int = 0) -> tuple[Value, ...]:
        """Every value that an expression is known to have."""
        kind = node.type
        if depth > MAX_NESTING:
            cut(f"expressions nest deeper than {MAX_NESTING}: not read")
            return (self.value(node, DYNAMIC),)
        if kind in ("word", "number", "extglob_pattern", "regex", "variable_name", "test_operator"):
            text = _BACKSLASH.sub(lambda m: "" if m[1] == "\n" else m[1], self.raw(node))
            return (self.value(node, text),)
        if kind in ("raw_string", "ansi_c_string"):
            return (self.value(node, self.raw(node).lstrip("$")[1:-1]),)
        if kind == "simple_expansion":
            return self._named(node, self.raw(node)[1:])
        if kind == "expansion":
            return self._expansion(node, depth)
        if kind == "array":
            found = [v for child in node.named_children for v in self.values(child, depth + 1)]
            return tuple(found[:MAX_ALTERNATIVES])
        if kind in ("string", "concatenation"):
            return self._joined(node, depth)
        if kind == "string_content":
            return (self.value(node, self.raw(node).replace('\\"', '"').replace("\\\n", "")),)
        return (self.value(node, DYNAMIC),)

    def _named(self, node: Any, name: str) -> tuple[Value, ...]:
        return self.variables.get(name) or (self.value(node, DYNAMIC),)

    def _expansion(self, node: Any, depth: int) -> tuple[Value, ...]:
        name = next((c for c in node.children if c.type in ("variable_name", "subscript")), None)
        sign = next((c.type for c in node.children if c.type in (":-", "-", ":=", "=")), None)
        if name is None:
            return (self.value(node, DYNAMIC),)
        text = self.raw(name).partition("[")[0]
        if sign:
            known = [v for v in self.variables.get(text, ()) if v.is_literal]
            rest = [c for c in node.named_children if c.start_byte > name.start_byte]
            for child in rest[:1]:
                known += [
                    Value(v.text, v.line, v.column, is_default=True)
                    for v in self.values(child, depth + 1)
                ]
            return tuple(known) or (self.value(node, ""),)
        plain = {"${", "}", "variable_name", "subscript"}
        if all(child.type in plain for child in node.children):
            return self._named(node, text)
        return (self.value(node, DYNAMIC),)

    def _joined(self, node: Any, depth: int) -> tuple[Value, ...]:
        parts = [c for c in node.children if c.type != '"']
        if len(parts) > MAX_PARTS:
            return (self.value(node, DYNAMIC),)
        if len(parts) == 1 and parts[0].type != "string_content":
            return self.values(parts[0], depth + 1)
        texts: list[tuple[str, tuple[Value, ...], bool]] = [("", (), False)]
        end = parts[0].start_byte if parts else node.start_byte
        for part in parts:
            blank = self.data[end : part.start_byte].decode("utf-8", "replace")  # is no node
            known = self.values(part, depth + 1)
            if len(known) * len(texts) > MAX_JOINED:
                known = (self.value(part, DYNAMIC),)
            is_text = part.type in ("string_content", "word", "number")
            texts = [
                (
                    whole + blank + v.text,
                    origins if is_text else (*origins, v),
                    is_default or v.is_default,
                )
                for whole, origins, is_default in texts
                for v in known
            ]
            end = part.end_byte
        is_flag = self.raw(parts[0]).startswith("-") if parts else False
        found = []
        for whole, origins, is_default in texts:
            # a variable that doubles itself grows without end
            text = whole if len(whole) <= LONGEST_WORD else DYNAMIC
            value = replace(self.value(node, text, is_default=is_default), parts=origins)
            # --model=$MODEL: the name stands where MODEL was set
            if is_flag and origins and text.endswith(f"={origins[-1].text}"):
                value = replace(value, line=origins[-1].line, column=origins[-1].column)
            found.append(value)
        return tuple(found)

    def word(self, node: Any) -> Word:
        line, column = self.fragment.at(self.offset(node.start_byte))
        return Word(self.raw(node)[:LONGEST_WORD], line, column, self.values(node))

    def assignment(self, node: Any, *, is_exported: bool = False) -> Assignment | None:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if name is None:
            return None
        values = self.values(value) if value is not None else (self.value(node, ""),)
        line, column = self.fragment.at(self.offset(node.start_byte))
        text = self.raw(name).partition("[")[0]
        if any(child.type == "+=" for child in node.children):
            self.variables[text] = (*self.variables.get(text, ()), *values)[:MAX_ALTERNATIVES]
        else:
            # a second assignment is another arm, as a rule: both are values of the name
            known = self.variables.get(text, ())
            before = [v for v in known if v.is_literal and 0 < len(v.text) <= LONGEST_NAME]
            kept = [v for v in before if v.text not in {w.text for w in values}]
            literal = tuple(v for v in values if v.is_literal)
            self.variables[text] = (*literal, *kept)[:MAX_ALTERNATIVES] or values
        return Assignment(text, line, column, values, is_exported)

    def command(self, node: Any, heredocs: tuple[Fragment, ...], into: tuple[str, ...]) -> Command:
        words: list[Word] = []
        environment: list[Assignment] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                found = self.assignment(child)
                if found:
                    environment.append(found)
            elif child.type == "command_name":
                words += [self.word(part) for part in child.named_children[:1]]
            elif not child.type.endswith("redirect") and child.type != "comment":
                words.append(self.word(child))
        return Command(tuple(words), tuple(environment), heredocs, into)


def read_shell(
    fragment: Fragment, variables: Mapping[str, tuple[Value, ...]] | None = None
) -> Iterator[Command | Assignment]:
    """Commands and lone assignments in their order; what can't be parsed is passed over.

    `variables` are known beforehand, as Docker's ENV; names assigned in the script add to them.
    """
    if _longest_chain(fragment.text) > MAX_CHAIN:
        cut(f"a chain of more than {MAX_CHAIN} commands: the script is not read")
        return
    data = fragment.text.encode("utf-8", "replace")
    reader = _Reader(fragment, dict(variables or {}), data, len(data) == len(fragment.text))
    tree = grammar("bash").parse(data)
    stack: list[tuple[Any, tuple[Fragment, ...], tuple[str, ...]]] = [(tree.root_node, (), ())]
    count = 0
    while stack:
        node, heredocs, into = stack.pop()
        kind = node.type
        count += kind in ("command", "variable_assignment", "for_statement")
        if count > MAX_COMMANDS:
            cut(f"more than {MAX_COMMANDS} commands: the rest is not read")
            return
        if kind == "command":
            yield reader.command(node, heredocs, into)
        elif kind == "variable_assignment":
            if node.parent is None or node.parent.type != "command":
                is_exported = node.parent is not None and node.parent.type == "declaration_command"
                found = reader.assignment(node, is_exported=is_exported)
                if found:
                    yield found
        elif kind == "for_statement":
            _loop(reader, node)
        elif kind == "redirected_statement":
            heredocs, into = _fed(reader, node)
        children = node.named_children
        if kind in ("string", "raw_string", "heredoc_body") and not any(
            c.type == "command_substitution" for c in children
        ):
            continue
        stack.extend((child, heredocs, into) for child in reversed(children))


def _longest_chain(text: str) -> int:
    """Signs of the longest statement; the grammar's memory grows with the square of a chain."""
    if text.count("|") <= MAX_CHAIN and text.count("&") <= MAX_CHAIN:
        return 0
    joined = _CONTINUED.sub(r"\1", text)
    return max(len(_SIGNS.findall(part)) for part in re.split(r"[;\n]", joined))


def _loop(reader: _Reader, node: Any) -> None:
    variable = node.child_by_field_name("variable")
    if variable is None:
        return
    values: list[Value] = []
    for part in node.children_by_field_name("value"):
        for value in reader.values(part):
            values += split_value(value) if part.type == "simple_expansion" else [value]
    reader.variables[reader.raw(variable)] = tuple(values[:MAX_ALTERNATIVES])


def split_value(value: Value) -> list[Value]:
    """The words of a list that stands in one string: `for m in $MODELS`."""
    if len(value.text.split()) < 2:
        return [value]
    found = []
    for match in re.finditer(r"\S+", value.text):
        before = value.text[: match.start()]
        row = before.count("\n")
        column = match.start() - before.rfind("\n") if row else value.column + 1 + match.start()
        found.append(Value(match[0], value.line + row, column, value.is_default))
    return found


def _fed(reader: _Reader, node: Any) -> tuple[tuple[Fragment, ...], tuple[str, ...]]:
    heredocs: list[Fragment] = []
    into: list[str] = []
    stack = list(node.children_by_field_name("redirect"))
    while stack:
        redirect = stack.pop(0)
        if redirect.type == "heredoc_redirect":
            stack += [c for c in redirect.named_children if c.type == "file_redirect"]
            for body in redirect.named_children:
                if body.type == "heredoc_body":
                    start = reader.offset(body.start_byte)
                    end = reader.offset(body.end_byte)
                    heredocs.append(reader.fragment.part(start, end))
        elif redirect.type == "file_redirect":
            into += [reader.raw(c) for c in redirect.named_children[-1:]]
    return tuple(heredocs), tuple(into)


def words_of(
    items: Iterable[tuple[str, int, int]],
    variables: Variables | None = None,
    fragments: Mapping[int, Fragment] | None = None,
) -> Command:
    """A command from an argument list (`["vllm", "serve", ...]`): text, line, column of each.

    `fragments` gives the place of scripts among them, by position.
    """
    words = []
    for position, (text, line, column) in enumerate(items):
        alone = _NAME.fullmatch(text)
        values = (variables or {}).get(alone[1]) if alone else None
        if not values:
            known = _substituted(text, variables or {})
            values = (Value(known, line, column),)
        fragment = (fragments or {}).get(position)
        words.append(Word(text[:LONGEST_WORD], line, column, values, fragment))
    return Command(tuple(words))


def _substituted(text: str, variables: Variables) -> str:
    if "$" not in text:
        return text

    def known(match: re.Match[str]) -> str:
        values = [v.text for v in variables.get(match[1], ()) if v.is_literal]
        return values[0] if len(values) == 1 else DYNAMIC

    found = _NAME.sub(known, text)
    return found if len(found) <= LONGEST_WORD else DYNAMIC
