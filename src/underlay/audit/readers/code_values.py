"""Source of other languages as strings that know where they stand: key, call, list, function.

One way up the tree for all grammars: what a kind of node means is said in `vocabulary_code.toml`.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, resources
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Source", "Stand", "code_words", "language_of", "vocabulary_code"]

MAX_STRINGS = 20_000  # of one file
MAX_CLIMB = 48
MAX_USES = 40  # of one constant
DEEPEST = 1_000  # brackets in brackets
LONGEST_TEXT = 20_000  # characters of a string
_NEAR = 200  # characters of a callee that are looked at
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LAST_NAME = re.compile(
    r"([A-Za-z_]\w*[?!]?)\s*(?:::)?\s*(?:<[\w\s,.:&'<>]*>)?\s*[!(]?\s*\Z", re.ASCII
)
_OPEN = re.compile(r"(?:[A-Za-z]{0,3}#*|[@$]{1,2})?(\"{1,3}|'|`)")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"()[]{}")
_STEPS = [1 if byte in b"([{" else -1 for byte in range(256)]
_COMPARES = frozenset(("==", "!=", "===", "!==", "=~", "<=>", "eql?", "in", "is"))
_OR_ELSE = frozenset(("||", "??", "?:", "or", "||=", "??=", "//"))
_BODY = 4_000
# a string before a name that says so: put("model", "x"), env("OPENAI_MODEL", "x")
_POSITIONAL = re.compile(r"(?i)model|llm|engine|deployment|checkpoint|repo")


@cache
def vocabulary_code() -> dict[str, Any]:
    """The parsed `vocabulary_code.toml`."""
    text = (
        resources.files("underlay.audit.readers")
        .joinpath("vocabulary_code.toml")
        .read_text("utf-8")
    )
    return tomllib.loads(text)


@cache
def code_words(table: str, key: str) -> frozenset[str]:
    """A list of the vocabulary as a set."""
    return frozenset(vocabulary_code()[table][key])


@cache
def language_of(suffix: str) -> str | None:
    """The language that files with that ending are in, where a grammar reads it."""
    for name, language in vocabulary_code()["languages"].items():
        if suffix in language["endings"]:
            return str(name)
    return None


@cache
def _kinds() -> dict[str, str]:
    """What each type of node is: `pair`, `named`, `arguments` ..."""
    found: dict[str, str] = {}
    for kind, types in vocabulary_code()["nodes"].items():
        for name in types:
            if kind not in ("default", "interpolated", "comment"):
                found.setdefault(name, kind)
    return found


class _Parser:
    """A grammar whose work is bounded by counts, so that a second run gives the same tree."""

    CHUNK = 8_192

    def __init__(self, name: str) -> None:
        import tree_sitter

        language = vocabulary_code()["languages"][name]
        module = import_module(f"tree_sitter_{language['module']}")
        made = getattr(module, language.get("entry", "language"))()
        self.language = tree_sitter.Language(made)
        self._parser = tree_sitter.Parser(self.language)
        strings = " ".join(f"({kind}) @string" for kind in language["strings"])
        comments = [kind for kind in vocabulary_code()["nodes"]["comment"] if self._has(kind)]
        self.query = tree_sitter.Query(
            self.language, strings + " " + " ".join(f"({kind}) @comment" for kind in comments)
        )

    def _has(self, kind: str) -> bool:
        return self.language.id_for_node_kind(kind, True) is not None

    def parse(self, data: bytes) -> Any:
        """The root of the tree, or None where the parser needs too many steps or bytes."""
        steps = len(data) // 10 + 5_000
        left = 30 * len(data) + 2_000_000

        def stop(*_: object) -> bool:
            nonlocal steps
            steps -= 1
            return steps < 0

        def read(offset: int, _: object) -> bytes:
            nonlocal left
            part = data[offset : offset + self.CHUNK] if left > 0 else b""
            left -= len(part)
            return part

        try:
            return self._parser.parse(read, progress_callback=stop).root_node
        except ValueError:
            self._parser.reset()
            return None


@cache
def _parser(name: str) -> _Parser:
    return _Parser(name)


def _nests(data: bytes) -> bool:
    """Whether brackets, also those in texts, nest deeper than people write them."""
    if data.count(b"(") + data.count(b"[") + data.count(b"{") <= DEEPEST:
        return False
    depths = list(accumulate(map(_STEPS.__getitem__, data.translate(None, _NO_BRACKETS))))
    lowest = accumulate(depths, min)
    return max(map(sub, depths, lowest), default=0) >= DEEPEST


@dataclass(slots=True)
class Stand:
    """What stands around a string, from the inside out."""

    key: str = ""  # of the pair, the variable, the field or the argument that it is the value of
    holder: str = ""  # of what is around that
    callee: tuple[str, ...] = ()  # the words before the call's arguments; the last is its name
    argument: int = -1
    label: str = ""  # of the argument
    before: str = ""  # the string argument just before it
    call: Any = None
    scope: Any = None  # the innermost list, object or arguments
    function: str = ""  # whose value it is
    types: tuple[str, ...] = ()  # of the object that is being made
    is_key: bool = False
    is_list: bool = False
    is_default: bool = False
    is_choice: bool = False
    is_compared: bool = False
    is_refused: bool = False
    is_returned: bool = False
    is_spoken: bool = False  # part of a message to people
    at: int = -1  # which of a tuple's values
    nodes: list[Any] = field(default_factory=list)


class Source:
    """One parsed file. `problem` says why there is no tree."""

    def __init__(self, data: bytes, language: str) -> None:
        self.data = data
        self.language = language
        self.problem = ""
        self.root: Any = None
        self._strings: list[Any] = []
        self.comments: list[Any] = []
        self._lines: list[bytes] | None = None
        self._up: dict[int, tuple[Any, int]] = {}  # by a node's id: its parent, and which child
        self._kids: dict[int, list[Any]] = {}
        if _nests(data):
            self.problem = f"brackets nest deeper than {DEEPEST}"
            return
        parser = _parser(language)
        self.root = parser.parse(data)
        if self.root is None:
            self.problem = "the grammar needs too long for it"
            return
        import tree_sitter

        found = tree_sitter.QueryCursor(parser.query, match_limit=50_000).captures(self.root)
        self._strings = sorted(found.get("string", ()), key=lambda node: node.start_byte)
        self.comments = sorted(found.get("comment", ()), key=lambda node: node.start_byte)
        if len(self._strings) > MAX_STRINGS:
            self.problem = f"more than {MAX_STRINGS} strings: the rest is not read"
            del self._strings[MAX_STRINGS:]
        self._climb()

    def _climb(self) -> None:
        """The parents of all that is around strings, in one walk.

        The parser finds a node's parent from the root: again and again, that is quadratic.
        """
        starts = [node.start_byte for node in self._strings]
        stack = [self.root]
        while stack:
            node = stack.pop()
            for index, kid in enumerate(self.kids(node)):
                at = bisect_left(starts, kid.start_byte)
                if at < len(starts) and starts[at] < kid.end_byte:
                    self._up[kid.id] = (node, index)
                    if kid.named_child_count:
                        stack.append(kid)

    def kids(self, node: Any) -> list[Any]:
        """The named children of a node."""
        found = self._kids.get(node.id)
        if found is None:
            found = self._kids[node.id] = list(node.named_children)
        return found

    def parent(self, node: Any) -> Any:
        """The node around a node."""
        known = self._up.get(node.id)
        return known[0] if known is not None else node.parent

    def text(self, node: Any) -> str:
        """The source of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def strings(self) -> Iterator[tuple[Any, str, bool]]:
        """String literals in order: what they hold, and whether parts come only at run time."""
        dynamic = code_words("nodes", "interpolated")
        for node in self._strings:
            if node.end_byte - node.start_byte <= LONGEST_TEXT:
                is_dynamic = any(kid.type in dynamic for kid in node.named_children[:20])
                yield node, self.content(node), is_dynamic

    def content(self, node: Any) -> str:
        """What is between a string's quotes."""
        raw = self.text(node)
        if node.type == "hash_key_symbol":
            return raw
        opened = _OPEN.match(raw)
        if opened is None:
            return raw
        inner = raw[opened.end() :].rstrip("#")
        inner = inner.removesuffix(opened[1])
        if opened[0].startswith("R") and self.language == "cpp":
            inner = inner.partition("(")[2].rpartition(")")[0]
        return inner.replace("\\/", "/") if "\\" in inner else inner

    def position(self, byte: int) -> tuple[int, int]:
        """Line and column, from 1, in characters, of an offset."""
        start = self.data.rfind(b"\n", 0, byte) + 1
        line = self.data.count(b"\n", 0, byte) + 1
        return line, len(self.data[start:byte].decode("utf-8", "replace")) + 1

    def place(self, node: Any) -> tuple[int, int]:
        """Line and column of a node."""
        row, column = node.start_point
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        line = self._lines[row] if row < len(self._lines) else b""
        return row + 1, len(line[:column].decode("utf-8", "replace")) + 1

    def at(self, start: int, end: int) -> Any:
        """The smallest node with a name that spans two offsets."""
        return self.root.named_descendant_for_byte_range(start, end)

    # --- the way up -----

    def stand(self, node: Any) -> Stand:
        """What stands around a node."""
        found = Stand()
        below, current = node, self.parent(node)
        kinds = _kinds()
        for _ in range(MAX_CLIMB):
            if current is None:
                break
            found.nodes.append(current)
            kind = kinds.get(current.type, "")
            step = getattr(self, f"_{kind}", None) if kind else None
            if step is None:
                break
            following = step(found, below, current)
            if following is None:
                break
            below, current = following, self.parent(following)
        return found

    def enclosing(self, node: Any, kind: str) -> Any:
        """The nearest node around of a kind, `function` or `type`; None where there is none."""
        kinds = _kinds()
        current = self.parent(node)
        for _ in range(200):
            if current is None or kinds.get(current.type) == kind:
                return current
            current = self.parent(current)
        return None

    def name_of(self, node: Any) -> str:
        """The name of a declaration or of what a value is given to: its last identifier."""
        for name in (
            "name",
            "left",
            "pattern",
            "target",
            "declarator",
            "field",
            "designator",
            "key",
            "type",
        ):
            child = node.child_by_field_name(name)
            if child is not None:
                return self._last_word(child)
        for child in node.named_children[:4]:
            if _kinds().get(child.type) not in ("arguments", "list") and child.type not in (
                "modifiers", "modifier", "attribute", "visibility_modifier", "value_binding_pattern"
            ):  # fmt: skip
                return self._last_word(child)
        return ""

    def _last_word(self, node: Any) -> str:
        raw = self.text(node)[-_NEAR:]
        if node.type in vocabulary_code()["languages"][self.language]["strings"]:
            return self.content(node)[-_NEAR:]
        quoted = re.search(r"[\"']([\w .-]{1,80})[\"']\s*\]?\s*\Z", raw)
        if quoted is not None:
            return quoted[1]
        names = _NAME.findall(raw)
        return names[-1] if names else ""

    # each step takes what is found, the node below and the node; gives the node to go on from

    def _through(self, found: Stand, below: Any, current: Any) -> Any:
        if current.type in ("composite_literal", "compound_literal_expression"):
            kind = current.child_by_field_name("type")
            if kind is not None and not found.types:
                found.types = tuple(_NAME.findall(self.text(kind)[-_NEAR:]))
        if current.type == "expression_list" and current.named_child_count > 1 and found.at < 0:
            found.at = self._index(below, current)
        return current

    def _call(self, found: Stand, below: Any, current: Any) -> Any:
        """A call reached not through its arguments: by its object, or by an initializer."""
        receiver = current.child_by_field_name("receiver") or current.child_by_field_name("object")
        if receiver is not None and receiver == below:
            return self._method(found, self.name_of_method(current), current)
        if not found.types and not found.callee:
            kind = current.child_by_field_name("type") or current.child_by_field_name("name")
            if kind is not None:
                found.types = tuple(_NAME.findall(self.text(kind)[-_NEAR:]))
        return current

    def name_of_method(self, call: Any) -> str:
        """The method of a call whose object is something else."""
        for name in ("method", "name"):
            child = call.child_by_field_name(name)
            if child is not None:
                return self.text(child)[-_NEAR:]
        return ""

    def _method(self, found: Stand, name: str, current: Any) -> Any:
        if found.callee:  # the next call of a chain
            return current
        if name in code_words("passed", "on"):
            return current
        found.is_compared = found.is_choice = name in code_words("passed", "questions")
        found.is_refused = not found.is_compared
        return None

    def _member(self, found: Stand, below: Any, current: Any) -> Any:
        if below.start_byte != current.start_byte:
            return None
        names = _NAME.findall(
            self.data[below.end_byte : current.end_byte].decode("utf-8", "replace")
        )
        return self._method(found, names[-1] if names else "", current)

    def _arguments(self, found: Stand, below: Any, current: Any) -> Any:
        call = self.parent(current)
        if call is None:
            return None
        if call.type == "call_suffix":
            call = self.parent(call)
        if found.callee:
            return call if len(found.nodes) < 30 else None
        index = self._index(below, current)
        callee = self.callee(call, current)
        last = callee[-1] if callee else ""
        before = self.kids(current)[index - 1] if index > 0 else None
        found.scope = found.scope or current
        if before is not None:
            found.before = self._string_in(before)
        if last in code_words("passed", "speaks"):
            found.is_spoken = True
            return None
        if found.before and not _POSITIONAL.search(found.before):
            found.before = ""
        if last in code_words("passed", "questions"):
            found.is_compared = found.is_choice = True
            return None
        if not found.key and not found.is_key:
            if found.label:
                found.key = found.label
            elif found.before and last not in code_words("passed", "lists"):
                found.key = found.before
                found.is_default = found.is_default or found.before.isupper()
        if call.type in ("enum_constant", "enum_entry"):
            found.is_choice = True
            return current
        if last in code_words("passed", "calls") and index == 0:
            found.key = "" if found.key == found.label == "" else found.key
            return call
        if last in code_words("passed", "lists"):
            following = (
                self.kids(current)[index + 1] if index + 1 < current.named_child_count else None
            )
            if last in ("of", "mapOf", "hashMapOf", "mutableMapOf") and callee[:1] == ("Map",):
                if index % 2 == 0 and following is not None:
                    found.is_key = True
                elif found.before:
                    found.key = found.before
            found.is_list = not found.key
            return call
        if last in code_words("passed", "defaults"):
            found.is_default = True
            return call
        found.callee, found.call, found.argument = callee, call, index
        return call

    def callee(self, call: Any, arguments: Any) -> tuple[str, ...]:
        """The words before a call's arguments, those of its own arguments further in left out."""
        raw = self.data[call.start_byte : arguments.start_byte].decode("utf-8", "replace")
        last = _LAST_NAME.search(raw[-_NEAR:])
        head = re.split(r"[(\[{\"']", raw[:_NEAR], maxsplit=1)[0]
        words = [
            word for word in _NAME.findall(head) if word not in ("new", "await", "try", "throw")
        ]
        if last is None:
            return tuple(words[-8:])
        name = last[1].rstrip("!") if last[1].endswith("!") and self.language == "rust" else last[1]
        if words and words[-1] == name.rstrip("?!") and "(" not in raw:
            return tuple(words[-8:])
        return (*words[-8:], name)

    def _argument(self, found: Stand, below: Any, current: Any) -> Any:
        name = current.child_by_field_name("name")
        if name is None and current.named_child_count > 1 and self.kids(current)[0] != below:
            name = self.kids(current)[0]
        if name is not None and name != below and not found.callee and not found.label:
            found.label = self._last_word(name)
        return current

    def _tokens(self, found: Stand, below: Any, current: Any) -> Any:
        """A macro's or an attribute's tokens of Rust, which have no structure of their own."""
        index = self._index(below, current)
        tokens = self.kids(current)
        previous = tokens[index - 1] if index > 0 else None
        if previous is not None and not found.callee and not found.key:
            sign = self.data[previous.end_byte : below.start_byte].strip()
            word = self._last_word(previous)
            if sign in (b":", b"=", b"=>"):
                found.key = word
            elif sign in (b"", b"::", b"!") and previous.type == "identifier":
                # String::from("x"), vec!["x"]: what stands before them counts
                passes = word in code_words("passed", "calls") | code_words("passed", "lists")
                at = index - 2 if passes else -1
                while at >= 0 and self.text(tokens[at]) in ("String", "Some", "Box"):
                    at -= 1
                if at >= 0 and tokens[at].type == "identifier":
                    found.key = self.text(tokens[at])
        parent = self.parent(current)
        if parent is None:
            return None
        if parent.type == "attribute":
            return self._attribute(found, parent)
        if parent.type == "macro_invocation":
            name = self._last_word(parent.child_by_field_name("macro") or self.kids(parent)[0])
            if name in code_words("passed", "speaks"):
                found.is_spoken = True
                return None
            if name in ("vec", "hashmap", "btreemap", "phf_map", "array", "hashset", "phf_set"):
                found.is_list = True
                return parent
            return parent if found.key else None
        return current

    def _attribute(self, found: Stand, attribute: Any) -> None:
        """What an attribute stands before: a field, a variant of an enumeration."""
        found.is_default = found.key.startswith("default")
        item = self.parent(attribute)
        outer = self.parent(item) if item is not None else None
        if outer is None:
            return
        following = self.kids(outer)[self._index(item, outer) + 1 :][:12]
        named = next((kid for kid in following if kid.type != "attribute_item"), None)
        if named is not None:
            found.holder = self.name_of(named)
            found.is_choice = found.is_choice or named.type == "enum_variant"

    def _pair(self, found: Stand, below: Any, current: Any) -> Any:
        children = self.kids(current)
        if not children:
            return None
        if below == children[0] and len(children) > 1:
            found.is_key = found.is_key or not found.key
            return current
        if len(children) == 1:  # an entry of a list
            return current
        self._give(found, self._last_word(children[0]))
        return current

    def _give(self, found: Stand, name: str) -> None:
        """Keep a name for what is below it: as the key, or as what holds the key."""
        if not found.key and not found.is_key and not found.is_list and not found.callee:
            found.key = name
        elif not found.holder:
            found.holder = name

    def _dictionary(self, found: Stand, below: Any, current: Any) -> Any:
        index = self._index(below, current)
        found.scope = found.scope or current
        if index % 2 == 0:
            found.is_key = found.is_key or not found.key
        else:
            self._give(found, self._last_word(self.kids(current)[index - 1]))
        return current

    def _infix(self, found: Stand, below: Any, current: Any) -> Any:
        children = self.kids(current)
        if len(children) != 3 or self.text(children[1]) != "to":
            return None
        if below == children[0]:
            found.is_key = found.is_key or not found.key
        else:
            self._give(found, self._last_word(children[0]))
        return current

    def _list(self, found: Stand, below: Any, current: Any) -> Any:
        found.scope = found.scope or current
        children = self.kids(current)
        index = self._index(below, current)
        strings = vocabulary_code()["languages"][self.language]["strings"]
        if len(children) == 2 and current.type in ("initializer_list", "initializer_expression"):
            # {"model", "gpt-4o"}: a pair of a map
            outer = self.parent(current)
            if outer is not None and outer.type == current.type and children[0].type in strings:
                if index == 1:
                    self._give(found, self.content(children[0]))
                else:
                    found.is_key = found.is_key or not found.key
                return current
        if not found.key and not found.is_key and not found.callee:
            found.is_list = True
        return current

    def _tuple(self, found: Stand, below: Any, current: Any) -> Any:
        if found.at < 0:
            found.at = self._index(below, current)
        return current

    def _named(self, found: Stand, below: Any, current: Any) -> Any:
        target = next(
            (child for child in (current.child_by_field_name(name)
             for name in ("name", "left", "pattern", "target", "declarator")) if child is not None),
            None,
        )  # fmt: skip
        if target is not None and target == below:
            if current.type == "assignment_expression" and self.language == "csharp":
                found.is_key = True  # ["key"] = value
                return current
            return None
        is_field = current.type == "property_declaration" and self.language == "csharp"
        if is_field or current.type in code_words("nodes", "default"):
            found.is_default = True
        name = self.name_of(current)
        if (
            target is not None
            and target.type in ("tuple_pattern", "expression_list", "left_assignment_list")
            and 0 <= found.at < target.named_child_count
        ):
            name = self._last_word(self.kids(target)[found.at])
        sign = self.data[target.end_byte : below.start_byte] if target is not None else b""
        if b"||" in sign or b"??" in sign:
            found.is_default = True
        self._give(found, name)
        if current.type in ("enum_case", "enum_entry", "enum_constant"):
            found.is_choice = True
            outer = self.enclosing(current, "type")
            if outer is not None:
                found.holder = self.name_of(outer)
            return None
        outer = self.parent(current) if current.type == "assignment_expression" else None
        return current if outer is not None and _kinds().get(outer.type) == "list" else None

    def _parameters(self, found: Stand, below: Any, current: Any) -> Any:
        """A default value that stands beside its parameter."""
        index = self._index(below, current)
        if index > 0 and not found.key:
            names = _NAME.findall(self.text(self.kids(current)[index - 1])[:_NEAR])
            found.key = names[0] if names else ""
            found.is_default = True

    def _binary(self, found: Stand, below: Any, current: Any) -> Any:
        first = self.kids(current)[0] if self.kids(current) else None
        last = self.kids(current)[-1] if self.kids(current) else None
        if first is None or last is None:
            return None
        is_right = below != first
        other = first if is_right else last
        start, end = first.end_byte, last.start_byte
        sign = self.data[start:end].decode("utf-8", "replace").strip()
        if sign in _OR_ELSE:
            found.is_default = found.is_default or is_right
            if is_right and not found.before:
                quoted = re.findall(r"[\"']([A-Z][A-Z0-9_]{2,60})[\"']", self.text(other)[:_NEAR])
                found.before = quoted[-1] if quoted else ""
            return current
        if sign in _COMPARES:
            found.is_compared = found.is_choice = True
            found.key = self._last_word(other)
        elif not found.callee:
            found.is_refused = True
        return None

    def _ternary(self, found: Stand, below: Any, current: Any) -> Any:
        if self.kids(current) and below == self.kids(current)[0]:
            found.is_refused = not found.callee
            return None
        return current

    def _label(self, found: Stand, _below: Any, _current: Any) -> Any:
        found.is_compared = found.is_choice = True
        return None

    def _arm(self, found: Stand, below: Any, current: Any) -> Any:
        condition = (
            current.child_by_field_name("condition") or current.child_by_field_name("pattern")
            or current.child_by_field_name("value") if current.type != "match_arm"
            else current.child_by_field_name("pattern")
        )  # fmt: skip
        if condition is not None and condition == below:
            found.is_compared = found.is_choice = True
            return None
        found.is_choice = True
        if not found.key and not found.callee:
            found.is_returned = True
        return current

    def _branch(self, found: Stand, below: Any, current: Any) -> Any:
        if current.child_by_field_name("condition") == below:
            return None
        return current if found.is_returned or found.is_choice else None

    def _return(self, found: Stand, _below: Any, current: Any) -> Any:
        found.is_returned = True
        return current

    def _block(self, found: Stand, below: Any, current: Any) -> Any:
        if found.callee or found.key or found.holder:
            return None
        children = self.kids(current)
        if not found.is_returned and (not children or children[-1] != below):
            return None
        found.is_returned = True
        return current

    def _function(self, found: Stand, below: Any, current: Any) -> Any:
        default = current.child_by_field_name("default_value")
        if default is not None and below.type == default.type and not found.is_returned:
            return self._parameters(found, below, current)
        if found.is_returned and not found.key and not found.callee:
            found.function = self.name_of(current)
        return None

    def _type(self, found: Stand, _below: Any, current: Any) -> Any:
        if not found.holder:
            found.holder = self.name_of(current)

    def _refused(self, found: Stand, _below: Any, _current: Any) -> Any:
        found.is_refused = True

    def _index(self, below: Any, current: Any) -> int:
        known = self._up.get(below.id)
        if known is not None:
            return known[1]
        for number, child in enumerate(self.kids(current)[:500]):
            if child.start_byte == below.start_byte:
                return number
        return 0

    def _string_in(self, node: Any) -> str:
        """The string that a node is, or that an argument consists of; empty where it is none."""
        strings = vocabulary_code()["languages"][self.language]["strings"]
        for _ in range(3):
            if node.type in strings:
                return self.content(node)[:_NEAR]
            if node.named_child_count != 1:
                return ""
            node = self.kids(node)[0]
        return ""

    # --- what is near -----

    def expression(self, node: Any) -> str:
        """The source of the whole expression around a node, up to a statement; bounded."""
        kinds = _kinds()
        current = node
        for _ in range(MAX_CLIMB):
            if current.end_byte - current.start_byte > _BODY:
                return ""
            parent = self.parent(current)
            if parent is None or kinds.get(parent.type, "") in (
                "", "block", "function", "type", "branch", "arm", "return", "named"
            ):  # fmt: skip
                break
            current = parent
        if current.end_byte - current.start_byte > _BODY:
            return ""
        return self.text(current)

    def uses(self, name: str) -> Iterator[Any]:
        """Nodes where an identifier stands."""
        pattern = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?!\w)")
        for count, match in enumerate(pattern.finditer(self.data)):
            if count >= MAX_USES:
                return
            yield self.at(match.start(), match.end())
