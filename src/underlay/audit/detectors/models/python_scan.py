"""The walk over one Python file's tree: what is kept of it, and what strings stand where."""

# ruff: noqa: ARG002 - visitors are called alike, whether they need each argument or not

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from underlay.audit.detectors.models.python_calls import calls, scheme_of
from underlay.audit.detectors.models.python_clients import ASKED
from underlay.audit.detectors.models.python_looks import (
    PERHAPS,
    WEIGHTS_FILE,
    are_sizes,
    constant_at,
    hub_start,
    is_dated,
    is_slug,
    labels_beside_addresses,
    named_files,
    names_in_text,
)
from underlay.audit.detectors.models.python_presets import (
    QUANTISED,
    Own,
    level_of,
    own_words,
    presets_of,
)
from underlay.audit.detectors.models.python_values import Value, dotted, text_of, value_of
from underlay.audit.findings import SURE
from underlay.audit.names.references import (
    Candidate,
    Place,
    classify,
    hosted_operator,
    key_strength,
    without_mode,
)
from underlay.audit.names.sites import (
    DATA_REPOSITORIES,
    OWN_SIZE,
    REPOSITORIES,
    WHISPER_SIZE,
    are_of_data,
    bare_name,
    files_of_repositories,
    pieces,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from underlay.audit.findings import Facts, Kind, Role

__all__ = [
    "ALTERNATIVES",
    "ASKING",
    "FILES_ONLY",
    "MOST",
    "NEVER",
    "NOWHERE",
    "OUTPUTS",
    "Scan",
    "Seen",
]

MOST = 20_000  # sinks, calls and bindings of one file
ALTERNATIVES = 40
NEVER, FILES_ONLY = 1, 2
# where a program saves what it makes
OUTPUTS = frozenset(("output_dir", "save_dir", "save_path", "save_directory", "output_path"))
_CONTAINERS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_GIVEN = (ast.Name, ast.Attribute, ast.Subscript)
_FLOWS = (ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.BinOp, ast.Call)
_NEUTRAL_KEYS = frozenset(
    ("name", "id", "repo", "path", "value", "url", "hf", "default", "label", "key")
)
# a list under such a name holds models and nothing else
_MODELS = re.compile(
    r"(?i)(?:^|_|(?<=[a-z])(?=M))(?:models|llms|model_list|model_names|model_ids)(?:_|$)"
)
# what a client of a service is asked for, whatever it is called
ASKING = Place("hosted", None, 0.8)
_ARCHIVE = re.compile(
    r"https?://[\w./%@+-]{4,280}\.(?:(?:dat|pth?|bin|onnx|h5)\.(?:gz|bz2|xz)|zip|tar|tgz|tar\.(?:gz|bz2|xz)|7z)"
)
# a name that holds the name of a data set or a task
_SAYS_DATA = re.compile(r"(?i)(?:^|[_.])(?:data_?sets?|tasks?|corpus)(?:_(?:name|id)s?)?$")
_WEIGHTS_PATH = re.compile(
    r"[\w./~@+-]{2,200}\.(?:pth?|ckpt|onnx|safetensors|bin|h5|pb|tflite)", re.ASCII
)
_OF_WEIGHTS = re.compile(r"(?i)ckpt|checkpoint|weights|model|pretrained")
_REPOSITORY_PATH = re.compile(
    r"\.{1,2}/(?:[\w.-]{1,40}/){1,6}?(?P<name>[A-Za-z][\w-]{1,40}/[A-Za-z][\w.-]{2,80})",
    re.ASCII,
)
# what goes to a server together with a model's name
_BODY = frozenset(("messages", "prompt", "inputs", "max_tokens", "stream", "stop", "top_p"))
# what says what a property of a schema is for
_SAID = frozenset(("description", "examples"))
# one word with a number at its end or in it
_NUMBERED = re.compile(r"[A-Za-z]{2,20}v?\d{1,3}(?:\.\d{1,2})?[a-z]{0,2}")
_HYPHENED = re.compile(r"[a-z][a-z0-9]{0,30}(?:-[a-z0-9.]{1,30}){1,8}")
_EQUALS = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)


