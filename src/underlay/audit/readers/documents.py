"""YAML, JSON, TOML and dotenv files as one tree of nodes that know their line and column.

Nothing is constructed, no alias is followed, no recursion is made: depth, nodes and text are
bounded, and what was cut is said. A broken file gives the part before the break.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Literal

from underlay.audit.readers.cuts import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "DYNAMIC",
    "Document",
    "Fragment",
    "Grammar",
    "Node",
    "grammar",
    "read_dotenv",
    "read_hcl",
    "read_ini",
    "read_json",
    "read_toml",
    "read_yaml",
]

MAX_DEPTH = 100
MAX_NODES = 100_000
MAX_ASSIGNMENTS = 5_000
_LARGE = 100_000  # bytes; what is made of longer ones isn't kept
# stands for each character of a template expression, `{{ .Values.model }}`, in what YAML reads
DYNAMIC = "\ue000"


@dataclass(slots=True)
class Node:
    """A value of a document: a mapping, a list, or a text (also numbers, booleans, null)."""

    kind: Literal["map", "list", "text"]
    line: int
    column: int
    text: str = ""
    start: int = 0  # offset of the literal in the source, quotes included
    end: int = 0
    is_quoted: bool = False
    is_block: bool = False  # YAML's | and >
    is_comment: bool = False  # commented out, of dotenv files
    keys: list[Node] = field(default_factory=list)
    values: list[Node] = field(default_factory=list)
    _index: dict[str, Node] | None = field(default=None, repr=False, compare=False)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of a mapping, in their order."""
        return zip((key.text for key in self.keys), self.values, strict=False)

    def get(self, *names: str) -> Node | None:
        """The value under the first of the names that is there; None where none is."""
        if self.kind != "map":
            return None
        if self._index is None or len(self._index) > len(self.keys):
            self._index = dict(reversed(list(self.items())))  # the first of two equal keys counts
        return next((self._index[name] for name in names if name in self._index), None)

    def text_of(self, *names: str) -> str:
        """The text under the first of the names; empty where there is none."""
        found = self.get(*names)
        return found.text if found is not None and found.kind == "text" else ""

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every node below and this one, parents first, with the path of keys (`*` in a list)."""
        stack: list[tuple[tuple[str, ...], Node]] = [((), self)]
        while stack:
            path, node = stack.pop()
            yield path, node
            if node.kind == "map":
                below = [((*path, key), value) for key, value in node.items()]
            else:
                below = [((*path, "*"), value) for value in node.values]
            stack.extend(reversed(below))


@dataclass(slots=True)
class Document:
    """The roots of a file (YAML may hold several), its source, and why it was cut, if it was."""

    roots: list[Node]
    source: str
    problem: str = ""
    _inside: Fragment | None = None  # the text that this document is a part of
    is_cut: bool = False  # by a limit; else it is the text that is broken

    def moved(self, inside: Fragment) -> None:
        """The document stands in another file: its nodes are placed there."""
        self._inside = inside
        for root in self.roots:
            for _, node in root.walk():
                for one in (*node.keys, node):
                    if one.end:
                        one.line, one.column = inside.at(one.start)

    def fragment(self, node: Node) -> Fragment:
        """The text of a node as it stands in the file, for a second parser to read."""
        raw = self.source[node.start : node.end]
        start = node.start
        if node.is_block:
            head, _, raw = raw.partition("\n")
            is_folded = head.lstrip().startswith(">")
            start += len(head) + 1
            if is_folded:
                raw = _fold(raw)
        elif node.is_quoted:
            # a quote, and what is escaped, become blanks: the offsets stay
            raw = " " + raw[1:-1].replace("\n", " ").replace("\\n", " \n").replace('\\"', ' "')
        else:
            raw = raw.replace("\n", " ")
        if self._inside is not None:
            return self._inside.part(start, start + len(raw)).replaced(raw)
        return Fragment(raw, self.source, start)


def _fold(raw: str) -> str:
    """A folded block as one line, where neighbours are not set off by indentation or a blank."""
    lines = raw.split("\n")
    return " ".join(lines) if all(line.strip() for line in lines[:-1]) else raw


class Fragment:
    """A part of a file as a text of its own; `at` tells where an offset stands in the file."""

    __slots__ = ("_breaks", "_origin", "_source", "_start", "text")

    def __init__(self, text: str, source: str | None = None, start: int = 0) -> None:
        self.text = text
        self._source = text if source is None else source
        self._start = start
        self._breaks: list[int] = []  # found when asked for, and shared with every part
        self._origin = (1, 1)

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a place in the fragment."""
        if not self._breaks:
            self._breaks += _line_breaks(self._source)
        line, column = _place(self._breaks, self._start + offset)
        first, indent = self._origin
        return line + first - 1, column + indent - 1 if line == 1 else column

    @classmethod
    def anchored(cls, text: str, line: int, column: int) -> Fragment:
        """A text whose first character stands at a line and a column; its lines follow there."""
        made = cls(text)
        made._origin = (line, column)
        return made

    def replaced(self, text: str) -> Fragment:
        """The same place with another text of the same length, or a shorter one."""
        other = Fragment(text, self._source, self._start)
        other._breaks = self._breaks
        other._origin = self._origin
        return other

    def part(self, start: int, end: int) -> Fragment:
        """A fragment of this fragment."""
        inner = Fragment(self.text[start:end], self._source, self._start + start)
        inner._breaks = self._breaks
        inner._origin = self._origin
        return inner


