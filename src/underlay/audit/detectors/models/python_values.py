"""Python expressions as small JSON values that can be cached and evaluated later.

["s", text, line, column]            a string (or a whole number), where it stands
["n", "a.b.c"]                       a name
[".", value, "attribute"]            an attribute of something that is no name
["a", value, ...]                    one of these
["D", value]                         a default: what holds where nothing else is given
["+", line, column, value, ...]      these, one after the other, as one string
["l", value, ...]                    a list, tuple or set
["d", [key, value], ...]             a dict; a null key marks what is merged in
["c", "a.b", [value, ...], {...}]    a call
["i", value, key]                    an item
["v", value]                         each item, or each value of a dict
["k", value]                         each key
["E", number, value]                 the n-th part of each item
["e", name]                          a variable of the environment
null                                 not known
"""

# ruff: noqa: ARG001 - makers are called alike, whether they need each argument or not

from __future__ import annotations

import ast
import re
from typing import Any

from underlay.audit.names.sites import endpoint_key

__all__ = ["PAIRED", "Value", "dotted", "text_of", "value_of"]

Value = list[Any] | None

_DEEPEST = 30
_WIDEST = 400
_LONGEST = 300
_DEFAULTS = frozenset(
    (
        "Field", "field", "ib", "attrib", "Option", "Argument", "Query", "Form", "Body",
        "Header", "Param", "Parameter", "Input", "StringField", "CharField", "TextField",
        "Column", "mapped_column", "Var", "Setting", "StrInput", "MessageTextInput",
        "DropdownInput"
    )
)  # fmt: skip
_ENVIRONMENT = frozenset(
    (
        "os.getenv", "getenv", "os.environ.get", "environ.get", "os.environ.setdefault",
        "env", "config", "env.str", "decouple.config", "get_env", "env_var", "getenv_or",
        "env.get", "get_env_var", "environ.setdefault", "os.environ.pop", "_env",
        "get_env_variable", "get_str_env", "st.secrets.get", "env_str", "_getenv"
    )
)  # fmt: skip
_THROUGH = frozenset(
    (
        "str", "Path", "PurePath", "list", "tuple", "set", "frozenset", "sorted",
        "SecretStr", "deepcopy", "copy.deepcopy", "copy", "expanduser",
        "os.path.expanduser", "os.path.expandvars", "reversed", "MappingProxyType",
        "types.MappingProxyType", "iter", "next", "OrderedDict", "Secret.from_token",
        "frozendict", "typing.cast"
    )
)  # fmt: skip
# calls that make a mapping of a list of pairs
PAIRED = frozenset(("dict", "OrderedDict", "collections.OrderedDict"))
_SAME = frozenset(("strip", "rstrip", "lstrip", "copy", "decode", "encode", "as_posix", "resolve"))
_FILE = re.compile(
    r"\.(?:pth?|ckpt|safetensors|gguf|bin|onnx|tflite|task|h5|keras|pkl|pb|npz|weights|th)$"
)
_FIELDS = re.compile(r"\{([^{}]*)\}|%\(?([a-z_]*)\)?s")


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` of a chain of names, else None; calls in between are left out: `f().g` is `f.g`."""
    parts: list[str] = []
    for _ in range(40):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, (ast.Subscript, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return None
    return None


def _plain(node: ast.expr) -> str | None:
    """`a.b.c` of names only."""
    parts: list[str] = []
    for _ in range(40):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return None
    return None


def text_of(node: ast.AST | None) -> str | None:
    """The string that a node writes out, else None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def value_of(node: ast.expr | None, depth: int = 0) -> Value:
    """The expression as a value; None where nothing of it can be known from the text."""
    if node is None or depth > _DEEPEST:
        return None
    maker = _MAKERS.get(type(node))
    return maker(node, depth + 1) if maker is not None else None


def _constant(node: Any, depth: int) -> Value:
    held = node.value
    if isinstance(held, str):
        if len(held) > _LONGEST or "\n" in held:
            return None
        return ["s", held, node.lineno, node.col_offset + 1]
    if isinstance(held, (int, float)) and not isinstance(held, bool) and abs(held) < 1e15:
        return ["s", str(held), node.lineno, node.col_offset + 1]
    return None


def _name(node: Any, depth: int) -> Value:
    return ["n", node.id]


def _attribute(node: Any, depth: int) -> Value:
    name = _plain(node)
    if name is not None:
        return ["n", name]
    base = value_of(node.value, depth)
    return [".", base, node.attr] if base is not None else None


def _either(node: Any, depth: int) -> Value:
    return _alternatives([value_of(node.body, depth), value_of(node.orelse, depth)])


def _alternatives(values: list[Value]) -> Value:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else ["a", *known[:_WIDEST]]


def _any_of(node: Any, depth: int) -> Value:
    values = [value_of(item, depth) for item in node.values]
    if isinstance(node.op, ast.Or) and values[-1] is not None and len(values) > 1:
        values[-1] = ["D", values[-1]]
    return _alternatives(values)


def _joined(node: Any, depth: int) -> Value:
    parts: list[Value] = []
    for item in node.values[:_WIDEST]:
        if isinstance(item, ast.FormattedValue):
            parts.append(value_of(item.value, depth))
        elif (text := text_of(item)) is not None:
            parts.append(["s", text[:_LONGEST], node.lineno, node.col_offset + 1])
    return ["+", node.lineno, node.col_offset + 1, *parts]


def _operation(node: Any, depth: int) -> Value:
    if isinstance(node.op, ast.Add):
        left, right = value_of(node.left, depth), value_of(node.right, depth)
        if left is None and right is None:
            return None
        return ["+", node.lineno, node.col_offset + 1, left, right]
    template = text_of(node.left)
    if isinstance(node.op, ast.Mod) and template is not None and len(template) <= _LONGEST:
        given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled(template, [value_of(item, depth) for item in given], {}, node)
    if isinstance(node.op, ast.BitOr):
        return _alternatives([value_of(node.left, depth), value_of(node.right, depth)])
    return None


def _filled(template: str, given: list[Value], named: dict[str, Value], node: ast.expr) -> Value:
    """A template of `str.format` or `%` with its fields filled in."""
    place = node.lineno, node.col_offset + 1
    parts: list[Value] = []
    at = turn = 0
    for field in _FIELDS.finditer(template):
        if field.start() > at:
            parts.append(["s", template[at : field.start()], *place])
        key = re.split("[:!.\\[]", field[1] or field[2] or "")[0]
        if key.isdigit() and int(key) < len(given):
            parts.append(given[int(key)])
        elif key:
            parts.append(named.get(key))
        else:
            parts.append(given[turn] if turn < len(given) else None)
            turn += 1
        at = field.end()
    if at < len(template):
        parts.append(["s", template[at:], *place])
    return ["+", *place, *parts]


def _sequence(node: Any, depth: int) -> Value:
    return ["l", *(value_of(item, depth) for item in node.elts[:_WIDEST])]


def _mapping(node: Any, depth: int) -> Value:
    pairs = zip(node.keys[:_WIDEST], node.values[:_WIDEST], strict=True)
    return ["d", *([value_of(key, depth), value_of(item, depth)] for key, item in pairs)]


def _item(node: Any, depth: int) -> Value:
    if dotted(node.value) in ("os.environ", "environ") and (name := text_of(node.slice)):
        return ["e", name]
    base = value_of(node.value, depth)
    if base is None:
        return None
    if isinstance(node.slice, ast.Slice):
        return base
    return ["i", base, value_of(node.slice, depth)]


def _environment(arguments: list[Value], default: Value) -> Value:
    """A variable with its default; of an address, what other files set matters too."""
    if default is None:
        return None
    name = arguments[0] if arguments else None
    if name is not None and name[0] == "s" and endpoint_key(name[1]) is not None:
        return ["a", ["e", name[1]], ["D", default]]
    return ["D", default]


def _inner(node: Any, depth: int) -> Value:
    return value_of(node.value, depth)


def _call(node: Any, depth: int) -> Value:
    name = dotted(node.func)
    last = name.rpartition(".")[2] if name else getattr(node.func, "attr", "")
    arguments = [value_of(item, depth) for item in node.args[:_WIDEST]]
    keywords = {k.arg: value_of(k.value, depth) for k in node.keywords if k.arg is not None}
    if name is not None and (name in _ENVIRONMENT or last in ("getenv", "get_env")):
        default = keywords.get("default", arguments[1] if len(arguments) > 1 else None)
        if default is None and arguments and arguments[0] is not None and arguments[0][0] == "s":
            return ["e", arguments[0][1]]
        return _environment(arguments, default)
    if last in _DEFAULTS:
        return _default(node, arguments, keywords, depth)
    if last == "join" and name is not None and name.endswith("path.join") and arguments:
        # a file in a folder of this machine: the file says what it is
        end = arguments[-1]
        return end if end is not None and end[0] == "s" and _FILE.search(end[1]) else None
    if name == "vars" and arguments:
        return [".", arguments[0], "__dict__"]
    if name in PAIRED and arguments:
        rows = arguments[0] or []
        if len(rows) > 1 and rows[0] == "l" and all(_is_pair(row) for row in rows[1:]):
            return ["d", *([row[1], row[2]] for row in rows[1:])]
    if name in _THROUGH and arguments:
        return arguments[-1] if name == "typing.cast" else arguments[0]
    if name == "cast" and len(arguments) == 2:
        return arguments[1]
    if isinstance(node.func, ast.Attribute):
        found = _method(node, last, arguments, keywords, depth)
        if found is not None:
            return found
    if name == "dict":
        return ["d", *([["s", k, node.lineno, 0], v] for k, v in keywords.items())]
    if name == "Literal":
        return ["l", *arguments]
    if name is None:
        return None
    return ["c", name, arguments, keywords]


def _is_pair(row: Value) -> bool:
    return row is not None and row[0] == "l" and len(row) == 3


def _default(
    node: ast.Call, arguments: list[Value], keywords: dict[str, Value], depth: int
) -> Value:
    found = keywords.get("default", keywords.get("value"))
    if found is None and (
        factory := next((k for k in node.keywords if "factory" in (k.arg or "")), None)
    ):
        made = factory.value
        found = value_of(made.body, depth) if isinstance(made, ast.Lambda) else None
    if found is None and arguments:
        found = arguments[0]
    return ["D", found] if found is not None else None


def _method(
    node: ast.Call, name: str, arguments: list[Value], keywords: dict[str, Value], depth: int
) -> Value:
    base = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name == "format":
        template = text_of(base)
        return _filled(template, arguments, keywords, node) if template is not None else None
    held = value_of(base, depth) if base is not None else None
    if held is None:
        return None
    if name in ("get", "pop", "setdefault") and arguments:
        fallback = arguments[1] if len(arguments) > 1 else keywords.get("default")
        item: Value = ["i", held, arguments[0]]
        return item if fallback is None else ["a", item, ["D", fallback]]
    if name in ("items", "values") and not arguments:
        return ["v", held] if name == "values" else None
    if name == "keys" and not arguments:
        return ["k", held]
    if name in _SAME:
        return held
    return None


_MAKERS: dict[type[ast.expr], Any] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.IfExp: _either,
    ast.BoolOp: _any_of,
    ast.JoinedStr: _joined,
    ast.BinOp: _operation,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _mapping,
    ast.Subscript: _item,
    ast.Call: _call,
    ast.NamedExpr: _inner,
    ast.Starred: _inner,
    ast.Await: _inner,
}
