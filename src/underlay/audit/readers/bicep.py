"""Bicep, the language of Azure's deployments, as one tree of nodes that know their place."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import DYNAMIC, Document, Node, grammar

__all__ = ["read_bicep"]

MAX_DEPTH = 100
MAX_VALUES = 50_000
_LONGEST = 500_000
_LITERALS = ("string", "object", "array")


def read_bicep(source: str) -> Document:
    """Parameters, variables, resources and modules by their names.

    A parameter becomes a mapping of its `type`, its `default` and, where it is bounded, its
    `enum`. An interpolation in a text becomes `DYNAMIC`; a choice between values becomes a list.
    """
    if len(source) > _LONGEST:
        cut(f"more than {_LONGEST} characters of Bicep: not read")
        return Document([], source)
    data = source.encode("utf-8", "replace")
    reader = _Reader(data)
    root = Node("map", 1, 1)
    bounds: Node | None = None
    for part in grammar("bicep").parse(data).root_node.named_children:
        if part.type == "decorators":
            bounds = reader.allowed(part)
            continue
        reader.declaration(part, bounds, root)
        bounds = None
    if reader.left <= 0:
        cut(f"more than {MAX_VALUES} values: the rest is not read")
    return Document([root], source)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = MAX_VALUES
        self.lines = data.split(b"\n")
        lengths = (len(line.decode("utf-8", "replace")) + 1 for line in self.lines)
        self.starts = [0, *accumulate(lengths)]

    def raw(self, part: Any) -> str:
        return self.data[part.start_byte : part.end_byte].decode("utf-8", "replace")

    def node(self, kind: Any, part: Any) -> Node:
        self.left -= 1
        row, column = part.start_point
        text = self.lines[row] if row < len(self.lines) else b""
        column = len(text[:column].decode("utf-8", "replace"))  # the tree counts bytes
        start = self.starts[row] + column if row < len(self.starts) else 0
        end = start + len(self.raw(part))
        return Node(kind, row + 1, column + 1, start=start, end=end)

    def allowed(self, part: Any) -> Node | None:
        """The values of `@allowed([...])`."""
        for decorator in part.named_children:
            text = self.raw(decorator)
            arrays = [a for c in decorator.named_children for b in c.named_children
                      for a in b.named_children if a.type == "array"]  # fmt: skip
            if text.startswith("@allowed") and arrays:
                return self.value(arrays[0], 0)
        return None

    def declaration(self, part: Any, bounds: Node | None, root: Node) -> None:
        named = part.named_children
        kinds = ("parameter_declaration", "variable_declaration", "output_declaration",
                 "resource_declaration", "module_declaration", "parameter_assignment",
                 "assignment_statement")  # fmt: skip
        if part.type not in kinds or len(named) < 2 or self.left <= 0:
            return
        key = self.node("text", named[0])
        key.text = self.raw(named[0])
        given = named[-1]
        if given.type == "type":  # `param name = 'text'` of a .bicepparam looks like a type
            given = next((c for c in given.named_children if c.type in _LITERALS), None)
        value = self.value(given, 0) if given is not None else None
        if part.type == "parameter_declaration":
            whole = self.node("map", part)
            pairs = [("type", Node("text", key.line, key.column, "string")), ("default", value),
                     ("enum", bounds)]  # fmt: skip
            for name, one in pairs:
                if one is not None:
                    whole.keys.append(Node("text", one.line, one.column, name))
                    whole.values.append(one)
            value = whole
        if value is not None:
            root.keys.append(key)
            root.values.append(value)

    def value(self, part: Any, depth: int) -> Node:
        if depth > MAX_DEPTH or self.left <= 0:
            return self.node("text", part)
        kind = part.type
        if kind == "object":
            return self.object(part, depth)
        if kind in ("for_statement", "if_statement", "parenthesized_expression"):
            inner = part.named_children[-1:]
            return self.value(inner[0], depth + 1) if inner else self.node("text", part)
        if kind in ("array", "ternary_expression", "binary_expression", "arguments"):
            node = self.node("list", part)
            node.values = [self.value(child, depth + 1) for child in part.named_children]
            return node
        if kind == "call_expression":  # readEnvironmentVariable('NAME', 'default'), union({...})
            inner = [c for c in part.named_children if c.type == "arguments"]
            values = inner[0].named_children if inner else []
            if "nvironmentVariable" in self.raw(part)[:40]:
                values = values[1:]
            node = self.node("list", part)
            node.values = [self.value(child, depth + 1) for child in values]
            return node.values[0] if len(node.values) == 1 else node
        node = self.node("text", part)
        if kind == "string":
            node.is_quoted = True
            pieces = [
                self.raw(child) if child.type == "string_content" else DYNAMIC
                for child in part.named_children
            ]
            node.text = "".join(pieces)
        elif kind in ("number", "boolean"):
            node.text = self.raw(part)
        return node

    def object(self, part: Any, depth: int) -> Node:
        node = self.node("map", part)
        for child in part.named_children:
            named = child.named_children
            if child.type != "object_property" or len(named) < 2 or self.left <= 0:
                continue
            key = self.node("text", named[0])
            key.text = self.raw(named[0]).strip("'")
            node.keys.append(key)
            node.values.append(self.value(named[-1], depth + 1))
        return node
