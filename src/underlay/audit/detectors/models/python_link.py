"""From the facts of all Python files to references: what flows where, and to whose server."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.audit.detectors.models.python_calls import calls, scheme_of
from underlay.audit.detectors.models.python_looks import is_slug
from underlay.audit.detectors.models.python_names import Leaf, Project, Spot
from underlay.audit.detectors.models.python_presets import Own, is_own_name
from underlay.audit.detectors.models.python_scan import ASKING
from underlay.audit.findings import OUTSIDE, SURE, ModelReference, Unknown
from underlay.audit.names.hosts import is_local_url, operator_of_url
from underlay.audit.names.references import Candidate, Place, classify, hosted_operator
from underlay.audit.names.roles import role_of
from underlay.audit.names.sites import bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from underlay.audit.detectors.models.python_names import Held
    from underlay.audit.findings import Facts, Kind, Role

__all__ = ["link"]

# rules by which a value reaches a loader or a server; others only say that a name looks like one
_STRONG = frozenset(
    ("loader", "hub-download", "client", "ollama", "gateway", "request", "torch-hub")
)
_AGREED = 0.55
_KNOWN, _NAMED, _OWNED = 0.6, 0.62, 0.7
_SEEN = 0.3  # below, only what stands beside others is worth a look into the atlas
_VAGUE = 0.45  # for the atlas to confirm
_LONG, _DOUBTED = 6, 0.25  # members that speak against each other
# what a class or an option is called that stands for no model in particular
_EXAMPLE = re.compile(
    r"https?://(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test|invalid)(?:[:/]|$)"
)
_MINE = re.compile(r"(?i)(?:my|your|the|some|path|name)[-_ ].*|.*[-_](?:model[-_])?name")
_WORDS_FOR_MODELS = frozenset(
    ("base", "default", "model", "models", "auto", "none", "local", "custom", "main", "name",
     "unknown", "test", "encoder", "decoder", "tokenizer", "unet", "vae", "text_encoder",
     "scheduler", "generic")
)  # fmt: skip
_OF_DATA = re.compile(
    r"(?i)data|bench|prompts?|corpus|corpora|\d+k(?![a-z0-9])|images?$|docs$|space"
)
_PROSE = {
    "comment": ("comment", "commented-out code or address"),
    "doc": ("docstring", "docstring"),
    "text": ("text", "code in a text"),
    "form": ("choice", "a choice of a form"),
}
_ROLES_IN_TEXT: dict[str, Role] = {"comment": "comment", "text": "use", "form": "option"}
# a gateway's name of what a server of one's own calls its model; OpenAI's own are on the Hub
_SERVED = re.compile(r"openai/(?!gpt-oss|whisper-|clip-|gpt2)[^/]+$")
_OF_SEVERAL = re.compile(r"[A-Za-z][\w.]{0,40}(?:-[\w.]{1,40}){1,10}", re.ASCII)
_BRANCHES = frozenset(("main", "master", "HEAD", "None"))
_OTHER_FILE = re.compile(r"\.(?:json|jsonl|txt|csv|ya?ml|log|md|html|png|jpg|wav|mp3|zip|py)$")
_WEIGHTS = re.compile(r"\.(?:pth?|ckpt|safetensors|gguf|bin|onnx|tflite|h5|keras|pkl)$")
# the names of models have parts, numbers or capitals; words after a slash have none
_OF_PARTS = re.compile(r"/.*(?:[A-Z\d]|\w[-_]\w)")
# clients that ask the project's own application
_OF_ONES_OWN = frozenset(("TestClient", "AsyncTestClient", "test_client"))
_ADDRESSES = ("base_url", "api_base", "openai_api_base", "endpoint")
_PINNABLE = frozenset(("loader", "hub-download"))


@dataclass(slots=True)
class _Server:
    """Whom a call reaches, as far as its address is known."""

    is_local: bool = False
    is_known: bool = False
    operator: str | None = None
    is_ollama: bool = False
    is_implicit: bool = False  # nobody hands it over: the kit takes it from the environment
    is_outside: bool = False  # an address is handed over, and it isn't written in the code


@dataclass(slots=True)
class _Best:
    """The best reading of one string so far."""

    reference: ModelReference
    reaches_local: bool = False
    reaches_others: bool = False
    role: Role | None = None
    is_slug: bool = False  # like a name, and known by nothing but what stands beside it
    is_alone: bool = True  # no member of a collection
    rest: tuple[str, str, int, int] | None = None  # of a joined name: its end, where written


def link(facts: Mapping[str, Facts]) -> Iterator[ModelReference | Unknown]:
    """References and what could not be resolved, in no particular order."""
    linker = _Linker(facts)
    yield from linker.run()


class _Linker:
    def __init__(self, facts: Mapping[str, Facts]) -> None:
        self.facts = facts
        self.project = Project(facts)
        self.best: dict[tuple[str, int, int, str], _Best] = {}
        self.unknown: list[Unknown] = []
        self.nothing: set[tuple[str, int, int]] = set()
        self.data: set[str] = set()  # names that are loaded as data sets
        self.sent: set[tuple[str, str]] = set()  # what a file hands to the hub under its own name
        self.outputs: set[tuple[str, int, int]] = set()
        self.written: set[tuple[str, str]] = set()
        self.groups: dict[tuple[str, str], set[tuple[str, int, int, str]]] = {}
        self.spoken: set[tuple[str, int, int, str]] = set()  # what a key or a call speaks for
        # names in running text, which count if the code has them: their places
        self.named: dict[str, list[tuple[str, int, int, str]]] = {}
        self.presets: dict[str, set[str]] = {}  # what each file calls its own weights
        # names that nothing but a client speaks for
        self.asked: set[tuple[str, int, int, str]] = set()

    def run(self) -> Iterator[ModelReference | Unknown]:
        for path in sorted(self.facts):
            for sink in self.facts[path].get("sinks", ()):
                self._sink(path, sink)
            for prose in self.facts[path].get("prose", ()):
                if prose[-1] == "named":
                    self.named.setdefault(prose[0], []).append((path, *prose[1:4]))
                else:
                    self._prose(path, *prose)
            for words in self.facts[path].get("commands", ()):
                self._command(path, words)
            if "problem" in self.facts[path]:
                reason = str(self.facts[path]["problem"])
                self.unknown.append(
                    Unknown(file=path, line=0, text="", reason=reason, rule="python")
                )
        self._agree_with_clients()
        self._agree()
        self._agree_over_files()
        self._agree_with_text()
        self._agree_with_presets()
        for key, best in self.best.items():
            # what is loaded as a data set is no model, unless a model's loader takes it too
            if key[:3] in self.nothing and not best.reaches_others:
                continue
            # what the code itself saves under a plain name is read back from this machine
            if key[:3] in self.outputs and ("/" not in key[3] or _WEIGHTS.search(key[3])):
                continue
            if best.reference.kind == "file" and (key[0], key[3]) in self.written:
                continue
            if (key[0], key[3]) in self.sent:
                continue
            if best.is_slug and best.reference.confidence < SURE:
                continue
            if best.reference.confidence < _SEEN and best.is_alone:
                continue
            if best.rest is not None and self._is_told(key[3], *best.rest):
                continue
            yield self._final(best)
        yield from self.unknown

    def _is_told(self, ref: str, text: str, file: str, line: int, column: int) -> bool:
        """Whether a gateway's prefix was put before a name that is told where it is written."""
        prefix = ref.removesuffix(text)
        return prefix[-1:] in ("/", ":") and (file, line, column, text) in self.best

    def _sink(self, path: str, sink: list[Any]) -> None:
        rule, evidence, _, expects, operator, strength, scope, value, more, line = sink
        spot = Spot(path, scope)
        leaves = self.project.leaves(value, spot)
        if rule in ("nothing", "output"):
            kept = self.nothing if rule == "nothing" else self.outputs
            if rule == "output":
                leaves = [leaf for leaf in leaves if "://" not in leaf.text]
            if evidence.endswith("push_to_hub"):
                self.sent.update((path, leaf.text) for leaf in leaves)
            elif rule == "nothing":
                self.data.update(leaf.text for leaf in leaves)
            kept.update((leaf.file, leaf.line, leaf.column) for leaf in leaves)
            if rule == "output":
                self.written.update((leaf.file, leaf.text) for leaf in leaves)
            return
        if not leaves:
            self._unresolved(path, line, rule, value, strength)
            return
        asked = self._server(more, spot, rule, operator)
        beside = self._beside(leaves, strength) if "asked" in more else None
        for leaf in leaves:
            if leaf.end and _OTHER_FILE.search(leaf.end) is not None:
                continue  # a file that is called after a model
            is_anothers = asked.is_implicit and _is_anothers(leaf.text)
            server = _Server() if is_anothers else asked
            place = Place(expects, operator, strength)
            if rule == "client" and not server.is_known and more.get("client") is not None:
                # the object behind `.chat.completions.create` could not be traced: nobody's yet
                place = Place(expects, None, strength)
            found = self._read(leaf.text, place, server)
            if "preset" in more:
                self.presets.setdefault(path, set()).add(leaf.text)
            if found is None and "archive" in more:
                found = Candidate(leaf.text, "file", _KNOWN, weight_file=more["archive"] or None)
            if found is None and "slug" in more:
                found = classify(leaf.text, Place(None, None, SURE))
                sure = SURE if more["slug"] else 0.0
                found = replace(found or Candidate(leaf.text, "hosted", sure), confidence=sure)
            if found is None and strength >= 0.5 and not server.is_local:
                found = bare_name(leaf.text, place)
            is_asked = False
            if found is None and "asks" in more and not server.is_local and expects is None:
                found = classify(leaf.text, ASKING)
                is_asked = found is not None
            if found is None and beside is not None and _OF_SEVERAL.fullmatch(leaf.text):
                found = Candidate(leaf.text, beside, _AGREED)
            if found is None:
                continue
            is_address = found.kind == "file" and "://" in leaf.text
            if found.kind == "file" and not is_address and _is_computed(leaf):
                continue
            if is_address and leaf.rest is not None and _is_name(leaf.rest[0]):
                # an address made of a name: the name is what the code says, at its own place
                text, file, at, column = leaf.rest
                found = replace(found, ref=text, weight_file=found.weight_file or leaf.text)
                named = Leaf(text, file, at, column, leaf.hint)
                self._keep(named, found, sink, server, spot)
                continue
            self._keep(leaf, found, sink, server, spot)
            if is_asked:
                self.asked.add((leaf.file, leaf.line, leaf.column, found.ref))

    def _beside(self, leaves: list[Leaf], strength: float) -> Kind | None:
        """What the keys are of a mapping that is asked with a model's name: where several are
        models for sure, the others, of the same shape, are models too.
        """
        place = Place(None, None, strength)
        known = [classify(leaf.text, place) or bare_name(leaf.text, place) for leaf in leaves]
        kinds = [one.kind for one in known if one is not None and one.confidence >= SURE]
        return kinds[0] if len(kinds) > 1 and len(kinds) * 4 >= len(leaves) else None

    def _read(self, text: str, place: Place, server: _Server) -> Candidate | None:
        if server.is_local:
            if server.is_ollama:
                found = classify(text, Place("ollama", "ollama", max(place.strength, 0.6)))
                hosted = classify(text, Place(None, None, 0.6))
                return hosted if hosted is not None and hosted.kind == "hosted" else found
            return classify(text, Place(None, None, 0.6))
        if place.expects == "package" and scheme_of(text) is not None:
            return Candidate(text, "package", max(0.7, place.strength))
        if place.expects == "hub" and "/" not in text and _is_word(text):
            return None
        if _EXAMPLE.match(text) is not None:
            return None
        if place.expects == "package" and text in ("custom", "model", "default", "auto"):
            return None
        if server.operator is not None and place.expects in ("hosted", None):
            return classify(text, Place(place.expects, server.operator, place.strength))
        return classify(text, place)

    def _keep(
        self, leaf: Leaf, found: Candidate, sink: list[Any], server: _Server, spot: Spot
    ) -> None:
        rule, evidence, role, _, _, _, _, value, more, _ = sink
        if server.is_local and rule == "gateway" and _SERVED.match(found.ref) is not None:
            found = replace(found, kind="hosted")  # the prefix is the interface's, the name its own
        alias = bool(more.get("alias")) and found.kind == "hosted"
        if server.is_local and found.kind == "hosted":
            alias = True
        is_written_here = value[0] == "s"
        flags = set(found.flags)
        revision, weight_file = found.revision, found.weight_file
        if "rev" in more:
            given = self.project.strings(more["rev"], spot)
            # a branch pins nothing
            revision = next((text for text in given if text not in _BRANCHES), revision)
        if "file" in more and weight_file is None:
            names = list(dict.fromkeys(self.project.strings(more["file"], spot)))
            weight_file = names[0] if len(names) == 1 else None  # of several none is the one
            if names and found.kind == "hub":
                ending = names[0].rpartition(".")[2].lower()
                flags |= {"pickle"} if ending in ("bin", "pt", "pth", "ckpt", "pkl") else set()
        if more.get("remote"):
            flags.add("remote-code")
        if more.get("pickle"):
            flags.add("pickle")
        if server.is_outside:
            flags.add(OUTSIDE)
        if rule in _PINNABLE and found.kind == "hub" and revision is None:
            flags.add("unpinned")
        reference = ModelReference(
            ref=found.ref,
            kind="torch-hub" if rule == "torch-hub" else found.kind,
            role=self._role(leaf, role if is_written_here else None),
            file=leaf.file,
            line=leaf.line,
            column=leaf.column,
            rule=f"python/{rule}",
            evidence=evidence,
            confidence=round(found.confidence, 3),
            alias=alias,
            operator="local"
            if server.is_local and found.kind in ("hosted", "hub")
            else found.operator,
            revision=revision,
            weight_file=weight_file,
            flags=tuple(sorted(flags)),
        )
        key = (leaf.file, leaf.line, leaf.column, found.ref)
        known = self.best.get(key)
        if known is None:
            known = self.best[key] = _Best(reference, is_slug="slug" in more)
        elif known.is_slug and "slug" not in more:
            known.reference, known.is_slug = reference, False
        elif (reference.confidence, reference.rule) > (
            known.reference.confidence,
            known.reference.rule,
        ):
            known.reference = reference
        if is_written_here and role is not None:
            known.role = role
        if sink[5] >= 0.5:
            self.spoken.add(key)
        if "g" in more and is_written_here:
            known.is_alone = False
            # calls are grouped by their name over the whole project, collections by their place
            group = ("" if "(" in more["g"] else spot.path, more["g"])
            self.groups.setdefault(group, set()).add(key)
        if alias:
            known.reaches_local = True
        elif rule in _STRONG:
            known.reaches_others = True
        if leaf.rest is not None:
            known.rest = leaf.rest

    def _agree_with_clients(self) -> None:
        """A name that a client is asked for is a model's wherever a telling place has it.

        In tests such names are invented: they count if the program has them too.
        """
        sure: dict[str, ModelReference] = {}
        for key, best in self.best.items():
            reference = best.reference
            is_told = best.reaches_others or key in self.asked
            is_theirs = reference.kind == "hosted" and reference.confidence >= SURE and is_told
            if is_theirs and not best.is_slug and role_of(PurePosixPath(key[0])) != "test":
                sure.setdefault(key[3], reference)
        for key, best in self.best.items():
            like = sure.get(key[3])
            if like is not None and best.is_slug and best.reference.confidence < SURE:
                told: dict[str, Any] = {"kind": like.kind, "operator": like.operator}
                told |= {"confidence": _KNOWN, "evidence": "asked for elsewhere"}
                best.reference = replace(best.reference, **told)
                continue
            is_alone = like is None and key in self.asked and not best.reaches_others
            if is_alone and role_of(PurePosixPath(key[0])) == "test":
                best.reference = replace(best.reference, confidence=_VAGUE)

    def _agree(self) -> None:
        """Where most members of a collection are models for sure, the others are models too."""
        for members in self.groups.values():
            self._doubt(members)
            sure = [key for key in members if self.best[key].reference.confidence >= _AGREED]
            slugs = [key for key in members if self.best[key].is_slug]
            weak = [
                key
                for key in members
                if self.best[key].reference.confidence < SURE and not self.best[key].is_slug
            ]
            named = [key for key in weak if "/" not in key[3] or _OF_PARTS.search(key[3])]
            told: dict[str, Any] = {"confidence": _AGREED, "evidence": "beside other models"}
            if sure and len(sure) >= len(weak):
                for key in named:
                    self.best[key].reference = replace(self.best[key].reference, **told)
            if len(sure) > 1 and len(sure) >= len(slugs):
                like = self.best[min(sure)].reference
                for key in slugs:
                    known = replace(self.best[key].reference, kind=like.kind, **told)
                    self.best[key].reference = known

    def _doubt(self, members: set[tuple[str, int, int, str]]) -> None:
        """Where few members of a long collection look like models, it is none of models.

        Only names that nothing else speaks for: lists of data sets have well-known owners too.
        """
        loose = [
            key
            for key in members
            if key not in self.spoken and self.best[key].reference.kind == "hub" and "/" in key[3]
        ]
        sure = [key for key in loose if self.best[key].reference.confidence >= SURE]
        if len(loose) >= _LONG and len(sure) * 2 < len(loose):
            for key in sure:
                if not self.best[key].reaches_others:
                    doubted = replace(self.best[key].reference, confidence=_DOUBTED)
                    self.best[key].reference = doubted

    def _agree_over_files(self) -> None:
        """A name that is a model's in one place is one in all; so, less surely, is its owner's."""
        sure: set[str] = set()
        owners: dict[str, set[str]] = {}
        data = Counter(name.partition("/")[0] for name in self.data if "/" in name)
        for key, best in self.best.items():
            reference = best.reference
            is_hub = reference.kind == "hub" and "/" in reference.ref
            if not is_hub or reference.confidence < _KNOWN or key[:3] in self.nothing:
                continue
            if role_of(PurePosixPath(key[0])) != "test" or not _is_invented(best):
                sure.add(reference.ref)
                rule = reference.rule.removeprefix("python/")
                known = classify(reference.ref)
                is_known = known is not None and known.confidence >= _KNOWN
                if reference.confidence >= _OWNED and (rule in _STRONG or is_known):
                    owners.setdefault(reference.ref.partition("/")[0], set()).add(reference.ref)
        # who has as many data sets here as models vouches for neither
        vouching = {owner for owner, names in owners.items() if len(names) > data[owner]}
        for key, best in self.best.items():
            reference = best.reference
            if reference.kind != "hub" or key[:3] in self.nothing:
                continue
            if reference.ref in sure and reference.confidence <= _KNOWN:
                told = {"confidence": _NAMED, "evidence": "named elsewhere as a model"}
            elif (
                reference.confidence < SURE
                and reference.ref.partition("/")[0] in vouching
                and not _OF_DATA.search(reference.ref)
                and _OF_PARTS.search(reference.ref) is not None
            ):
                told = {"confidence": SURE, "evidence": "beside other models of the same owner"}
            else:
                continue
            best.reference = replace(reference, **told)  # type: ignore[arg-type]

    def _agree_with_text(self) -> None:
        """What running text calls as the code calls a model is that model."""
        if not self.named:
            return
        sure: dict[str, ModelReference] = {}
        for key, best in self.best.items():
            reference = best.reference
            is_told = best.reaches_others or key in self.asked or reference.kind == "hub"
            is_told |= best.is_slug or is_slug(reference.ref)
            is_name = reference.kind in ("hub", "hosted") and reference.ref in self.named
            least = SURE if best.is_slug else _KNOWN
            is_known = reference.confidence >= least and key[:3] not in self.nothing
            if is_told and is_name and is_known and role_of(PurePosixPath(key[0])) != "test":
                sure.setdefault(reference.ref, reference)
        for name, like in sure.items():
            for path, line, column, kind in self.named[name]:
                if any((path, line, column + by, name) in self.best for by in (-1, 0, 1)):
                    continue
                found = replace(
                    like,
                    role="comment" if kind == "comment" else "doc",
                    file=path,
                    line=line,
                    column=column,
                    rule=f"python/{_PROSE[kind][0]}",
                    evidence="named as in the code",
                    confidence=0.52,
                    alias=False,
                    revision=None,
                    weight_file=None,
                    flags=(),
                )
                self.best[path, line, column, name] = _Best(found, role=found.role)

    def _agree_with_presets(self) -> None:
        """What the program calls its own weights is a model wherever it says so."""
        owned = [
            (path, Own(*one))
            for path in sorted(self.facts)
            for one in self.facts[path].get("owned", ())
        ]
        if not owned:
            return
        known = set().union(*self.presets.values()) | self._asked_for(owned)
        groups = Counter(
            (path, one.group) for path, one in owned if one.group and one.text in known
        )
        for path, one in owned:
            if one.text not in known:
                beside = one.group and groups[path, one.group] > 1 and is_own_name(one.text)
                if not beside:
                    continue
            elif not one.level and one.text not in self.presets.get(path, ()):
                continue
            key = (path, one.line, one.column, one.text)
            before = self.best.get(key)
            if before is not None and before.reference.confidence >= SURE:
                continue
            found = Candidate(one.text, "file", _KNOWN)
            role: Any = one.role or "use"
            reference = ModelReference(
                ref=found.ref,
                kind=found.kind,
                role=role,
                file=path,
                line=one.line,
                column=one.column,
                rule=f"python/{one.rule}",
                evidence=one.evidence or "named as the program's own weights",
                confidence=_KNOWN,
            )
            self.best[key] = _Best(reference, role=role, is_alone=False)

    def _asked_for(self, owned: list[tuple[str, Own]]) -> set[str]:
        """Names with a size or a version that the program is asked for as models, again and again.

        In files that load weights; a name that stands but once could be anything.
        """
        places: dict[str, set[tuple[str, int]]] = {}
        for path, one in owned:
            is_test = role_of(PurePosixPath(path)) == "test"
            if one.level == 3 and is_own_name(one.text) and not is_test:
                places.setdefault(one.text, set()).add((path, one.line))
        if len(places) < 2:
            return set()
        loading = {
            key[0]
            for key, best in self.best.items()
            if best.reaches_others and best.reference.kind in ("hub", "file")
        }
        asked = {text for text, found in places.items() if len(found) > 1}
        return (
            asked if any(path in loading for text in asked for path, _ in places[text]) else set()
        )

    def _role(self, leaf: Leaf, own: Role | None) -> Role:
        """The role of a string by what surrounds it, else by the way it took."""
        marks: dict[str, Role] = self.facts[leaf.file].get("marks", {})
        role = own or marks.get(f"{leaf.line}:{leaf.column}")
        if role is not None:
            return role
        return "default" if leaf.hint == "default" else "option" if leaf.hint == "option" else "use"

    def _final(self, best: _Best) -> ModelReference:
        """Role by what is written around the string; alias only where nothing else is reached."""
        reference = best.reference
        path_role = role_of(PurePosixPath(reference.file))
        role = path_role or best.role or reference.role
        if path_role == "test" and reference.kind == "hub" and _is_invented(best):
            reference = replace(reference, confidence=_VAGUE)
        alias = best.reaches_local and not best.reaches_others
        operator = "local" if alias else reference.operator
        return replace(reference, role=role, alias=alias, operator=operator)

    def _prose(
        self, path: str, text: str, line: int, column: int, kind: str, sure: float, expects: Any
    ) -> None:
        found = classify(text, Place(expects, None, 0.9 if expects else 0.6))
        if expects in ("package", "file"):
            found = Candidate(text, expects, sure)
        if found is None:
            return
        role = _ROLES_IN_TEXT.get(kind, "doc")
        reference = ModelReference(
            ref=found.ref,
            kind=found.kind,
            role=role,
            file=path,
            line=line,
            column=column,
            rule=f"python/{_PROSE[kind][0]}",
            evidence=_PROSE[kind][1],
            confidence=sure,
            operator=found.operator,
            revision=found.revision,
            weight_file=found.weight_file,
            flags=found.flags,
        )
        self.best.setdefault((path, line, column, found.ref), _Best(reference, role=role))

    def _command(self, path: str, words: list[list[Any]]) -> None:
        """What a command that the code runs names, by the rules for shell scripts."""
        from underlay.audit.detectors.models.command_lines import shell_models
        from underlay.audit.readers.documents import Fragment

        starts, text = [], ""
        for word, _, _ in words:
            starts.append(len(text))
            text += f"{word} "
        file = PurePosixPath(path)
        for found in shell_models(Fragment(text), file, role_of(file) or "use"):
            if isinstance(found, ModelReference):
                at = bisect_right(starts, found.column - 1) - 1
                _, line, column = words[at]
                column += found.column - 1 - starts[at]
                rule = "python/command"
                placed = replace(found, line=line, column=column, rule=rule, role=found.role)
                known = self.best.get((path, line, column, found.ref))
                if known is None or known.reference.confidence < placed.confidence:
                    self.best[path, line, column, found.ref] = _Best(placed, found.alias)

    # --- servers ---------------------------------------------------------------------------------

    def _server(self, more: dict[str, Any], spot: Spot, rule: str, operator: str | None) -> _Server:
        server = _Server()
        addresses: list[str] = []
        for value in more.get("addr", ()):
            addresses.extend(t for t in self.project.strings(value, spot) if _is_address(t))
            server.is_outside |= value is None or value[0] not in ("s", "D")
        if not addresses and more.get("client") is not None:
            for held in self.project.made_by(more["client"], spot):
                self._client(held, server, addresses)
        for value in more.get("held", ()) if not addresses else ():
            self._held(value, spot, addresses)
        if operator == "local" and not addresses:
            server.is_known = server.is_local = True
            return server
        own = server.operator or operator
        if not addresses and rule in ("client", "gateway") and own in (None, "openai"):
            addresses.extend(self._module_address(spot))
            server.is_implicit = rule == "gateway" and bool(addresses)
        if addresses:
            server.is_outside = False
            server.is_known = True
            server.is_local = all(is_local_url(text) for text in addresses)
            server.is_ollama = server.is_local and any(
                ":11434" in text or "ollama" in text for text in addresses
            )
            operators = {found for text in addresses if (found := operator_of_url(text))}
            if operators:
                server.operator = min(operators)
            elif not server.is_local:
                server.operator = None
        return server

    def _held(self, value: Any, spot: Spot, addresses: list[str]) -> None:
        """The address of a client, a provider or a mapping that a call is given."""
        keywords = calls().address_keywords
        for held in self.project.made_by(value, spot):
            for keyword, given in held.value[3].items():
                if keyword in keywords:
                    addresses.extend(self.project.strings(given, held.spot))
        for keyword in _ADDRESSES:
            item = ["i", value, ["s", keyword, 0, 0]]
            addresses.extend(self.project.strings(item, spot))
        addresses[:] = [text for text in addresses if _is_address(text)]

    def _client(self, held: Held, server: _Server, addresses: list[str]) -> None:
        """Whose client an object is, and the address that it was made with."""
        name = held.value[1].rpartition(".")[2]
        vocabulary = calls()
        if name in _OF_ONES_OWN:
            addresses.append("http://localhost")
        if name in vocabulary.clients:
            server.is_known = True
            server.operator = vocabulary.clients[name]
        for keyword, value in held.value[3].items():
            if keyword in vocabulary.address_keywords:
                server.is_outside |= value is None or value[0] not in ("s", "D")
                addresses.extend(
                    t for t in self.project.strings(value, held.spot) if _is_address(t)
                )

    def _module_address(self, spot: Spot) -> list[str]:
        """`openai.api_base = ...` and `os.environ["OPENAI_API_BASE"] = ...` of the same file."""
        facts = self.facts[spot.path]
        found: list[str] = []
        for name in ("|openai.api_base", "|openai.base_url", "|litellm.api_base"):
            for scope, value in facts.get("bind", {}).get(name, ()):
                found.extend(self.project.strings(value, Spot(spot.path, scope)))
        for name, value in facts.get("env", {}).items():
            if name in calls().address_variables:
                found.extend(self.project.strings(value, Spot(spot.path, "")))
        return [text for text in found if _is_address(text)]

    # --- what stays open -------------------------------------------------------------------------

    def _unresolved(self, path: str, line: int, rule: str, value: Any, strength: float) -> None:
        if rule not in _STRONG or strength < 0.9 or value[0] in ("l", "d"):
            return
        text = _shown(value)
        if text in ("", "None"):
            return
        reason = "the value is not written in the code: it comes from outside or is computed"
        if value[0] == "e":
            reason = "an environment variable without a default"
        elif value[0] == "+":
            reason = "part of the name is not written in the code"
        self.unknown.append(
            Unknown(file=path, line=line, text=text, reason=reason, rule=f"python/{rule}")
        )