def _line_breaks(source: str) -> list[int]:
    """Offsets at which lines begin."""
    return [0, *(match.end() for match in re.finditer("\n", source))]


def _place(breaks: list[int], offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    row = bisect_right(breaks, offset) - 1
    return row + 1, offset - breaks[row] + 1


class Grammar:
    """A parser of tree-sitter whose work is bounded by the length of what it reads.

    What is no such language takes some grammars time that grows with its square or worse, and
    shell's scanner may look ahead to the end of the file again and again: steps and bytes are
    counted, and past the bound the file counts as unreadable. The bound is a number and no time,
    so that a second run gives the same tree. The nodes of a shell's tree can't tell their text.
    """

    CHUNK = 8_192
    DEEPEST = 2_000  # brackets in brackets; people's files stay below 50
    TIMES, FIXED = 20, 2_000_000
    PER_STEP, STEPS = 30, 500  # people's code takes a step in 80 to 300 bytes

    def __init__(self, name: str) -> None:
        import importlib

        import tree_sitter

        package = "typescript" if name in ("tsx", "typescript") else name
        module = importlib.import_module(f"tree_sitter_{package}")
        entry = f"language_{name}" if package == "typescript" else "language"
        self.language = tree_sitter.Language(getattr(module, entry)())
        self._parser = tree_sitter.Parser(self.language)
        self._is_bash = name == "bash"
        self._last: tuple[bytes, Any] | None = None

    def parse(self, data: bytes) -> Any:
        """The tree of the bytes; an empty one where that is too much work.

        The last small one is kept, as several detectors ask for the same.
        """
        if self._last is None or self._last[0] != data:
            self._last = None
            tree = self._parse(data)
            if len(data) > _LARGE:
                return tree
            self._last = data, tree
        return self._last[1]

    def _parse(self, data: bytes) -> Any:
        if _nests(data, self.DEEPEST):
            cut(f"nested deeper than {self.DEEPEST} brackets: not read")
            data = b""
        if self._is_bash:
            # tree-sitter-bash 0.25 asks C's tables of bytes about characters beyond them, which
            # ends the process now and then; the tree has offsets only, the text is the caller's
            data = data.translate(_LETTERS)
        left = self.TIMES * len(data) + self.FIXED
        steps = self.STEPS + min(len(data), 100_000) // self.PER_STEP + len(data) // 60

        def read(offset: int, _: object) -> bytes:
            nonlocal left
            part = data[offset : offset + self.CHUNK] if left > 0 else b""
            left -= len(part)
            return part

        def stop(*_: object) -> bool:
            nonlocal steps
            steps -= 1
            return steps < 0 or (left <= 0 and not self._is_bash)

        try:
            tree = self._parser.parse(read, progress_callback=stop)
        except ValueError:
            self._parser.reset()
            cut("takes too long to parse: not read")
            return self._parser.parse(b"")
        if left <= 0:
            cut("takes too long to parse: read in part")
        # once more over the tree that is there, which takes no time: nodes know their text then
        return tree if self._is_bash else self._parser.parse(data, tree)


_LETTERS = bytes(byte if byte < 0x80 else ord("x") for byte in range(256))
_BRACKETS = re.compile(rb"[\[({]+|[\])}]+")


def _nests(data: bytes, deepest: int) -> bool:
    """Whether brackets, also those in texts, nest deeper than that."""
    if data.count(b"(") + data.count(b"[") + data.count(b"{") <= deepest:
        return False
    depth = 0
    for match in _BRACKETS.finditer(data):
        run = match.end() - match.start()
        depth = depth + run if match[0][:1] in b"([{" else max(0, depth - run)
        if depth > deepest:
            return True
    return False


@lru_cache(maxsize=8)
def grammar(name: str) -> Grammar:
    """A parser, loaded when asked for: `bash`, `hcl`, `toml`, `tsx` or `typescript`."""
    return Grammar(name)


# --- a tree, built without recursion -----


class _Cut(Exception):  # noqa: N818 -- leaves this module never; it ends a reading early
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Builder:
    """Nodes put together from a stream of begin, end and text."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self._stack: list[Node] = []
        self._count = 0

    def add(self, node: Node) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise _Cut(f"more than {MAX_NODES} values: the rest is not read")
        if not self._stack:
            self.roots.append(node)
            return
        parent = self._stack[-1]
        if parent.kind == "map" and len(parent.keys) == len(parent.values):
            if node.kind == "text":
                parent.keys.append(node)
            else:  # a mapping as a key: its content is still seen
                parent.keys.append(Node("text", node.line, node.column))
                parent.values.append(node)
        else:
            parent.values.append(node)

    def begin(self, node: Node) -> None:
        self.add(node)
        if len(self._stack) >= MAX_DEPTH:
            raise _Cut(f"nested deeper than {MAX_DEPTH}: the rest is not read")
        self._stack.append(node)

    def end(self) -> None:
        if self._stack:
            self._stack.pop()

    @property
    def top(self) -> Node | None:
        return self._stack[-1] if self._stack else None


_LAST: list[tuple[object, str, Document]] = []
_MOST_KEPT = 2


def _kept(read: Callable[[str], Document]) -> Callable[[str], Document]:
    """A reader whose last documents are kept, two in all: several detectors ask for each.

    They go before a large one is built, as that takes tens of megabytes.
    """

    @wraps(read)
    def read_once(source: str) -> Document:
        for reader, text, document in _LAST:
            if reader is read and text == source:
                if document.is_cut:
                    cut(document.problem)
                return document
        if len(source) > _LARGE:
            _LAST.clear()
        document = read(source)
        if document.is_cut:
            cut(document.problem)
        del _LAST[: max(0, len(_LAST) - _MOST_KEPT + 1)]
        _LAST.append((read, source, document))
        return document

    return read_once


# --- YAML -----

_ONLY_TEMPLATE = re.compile(r"^[ \t]*\{\{[^\n{}]*\}\}[ \t]*$", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{[^\n{}]{0,400}\}\}")


def _without_templates(source: str) -> str:
    """Go templates of Helm made harmless, every offset kept."""
    if "{{" not in source:
        return source
    source = _ONLY_TEMPLATE.sub(lambda m: "#" + " " * (len(m[0]) - 1), source)
    return _TEMPLATE.sub(lambda m: DYNAMIC * len(m[0]), source)


class _Expanded:
    """How many values a YAML file would have, were its aliases followed; or too many."""

    def __init__(self) -> None:
        self.count = 0
        self._anchors: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []

    def add(self, kind: str, anchor: str | None) -> None:
        if self.count > MAX_NODES:
            return
        if kind == "ScalarEvent":
            self.count += 1
            if anchor is not None:
                self._anchors[anchor] = 1
        elif kind == "AliasEvent":
            self.count += self._anchors.get(anchor or "", 1)
        elif kind.endswith(("MappingStartEvent", "SequenceStartEvent")):
            self._open.append((anchor, self.count))
        elif kind.endswith(("MappingEndEvent", "SequenceEndEvent")) and self._open:
            name, before = self._open.pop()
            if name is not None:
                self._anchors[name] = self.count - before


@_kept
def read_yaml(source: str) -> Document:
    """Every document of a YAML file. What libyaml can't read ends the reading, never raises."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    problem, is_cut = "", False
    text = _without_templates(source)
    event: Any  # the stubs give the classes no attributes
    expanded = _Expanded()
    try:
        for event in yaml.parse(text, Loader=loader):
            kind = type(event).__name__
            expanded.add(kind, getattr(event, "anchor", None))
            if kind == "ScalarEvent":
                mark = event.start_mark
                style = event.style
                builder.add(
                    Node(
                        "text",
                        mark.line + 1,
                        mark.column + 1,
                        event.value,
                        mark.index,
                        event.end_mark.index,
                        is_quoted=style in ("'", '"'),
                        is_block=style in ("|", ">"),
                    )
                )
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                mark = event.start_mark
                name: Literal["map", "list"] = "map" if kind[0] == "M" else "list"
                builder.begin(Node(name, mark.line + 1, mark.column + 1))
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                builder.end()
            elif kind == "AliasEvent":
                mark = event.start_mark
                builder.add(Node("text", mark.line + 1, mark.column + 1))
    except yaml.YAMLError as error:
        problem = f"not YAML: {getattr(error, 'problem', None) or 'unreadable'}"
    except _Cut as reached:
        problem, is_cut = reached.reason, True
    except (ValueError, UnicodeError, RecursionError):
        problem = "not YAML: unreadable"
    if not is_cut and expanded.count > MAX_NODES:
        problem, is_cut = f"aliases for more than {MAX_NODES} values: not followed", True
    return Document(builder.roots, source, problem, is_cut=is_cut)


# --- JSON, with the comments and trailing commas that editors allow -----

_JSON = re.compile(
    r'"(?P<text>[^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"?|(?P<mark>[{}\[\]])|(?P<comment>//[^\n]*|/\*)'
    r"|(?P<word>[^\s{}\[\]:,\"/]+)|(?P<other>/)",
)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES.get(m[2], m[2]), text)
    if _SURROGATE.search(text):  # two make one character; half of one can't be written anywhere
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@_kept
def read_json(source: str) -> Document:
    """A JSON file, or JSON lines, also with comments; an unbalanced end is no error."""
    builder = _Builder()
    breaks = _line_breaks(source)
    problem, is_cut = "", False
    position = 0
    try:
        while match := _JSON.search(source, position):
            position = match.end()
            kind = match.lastgroup
            start = match.start()
            if kind == "comment":
                if match["comment"] == "/*":
                    closing = source.find("*/", position)
                    position = closing + 2 if closing >= 0 else len(source)
                continue
            line, column = _place(breaks, start)
            if kind == "mark":
                mark = match["mark"]
                if mark in "{[":
                    builder.begin(Node("map" if mark == "{" else "list", line, column))
                else:
                    builder.end()
            elif kind == "text":
                text = _unescape(match["text"])
                builder.add(Node("text", line, column, text, start, position, is_quoted=True))
            elif kind == "word":
                builder.add(Node("text", line, column, match["word"], start, position))
    except _Cut as reached:
        problem, is_cut = reached.reason, True
    return Document(builder.roots, source, problem, is_cut=is_cut)