class Seen(NamedTuple):
    """What the places around an expression say of a string in it."""

    key: str = ""
    strength: float = 0.0
    role: Role | None = None
    rule: str = "name"
    evidence: str = ""
    expects: Kind | None = None
    operator: str | None = None
    skip: int = 0
    more: Mapping[str, Any] = {}  # never changed in place


NOWHERE = Seen()
_SKIPPED = (NOWHERE, Seen(skip=NEVER), Seen(skip=FILES_ONLY))
# nodes in which no string stands
_LEAVES = frozenset(
    {
        ast.Name,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Global,
        ast.Nonlocal,
        ast.alias,
        str,
        int,
        bool,
    }
    | set(ast.expr_context.__subclasses__())
    | set(ast.operator.__subclasses__())
    | set(ast.boolop.__subclasses__())
    | set(ast.unaryop.__subclasses__())
    | set(ast.cmpop.__subclasses__())
    | {type(None)}
)


@cache
def _inner_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node in which strings may stand."""
    plain = ("ctx", "op", "ops", "name", "id", "attr", "arg", "lineno", "type_comment", "kind")
    return tuple(name for name in kind._fields if name not in plain)


class Scan:
    """Walks a tree with a stack of its own, so that deep nesting needs no recursion.

    `visits` says what is done with which node; what has no entry is looked into.
    """

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self.packages: set[str] = set()
        self.stars: list[str] = []
        self.bindings: dict[str, list[list[Any]]] = {}
        self.functions: dict[str, dict[str, Any]] = {}
        self.classes: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, list[list[Any]]] = {}
        self.options: dict[str, Value] = {}
        self.variables: dict[str, Value] = {}
        self.sinks: list[list[Any]] = []
        self.marks: dict[str, Role] = {}
        self.commands: list[list[list[Any]]] = []
        self.docstrings: list[ast.expr] = []
        self.quoted: list[tuple[int, int]] = []  # strings of several lines: from line, to line
        self.texts: list[ast.Constant] = []  # those that can be read line by line
        self.joined: list[tuple[int, int]] = []  # those with fields: from line, to line
        self.notes: list[ast.Constant] = []  # what the program tells who runs it: errors and help
        self.serving: set[str] = set()  # functions that answer as a hosted service would
        self.clients: set[str] = set()  # classes that ask a model's service
        self.examples: list[tuple[int, int]] = []  # lines of the defaults of such a function
        self.owned: list[Own] = []  # what may be a name of the program's own
        self.has_weights = False  # whether the file names any file of weights
        self.has_whisper = False  # whether the file speaks of Whisper
        self.has_presets = False
        self.taken: set[int] = set()  # texts that a preset has already read
        self.count = 0
        self.stack: list[tuple[ast.AST, Seen, str]] = []
        self.vocabulary = calls()
        self.visits: dict[type, Callable[[Any, Seen, str], None]] = {
            ast.Constant: self._constant,
            ast.JoinedStr: self._joined,
            ast.Dict: self._dict,
            ast.List: self._sequence,
            ast.Tuple: self._sequence,
            ast.Set: self._sequence,
            ast.Compare: self._compare,
            ast.Subscript: self._subscript,
            ast.Attribute: self._attribute,
            ast.IfExp: self._arms,
            ast.BoolOp: self._arms,
            ast.Starred: self._arms,
            ast.Await: self._arms,
        }

    def facts(self) -> Facts:
        """What was kept, without what is empty."""
        owned = [one for one in self.owned if one.level or self.has_presets]
        known = {
            "owned": [list(one) for one in owned],
            "imports": self.imports,
            "stars": self.stars,
            "bind": self.bindings,
            "func": self.functions,
            "class": self.classes,
            "calls": self.calls,
            "options": self.options,
            "env": self.variables,
            "sinks": self.sinks,
            "marks": self.marks,
            "commands": self.commands,
        }
        return {key: value for key, value in known.items() if value}

    # --- keeping -------------------------------------------------------------------------------

    def push(self, nodes: Iterable[ast.AST | None], seen: Seen, scope: str) -> None:
        """Look at the nodes later, with what their place says."""
        self.stack.extend(
            [
                (node, seen, scope)
                for node in nodes
                if node is not None and type(node) not in _LEAVES
            ]
        )

    def plain(self, node: ast.AST, seen: Seen, scope: str) -> None:
        """Look into a node that says nothing about what is in it."""
        around = NOWHERE if not seen.skip else _SKIPPED[seen.skip]
        stack = self.stack
        for name in _inner_fields(type(node)):  # type: ignore[arg-type]
            held = getattr(node, name, None)
            if isinstance(held, list):
                for item in held:
                    if type(item) not in _LEAVES:
                        stack.append((item, around, scope))
            elif held is not None and type(held) not in _LEAVES:
                stack.append((held, around, scope))

    def body(self, body: list[ast.stmt], seen: Seen, scope: str) -> None:
        """Look at statements, without a docstring."""
        if body and isinstance(body[0], ast.Expr) and text_of(body[0].value) is not None:
            self.docstrings.append(body[0].value)
            body = body[1:]
        self.push(body, seen, scope)

    def bind(self, name: str, value: Value, scope: str, within: str) -> None:
        """Keep what a name is; several bindings are alternatives."""
        if value is None or self.count > MOST:
            return
        found = self.bindings.setdefault(f"{within}|{name}", [])
        if len(found) < ALTERNATIVES:
            found.append([scope, value])
            self.count += 1

    def sink(self, seen: Seen, scope: str, value: Value, line: int = 0) -> None:
        """Keep a value at a place that tells something about it."""
        if value is None or self.count > MOST:
            return
        self.count += 1
        self.sinks.append(
            [seen.rule, seen.evidence, seen.role, seen.expects, seen.operator, seen.strength, scope,
             value, {k: v for k, v in seen.more.items() if v is not None}, line]
        )  # fmt: skip

    def note(self, *nodes: ast.expr | None) -> None:
        """Keep the sentences among what a message is made of."""
        for given in nodes:
            parts: list[ast.expr | None] = [given]
            if isinstance(given, ast.Call):
                parts = [*given.args]
            for part in parts:
                for one in part.values if isinstance(part, ast.JoinedStr) else [part]:
                    text = text_of(one)
                    if text is not None and " " in text and len(self.notes) < MOST:
                        self.notes.append(one)  # type: ignore[arg-type]
                        self._own_words(one, text)

    def _own_words(self, node: Any, text: str) -> None:
        """Names in a message that may be the program's own; their place in one line is known."""
        if node.lineno != node.end_lineno:
            return
        for match in own_words(text):
            at = node.col_offset + 2 + match.start()
            self.owned.append(Own(match[0], node.lineno, at, 1, "docstring", "", "doc", None))

    def resolve(self, name: str) -> str:
        """A dotted name with its root as imported."""
        root, _, rest = name.partition(".")
        found = self.imports.get(root)
        if found is None:
            return name
        return f"{found}.{rest}" if rest else found

    def asks(self, key: str, scope: str) -> bool:
        """Whether a key in a client's own class holds the model that the client asks."""
        if not self.clients or ASKED.fullmatch(key) is None:
            return False
        parts = scope.split(".")
        return any(".".join(parts[:end]) in self.clients for end in range(1, len(parts) + 1))

    # --- expressions ---------------------------------------------------------------------------

    def keyed(
        self,
        key: str,
        node: ast.expr,
        scope: str,
        *,
        role: Role | None = None,
        rule: str = "keyword",
        more: dict[str, Any] | None = None,
    ) -> None:
        """An expression that stands under a name."""
        if key in self.vocabulary.nothing_keywords:
            if key == "provider" and "/" in (text_of(node) or ""):
                # `provider="service/model"`, as a gateway's name
                told = Seen(key, 0.0, role, rule, f"{key}=", more=more or {})
                self.stack.append((node, told, scope))
            if key in OUTPUTS:
                self.sink(Seen(rule="output"), scope, value_of(node), node.lineno)
            self.push([node], Seen(skip=NEVER), scope)
            return
        around = Seen(
            key=key,
            strength=key_strength(key),
            role=role,
            rule=rule,
            evidence=f"{key}=",
            more=more or {},
        )
        self.expression(node, around, scope)

    def expression(self, node: ast.expr, seen: Seen, scope: str) -> None:
        """Follow what flows into a telling place, and look into the expression too."""
        if seen.strength >= 0.5 and not seen.skip and isinstance(node, _FLOWS):
            told = seen
            if "asks" not in seen.more and self.asks(seen.key, scope):
                told = seen._replace(more={**seen.more, "asks": True})
            self.sink(told, scope, value_of(node), node.lineno)
        self.stack.append((node, seen, scope))

    def _constant(self, node: ast.Constant, seen: Seen, scope: str) -> None:
        text = node.value
        if (node.end_lineno or 0) > node.lineno:
            self.quoted.append((node.lineno, node.end_lineno or 0))
            if isinstance(text, str) and text.count("\n") == (node.end_lineno or 0) - node.lineno:
                self.texts.append(node)
        if isinstance(text, str) and seen.strength >= 0.5 and _MODELS.search(seen.key):
            for word, line, column in names_in_text(node):
                told = seen._replace(role="option", more={"g": f"{node.lineno}:{node.col_offset}"})
                self.stack.append((constant_at(word, line, column), told, scope))
        if not isinstance(text, str) or not 2 <= len(text) <= 1_000:
            return
        text = without_mode(text)
        if " " in text or "\n" in text:
            is_one_line = node.lineno == node.end_lineno
            shows = "huggingface.co/" in text or "hf.co/" in text or " --" in text
            if is_one_line and shows:
                self.texts.append(node)
            return
        if len(text) > 300 or seen.skip == NEVER or id(node) in self.taken:
            return
        if seen.strength >= 0.5 and _ARCHIVE.fullmatch(text) is not None:
            told = seen._replace(more={**seen.more, "archive": ""})
            self.sink(told, scope, ["s", text, node.lineno, node.col_offset + 1])
            return
        if "{" in text and "huggingface.co/" in text:
            # the fields are the file's: the repository is written out
            text = text.partition("{")[0].rpartition("/")[0]
        if seen.role is not None and len(self.marks) < MOST:
            self.marks[f"{node.lineno}:{node.col_offset + 1}"] = seen.role
        place = Place(seen.expects, seen.operator, seen.strength)
        found = classify(text, place)
        if found is None and seen.strength >= 0.5:
            found = bare_name(text, place)
        is_open = found is None or (found.kind == "hosted" and self._is_imported(text))
        if is_open and self._is_of_a_scheme(text, seen, scope):
            seen = seen._replace(expects="package", strength=max(0.7, seen.strength))
            found = Candidate(text, "package", seen.strength)
        if found is None or found.confidence < SURE:
            self._perhaps_own(node, text, seen)
        if found is None and seen.strength >= 0.5 and QUANTISED.search(text) is not None:
            # a file of weights without its ending
            found = classify(f"{text}.gguf", place)
            seen = seen._replace(more={**seen.more, "archive": ""}) if found else seen
        if found is None and "/" in text:
            self._path(node, text, seen)
        is_weak = found is not None and found.kind == "file" and found.confidence < SURE
        is_weak |= found is None and _WEIGHTS_PATH.fullmatch(text) is not None
        if is_weak and _OF_WEIGHTS.search(seen.key) is not None and not seen.skip:
            # `acme_ckpt_dir = "../checkpoints/acme_large.pth"`
            found = classify(text, Place(None, None, 0.5))
            seen = seen._replace(strength=0.5)
        is_open = found is None and seen.strength >= 0.5 and seen.expects is None
        if is_open and ("asks" in seen.more or self.asks(seen.key, scope)):
            found = classify(text, ASKING)
            seen = seen._replace(more={**seen.more, "asks": True}) if found else seen
        if found is None and REPOSITORIES.fullmatch(text) and seen.strength >= 0.5:
            for piece, shift in pieces(text, seen.key):
                column = node.col_offset + 2 + shift
                self.sink(seen, scope, ["s", piece, node.lineno, column])
            return
        is_member = found is None and "g" in seen.more and not seen.skip
        if is_member and seen.rule == "registry" and _NUMBERED.fullmatch(text) is not None:
            told = seen._replace(more={"slug": 0}, strength=0.0)
            self.sink(told, scope, ["s", text, node.lineno, node.col_offset + 1])
            return
        if is_member and (is_slug(text) or classify(text, PERHAPS) is not None):
            # unknown, and perhaps a model like the others of its collection
            is_told = "body" in seen.more or _MODELS.search(seen.key) is not None
            has_number = any(letter.isdigit() for letter in text)
            sure = seen.strength >= 0.5 and is_told and has_number and is_slug(text)
            told = seen._replace(more={**seen.more, "slug": int(sure)}, strength=0.0)
            self.sink(told, scope, ["s", text, node.lineno, node.col_offset + 1])
            return
        is_like = is_slug(text) or _NUMBERED.fullmatch(text) is not None
        if found is None and seen.strength >= 0.5 and not seen.skip and is_like:
            # unknown: a model's if the name is one's elsewhere
            told = seen._replace(more={**seen.more, "slug": 0}, strength=0.0)
            self.sink(told, scope, ["s", text, node.lineno, node.col_offset + 1])
            return
        if found is None or found.confidence < 0.2:
            return
        if seen.skip == FILES_ONLY and found.kind != "file" and seen.expects != "package":
            return  # a folder of this machine, but for names that are a library's own
        self.sink(seen, scope, ["s", text, node.lineno, node.col_offset + 1])

    def _path(self, node: ast.Constant, text: str, seen: Seen) -> None:
        """A path below the project that ends in a repository: `../checkpoints/owner/name`.

        The owner has to be a well known one, or the program has the name elsewhere. A path of one
        machine (`/mnt/models/Qwen/mine-7b`) says how somebody sorts files, and not whose model it
        is.
        """
        match = _REPOSITORY_PATH.fullmatch(text) if text[0] == "." else None
        if match is None or seen.skip == NEVER:
            return
        if not any(letter.isdigit() for letter in match["name"]):
            return  # as likely a copy of the owner's code
        found = classify(match["name"])
        is_listed = found is not None and found.kind == "hub" and found.confidence >= 0.6
        if found is None or (not is_listed and found.confidence >= SURE):
            return  # looks like a model's, but whose?
        told = Seen(seen.key, 0.5 if is_listed else 0.0, seen.role, "path", text)
        column = node.col_offset + 2 + match.start("name")
        self.sink(told, scope="", value=["s", match["name"], node.lineno, column])

    def _perhaps_own(self, node: ast.Constant, text: str, seen: Seen) -> None:
        """Keep what is a model if the program calls its own weights so."""
        if len(self.owned) >= MOST or not (self.has_weights or seen.strength >= 0.5 or "_" in text):
            return
        is_key = seen.evidence == "key of a registry"
        told, asked = seen.strength >= 0.5 and not is_key, ASKED.fullmatch(seen.key) is not None
        level = level_of(text, told=told, asked=asked)
        if level is not None:
            own = Own(
                text, node.lineno, node.col_offset + 1, level, seen.rule, seen.evidence, seen.role,
                seen.more.get("g"),
            )  # fmt: skip
            self.owned.append(own)

    def _presets(self, node: ast.Dict, scope: str) -> None:
        """Keep the names of weights that a mapping gives, and their files."""
        for preset in presets_of(node):
            self.has_presets = True
            more = {"archive": preset.base, "preset": True}
            told = Seen("", 0.0, "option", "registry", '"...": file', more=more)
            self.sink(told, scope, value_of(preset.key))
            for one, name in preset.files:
                if id(one) not in self.taken:
                    self.taken.add(id(one))
                    file = Seen("", 0.5, "use", "registry", '"...": file', more={"archive": name})
                    self.sink(file, scope, ["s", name, one.lineno, one.col_offset + 1])

    def _is_imported(self, text: str) -> bool:
        """Whether a library is imported that calls its own models so."""
        scheme = scheme_of(text)
        return scheme is not None and not scheme.packages.isdisjoint(self.packages)

    def _is_of_a_scheme(self, text: str, seen: Seen, scope: str) -> bool:
        """A name as the libraries of a field give them, with something that speaks for it."""
        if seen.expects not in (None, "package"):
            return False
        says_model = seen.strength >= 0.5 or "model_size" in seen.key.lower()
        if WHISPER_SIZE.fullmatch(text) is not None:
            if not says_model:
                return False
            is_theirs = self.has_whisper or "whisper" in f"{seen.key} {scope}".lower()
            return is_theirs or OWN_SIZE.fullmatch(text) is not None
        scheme = scheme_of(text)
        around = f"{seen.key} {scope} {seen.more.get('g', '')}"
        return scheme is not None and scheme.holds(seen.strength, around, self.packages)

    def _joined(self, node: ast.JoinedStr, seen: Seen, scope: str) -> None:
        if (node.end_lineno or 0) > node.lineno:
            self.quoted.append((node.lineno, node.end_lineno or 0))
            self.joined.append((node.lineno, node.end_lineno or 0))
        elif any(" --" in (text_of(part) or "") for part in node.values):
            self.joined.append((node.lineno, node.lineno))
        inner = [item for item in node.values if isinstance(item, ast.FormattedValue)]
        if seen.strength < 0.5 and not seen.skip and hub_start(node):
            self.sink(seen._replace(strength=0.5, rule="url"), scope, value_of(node))
        self.push((item.value for item in inner), NOWHERE, scope)

    def _sequence(self, node: Any, seen: Seen, scope: str) -> None:
        role = seen.role if seen.role == "default" and seen.rule == "parameter" else None
        # members of one collection speak for each other
        group = seen.more.get("g") if seen.rule == "row" else None
        more = {**seen.more, "g": group or f"{node.lineno}:{node.col_offset}"}
        inside = seen._replace(role=role or ("option" if node.elts else seen.role), more=more)
        texts = [text_of(item) or "" for item in node.elts]
        is_whisper = len(texts) > 3 and any(OWN_SIZE.fullmatch(text) for text in texts)
        if is_whisper and not seen.skip and all(WHISPER_SIZE.fullmatch(text) for text in texts):
            # a list of nothing but Whisper's sizes is one of its models, whatever its name
            inside = inside._replace(expects="package", strength=0.75, rule="registry")
        for item in node.elts:
            if isinstance(item, _FLOWS) and not isinstance(item, ast.Call):
                self.expression(item, inside, scope)
            else:
                self.stack.append((item, inside, scope))

    def _dict(self, node: ast.Dict, seen: Seen, scope: str) -> None:
        names = [text_of(key) if key is not None else None for key in node.keys]
        address = next(
            (value_of(value) for name, value in zip(names, node.values, strict=True)
             if name in self.vocabulary.address_keywords), None
        )  # fmt: skip
        more = {"addr": [address]} if address is not None else seen.more
        if are_sizes(names):
            sizes = Seen("", 0.75, "option", "registry", "sizes of one model", "package")
            for key in node.keys:
                self.sink(sizes, scope, value_of(key))
        if self.has_weights and seen.skip != NEVER:
            self._presets(node, scope)
        is_routed = "litellm_params" in names
        texts = {
            name: text
            for name, value in zip(names, node.values, strict=True)
            if name is not None and (text := text_of(value)) is not None
        }
        files = files_of_repositories(texts) if len(texts) > 1 else {}
        weights = next((text for text in texts.values() if WEIGHTS_FILE.fullmatch(text)), "")
        packed = named_files(texts) if weights and len(texts) == len(names) > 1 else {}
        given = frozenset(name for name in names if name is not None)
        of_data = are_of_data(given)
        shown = labels_beside_addresses(texts) if len(texts) > 1 else frozenset()
        several = sum(
            isinstance(value, _CONTAINERS) or text_of(value) is not None for value in node.values
        )
        for key, name, value in zip(node.keys, names, node.values, strict=True):
            if key is not None:
                around = seen._replace(
                    role="option",
                    rule="registry",
                    evidence="key of a registry",
                    more={"g": f"keys {node.lineno}:{node.col_offset}"},
                )
                self.stack.append((key, around, scope))
            if name is None:
                inside = seen._replace(role="option", rule="registry") if several > 1 else seen
                self.expression(value, inside._replace(more=more), scope)
                continue
            if name == "help" or (name in _SAID and seen.strength >= 0.5 and "type" in given):
                self.note(value)  # also of a property of a schema
            is_data = of_data and name in DATA_REPOSITORIES
            is_nothing = name in self.vocabulary.nothing_keywords or name in files.values()
            if is_data or is_nothing or name in shown:
                self.push([value], Seen(skip=NEVER), scope)
                continue
            strength = key_strength(name) if "/" not in name else 0.0
            if name == "model" and not _BODY.isdisjoint(given):
                # what is sent to a server
                body = {**more, "g": f"{node.lineno}:{node.col_offset}", "body": True}
                if any(first <= node.lineno <= last for first, last in self.examples):
                    body["alias"] = True
                told = seen._replace(key=name, strength=0.85, rule="key", more=body)
                self.expression(value, told._replace(evidence="model in a request"), scope)
                continue
            if name in packed:
                told = Seen("", 0.0, "option", "registry", '"...": file', more=packed[name])
                self.sink(told, scope, value_of(key))
                continue  # the file is that model's
            archive = texts.get(name, "")
            if weights and _ARCHIVE.fullmatch(archive) is not None:
                own = {**more, "archive": weights}
                told = Seen(name, 0.5, "option", "url", f'"{name}":', more=own)
                self.sink(told, scope, ["s", archive, value.lineno, value.col_offset + 1])
                continue
            if name in files:
                own = {"file": ["s", texts[files[name]], 0, 0]}
                inside = Seen(name, strength, seen.role, "key", f'"{name}":', more={**more, **own})
                self.expression(value, inside, scope)
                continue
            if is_routed and name == "model_name":
                inside = Seen(
                    name, 0.6, "config", "router", "name in a router", more={"alias": True}
                )
            elif strength:
                role = seen.role
                if role is None and several > 1 and hosted_operator(name) is not None:
                    role = "option"  # from names to names
                inside = Seen(name, strength, role, "key", f'"{name}":', more=more)
            else:
                inside = seen._replace(evidence=seen.evidence or f'"{name}":', more=more)
                if several > 1 and name.lower() not in _NEUTRAL_KEYS:
                    role = seen.role or "option"
                    rule = "registry" if seen.strength else seen.rule
                    inside = inside._replace(role=role, rule=rule)
                    place = seen.more.get("g") or f"{node.lineno}:{node.col_offset}"
                    inside = inside._replace(more={**more, "g": place})
            if isinstance(value, ast.Dict) and inside.role is None and several > 1:
                inside = inside._replace(role="option")  # a dict of dicts is a registry
            self.expression(value, inside, scope)

    def _arms(self, node: Any, seen: Seen, scope: str) -> None:
        if isinstance(node, ast.IfExp):
            self.push([node.test], NOWHERE, scope)
            arms = [node.body, node.orelse]
            texts = [arm for arm in arms if text_of(arm) is not None]
            given = [arm for arm in arms if isinstance(arm, _GIVEN)]
            if len(texts) == len(given) == 1:
                # `config["model"] if "model" in config else "..."`: what holds without a setting
                self.stack.append((texts[0], seen._replace(role=seen.role or "default"), scope))
                arms = [*given]
        elif isinstance(node, ast.BoolOp):
            arms = list(node.values)
            if isinstance(node.op, ast.Or) and isinstance(arms[-1], ast.Constant):
                last = seen._replace(role=seen.role or "default")
                self.stack.append((arms.pop(), last, scope))
        else:
            arms = [node.value]
        self.push(arms, seen, scope)

    def _compare(self, node: ast.Compare, seen: Seen, scope: str) -> None:
        sides = [node.left, *node.comparators]
        names = [_key_of(side) for side in sides if text_of(side) is None]
        key = next((name.rpartition(".")[2] for name in names if name), "")
        if any(
            isinstance(side, (ast.Name, ast.Attribute)) and _SAYS_DATA.search(side_name or "")
            for side, side_name in zip(sides, map(dotted, sides), strict=True)
        ):
            self._data_compared(sides, scope)
            return
        equal = all(isinstance(operator, _EQUALS) for operator in node.ops)
        within = all(isinstance(operator, (ast.In, ast.NotIn)) for operator in node.ops)
        for number, side in enumerate(sides):
            text = text_of(side)
            if text is not None and within and _MODELS.search(key) and names[0] == key:
                # one of a collection of models: a whole name
                told = Seen(key, 0.5, "option", "comparison", f"in {key}", more={"asks": True})
                self.stack.append((side, told, scope))
                continue
            if text is not None and not equal and not is_dated(text):
                continue  # `"gpt-4" in name` asks for a family
            strength = min(0.5, key_strength(key))
            if isinstance(side, (ast.List, ast.Tuple, ast.Set)) and not (within and number):
                strength = 0.0
            around = Seen(key, strength, "option", "comparison", f"compared with {key}")
            if scope in self.serving:
                around = around._replace(more={"alias": True})
            if within and number and text_of(node.left) is None:
                self.asked(side, node.left, scope)
                if isinstance(side, (ast.ListComp, ast.SetComp)) and isinstance(
                    side.elt, ast.Subscript
                ):  # `model in [row[0] for row in rows]`
                    self.asked_of(["l", value_of(side.elt)], node.left, scope)
            is_text = isinstance(side, (ast.Constant, ast.List, ast.Tuple, ast.Set))
            self.stack.append((side, around if is_text else NOWHERE, scope))

    def _data_compared(self, sides: list[ast.expr], scope: str) -> None:
        """What a data set's or a task's name is compared with is one too."""
        for side in sides:
            if isinstance(side, (ast.Constant, ast.List, ast.Tuple, ast.Set)) or (
                isinstance(side, ast.Name) and side.id.isupper()
            ):
                self.sink(Seen(rule="nothing"), scope, value_of(side), side.lineno)
            else:
                self.push([side], NOWHERE, scope)

    def _subscript(self, node: ast.Subscript, seen: Seen, scope: str) -> None:
        base = dotted(node.value) or ""
        if base.rpartition(".")[2] == "Literal":
            self.stack.append(
                (node.slice, seen._replace(role="option", rule="literal-type"), scope)
            )
            return
        if not isinstance(node.ctx, ast.Store):
            self.asked(node.value, node.slice, scope)
        self.push([node.value], NOWHERE, scope)
        last = base.rpartition(".")[2]
        says = key_strength(last) if text_of(node.slice) is not None else 0.0
        around = Seen(last if says else "", says, None, "registry", f"{base}[...]")
        if says:  # a key of what maps models: by itself it says less than a value
            text = text_of(node.slice) or ""
            if classify(text) is None and (is_slug(text) or _HYPHENED.fullmatch(text)):
                told = around._replace(role="option", strength=0.0, more={"slug": 0})
                self.sink(told, scope, value_of(node.slice))
        self.push([node.slice], around._replace(key="", strength=0.0), scope)

    def asked(self, mapping: ast.expr, key: ast.expr, scope: str) -> None:
        """A mapping that is asked with a model's name has models as its keys."""
        if isinstance(mapping, (ast.Name, ast.Attribute)):
            self.asked_of(value_of(mapping), key, scope)

    def asked_of(self, held: Value, key: ast.expr, scope: str) -> None:
        """The same, of a value."""
        if not isinstance(key, (ast.Name, ast.Attribute)):
            return
        name = (dotted(key) or "").rpartition(".")[2]
        if key_strength(name) >= 0.5 and held is not None:
            told = f"asked with {name}"
            more = {"asked": True, "asks": self.asks(name, scope) or None}
            seen = Seen(name, 0.5, "option", "registry", told, more=more)
            self.sink(seen, scope, ["k", held])

    def _attribute(self, node: ast.Attribute, seen: Seen, scope: str) -> None:
        name = dotted(node)
        if name is not None:
            whole = self.resolve(name)
            for prefix, kind, pattern in self.vocabulary.attributes:
                if whole.startswith(prefix) and pattern.fullmatch(whole.removeprefix(prefix)):
                    column = (node.end_col_offset or 0) - len(node.attr) + 1
                    value = ["s", node.attr, node.end_lineno or node.lineno, column]
                    self.sink(
                        Seen(rule="attribute", evidence=prefix, expects=kind, strength=0.9),
                        scope, value,
                    )  # fmt: skip
                    return
        self.plain(node, seen, scope)

    def annotated(self, annotation: ast.expr | None, key: str, scope: str) -> None:
        """Choices in `Literal[...]`, defaults in `Annotated[...]`."""
        if annotation is None or isinstance(annotation, (ast.Name, ast.Constant)):
            return
        around = Seen(key, key_strength(key), "option", "literal-type", f"{key}: Literal[...]")
        self.stack.append((annotation, around, scope))


def _key_of(node: ast.expr) -> str | None:
    """The name of a side of a comparison: `model` of `body["model"]` and of `get("model")`."""
    given: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        given = node.slice
    elif isinstance(node, ast.Call) and (dotted(node.func) or "").rpartition(".")[2][:3] == "get":
        given = node.args[0] if node.args else None
    text = text_of(given)
    return text if text is not None and key_strength(text) else dotted(node)
