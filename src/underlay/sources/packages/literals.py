"""What Python source says literally. It is parsed, never compiled, imported or run."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from underlay.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "MAX_SOURCE_BYTES",
    "Entry",
    "called",
    "constants",
    "dotted",
    "entries",
    "mappings",
    "parse",
    "strings",
    "text",
]

MAX_SOURCE_BYTES = 2 << 20
_MAX_DEPTH = 60

Entry = tuple[str, str | tuple[str, ...] | None]  # key, and value as far as it is literal


def parse(data: bytes, place: str) -> ast.Module:
    """The syntax tree of a module; raises `UnreadableError` for anything that has none."""
    if len(data) > MAX_SOURCE_BYTES:
        raise UnreadableError(place, f"source of more than {MAX_SOURCE_BYTES} bytes; not read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the source's own style, such as "\\d"
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(place, f"not Python: {str(error)[:80]}") from error


def text(node: ast.AST | None, names: Mapping[str, str], depth: int = 0) -> str | None:
    """The string that an expression is: constants, names in `names`, +, f-strings; else None."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text(node.left, names, depth + 1), text(node.right, names, depth + 1)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.JoinedStr):
        parts = [
            text(part.value if isinstance(part, ast.FormattedValue) else part, names, depth + 1)
            for part in node.values
        ]
        return None if None in parts else "".join(part for part in parts if part)
    return None


def entries(node: ast.AST | None, names: Mapping[str, str], depth: int = 0) -> Iterator[Entry]:
    """Key and value of each entry of a dict display, `dict(...)` or `OrderedDict(...)`.

    A value is its text, the texts of a list or tuple, or None. `A.B` as a key or value is its
    text as written. What is unpacked from another name (`**X`) is left out.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from entries(value, names, depth + 1)
            elif (found := _key(key, names)) is not None:
                yield found, _value(value, names)
    elif isinstance(node, ast.Call) and _last_name(node.func) in ("dict", "OrderedDict"):
        for argument in node.args:
            yield from entries(argument, names, depth + 1)
        for keyword in node.keywords:
            if keyword.arg is None:
                yield from entries(keyword.value, names, depth + 1)
            else:
                yield keyword.arg, _value(keyword.value, names)
    elif isinstance(node, ast.List | ast.Tuple):
        for pair in node.elts:
            if isinstance(pair, ast.Tuple | ast.List) and len(pair.elts) == 2:
                found = _key(pair.elts[0], names)
                if found is not None:
                    yield found, _value(pair.elts[1], names)


def mappings(tree: ast.Module) -> dict[str, list[Entry]]:
    """Entries of every mapping that a module builds under a name, wherever in it.

    Understands `X = {...}`, `X: T = ...`, `X.update(...)` and `X["k"] = v`; later ones add.
    """
    names = constants(tree)
    found: dict[str, list[Entry]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).extend(entries(node.value, names))
                elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                    key = _key(target.slice, names)
                    if key is not None:
                        entry = (key, _value(node.value, names))
                        found.setdefault(target.value.id, []).append(entry)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).extend(entries(node.value, names))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and isinstance(node.func.value, ast.Name)
        ):
            added = found.setdefault(node.func.value.id, [])
            for argument in node.args:
                added.extend(entries(argument, names))
            added += [
                (keyword.arg, _value(keyword.value, names))
                for keyword in node.keywords
                if keyword.arg is not None
            ]
    return {name: some for name, some in found.items() if some}


def constants(tree: ast.Module) -> dict[str, str]:
    """Names that a module sets to a string at its top level."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and (value := text(node.value, found)) is not None:
                found[target.id] = value
    return found


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its function's dotted name as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string constant, docstrings and pieces of f-strings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def dotted(node: ast.AST) -> str:
    """`a.b.c` as written, or nothing for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def _key(node: ast.AST, names: Mapping[str, str]) -> str | None:
    found = text(node, names)
    return found if found is not None else (dotted(node) or None)


def _value(node: ast.AST, names: Mapping[str, str]) -> str | tuple[str, ...] | None:
    if isinstance(node, ast.Tuple | ast.List):
        parts = (_key(part, names) for part in node.elts)
        return tuple(part for part in parts if part is not None)
    return _key(node, names)


def _last_name(node: ast.AST) -> str:
    return dotted(node).rpartition(".")[2]