# --- TOML -----


@_kept
def read_toml(source: str) -> Document:
    """A TOML file: tables become nested mappings; a table that stands twice is there twice."""
    tree = grammar("toml").parse(source.encode("utf-8", "replace"))
    reader = _TomlReader(source)
    root = Node("map", 1, 1)
    problem, is_cut = "", False
    try:
        for child in tree.root_node.children:
            if child.type == "pair":
                reader.pair(child, root, 0)
            elif child.type in ("table", "table_array_element"):
                reader.table(child, root)
            elif child.type == "ERROR":
                problem = "not TOML: unreadable in part"
    except _Cut as reached:
        problem, is_cut = reached.reason, True
    return Document([root], source, problem, is_cut=is_cut)


class _Reader:
    """Nodes with their places, from a tree of tree-sitter."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode("utf-8", "replace")
        self._is_ascii = len(self._bytes) == len(source)
        self._breaks = _line_breaks(source)
        self._count = 0

    def _offset(self, position: int) -> int:
        return position if self._is_ascii else len(self._bytes[:position].decode("utf-8", "ignore"))

    def raw(self, part: Any) -> str:
        return self._bytes[part.start_byte : part.end_byte].decode("utf-8", "replace")

    def node(self, kind: Literal["map", "list", "text"], part: Any) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise _Cut(f"more than {MAX_NODES} values: the rest is not read")
        start = self._offset(part.start_byte)
        line, column = _place(self._breaks, start)
        return Node(kind, line, column, start=start, end=self._offset(part.end_byte))


class _TomlReader(_Reader):
    def _keys(self, part: Any) -> list[str]:
        raw = self.raw(part)
        if part.type != "dotted_key":
            return [raw.strip("\"'")]
        return [piece.strip().strip("\"'") for piece in raw.split(".")]

    def _descend(self, parent: Node, names: list[str], part: Any) -> Node:
        for name in names:
            child = self.node("map", part)
            parent.keys.append(Node("text", child.line, child.column, name))
            parent.values.append(child)
            parent = child
        return parent

    def table(self, part: Any, root: Node) -> None:
        target = root
        for child in part.children:
            if child.type in ("bare_key", "dotted_key", "quoted_key"):
                target = self._descend(root, self._keys(child), child)
            elif child.type == "pair":
                self.pair(child, target, 0)

    def pair(self, part: Any, parent: Node, depth: int) -> None:
        named = part.named_children
        if len(named) < 2:
            return
        names = self._keys(named[0])
        target = self._descend(parent, names[:-1], named[0])
        key = self.node("text", named[0])
        key.text = names[-1]
        value = self._value(named[1], depth)
        target.keys.append(key)
        target.values.append(value)

    def _value(self, part: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _Cut(f"nested deeper than {MAX_DEPTH}: the rest is not read")
        if part.type == "array":
            node = self.node("list", part)
            node.values = [self._value(child, depth + 1) for child in part.named_children
                           if child.type not in ("comment", "ERROR")]  # fmt: skip
            return node
        if part.type == "inline_table":
            node = self.node("map", part)
            for child in part.named_children:
                if child.type == "pair":
                    self.pair(child, node, depth + 1)
            return node
        node = self.node("text", part)
        raw = self.raw(part)
        if part.type == "string":
            node.is_quoted = True
            for mark in ('"""', "'''", '"', "'"):
                if raw.startswith(mark) and raw.endswith(mark) and len(raw) >= 2 * len(mark):
                    raw = raw[len(mark) : -len(mark)]
                    raw = _unescape(raw) if mark[0] == '"' else raw
                    break
        node.text = raw
        return node


