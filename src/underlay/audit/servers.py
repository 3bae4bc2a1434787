"""Whom hosted names reach, over the files of a tree: a client here, its server's address there.

A hosted name that goes to a server of one's own is an alias and no dependency. One file may send
it (`gpt-4o` in code), another set the address (`OPENAI_BASE_URL` in Compose), a third say which
model answers to the name (`--served-model-name`). Where the files contradict each other, or the
code itself names the hosted service, the name stays a dependency.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.audit.findings import OUTSIDE, Infrastructure, ModelReference
from underlay.audit.names.hosts import is_local_url
from underlay.audit.names.references import hosted_operator
from underlay.audit.names.roles import role_of
from underlay.audit.names.sites import endpoint_key, words_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from underlay.audit.findings import Facts, Unknown

    Finding = ModelReference | Infrastructure | Unknown

__all__ = ["Servers", "with_addresses"]

# variables that the kits of a service read by themselves
_IMPLICIT = {
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "anthropic": ("ANTHROPIC_BASE_URL",),
}
# read by nobody but code that says so
_EXPLICIT = frozenset(("OPENAI_API_HOST", "OPENAI_API_URL", "ANTHROPIC_BASE_URL"))
# a variable of that name is as a rule the project's own address
_OWN = frozenset(
    ("", "app", "api", "server", "public", "next_public", "site", "frontend", "backend")
)
# of whoever answers
_ANYBODY = frozenset(
    ("llm", "llms", "model", "models", "ai", "chat", "inference", "vllm", "litellm", "proxy",
     "gateway", "local", "custom", "completion", "completions", "lm", "studio", "localai", "sglang",
     "tgi", "next", "public", "vite", "react", "app", "api", "server", "default")
)  # fmt: skip
_SERVING = frozenset(("command/served-name", "settings/litellm", "python/router"))
# settings that say where a name goes
_CONFIGURED = ("settings/", "dotenv/", "compose/")
_SERVED_KEYS = frozenset(
    ("served_model_name", "served_model_names", "model_alias", "served_name", "alias")
)
# what takes a model's name and asks nobody
_TOKENIZERS = frozenset(("encodingForModel", "encoding_for_model"))
_FIRM = frozenset(("services/client", "services/address"))
_MOST_SERVED = 200  # of one file
_NEAR = 20  # lines between a served name and the model that answers to it
_INTERFACE = "the address chooses the server; others speak it too"
_BASES = frozenset(("BaseSettings", "EnvSettings", "BaseConfig"))


@dataclass(slots=True)
class Servers:
    """The addresses of a tree by name and scope, and the names that its own servers answer to."""

    facts: Mapping[str, Facts] = field(default_factory=dict)
    # by scope, then by name; a tree may have very many of each, a path has few scopes around it
    _set: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for path in sorted(self.facts):
            for name, url, scope in self.facts[path].get("set", ()):
                self._set.setdefault(scope, {}).setdefault(name, []).append(url)
                self._names.add(name)
            for file, scope in self.facts[path].get("files", ()):
                known = self.facts.get(file, {})
                for name, url, _ in (*known.get("set", ()), *known.get("variant", ())):
                    self._set.setdefault(scope, {}).setdefault(name, []).append(url)
                    self._names.add(name)

    def names(self, path: str) -> list[str]:
        """Every variable that some file sets to an address for a file."""
        return sorted({name for scope in self._scopes(path) for name in self._set[scope]})

    def address(self, name: str, path: str) -> str | None:
        """The address of one's own that a variable holds for a file.

        The nearest scope counts; None where nothing sets it there, where it leads to somebody's
        service, or where files of the same scope contradict each other.
        """
        for scope in self._scopes(path):
            urls = self._set[scope].get(name)
            if urls:
                return urls[0] if all(map(is_local_url, urls)) else None
        return None

    def _scopes(self, path: str) -> list[str]:
        """The scopes around a file, the nearest first: the file itself, its folders, the tree."""
        around = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
        return [s for s in ("" if each == "." else each for each in around) if s in self._set]

    def implicit(self, owner: str, path: str) -> str | None:
        """The address that a service's kit takes by itself from the environment of a file."""
        found = (self.address(name, path) for name in _IMPLICIT.get(owner, ()))
        return next((url for url in found if url is not None), None)

    # --- judging findings ------------------------------------------------------------------------

    def judged(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with hosted names that go to a server of one's own as aliases."""
        models = [f for f in findings if isinstance(f, ModelReference)]
        evidence = _Evidence(findings)
        answers = _answers(models, self.facts)
        sent = {m.ref for m in models if m.alias and m.rule.startswith(_CONFIGURED)}
        here = {(m.file, m.ref) for m in models if _is_serving(m)}
        judged: list[Finding] = []
        for finding in findings:
            if isinstance(finding, Infrastructure):
                judged.append(self._service(finding))
            elif isinstance(finding, ModelReference):
                is_hosted = finding.kind == "hosted"
                told = self._judge(finding, evidence, answers, here, sent) if is_hosted else finding
                judged.append(_unflagged(told))
            else:
                judged.append(finding)
        return list(_with_pages(judged))

    def _judge(
        self,
        found: ModelReference,
        evidence: _Evidence,
        answers: dict[str, str],
        here: set[tuple[str, str]],
        sent: set[str],
    ) -> ModelReference:
        if found.alias:
            return _told(found, answers.get(found.ref, ""))
        facts = self.facts.get(found.file, {})
        owner = hosted_operator(found.ref) or found.operator or "openai"
        is_ours = (
            (found.ref, found.line) in _served(facts)
            or _is_key_of_server(found)
            # a page that starts the server and then asks it
            or ((found.file, found.ref) in here and role_of(PurePosixPath(found.file)) == "doc")
            # a server that speaks the service's interface, in a tree that never asks the service
            or ("answers" in facts and owner not in evidence.asked)
            or self._is_merged(found, facts, owner)
            or self._is_sent(found, facts, owner, evidence)
            or (
                (found.ref in answers or found.ref in sent)
                and _may_send(found)
                and _is_open(found, owner, evidence)
            )
        )
        if not is_ours:
            return found
        return _told(replace(found, alias=True, operator="local"), answers.get(found.ref, ""))

    def _is_merged(self, found: ModelReference, facts: Facts, owner: str) -> bool:
        """Whether it stands in a service whose shared environment leads to one's own server."""
        return any(
            first <= found.line <= last
            and is_local_url(url)
            and endpoint_key(name) in (owner, "llm", "")
            for first, last, pairs in facts.get("merged", ())
            for name, url in pairs
        )

    def _is_sent(
        self, found: ModelReference, facts: Facts, owner: str, evidence: _Evidence
    ) -> bool:
        """Whether code sends it to an address that another file sets. Python links by itself."""
        file = found.file
        if file.endswith((".py", ".ipynb")):
            is_theirs = owner == "anthropic" and found.rule == "python/client"
            is_open = owner in evidence.open.get(file, ())
            return is_theirs and not is_open and self.implicit(owner, file) is not None
        if not _may_send(found):
            return False
        read = [n for n in facts.get("reads", ()) if n in self._names and not _is_own(n)]
        explicit = [n for n in read if _is_of(n, owner)]
        if not explicit and len(read) == 1 and owner in evidence.open.get(file, ()):
            explicit = read  # whatever it is called: the one address that the client can take
        if explicit:
            is_open = owner in evidence.open.get(file, ()) or file not in evidence.seen
            is_firm = owner in evidence.firm.get(file, ())
            return is_open and not is_firm and all(self.address(n, file) for n in explicit)
        is_constant = found.role in ("default", "use", "option") and file not in evidence.seen
        if "local" in facts and is_constant and owner in evidence.opened:
            return True  # constants for a client elsewhere, the address beside the name
        by_itself = evidence.firm.get(file, set()) | evidence.imported.get(file, set())
        return (
            owner in by_itself
            and owner not in evidence.addressed.get(file, ())
            and owner not in evidence.open.get(file, ())
            and self.implicit(owner, file) is not None
        )

    def _service(self, found: Infrastructure) -> Infrastructure:
        """A client that goes by itself to a server of one's own stands on an interface alone."""
        owner = found.component.removeprefix("service:")
        if (
            owner not in _IMPLICIT
            or found.rule not in ("services/client", "services/import", "services/key")
            or self.implicit(owner, found.file) is None
        ):
            return found
        return replace(
            found,
            component=f"api:{owner}",
            tie="portable",
            need="interface",
            rule="services/interface",
            replacement=_INTERFACE,
            evidence=f"{found.evidence}; its address is set to a server of one's own",
        )


class _Evidence:
    """What the services of each file say of the servers that it asks, by their owners.

    `firm`: made without an address or with the owner's; `addressed`: with the owner's; `open`:
    with an address from outside, `opened` in any file; `imported`: only imported; `seen`: files
    with any of them; `asked`: owners that some file may ask, by a client, an import or a key.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.firm: dict[str, set[str]] = {}
        self.addressed: dict[str, set[str]] = {}
        self.open: dict[str, set[str]] = {}
        self.imported: dict[str, set[str]] = {}
        self.seen: set[str] = set()
        self.opened: set[str] = set()
        self.asked: set[str] = set()
        for found in findings:
            if not isinstance(found, Infrastructure) or not found.rule.startswith("services/"):
                continue
            kind, _, owner = found.component.partition(":")
            self.seen.add(found.file)
            if found.rule != "services/interface":
                self.asked.add(owner)
            if found.rule == "services/interface" and kind == "api":
                self.open.setdefault(found.file, set()).add(owner)
                self.opened.add(owner)
            elif found.rule in _FIRM:
                self.firm.setdefault(found.file, set()).add(owner)
                if found.rule == "services/address":
                    self.addressed.setdefault(found.file, set()).add(owner)
            elif found.rule == "services/import":
                self.imported.setdefault(found.file, set()).add(owner)


def _served(facts: Facts) -> set[tuple[str, int]]:
    """Names, with their lines, that a description of a server in the file says it answers to."""
    return {(name, line) for name, line, _ in facts.get("served", ())}


def _unflagged(found: ModelReference) -> ModelReference:
    if OUTSIDE not in found.flags:
        return found
    return replace(found, flags=tuple(flag for flag in found.flags if flag != OUTSIDE))


def _is_own(name: str) -> bool:
    return endpoint_key(name) in (None, *_OWN)


def _is_of(name: str, owner: str) -> bool:
    """Whether a variable is named after a service, or after nobody: `LLM_BASE_URL`."""
    words = set((endpoint_key(name) or "").split("_"))
    return owner in words or (bool(words) and words <= _ANYBODY)


def _with_pages(findings: list[Finding]) -> Iterator[Finding]:
    """A page speaks of the names of the code beside it: where all of them are aliases, so is its.

    The nearest folder around the page in which code has the name decides. A remark in code goes
    with the names of its own file.
    """
    code: dict[tuple[str, str], set[bool]] = {}
    files: dict[str, set[bool]] = {}
    for found in findings:
        if isinstance(found, ModelReference) and found.kind == "hosted" and _may_send(found):
            files.setdefault(found.file, set()).add(found.alias)
            for folder in _folders(found.file):
                code.setdefault((folder, found.ref), set()).add(found.alias)
    for found in findings:
        if isinstance(found, ModelReference) and found.kind == "hosted" and not found.alias:
            known: set[bool] | None = None
            if role_of(PurePosixPath(found.file)) == "doc":
                said = (code.get((folder, found.ref)) for folder in _folders(found.file))
                known = next((each for each in said if each), None)
            elif found.role in ("comment", "doc"):
                known = files.get(found.file)
            if known == {True}:
                yield replace(found, alias=True, operator="local")
                continue
        yield found


def _folders(file: str) -> list[str]:
    """The folders that hold a file, the nearest first."""
    return [str(parent) for parent in PurePosixPath(file).parents]


def _is_open(found: ModelReference, owner: str, evidence: _Evidence) -> bool:
    """Whether a name goes to an address that no file of the tree sets."""
    if found.file.endswith((".py", ".ipynb")):
        return OUTSIDE in found.flags
    is_firm = owner in evidence.firm.get(found.file, ())
    return owner in evidence.open.get(found.file, ()) and not is_firm


def _is_serving(found: ModelReference) -> bool:
    """Whether a server is told to answer to the name."""
    return (found.alias and found.rule in _SERVING) or _is_key_of_server(found)


def _is_key_of_server(found: ModelReference) -> bool:
    """Whether it is a value under `served_model_name`, `model_alias` and their like."""
    is_setting = found.kind == "hosted" and found.rule.startswith("settings/")
    return is_setting and words_of_name(found.evidence) in _SERVED_KEYS


def _may_send(found: ModelReference) -> bool:
    if found.role in ("doc", "comment") or found.evidence.rpartition(".")[2] in _TOKENIZERS:
        return False
    return role_of(PurePosixPath(found.file)) is None


def _told(found: ModelReference, answer: str) -> ModelReference:
    """The alias with the model that answers to it, where that is known."""
    if not answer or answer in found.evidence:
        return found
    return replace(found, evidence=f"{found.evidence[:120]}; answered by {answer}")


def _answers(models: Iterable[ModelReference], facts: Mapping[str, Facts]) -> dict[str, str]:
    """Names that servers of the tree answer to, with the model behind, or `` where not known."""
    by_file: dict[str, list[ModelReference]] = {}
    for model in models:
        by_file.setdefault(model.file, []).append(model)
    found: dict[str, str] = {}
    for file in sorted(by_file):
        places = _served(facts.get(file, {}))
        near = [m for m in by_file[file] if m.kind in ("hub", "ollama", "file") and not m.alias]
        serving = [m for m in by_file[file] if _is_serving(m) or (m.ref, m.line) in places]
        for one in serving[:_MOST_SERVED]:
            behind = [m for m in near if abs(m.line - one.line) <= _NEAR]
            nearest = min(behind, key=lambda m: (abs(m.line - one.line), m.column), default=None)
            if nearest is not None or one.ref not in found:
                found[one.ref] = nearest.ref if nearest is not None else found.get(one.ref, "")
    return found


# --- Python --------------------------------------------------------------------------------------


def with_addresses(python: Mapping[str, Facts], servers: Servers) -> dict[str, Facts]:
    """Facts of Python with what other files set: variables, fields of settings, constants."""
    joined = dict(python)
    for path, facts in servers.facts.items():
        if "python" in facts and path not in joined:
            joined[path] = facts["python"]
    _share_environment(joined)
    for path in sorted(joined):
        names = servers.names(path)
        known = {n: url for n in names if (url := servers.address(n, path)) is not None}
        if not known:
            continue
        facts = joined[path]
        said = json.dumps(facts) if _EXPLICIT & known.keys() else ""
        given = {
            name: ["s", url, 0, 0]
            for name, url in known.items()
            if name not in _EXPLICIT or f'"e", "{name}"' in said
        }
        fields = _settings_fields(facts, given)
        env = {**given, **facts.get("env", {})}
        joined[path] = {**facts, "env": env, **({"bind": fields} if fields else {})}
    return joined


def _settings_fields(facts: Facts, given: Mapping[str, Any]) -> dict[str, Any]:
    """Bindings in which fields of pydantic's settings have what the environment gives them."""
    bind: dict[str, Any] = {}
    for name, known in facts.get("class", {}).items():
        if not any(base.rpartition(".")[2] in _BASES for base in known["b"]):
            continue
        prefix = _prefix(facts, name)
        for attribute in known["f"]:
            values = facts.get("bind", {}).get(f"{name}|{attribute}", [])
            names = {f"{prefix}{attribute}".upper(), *_named(values)}
            found = [[name, given[n]] for n in sorted(names) if n in given]
            if found:
                bind[f"{name}|{attribute}"] = [*values, *found]
    return {**facts.get("bind", {}), **bind} if bind else {}


def _prefix(facts: Facts, owner: str) -> str:
    bind = facts.get("bind", {})
    for _, value in bind.get(f"{owner}|model_config", ()):
        if value and value[0] == "c" and (value[3].get("env_prefix") or [""])[0] == "s":
            return str(value[3]["env_prefix"][1])
    for _, value in bind.get(f"{owner}.Config|env_prefix", ()):
        if value and value[0] == "s":
            return str(value[1])
    return ""


def _named(values: Iterable[Any]) -> Iterator[str]:
    """The variables that `Field(alias=...)` and its like give a field."""
    for _, value in values:
        if value and value[0] == "c":
            for keyword in ("env", "alias", "validation_alias"):
                given = value[3].get(keyword)
                if given and given[0] == "s":
                    yield str(given[1]).upper()


def _share_environment(facts: dict[str, Facts]) -> None:
    """What a module writes into the environment holds for the modules that it imports.

    And for those that import it: `os.environ["OPENAI_API_BASE"] = ...` in `config.py`.
    """
    setters = {
        path: own
        for path, known in facts.items()
        if role_of(PurePosixPath(path)) is None
        and (own := {n: v for n, v in known.get("env", {}).items() if _is_local(v)})
    }
    if not setters:
        return
    from underlay.audit.detectors.models.python_names import Project

    project = Project(facts)
    given: dict[str, dict[str, Any]] = {}
    for path in sorted(facts):
        for whole in sorted(set(facts[path].get("imports", {}).values())):
            head = whole.rpartition(".")[0]
            module = project.module(whole, path) or (project.module(head, path) if head else None)
            if module is None or module == path:
                continue
            given.setdefault(path, {}).update(setters.get(module, {}))
            given.setdefault(module, {}).update(setters.get(path, {}))
    for path, env in given.items():
        if env:
            facts[path] = {**facts[path], "env": {**env, **facts[path].get("env", {})}}


def _is_local(value: Any) -> bool:
    return bool(value) and value[0] == "s" and "://" in value[1] and is_local_url(value[1])
