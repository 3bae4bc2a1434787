"""JavaScript and TypeScript as strings that know where they stand: key, call, variable, list."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from underlay.audit.names.sites import endpoint_key
from underlay.audit.readers.cuts import cut
from underlay.audit.readers.documents import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Context", "Source", "text_of", "vocabulary_javascript", "words"]

MAX_STRINGS = 50_000
MAX_CLIMB = 40
FEW = 100
MAX_STEPS = 40_000_000
_WRAPPERS = frozenset(
    ("parenthesized_expression", "as_expression", "satisfies_expression", "await_expression",
     "non_null_expression", "type_assertion", "spread_element", "sequence_expression",
     "expression_statement", "template_substitution")
)  # fmt: skip
_BETWEEN_CALLS = frozenset(
    ("call_expression", "new_expression", "pair", "object", "array", "ternary_expression",
     "await_expression", "parenthesized_expression", "spread_element")
)  # fmt: skip
_QUERY = """
(string) @string
(template_string) @template
(variable_declarator) @variable
(import_statement) @import
(pair value: [(identifier) (member_expression) (subscript_expression)]) @pair
(shorthand_property_identifier) @short
(arguments [(identifier) (member_expression)]) @arguments
(public_field_definition value: (_)) @field
(enum_declaration) @enum
(pair key: (property_identifier) @name)
(jsx_text) @shown
(comment) @comment
"""
_PLAIN_QUERY = _QUERY.replace("(jsx_text) @shown\n", "")
_STATEMENTS = frozenset(
    ("statement_block", "if_statement", "else_clause", "try_statement", "catch_clause",
     "switch_statement", "switch_body", "switch_case", "switch_default", "finally_clause")
)  # fmt: skip


@dataclass(slots=True)
class Context:
    """What stands around a string, from the inside out."""

    key: str = ""  # of the pair, the variable, the field or the parameter that it is the value of
    holder: str = ""  # of what is around: the key or the variable of the list or the object
    callee: tuple[str, ...] = ()  # of the call whose argument it is, or is inside of
    argument: int = -1
    call: Any = None
    scope: Any = None  # the innermost object literal
    is_key: bool = False
    is_list: bool = False
    is_default: bool = False
    is_choice: bool = False  # an enumeration, a union of types, a comparison
    is_compared: bool = False
    is_refused: bool = False
    is_returned: bool = False
    passed: tuple[str, ...] = ()  # calls that the value passed through
    outer: list[Any] = field(default_factory=list)  # calls further out


@cache
def vocabulary_javascript() -> dict[str, Any]:
    """The parsed `vocabulary_javascript.toml`."""
    text = (
        resources.files("underlay.audit.detectors.models")
        .joinpath("vocabulary_javascript.toml")
        .read_text("utf-8")
    )
    return tomllib.loads(text)


@cache
def words(table: str) -> frozenset[str]:
    """The names of one of its tables; `chained` and `defaults` are of the table `through`."""
    if table in ("chained", "defaults"):
        return frozenset(vocabulary_javascript()["through"][table])
    return frozenset(vocabulary_javascript()[table]["names"])


@cache
def _query(name: str) -> Any:
    import tree_sitter

    language = grammar(name).language
    return tree_sitter.Query(language, _QUERY if name == "tsx" else _PLAIN_QUERY)


def text_of(node: Any) -> str:
    """The content of a string or a template; of other nodes, their source."""
    raw = node.text.decode("utf-8", "replace") if node is not None and node.text else ""
    if node is not None and node.type in ("string", "template_string"):
        inner = raw[1:-1]
        return inner.replace("\\/", "/") if "\\" in inner else inner
    return raw


def _place(node: Any) -> tuple[int, int]:
    """Where a node begins; of two that begin together the outer one goes first."""
    return node.start_byte, -node.end_byte


class Source:
    """One parsed file."""

    def __init__(self, data: bytes, language: str) -> None:
        import tree_sitter

        self.data = data
        self.root = grammar(language).parse(data).root_node
        found: dict[str, list[Any]] = tree_sitter.QueryCursor(
            _query(language), match_limit=100_000
        ).captures(self.root)
        # they come in no order that a second run would repeat
        captures = {kind: sorted(nodes, key=_place) for kind, nodes in found.items()}
        self._captures = captures
        if any(len(nodes) > MAX_STRINGS for nodes in captures.values()):
            cut(f"more than {MAX_STRINGS} expressions of a kind: the rest is not read")
        self.imports: dict[str, str] = {}  # local name -> module
        self.constants: dict[str, list[Any]] = {}
        for node in captures.get("import", ())[:5000]:
            self._import(node)
        for node in captures.get("variable", ())[:MAX_STRINGS]:
            name = node.child_by_field_name("name")
            value = node.child_by_field_name("value")
            if name is not None and value is not None and name.type == "identifier":
                self.constants.setdefault(text_of(name), []).append(value)
        for node in captures.get("field", ())[:5000]:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None:
                self.constants.setdefault(f"this.{text_of(name)}", []).append(value)
        self._lines: list[bytes] | None = None
        self._addresses: dict[int, str | None] = {}

    def strings(self) -> Iterator[Any]:
        """String literals, and templates without substitutions, in their order."""
        found = list(self._captures.get("string", ()))[:MAX_STRINGS]
        found += [
            node
            for node in self._captures.get("template", ())[:MAX_STRINGS]
            if all(child.type != "template_substitution" for child in node.children)
        ]
        found.sort(key=lambda node: node.start_byte)
        yield from self._affordable(found)

    def _affordable(self, nodes: list[Any]) -> list[Any]:
        """As many of the nodes as can be looked at from outside: a way up starts at the root."""
        if len(nodes) <= FEW:
            return nodes
        deepest = max(self._depth(node) for node in nodes[:: len(nodes) // 32])
        most = max(20, MAX_STEPS // (MAX_CLIMB * max(1, deepest)))
        if len(nodes) > most:
            cut(f"expressions {deepest} levels deep: all but the first {most} are not read")
        return nodes[:most]

    def _depth(self, node: Any) -> int:
        cursor = self.root.walk()
        depth = 0
        while depth < MAX_STRINGS and cursor.goto_first_child_for_byte(node.start_byte) is not None:
            depth += 1
        return depth

    def composed(self) -> Iterator[tuple[Any, str]]:
        """Templates with substitutions, and their texts: what isn't known in them is a NUL."""
        for node in self._captures.get("template", ())[:5000]:
            if not 8 < len(node.text) < 1_000:
                continue
            parts, end = [], node.start_byte + 1
            for child in node.named_children:
                if child.type == "template_substitution" and child.named_children:
                    known = self.resolve(child.named_children[0])
                    text = text_of(known[0]) if len(known) == 1 else "\0"
                    parts += [self.data[end : child.start_byte].decode("utf-8", "replace"), text]
                    end = child.end_byte
            if parts:
                parts.append(self.data[end : node.end_byte - 1].decode("utf-8", "replace"))
                text = "".join(parts)
                yield node, text if "${" not in text else ""

    def templates(self) -> Iterator[Any]:
        """Templates with substitutions, as they are written."""
        for node in self._captures.get("template", ())[:5000]:
            if any(child.type == "template_substitution" for child in node.children):
                yield node

    def plain_keys(self) -> Iterator[Any]:
        """Keys of objects that stand without quotes."""
        yield from self._captures.get("name", ())[:MAX_STRINGS]

    def shown(self) -> Iterator[Any]:
        """What JSX shows as text."""
        yield from self._captures.get("shown", ())[:MAX_STRINGS]

    def comments(self) -> Iterator[Any]:
        """The comments."""
        yield from self._captures.get("comment", ())[:MAX_STRINGS]

    def names(self) -> Iterator[tuple[Any, Any]]:
        """(identifier or member, the pair or arguments it stands in): values given by name."""
        found = [
            (node.child_by_field_name("value"), node)
            for node in self._affordable(self._captures.get("pair", [])[:MAX_STRINGS])
        ]
        for node in self._affordable(self._captures.get("arguments", [])[:MAX_STRINGS]):
            found += [
                (child, node)
                for child in node.named_children
                if child.type in ("identifier", "member_expression")
            ]
        yield from found
        for node in self._affordable(self._captures.get("short", [])[:MAX_STRINGS]):
            yield node, node.parent

    def position(self, node: Any) -> tuple[int, int]:
        """Line and column, from 1, in characters."""
        row, column = node.start_point
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        line = self._lines[row] if row < len(self._lines) else b""
        return row + 1, len(line[:column].decode("utf-8", "replace")) + 1

    def resolve(self, node: Any, depth: int = 0) -> list[Any]:
        """The string nodes that an expression can be."""
        if node is None or depth > 4:
            return []
        kind = node.type
        if kind in ("string", "template_string"):
            return [node]
        if kind in ("identifier", "shorthand_property_identifier"):
            return [s for value in self.constants.get(text_of(node), [])[:3]
                    for s in self.resolve(value, depth + 1)]  # fmt: skip
        if kind in _WRAPPERS and node.named_children:
            return self.resolve(node.named_children[0], depth + 1)
        if kind == "ternary_expression":
            arms = (
                node.child_by_field_name("consequence"),
                node.child_by_field_name("alternative"),
            )
            return [s for arm in arms for s in self.resolve(arm, depth + 1)]
        if kind == "binary_expression" and _sign(node) in ("??", "||"):
            arms = (node.child_by_field_name("left"), node.child_by_field_name("right"))
            return [s for arm in arms for s in self.resolve(arm, depth + 1)]
        if kind == "member_expression":
            return self._member(node, depth)
        if kind == "subscript_expression":
            return self._entries(node.child_by_field_name("object"), depth)
        return []

    def _member(self, node: Any, depth: int) -> list[Any]:
        whole = text_of(node)
        if whole.startswith("this."):
            return [s for value in self.constants.get(whole, [])[:3]
                    for s in self.resolve(value, depth + 1)]  # fmt: skip
        name = text_of(node.child_by_field_name("property"))
        holder = node.child_by_field_name("object")
        for value in self.constants.get(text_of(holder), [])[:3]:
            found = _unwrapped(value)
            if found is not None and found.type == "object":
                for pair in found.named_children:
                    key = pair.child_by_field_name("key") if pair.type == "pair" else None
                    if key is not None and text_of(key) == name:
                        return self.resolve(pair.child_by_field_name("value"), depth + 1)
        return []

    def _entries(self, node: Any, depth: int) -> list[Any]:
        """All values of an object or a list that is looked up by a key."""
        if node is None or node.type != "identifier":
            return []
        found: list[Any] = []
        for value in self.constants.get(text_of(node), [])[:2]:
            inner = _unwrapped(value)
            if inner is not None and inner.type == "object":
                for pair in inner.named_children[:200]:
                    if pair.type == "pair":
                        found += self.resolve(pair.child_by_field_name("value"), depth + 1)
        return found

    def made_by(self, name: str) -> Any:
        """The `new X(...)` or `createX(...)` that a variable or a field holds; None where none."""
        for value in self.constants.get(name, [])[:3]:
            found = _unwrapped(value)
            if found is not None and found.type in ("new_expression", "call_expression"):
                return found
        return None

    def endpoint(self, call: Any) -> str | None:
        """The address in the arguments of a call: `{ baseURL: ... }`, at most three levels down."""
        arguments = call.child_by_field_name("arguments") if call is not None else None
        return self.endpoint_in(arguments) if arguments is not None else None

    def endpoint_in(self, node: Any) -> str | None:
        """The address among the keys of an object literal."""
        if node.id not in self._addresses:
            self._addresses[node.id] = self._address_in(node)
        return self._addresses[node.id]

    def _address_in(self, node: Any) -> str | None:
        stack = [(node, 0)]
        while stack:
            current, depth = stack.pop()
            for child in current.named_children[:200]:
                if child.type == "pair":
                    key = text_of(child.child_by_field_name("key")).strip("\"'")
                    value = child.child_by_field_name("value")
                    if endpoint_key(key) is not None:
                        for string in self.resolve(value):
                            if "://" in text_of(string):
                                return text_of(string)
                    elif value is not None and value.type == "object" and depth < 3:
                        stack.append((value, depth + 1))
                elif child.type == "object" and depth < 3:
                    stack.append((child, depth + 1))
                elif child.type in ("new_expression", "identifier") and depth < 2:
                    # new OpenAIApi(new Configuration({ basePath: ... })), also by a name
                    made = child if child.type == "new_expression" else self.made_by(text_of(child))
                    inner = made.child_by_field_name("arguments") if made is not None else None
                    if inner is not None and made.type == "new_expression":
                        stack.append((inner, depth + 1))
        return None

    def _import(self, node: Any) -> None:
        source = node.child_by_field_name("source")
        module = text_of(source)
        stack = list(node.named_children)
        while stack:
            child = stack.pop()
            if child.type == "import_specifier":
                local = child.child_by_field_name("alias") or child.child_by_field_name("name")
                self.imports[text_of(local)] = module
            elif child.type == "identifier":
                self.imports[text_of(child)] = module
            elif child.type in ("import_clause", "named_imports", "namespace_import"):
                stack.extend(child.named_children)

    # --- the way up -----

    def context(self, node: Any) -> Context:
        """What stands around a string or a name."""
        found = Context()
        below, current = node, node.parent
        for _ in range(MAX_CLIMB):
            if current is None or not self._climb(found, below, current):
                return found
            below, current = current, current.parent
        return found

    def _climb(self, found: Context, below: Any, current: Any) -> bool:
        """Takes one step outwards; whether there is more to learn."""
        kind = current.type
        if kind in _WRAPPERS:
            return True
        if found.callee:
            # past the call, only the calls around it matter: fetch(URL, JSON.stringify({...}))
            if kind == "arguments":
                return self._argument(found, below, current)
            return kind in _BETWEEN_CALLS
        named = bool(found.key or found.is_key)
        if kind == "pair":
            return self._pair(found, below, current)
        if kind in ("object", "object_pattern"):
            found.scope = found.scope or current
            return True
        if kind == "array":
            found.is_list = True
            return True
        if kind in ("variable_declarator", "public_field_definition", "assignment_expression",
                    "required_parameter", "optional_parameter", "assignment_pattern",
                    "object_assignment_pattern", "enum_assignment", "property_signature",
                    "type_alias_declaration", "jsx_attribute"):  # fmt: skip
            return self._named(found, below, current, kind)
        if kind == "binary_expression":
            return self._binary(found, below, current)
        if kind == "ternary_expression":
            is_test = below == current.child_by_field_name("condition")
            found.is_refused = found.is_refused or is_test
            return not is_test
        if kind == "arguments":
            return self._argument(found, below, current)
        if kind in ("literal_type", "union_type", "type_annotation", "enum_body", "tuple_type"):
            found.is_choice = True
            return True
        if kind == "enum_declaration":
            found.holder = text_of(current.child_by_field_name("name"))
            return False
        if kind == "switch_case" and not found.is_returned:
            found.is_compared = found.is_choice = True
            # a case that stands alone is what is left of a broken switch
            switch = current.parent.parent if current.parent is not None else None
            asked = switch.child_by_field_name("value") if switch is not None else None
            found.key = found.key or text_of(asked).strip("()").rpartition(".")[2][:60]
            return False
        if kind in ("call_expression", "new_expression"):
            return True
        if kind in ("import_statement", "export_statement") and not named:
            found.is_refused = below.type == "string"
            return False
        if kind == "member_expression":
            property_ = text_of(current.child_by_field_name("property"))
            return below == current.child_by_field_name("object") and property_ in words("chained")
        return self._outwards(found, below, current, kind)

    def _outwards(self, found: Context, below: Any, current: Any, kind: str) -> bool:
        """Through functions: what one returns is named by the function."""
        if kind in ("jsx_expression", "arrow_function", "return_statement"):
            found.is_returned = found.is_returned or kind == "return_statement"
            return True
        if not found.is_returned:
            return False
        if kind in ("function_declaration", "method_definition", "function_expression"):
            name = text_of(current.child_by_field_name("name"))
            if not found.key and not found.is_key and not found.is_list:
                found.key = name
            else:
                found.holder = found.holder or name
            return False
        if kind == "switch_case" and below == current.child_by_field_name("value"):
            return False
        return kind in _STATEMENTS

    def _pair(self, found: Context, below: Any, current: Any) -> bool:
        key = current.child_by_field_name("key")
        if below == key:
            found.is_key = True
            return True
        name = text_of(key).strip("[]")
        if not found.key and not found.is_key:
            found.key = name
        elif not found.holder:
            found.holder = name
        return True

    def _named(self, found: Context, below: Any, current: Any, kind: str) -> bool:
        names = {"assignment_expression": "left", "required_parameter": "pattern",
                 "optional_parameter": "pattern", "assignment_pattern": "left",
                 "object_assignment_pattern": "left"}  # fmt: skip
        target = current.child_by_field_name(names.get(kind, "name"))
        if target is None and current.named_children:
            target = current.named_children[0]
        if below == target:
            return False
        name = text_of(target)
        name = name.rpartition(".")[2] if kind == "assignment_expression" else name
        if kind in ("required_parameter", "optional_parameter", "assignment_pattern",
                    "object_assignment_pattern"):  # fmt: skip
            found.is_default = True
        is_choice = ("enum_assignment", "property_signature", "type_alias_declaration")
        if kind in is_choice or (kind == "jsx_attribute" and name == "value"):
            found.is_choice = True
        if not found.key and not found.is_key and not found.is_list:
            found.key = name
        elif not found.holder:
            found.holder = name
        return kind == "enum_assignment"

    def _binary(self, found: Context, below: Any, current: Any) -> bool:
        sign = _sign(current)
        if sign in ("??", "||"):
            found.is_default = found.is_default or below == current.child_by_field_name("right")
            return True
        if sign in ("===", "==", "!==", "!=", "in"):
            found.is_compared = found.is_choice = True
            side = "left" if below.start_byte > current.start_byte else "right"
            other = current.child_by_field_name(side)
            found.key = text_of(other).rpartition(".")[2][:60]
        else:
            found.is_refused = True
        return False

    def _argument(self, found: Context, below: Any, current: Any) -> bool:
        call = current.parent
        function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        parts = (
            tuple(text_of(function).replace("?.", ".").split(".")) if function is not None else ()
        )
        if len(parts) > 8 or any(len(part) > 60 for part in parts):
            parts = (parts[-1][:60],) if parts else ()
        if found.callee:
            found.outer.append(call)
            return len(found.outer) < 4
        last = parts[-1] if parts else ""
        if last in words("through") and not found.key:
            found.passed = (*found.passed, last)
            found.is_default = found.is_default or last in words("defaults")
            found.is_choice = found.is_choice or last not in words("defaults")
            return True
        found.callee = parts
        found.call = call
        found.argument = (
            current.named_children.index(below) if below in current.named_children else 0
        )
        return True


def _sign(node: Any) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _unwrapped(node: Any) -> Any:
    for _ in range(6):
        if node is None or node.type not in _WRAPPERS or not node.named_children:
            return node
        node = node.named_children[0]
    return node