# --- HCL -----


@_kept
def read_hcl(source: str) -> Document:
    """Terraform: blocks become nested mappings under their last label, or their type.

    An interpolation in a text becomes `DYNAMIC`; arguments of functions are read as lists.
    """
    tree = grammar("hcl").parse(source.encode("utf-8", "replace"))
    reader = _HclReader(source)
    root = Node("map", 1, 1)
    problem, is_cut = "", False
    try:
        for child in tree.root_node.named_children:
            if child.type == "body":
                reader.body(child, root, 0)
    except _Cut as reached:
        problem, is_cut = reached.reason, True
    return Document([root], source, problem, is_cut=is_cut)


class _HclReader(_Reader):
    def body(self, part: Any, parent: Node, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _Cut(f"nested deeper than {MAX_DEPTH}: the rest is not read")
        for child in part.named_children:
            if child.type == "attribute" and len(child.named_children) > 1:
                key = self.node("text", child.named_children[0])
                key.text = self.raw(child.named_children[0])
                self._put(parent, key, self.value(child.named_children[1], depth + 1))
            elif child.type == "block":
                self._block(child, parent, depth)

    def _block(self, part: Any, parent: Node, depth: int) -> None:
        names = [c for c in part.named_children if c.type in ("identifier", "string_lit")]
        node = self.node("map", part)
        for child in part.named_children:
            if child.type == "body":
                self.body(child, node, depth + 1)
        if names:
            # a resource is called by its last label, an inner block by its type
            key = self.node("text", names[-1])
            key.text = self.raw(names[-1]).strip('"')
            self._put(parent, key, node)

    def _put(self, parent: Node, key: Node, value: Node) -> None:
        parent.keys.append(key)
        parent.values.append(value)

    def value(self, part: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _Cut(f"nested deeper than {MAX_DEPTH}: the rest is not read")
        while part.type in ("expression", "literal_value", "collection_value", "template_expr"):
            if len(part.named_children) != 1:
                break
            part = part.named_children[0]
        if part.type == "object":
            node = self.node("map", part)
            for element in part.named_children:
                key = element.child_by_field_name("key")
                value = element.child_by_field_name("val")
                if key is not None and value is not None:
                    name = self.node("text", key)
                    name.text = self.raw(key).strip('"')
                    self._put(node, name, self.value(value, depth + 1))
            return node
        if part.type == "function_call":
            inner = [c for c in part.named_children if c.type == "function_arguments"]
            values = [v for c in inner for v in c.named_children if v.type == "expression"]
            if len(values) == 1:  # jsonencode({...}), toset([...])
                return self.value(values[0], depth + 1)
            return self._list(part, values, depth)
        if part.type in ("tuple", "conditional"):
            return self._list(part, part.named_children, depth)
        node = self.node("text", part)
        if part.type in ("string_lit", "quoted_template"):
            node.is_quoted = True
            node.text = self._text(part)
        elif part.type == "heredoc_template":
            node.is_block = True
            node.text = self._text(part)
        elif part.type == "expression":  # a reference: known only when it is applied
            node.text = DYNAMIC
        else:
            node.text = self.raw(part)
        return node

    def _list(self, part: Any, values: list[Any], depth: int) -> Node:
        node = self.node("list", part)
        kept = (v for v in values if v.type == "expression")
        node.values = [self.value(value, depth + 1) for value in kept]
        return node

    def _text(self, part: Any) -> str:
        pieces = []
        for child in part.named_children:
            if child.type == "template_literal":
                pieces.append(_unescape(self.raw(child)))
            elif child.type == "template_interpolation":
                pieces.append(DYNAMIC)
        return "".join(pieces)


# --- dotenv and INI -----

_ASSIGNMENT = re.compile(
    r"^(?P<lead>[ \t]*(?P<hash>\#[ \t]*)?(?:export[ \t]+)?)(?P<key>[A-Za-z_][\w.\-]*)"
    r"[ \t]*(?P<sign>[=:])[ \t]*(?P<value>`[^`]*`|[^\n]*)",
    re.MULTILINE,
)
_SECTION = re.compile(r"^\[(?P<name>[^\]\n]{1,100})\][ \t]*(?:[#;][^\n]*)?\r?$", re.MULTILINE)
_QUOTED = re.compile(r"(?P<mark>[\"'`])(?P<text>.*?)(?P=mark)", re.DOTALL)
_TRAILING = re.compile(r"(?<![ \t])[ \t]+[#;].*$")


def _assignments(source: str, signs: str) -> Iterator[tuple[Node, Node]]:
    breaks = _line_breaks(source)
    for count, match in enumerate(_ASSIGNMENT.finditer(source)):
        if count > MAX_ASSIGNMENTS:
            cut(f"more than {MAX_ASSIGNMENTS} assignments: the rest is not read")
            return
        if match["sign"] not in signs:
            continue
        line, column = _place(breaks, match.start("key"))
        start = match.start("value")
        raw = match["value"].rstrip()
        is_comment = match["hash"] is not None
        key = Node("text", line, column, match["key"], is_comment=is_comment)
        quoted = _QUOTED.match(raw)
        text = quoted["text"] if quoted else _TRAILING.sub("", raw)
        column = _place(breaks, start)[1]
        end = start + (quoted.end() if quoted else len(text))
        yield key, Node("text", line, column, text, start, end, quoted is not None,
                        is_comment=is_comment)  # fmt: skip


def read_dotenv(source: str) -> Document:
    """`NAME=value` lines as one mapping; lines that are commented out are marked as such."""
    root = Node("map", 1, 1)
    for key, value in _assignments(source, "="):
        root.keys.append(key)
        root.values.append(value)
    return Document([root], source)


def read_ini(source: str) -> Document:
    """Sections of an INI or properties file as mappings; what precedes them is at the top."""
    root = Node("map", 1, 1)
    breaks = _line_breaks(source)
    sections: list[tuple[int, Node]] = [(0, root)]
    for match in _SECTION.finditer(source):
        line, column = _place(breaks, match.start())
        section = Node("map", line, column)
        root.keys.append(Node("text", line, column, match["name"]))
        root.values.append(section)
        sections.append((line, section))
    lines = [line for line, _ in sections]
    for key, value in _assignments(source, "=:"):
        if not key.is_comment:
            section = sections[bisect_right(lines, key.line) - 1][1]
            section.keys.append(key)
            section.values.append(value)
    return Document([root], source)
