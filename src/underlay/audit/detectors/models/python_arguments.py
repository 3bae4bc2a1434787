"""Calls in Python: which arguments hold a model's name, and what else the call says."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.python_clients import ASKED, is_client
from underlay.audit.detectors.models.python_looks import is_slug
from underlay.audit.detectors.models.python_presets import whole_names
from underlay.audit.detectors.models.python_scan import (
    ALTERNATIVES,
    FILES_ONLY,
    MOST,
    NEVER,
    NOWHERE,
    Scan,
    Seen,
)
from underlay.audit.detectors.models.python_values import PAIRED, Value, dotted, text_of, value_of
from underlay.audit.names.references import Place, classify, key_strength
from underlay.audit.names.sites import DATA_REPOSITORIES, are_of_data

if TYPE_CHECKING:
    from underlay.audit.detectors.models.python_calls import Call
    from underlay.audit.findings import Role

__all__ = ["CallScan"]

_HUB_FILE_CALLS = frozenset(
    ("hf_hub_download", "cached_download", "hf_hub_url", "model_file_download")
)
_FILE_KEYWORDS = (
    "filename",
    "weight_name",
    "gguf_file",
    "model_file",
    "hf_filename",
    "allow_patterns",
)
# calls and keywords that take a data set: what flows there is no model
_DATA = frozenset(
    (
        "load_dataset",
        "load_dataset_builder",
        "get_dataset_config_names",
        "dataset_info",
        "push_to_hub",
    )
)
_DATA_NAMES = ("path", "repo_id", "dataset", "dataset_name", "dataset_id")
# functions whose own name says that they take a model's name
_TAKES_MODEL = re.compile(
    r"(?:register|add|load|get|create|make|build|init|download|use|select|set|new|fetch)_?\w*"
    r"(?:model|llm|embedd|tokenizer|rerank|checkpoint|whisper|encoder)|pretrained[A-Z_]",
    re.IGNORECASE,
)
# entries of repositories of torch.hub that are functions, not models
_ENTRY = re.compile(r"model|tokenizer|config|modelFor\w+|modelWith\w+|transforms|\w*utils")
_TOOLS = re.compile(r"transforms?$|utils$")
# calls that run a command
_COMMANDS = frozenset(
    ("run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput",
     "create_subprocess_exec", "create_subprocess_shell", "run_command", "execute")
)  # fmt: skip
# methods that make parts of a text, or a text without what is around it
_CUTS = frozenset(("split", "splitlines", "strip"))
_NO_LETTER = re.compile(r"[^A-Za-z0-9]")
# calls that show a text to who runs the program
_TELLS_PEOPLE = frozenset(
    ("print", "input", "ask", "prompt", "echo", "secho", "info", "warning", "warn", "error",
     "exception", "success", "confirm", "rprint", "text_input")
)  # fmt: skip
# methods that look a setting up
_GETTER = re.compile(r"get(?:_?(?:str|string|value|setting|option|config)){0,3}")
_PLAIN_WORD = re.compile(r"[\w./:@=+,-]{1,200}", re.ASCII)
# methods of clients that send something to an address
_POSTS = frozenset(("post", "request", "stream"))
_HUB_REPOSITORY = ("repo_or_dir", "github", "repo")
_MODEL_WORD = re.compile(r"(?i)\b(?:model|llm|checkpoint)s?\b")
_CHECKS = frozenset(("startswith", "endswith", "find", "index", "count", "replace", "split"))
# parts of a client that stand between it and a method: `client.chat.completions.create`
_RESOURCES = frozenset(
    (
        "chat", "completions", "embeddings", "responses", "images", "audio", "messages",
        "beta", "models", "moderations", "transcriptions", "translations", "speech",
        "assistants", "with_raw_response", "threads", "runs", "fine_tuning", "jobs",
        "batches", "aio", "chats", "v1", "v2", "ocr", "fim"
    )
)  # fmt: skip
# keywords under which a call is given the client or the provider that it asks
_CLIENTS = frozenset(("client", "provider", "openai_client", "async_client", "llm_client"))
_WRITERS = frozenset(
    ("save", "export", "save_pretrained", "save_weights", "save_model", "save_file",
     "save_checkpoint", "save_state_dict", "export_model", "save_lora_weights", "write_weights",
     "quantize_dynamic", "quantize_static")
)  # fmt: skip
_WRITTEN = frozenset(
    ("output", "output_path", "output_file", "model_output", "out_path", "outfile")
)
# keywords under which a form or a setting holds what can be chosen, and what is chosen at first
_HELD_ONE = frozenset(("default", "value", "default_value", "initial"))
_HELD = _HELD_ONE | {"choices", "options", "values", "items", "allowed", "enum"}
# calls that hand on what they are given, or hold it as a default
_PASSES = frozenset(
    ("Field", "field", "Option", "Argument", "str", "Path", "list", "tuple", "set", "frozenset",
     "SecretStr", "sorted", "cast", "attrib", "ib", "Choice", "dict", "DropdownInput", "Annotated",
     "MappingProxyType")
)  # fmt: skip


class CallScan(Scan):
    """The part of the walk that looks at calls."""

    def __init__(self) -> None:
        super().__init__()
        self.visits[ast.Call] = self._call

    def _call(self, node: ast.Call, seen: Seen, scope: str) -> None:
        if seen.skip == NEVER:
            self.push([node.func, *node.args, *(k.value for k in node.keywords)], seen, scope)
            return
        name = dotted(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CUTS:
            base = node.func.value
            if seen.strength >= 0.5 and isinstance(base, (ast.Constant, ast.Call)):
                self.stack.append((base, seen, scope))  # what is cut is what counts
                return
        if name is None:
            self.plain(node, NOWHERE, scope)
            return
        if isinstance(
            node.func, ast.Call
        ):  # `pipeline(...)(text)`: the inner call is the telling one
            self.push([node.func, *node.args, *(k.value for k in node.keywords)], NOWHERE, scope)
            return
        last = name.rpartition(".")[2]
        if last == "partial" and node.args and dotted(node.args[0]) is not None:
            called = ast.Call(node.args[0], node.args[1:], node.keywords)
            self._call(ast.copy_location(called, node), seen, scope)
            return
        if last in _COMMANDS and node.args:
            self._command(node)
        if name in PAIRED and len(node.args) == 1:
            rows = node.args[0]
            if isinstance(rows, (ast.List, ast.Tuple)) and rows.elts and all(map(_pair, rows.elts)):
                pairs = [_pair(row) for row in rows.elts]
                mapping = ast.Dict([p[0] for p in pairs], [p[1] for p in pairs])  # type: ignore[index]
                self.stack.append((ast.copy_location(mapping, rows), seen, scope))
                return
        if last == "update" and len(node.args) == 1:
            self._updated(node, scope)
        whole = self.resolve(name)
        if last in ("add_argument", "DEFINE_string", "DEFINE_enum", "add_option"):
            self._option(node, last, scope)
            return
        if last == "parametrize":
            self._parametrize(node, scope)
            return
        if last in _WRITERS:
            self._written(node, scope)
        if last in _TELLS_PEOPLE:
            self.note(*node.args[:3])
        if last == "startswith" and node.args and isinstance(node.args[0], ast.Tuple):
            self._begins(node.args[0], name, scope)
        if last == "replace" and seen.strength >= 0.5:
            self._spelled(node, seen, scope)
        if last == "getattr" and len(node.args) > 1:
            self._member(node, scope)
        if isinstance(node.func, ast.Attribute):
            if last == "get" and node.args:
                self.asked(node.func.value, node.args[0], scope)
            self.push([node.func.value], NOWHERE, scope)
            if last in _CHECKS and text_of(node.func.value) is not None:
                return
        self._constructor(node, whole, scope)
        entries = self.vocabulary.find(name, whole, frozenset(self.packages))
        kind = next((k for k in node.keywords if k.arg == "repo_type"), None)
        if self.vocabulary.means_nothing(name) or (
            kind and text_of(kind.value) in ("dataset", "space")
        ):
            self._nothing(node, whole, last, scope, entries)
            return
        used: set[int] = set()
        for entry in entries:
            self._entry(entry, node, name, scope, used)
        self._remember(node, name, whole, scope)
        if name in self.vocabulary.posts or last in _POSTS:
            self._post(node, scope)
        self._arguments(node, name, seen, scope, used)

    def _begins(self, given: ast.Tuple, name: str, scope: str) -> None:
        """`model.startswith(("gpt-4.1", "gpt-5-mini"))`: models that are counted up."""
        whole = whole_names(given.elts)
        for one in whole if len(whole) > 1 else ():
            told = Seen("", 0.5, "option", "comparison", f"{name}(...)")
            self.sink(told, scope, value_of(one))

    def _spelled(self, node: ast.Call, seen: Seen, scope: str) -> None:
        """`model = part.replace("acme_2_mini", "acme-2-mini")`: the name as the service has it.

        What is replaced is the same name in other letters, or its beginning.
        """
        if len(node.args) != 2 or ASKED.fullmatch(seen.key) is None:
            return
        before, after = (text_of(arg) or "" for arg in node.args)
        start, whole = _NO_LETTER.sub("", before), _NO_LETTER.sub("", after)
        has_number = any(letter.isdigit() for letter in after)
        if len(start) < 5 or not whole.startswith(start) or not (has_number and is_slug(after)):
            return
        told = seen._replace(role="option", evidence=f"{seen.key} = ...replace(...)")
        if classify(after, Place(None, None, seen.strength)) is None:
            told = told._replace(strength=0.0, more={**seen.more, "slug": 1})
        self.sink(told, scope, value_of(node.args[1]))

    def _member(self, node: ast.Call, scope: str) -> None:
        """`getattr(torchaudio.pipelines, name)`: names of bundles of weights flow there."""
        holder = self.resolve(dotted(node.args[0]) or "") + "."
        for prefix, kind, _ in self.vocabulary.attributes:
            if holder == prefix and not isinstance(node.args[1], ast.Constant):
                told = Seen(strength=0.9, rule="attribute", evidence=prefix, expects=kind)
                self.sink(told, scope, value_of(node.args[1]))

    def _updated(self, node: ast.Call, scope: str) -> None:
        """A mapping that takes in another one holds what that one holds."""
        held = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(held, ast.Name) and isinstance(node.args[0], (ast.Name, ast.Attribute)):
            within = "" if held.id.isupper() else scope
            self.bind(held.id, value_of(node.args[0]), scope, within)

    def _written(self, node: ast.Call, scope: str) -> None:
        """Where a call saves what the program made: read from there it is no other's model."""
        for given in (*node.args, *(k.value for k in node.keywords)):
            if isinstance(given, (ast.Constant, ast.Name, ast.Attribute)):
                self.sink(Seen(rule="output"), scope, value_of(given), node.lineno)

    def _command(self, node: ast.Call) -> None:
        """A command that the code runs: its words, each with its place."""
        given = node.args[0]
        words: list[list[Any]] = []
        if isinstance(given, (ast.List, ast.Tuple)):
            for item in given.elts[:60]:
                text = text_of(item)
                shown = text if text is not None and _PLAIN_WORD.fullmatch(text) else "_"
                words.append([shown, item.lineno, item.col_offset + 2])
        elif (text := text_of(given)) is not None and len(text) < 2_000:
            words.append([text.replace("\n", " "), given.lineno, given.col_offset + 2])
        if words and len(self.commands) < 500:
            self.commands.append(words)

    def _nothing(
        self, node: ast.Call, whole: str, last: str, scope: str, entries: list[Call]
    ) -> None:
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        loads = any(entry.rule == "loader" for entry in entries)
        if loads:
            used: set[int] = set()
            for entry in entries:
                self._entry(entry, node, whole, scope, used)
            return
        if last in _DATA or "hub-download" in {entry.rule for entry in entries}:
            for value in (
                *node.args[:1],
                *(k.value for k in node.keywords if k.arg in _DATA_NAMES),
            ):
                self.sink(Seen(rule="nothing", evidence=whole), scope, value_of(value), node.lineno)
        is_path = last in ("Path", "join", "joinpath", "open", "exists", "isfile")
        self.push(values, Seen(skip=FILES_ONLY if is_path else NEVER, rule="path"), scope)

    def _entry(self, entry: Call, node: ast.Call, name: str, scope: str, used: set[int]) -> None:
        """The arguments of a known call that hold the model's name."""
        more = self._more(entry, node)
        around = Seen(
            strength=0.95,
            rule=entry.rule,
            evidence=f"{name}(...)",
            expects=entry.expects,
            operator=entry.operator,
            role=None,
            more=more,
        )
        taken = [node.args[n] for n in entry.positions if n < len(node.args)]
        taken += [keyword.value for keyword in node.keywords if keyword.arg in entry.keywords]
        if entry.rule == "torch-hub" and len(node.args) > 1:
            function = text_of(node.args[1]) or ""
            if _ENTRY.fullmatch(function) and (len(node.args) > 2 or _TOOLS.search(function)):
                # what the function is asked for
                taken = [a for a in node.args[2:3] if not _TOOLS.search(function)]
                around = around._replace(rule="loader", expects="hub")
                used.add(id(node.args[1]))
        if entry.rule == "torch-hub":
            given = node.args[:1] + [k.value for k in node.keywords if k.arg in _HUB_REPOSITORY]
            for repository in given[:1]:
                stands = around._replace(expects="torch-hub", evidence="torch.hub.load(...)")
                self.sink(stands, scope, value_of(repository), node.lineno)
                used.add(id(repository))
        if entry.rule == "url-loader":
            self._written(node, scope)  # where it is put
        for value in taken:
            if id(value) in used or isinstance(value, ast.Starred):
                continue
            used.add(id(value))
            if isinstance(value, ast.Constant):
                self._constant_argument(value, around, scope)
            else:
                self.sink(around, scope, value_of(value), value.lineno)
                self.push([value], Seen(rule=entry.rule, evidence=around.evidence), scope)
        if name.rpartition(".")[2] in _HUB_FILE_CALLS and len(node.args) > 1:
            used.add(id(node.args[1]))

    def _constant_argument(self, node: ast.Constant, seen: Seen, scope: str) -> None:
        if isinstance(node.value, str) and len(node.value) <= 300:
            self.sink(seen, scope, ["s", node.value, node.lineno, node.col_offset + 1])

    def _more(self, entry: Call, node: ast.Call) -> dict[str, Any]:
        """What else the call says: revision, file, remote code, where the server is."""
        more: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg == "revision":
                more["rev"] = value_of(keyword.value)
            elif keyword.arg in _FILE_KEYWORDS:
                more["file"] = value_of(keyword.value)
            elif keyword.arg == "trust_remote_code" and _is_constant(keyword.value, held=True):
                more["remote"] = True
            elif keyword.arg in self.vocabulary.address_keywords:
                more.setdefault("addr", []).append(value_of(keyword.value))
            elif isinstance(keyword.value, ast.Call):
                # `provider=OpenAIProvider(base_url=...)`
                for inner in keyword.value.keywords:
                    if inner.arg in self.vocabulary.address_keywords:
                        more.setdefault("addr", []).append(value_of(inner.value))
            elif keyword.arg is None and "LOCALAI" in (dotted(keyword.value) or ""):
                more.setdefault("addr", []).append(["s", "http://localhost:8080/v1", 0, 0])
            elif keyword.arg in _CLIENTS or (keyword.arg is None and entry.rule != "loader"):
                more.setdefault("held", []).append(value_of(keyword.value))
            elif keyword.arg == "use_safetensors" and _is_constant(keyword.value, held=False):
                more["pickle"] = True
        last = (dotted(node.func) or "").rpartition(".")[2]
        if last in _HUB_FILE_CALLS and len(node.args) > 1:
            more["file"] = value_of(node.args[1])
        if entry.rule == "client" and isinstance(node.func, ast.Attribute) and "addr" not in more:
            base = node.func.value
            while isinstance(base, ast.Attribute) and base.attr in _RESOURCES:
                base = base.value
            more["client"] = value_of(base)
        return more

    def _constructor(self, node: ast.Call, whole: str, scope: str) -> None:
        for prefix, pattern, loads in self.vocabulary.constructors:
            if not whole.startswith(prefix) or not pattern.fullmatch(whole.removeprefix(prefix)):
                continue
            given = {k.arg: k.value for k in node.keywords}
            asked = [given[key] for key in loads if key in given]
            # what is handed over first are the weights: `vgg16(VGG16_Weights.DEFAULT)`
            asked += [a for a in node.args[:1] if "Weights" in (dotted(a) or "")]
            wanted = any(not (isinstance(v, ast.Constant) and not v.value) for v in asked)
            if wanted or (not asked and "keras" in prefix):
                name = whole.rpartition(".")[2]
                column = (node.func.end_col_offset or 0) - len(name) + 1
                value = ["s", name, node.func.end_lineno or node.lineno, column]
                seen = Seen(
                    rule="constructor", evidence=f"{whole}(...)", expects="package", strength=0.7
                )
                self.sink(seen, scope, value)

    def _post(self, node: ast.Call, scope: str) -> None:
        """A request to a server by hand: `requests.post(url, json={"model": ...})`."""
        given = [arg for arg in node.args if text_of(arg) not in ("POST", "post")]
        address = value_of(given[0]) if given else None
        more: dict[str, Any] = {}
        if isinstance(node.func, ast.Attribute):
            more["client"] = value_of(node.func.value)
        for keyword in node.keywords:
            if keyword.arg == "url":
                address = value_of(keyword.value)
        for keyword in node.keywords:
            if keyword.arg in ("json", "data", "content") and not isinstance(
                keyword.value, ast.Constant
            ):
                body = value_of(keyword.value)
                if body is not None:
                    seen = Seen(
                        strength=0.6,
                        rule="request",
                        evidence="model in a request",
                        more={**more, "addr": [address]},
                    )
                    self.sink(seen, scope, ["i", body, ["s", "model", 0, 0]])

    def _arguments(self, node: ast.Call, name: str, seen: Seen, scope: str, used: set[int]) -> None:
        """What no entry of the vocabulary took: keywords speak for themselves."""
        last = name.rpartition(".")[2]
        addresses = [
            value_of(k.value) for k in node.keywords if k.arg in self.vocabulary.address_keywords
        ]
        more = {"addr": addresses} if addresses else {}
        is_environment = last in ("getenv", "get_env") or name.endswith(
            ("environ.get", "environ.setdefault")
        )
        label = text_of(node.args[0]) if node.args else None
        if _GETTER.fullmatch(last) and len(node.args) == 3 and not is_environment:
            # `settings.get("section", "model", "...")`
            under = text_of(node.args[1])
            if label and under and key_strength(under):
                self._defaulted(node, under, seen, scope)
                return
        is_given = len(node.args) == 2 or any(k.arg == "default" for k in node.keywords)
        if is_environment or (last in ("env", "config", "get") and label and is_given):
            self._defaulted(node, label or "", seen, scope)
            return
        passes = last in _PASSES
        if passes and any(_speaks_of_data(keyword.value) for keyword in node.keywords):
            self.push([k.value for k in node.keywords], Seen(skip=NEVER), scope)
            return
        held = not used and seen.strength >= 0.5 and not seen.skip and not passes
        inherited = seen if passes and (seen.strength or seen.key) else NOWHERE
        if passes and inherited.strength and inherited.role is None:
            inherited = inherited._replace(role="option" if last == "Choice" else None)
        said = label or next((text_of(k.value) for k in node.keywords if k.arg == "label"), None)
        if said and _MODEL_WORD.search(said) and " " in said.strip() + " ":
            shown = Seen(
                key=said[:40], strength=0.5, role="option", rule="choice", evidence=f'"{said[:40]}"'
            )
        else:
            shown = None
        member = seen if not used and last[:1].isupper() and seen.role == "option" else NOWHERE
        asks = seen.skip == 0 and is_client(last)
        takes = seen.skip == 0 and not used and _TAKES_MODEL.match(last) is not None
        for number, argument in enumerate(node.args):
            if id(argument) in used:
                continue
            if takes and number < 2 and isinstance(argument, (ast.List, ast.Tuple, ast.Constant)):
                told = Seen(last, 0.5, None, "function", f"{name}(...)")
                self.expression(argument, told, scope)
                continue
            if not inherited.strength:
                around = {"g": f"{name}({number})"}
                role_here = seen.role if passes else member.role
                key = inherited.key
                inherited = NOWHERE._replace(key=key, role=role_here, rule="registry", more=around)
            if shown and isinstance(argument, (ast.List, ast.Tuple, ast.Name)):
                self.expression(argument, shown, scope)
            else:
                self.stack.append((argument, inherited, scope))
        of_data = are_of_data(keyword.arg or "" for keyword in node.keywords)
        for keyword in node.keywords:
            if id(keyword.value) in used:
                continue
            key = keyword.arg or ""
            if of_data and key in DATA_REPOSITORIES:
                self.push([keyword.value], Seen(skip=NEVER), scope)
                continue
            if key == "help" or (key == "description" and seen.strength >= 0.5):
                self.note(keyword.value)
            if key in _WRITTEN:
                written = value_of(keyword.value)
                self.sink(Seen(rule="output"), scope, written, keyword.value.lineno)
            if passes and not inherited.strength and key in ("default", "value"):
                told = NOWHERE._replace(role=seen.role, key=seen.key, rule=seen.rule)
                self.expression(keyword.value, told, scope)
            elif held and key in _HELD:
                # `"Model": Setting(value="...", options=[...])`
                told_role: Role | None = "default" if key in _HELD_ONE else "option"
                self.expression(keyword.value, seen._replace(role=told_role), scope)
            elif inherited.strength and key in ("default", "value", "examples", "default_factory"):
                self.expression(keyword.value, inherited, scope)
            elif shown and key in ("choices", "options", "value", "default"):
                one: Role = "default" if key in ("value", "default") else "option"
                self.expression(keyword.value, shown._replace(role=one), scope)
            elif last == "dict" and not key_strength(key):
                role = seen.role or ("option" if len(node.keywords) > 1 else None)
                self.expression(keyword.value, seen._replace(role=role), scope)
            else:
                group: dict[str, Any] = {} if used else {"g": f"{name}({key})"}
                if asks and ASKED.fullmatch(key):
                    group["asks"] = True
                self.keyed(key, keyword.value, scope, role=member.role, more={**more, **group})

    def _defaulted(self, node: ast.Call, label: str, seen: Seen, scope: str) -> None:
        """`os.getenv("MODEL", "gpt-4o")`: the variable's name speaks, and what is around it."""
        strength = max(key_strength(label), seen.strength)
        key = label if key_strength(label) else seen.key
        around = Seen(
            key, strength, "default", "environment", f"default of {label}", more=seen.more
        )
        held = [k.value for k in node.keywords if k.arg in ("default", "fallback")]
        values = [*node.args[2 if len(node.args) > 2 else 1 :], *held]
        for value in values:
            self.expression(value, around, scope)
        if isinstance(node.func, ast.Attribute):
            self.push([node.func.value], NOWHERE, scope)

    def _option(self, node: ast.Call, kind: str, scope: str) -> None:
        """An option of the command line: its name speaks for default and choices."""
        names = [text for argument in node.args if (text := text_of(argument)) is not None]
        flags = [name for name in names if name.startswith("--")] or names
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        target = text_of(given.get("dest")) or (flags[0] if flags else "")
        key = target.lstrip("-").replace("-", "_")
        default: ast.expr | None = given.get("default") or given.get("const")
        if kind.startswith("DEFINE") and len(node.args) > 1:
            key, default = names[0] if names else "", node.args[1]
        if default is not None:
            self.keyed(key, default, scope, role="default", rule="option")
        if "choices" in given:
            self.keyed(key, given["choices"], scope, role="option", rule="option")
        known = [value_of(default), value_of(given.get("choices"))]
        values: list[Value] = []
        if known[0] is not None:
            values.append(["D", known[0]])
        if known[1] is not None:
            values.append(["v", known[1]])
        if key and values:
            self.options[key] = ["a", *values]
        self.note(given.get("help"))
        self.push((v for k, v in given.items() if k in ("type", "action")), NOWHERE, scope)

    def decorator(self, node: ast.expr, known: dict[str, Any], scope: str) -> None:
        """A decorator of a function; options of click become defaults of its parameters."""
        name = dotted(node) or ""
        if isinstance(node, ast.Call) and name.rpartition(".")[2] in ("option", "argument"):
            names = [text for item in node.args if (text := text_of(item)) is not None]
            long = [text for text in names if text.startswith("--")] or names
            plain = [text for text in names if not text.startswith("-")]
            key = (plain or long or [""])[0].lstrip("-").replace("-", "_")
            for keyword in node.keywords:
                if keyword.arg == "default":
                    self.keyed(key, keyword.value, scope, role="default", rule="option")
                    value = value_of(keyword.value)
                    if value is not None and key not in known["d"]:
                        known["d"][key] = ["D", value]
                elif keyword.arg == "help":
                    self.note(keyword.value)
                elif keyword.arg == "type":
                    self.keyed(key, keyword.value, scope, role="option", rule="option")
            return
        self.stack.append((node, NOWHERE, scope))

    def _parametrize(self, node: ast.Call, scope: str) -> None:
        """Each name of `pytest.mark.parametrize` speaks for its own column."""
        first = node.args[0] if node.args else None
        if isinstance(first, (ast.Tuple, ast.List)):
            names = [text_of(item) or "" for item in first.elts]
        else:
            names = [part.strip() for part in (text_of(first) or "").split(",")]
        for values in [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "argvalues")]:
            if not isinstance(values, (ast.List, ast.Tuple)):
                self.keyed(names[0], values, scope, role="option", rule="parametrize")
                continue
            for row in values.elts:
                given = row.args if isinstance(row, ast.Call) else [row]
                if len(names) > 1 and len(given) == 1 and isinstance(row, (ast.Tuple, ast.List)):
                    given = row.elts
                for name, value in zip(names, given, strict=False):
                    self.keyed(name, value, scope, role="option", rule="parametrize")

    def _remember(self, node: ast.Call, name: str, whole: str, scope: str) -> None:
        """Calls of the project's own functions, with what they are given."""
        root = whole.lstrip(".").partition(".")[0]
        if root in sys.stdlib_module_names or self.count > MOST:
            return
        if not node.args and not node.keywords:
            return
        arguments = [value_of(item) for item in node.args[:20]]
        keywords = {k.arg: value_of(k.value) for k in node.keywords if k.arg is not None}
        for value in (*arguments, *keywords.values()):
            if _tells(value):
                break
        else:
            return
        self.count += 1
        found = self.calls.setdefault(name.rpartition(".")[2], [])
        if len(found) < ALTERNATIVES * 5:
            found.append([name, arguments, keywords, scope])


def _pair(node: ast.expr) -> list[ast.expr] | None:
    """Key and value of one row of a mapping that is written as a list of pairs."""
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        return node.elts
    return None


def _speaks_of_data(node: ast.expr) -> bool:
    """Whether a help text, also in a dict of metadata, says that a data set is meant."""
    if isinstance(node, ast.Dict):
        return any(_speaks_of_data(value) for value in node.values)
    text = text_of(node)
    return text is not None and " " in text and re.search(r"(?i)\bdata ?sets?\b", text) is not None


def _is_constant(node: ast.expr, *, held: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is held


def _tells(value: Value) -> bool:
    """Whether a value may carry a name: a short word, or something that has to be looked up."""
    if value is None:
        return False
    if value[0] == "s":
        return 2 <= len(value[1]) <= 200 and " " not in value[1] and value[1][0].isalpha()
    return value[0] in ("n", "i", "a", "D", "+", "v", ".")