def _is_computed(leaf: Leaf) -> bool:
    """Whether the name of a file of this machine is put together when the program runs."""
    return leaf.end is not None and leaf.end.rpartition("/")[2][:1] in ("", ".")


def _is_name(text: str) -> bool:
    """Whether a part of an address says by itself which weights are meant."""
    return re.fullmatch(r"(?=[^\d]{0,60}\d)[A-Za-z][\w.-]{4,80}", text) is not None


def _is_word(text: str) -> bool:
    """Whether a text where a hub's name is expected is a word, as classes and options have."""
    if text.lower() in _WORDS_FOR_MODELS or _MINE.fullmatch(text) is not None:
        return True
    has_parts = "-" in text or any(letter.isdigit() for letter in text)
    return (not has_parts or len(text) < 4) and bare_name(text, Place("hub", None, 0.9)) is None


def _is_anothers(text: str) -> bool:
    """Whether a name is of another service than OpenAI, whose address alone was set."""
    prefix, sign, rest = text.partition("/")
    found = classify(text, Place(None, None, 0.6))
    if sign and prefix != "openai" and found is not None and found.kind == "hosted":
        return True
    return hosted_operator(rest or text) not in (None, "openai")


def _is_invented(best: _Best) -> bool:
    """Whether nothing but its place speaks for a name; tests are full of `owner/thing`."""
    return not best.reaches_others and SURE < best.reference.confidence <= 0.6


def _is_address(text: str) -> bool:
    return (
        "://" in text or bool(re.fullmatch(r"[\w.-]+:\d{2,5}(?:/.*)?", text)) or text == "localhost"
    )


def _shown(value: Any, depth: int = 0) -> str:
    """A value in a few words."""
    if value is None or depth > 4:
        return "?"
    tag = value[0]
    if tag in ("n", "e", "s"):
        return str(value[1])
    if tag == "+":
        parts = (
            _shown(part, depth + 1) if part and part[0] == "s" else f"{{{_shown(part, depth + 1)}}}"
            for part in value[3:]
        )
        return "".join(parts)[:120]
    if tag == "c":
        return f"{value[1]}(...)"
    if tag == "i":
        return f"{_shown(value[1], depth + 1)}[{_shown(value[2], depth + 1)}]"
    if tag == ".":
        return f"{_shown(value[1], depth + 1)}.{value[2]}"
    if tag in ("D", "v", "k"):
        return _shown(value[1], depth + 1)
    if tag == "a":
        return " or ".join(_shown(one, depth + 1) for one in value[1:4])
    return "?"
