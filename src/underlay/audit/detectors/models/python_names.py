"""What a Python value is, looked up through names, calls and modules of a whole project."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from underlay.audit.detectors.models.python_calls import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from underlay.audit.detectors.models.python_values import Value
    from underlay.audit.findings import Facts

__all__ = ["Held", "Leaf", "Project", "Spot"]

_DEEPEST = 48
_STEPS = 1_500  # of one look-up: hostile code can make every name depend on every other
_MOST = 300
_CHILDREN = 60  # classes that derive from one
_PARSED = frozenset(
    (
        "parse_args", "parse_known_args", "parse_args_into_dataclasses", "FLAGS",
        "parse_args_and_config", "Namespace", "parse_arguments", "get_args",
        "parse_intermixed_args", "parser", "cli"
    )
)  # fmt: skip
_VAGUE_METHODS = frozenset(
    ("run", "get", "create", "load", "call", "main", "start", "process", "set", "add")
)


class Spot(NamedTuple):
    """Where a value is looked at: a file and a scope in it."""

    path: str
    scope: str
    receiver: tuple[str, str] | None = None  # file and name of the class that `self` is made of


class Held(NamedTuple):
    """A value that needs no further look-up, and how it came to be."""

    value: list[Any]
    spot: Spot
    hint: str | None  # `default` or `option`


class Leaf(NamedTuple):
    """A string that a value can be; `file`, `line` and `column` of where it is written."""

    text: str
    file: str
    line: int
    column: int
    hint: str | None
    # the only part of a joined text that is not fixed: its text and where it is written
    rest: tuple[str, str, int, int] | None = None
    end: str | None = None  # of a joined text: what is written last in it, empty where nothing is


@dataclass(frozen=True, slots=True)
class _Once:
    """A held value that is equal to another one of the same place."""

    key: tuple[int, Spot, str | None]
    held: Held = field(compare=False)


def _frozen(held: Held) -> _Once:
    return _Once((id(held.value), held.spot, held.hint), held)


@dataclass(slots=True)
class _Budget:
    left: int = _STEPS


class Project:
    """Facts of all modules, and look-ups in them."""

    def __init__(self, facts: Mapping[str, Facts]) -> None:
        self.facts = facts
        self._modules: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._functions: dict[str, list[tuple[str, str]]] = {}
        self._calls: dict[str, list[tuple[str, list[Any]]]] = {}
        self._found: dict[tuple[str, Spot], list[Held]] = {}
        self._options_by_folder: dict[tuple[str, str], list[str]] = {}
        self._modules_found: dict[tuple[str, str], str | None] = {}
        self._handed_in: dict[tuple[str, str, str], list[tuple[Value, Spot]]] = {}
        self._derived: dict[str, list[tuple[str, str, str]]] = {}
        for path in sorted(facts):
            parts = list(PurePosixPath(path).with_suffix("").parts)
            if parts and parts[-1] == "__init__":
                parts.pop()
            if parts:
                self._modules.setdefault(parts[-1], []).append((tuple(parts), path))
            for name in facts[path].get("func", ()):
                self._functions.setdefault(name.rpartition(".")[2], []).append((path, name))
            for name, found in facts[path].get("calls", {}).items():
                self._calls.setdefault(name, []).extend((path, call) for call in found)
                for _, value in facts[path].get("bind", {}).get(f"|{name}", ()):
                    if value[0] == "n" and value[1] != name:  # another name of a function
                        given = [(path, [value[1], *call[1:]]) for call in found]
                        self._calls.setdefault(value[1].rpartition(".")[2], []).extend(given)
            folder = path.rpartition("/")[0]
            for key in facts[path].get("options", ()):
                self._options_by_folder.setdefault((folder, key), []).append(path)
            for name, known in facts[path].get("class", {}).items():
                for base in known["b"]:
                    short = base.rpartition(".")[2]
                    self._derived.setdefault(short, []).append((path, name, base))
        self._budget = _Budget()

    # --- what others ask -------------------------------------------------------------------------

    def leaves(self, value: Value, spot: Spot) -> list[Leaf]:
        """The strings that a value can be; empty where none is known."""
        self._budget = _Budget()
        found: dict[Leaf, None] = {}
        for held in self._reduce(value, spot, None, 0):
            for leaf in self._strings(held, 0):
                found[leaf] = None
                if len(found) >= _MOST:
                    return list(found)
        return list(found)

    def made_by(self, value: Value, spot: Spot) -> list[Held]:
        """The calls that make a value: `OpenAI(base_url=...)` for `self.client`."""
        self._budget = _Budget()
        return [h for h in self._reduce(value, spot, None, 0) if h.value[0] == "c"]

    def strings(self, value: Value, spot: Spot) -> list[str]:
        """The texts of the leaves."""
        return [leaf.text for leaf in self.leaves(value, spot)]

    # --- strings ---------------------------------------------------------------------------------

    def _strings(self, held: Held, depth: int) -> Iterator[Leaf]:
        value, spot, hint = held
        if value[0] == "s":
            yield Leaf(value[1], spot.path, value[2], value[3], hint)
        elif value[0] == "+":
            yield from self._joined(held, depth)
        elif value[0] == "l" and depth < 3:
            for item in value[1:]:
                for inner in self._reduce(item, spot, "option", depth + 1):
                    yield from self._strings(inner, depth + 1)

    def _joined(self, held: Held, depth: int) -> Iterator[Leaf]:
        value, spot, hint = held
        if depth > 4:
            return
        line, column, *parts = value[1:]
        choices: list[list[Leaf]] = []
        lists = False
        for part in parts:
            texts: dict[str, Leaf] = {}
            for inner in self._reduce(part, spot, None, depth + 1):
                if inner.value[0] == "l":
                    lists = True
                    yield from self._strings(Held(inner.value, inner.spot, "option"), depth + 1)
                else:
                    for leaf in self._strings(inner, depth + 1):
                        texts.setdefault(leaf.text, leaf)
            choices.append(list(texts.values())[:_MOST])
        if sum(len(choice) > 1 for choice in choices) > 1:
            choices = [choice[:16] for choice in choices]
        if lists or not choices or not all(choices):
            return
        for combination in itertools.islice(itertools.product(*choices), 128):
            text = "".join(leaf.text for leaf in combination)
            rest = _varied(combination, spot.path, line, column)
            if len(text) <= 300:
                last = combination[-1]
                is_fixed = (last.file, last.line, last.column) == (spot.path, line, column)
                end = last.text if is_fixed else ""
                yield Leaf(text, spot.path, line, column, hint, rest, end)

    # --- values ----------------------------------------------------------------------------------

    def _reduce(self, value: Value, spot: Spot, hint: str | None, depth: int) -> Iterator[Held]:
        if value is None or depth > _DEEPEST:
            return
        self._budget.left -= 1
        if self._budget.left < 0:
            return
        tag = value[0]
        if tag in ("s", "l", "d", "+"):
            yield Held(value, spot, hint)
        elif tag == "a":
            for one in value[1:]:
                yield from self._reduce(one, spot, hint, depth + 1)
        elif tag == "D":
            yield from self._reduce(value[1], spot, "default", depth + 1)
        elif tag == "n":
            for held in self._named(value[1], spot, depth + 1):
                yield Held(held.value, held.spot, held.hint or hint)
        elif tag == ".":
            for held in self._reduce(value[1], spot, hint, depth + 1):
                yield from self._attribute(held, [value[2]], depth + 1)
        elif tag == "c":
            yield from self._called(value, spot, hint, depth + 1)
        elif tag == "i":
            yield from self._item(value, spot, hint, depth + 1)
        elif tag in ("v", "k"):
            yield from self._each(value[1], spot, depth + 1, keys=tag == "k")
        elif tag == "E":
            for held in self._reduce(value[2], spot, hint, depth + 1):
                if held.value[0] == "l" and len(held.value) > value[1] + 1:
                    part = held.value[value[1] + 1]
                    yield from self._reduce(part, held.spot, "option", depth + 1)
        elif tag == "e":
            known = self.facts[spot.path].get("env", {}).get(value[1])
            yield from self._reduce(known, Spot(spot.path, ""), hint, depth + 1)

    def _each(self, base: Value, spot: Spot, depth: int, *, keys: bool) -> Iterator[Held]:
        for held in self._reduce(base, spot, None, depth):
            if held.value[0] == "l":
                for item in held.value[1:]:
                    yield from self._reduce(item, held.spot, "option", depth + 1)
            elif held.value[0] == "d":
                for key, item in held.value[1:]:
                    if key is None and item is not None:
                        yield from self._each(item, held.spot, depth + 1, keys=keys)
                        continue
                    yield from self._reduce(key if keys else item, held.spot, "option", depth + 1)
            elif held.value[0] == "+":  # lists added to each other
                for part in held.value[3:]:
                    yield from self._each(part, held.spot, depth + 1, keys=keys)
            elif held.value[0] == "c":
                yield from self._members(held, depth + 1)

    def _members(self, held: Held, depth: int) -> Iterator[Held]:
        """Each member of an enum that is gone through."""
        found = self._class(held.value[1], held.spot)
        if found is not None:
            path, name = found
            for key, values in self.facts[path].get("bind", {}).items():
                if key.startswith(f"{name}|"):
                    for scope, value in values:
                        yield from self._reduce(value, Spot(path, scope), "option", depth)

    def _item(self, value: list[Any], spot: Spot, hint: str | None, depth: int) -> Iterator[Held]:
        # a key that is computed can be any: who calls from elsewhere may ask for another
        keys = {value[2][1]} if value[2] is not None and value[2][0] == "s" else set()
        for held in self._reduce(value[1], spot, hint, depth):
            if held.value[0] == "d":
                pairs = held.value[1:]
                exact = [i for k, i in pairs if k is not None and k[0] == "s" and k[1] in keys]
                merged = [item for key, item in pairs if key is None and item is not None]
                if not exact and merged:
                    for item in merged:
                        inner = ["i", item, value[2]]
                        yield from self._reduce(inner, held.spot, held.hint, depth + 1)
                if not exact and not (keys and _all_plain(pairs)):
                    exact = [item for key, item in pairs if key is not None]
                for item in exact:
                    yield from self._reduce(item, held.spot, held.hint or hint, depth + 1)
            elif held.value[0] == "l":
                items = held.value[1:]
                numbers = [int(key) for key in keys if key.lstrip("-").isdigit()]
                chosen = [items[n] for n in numbers if -len(items) <= n < len(items)] or items
                for item in chosen:
                    yield from self._reduce(item, held.spot, held.hint or "option", depth + 1)
            elif held.value[0] == "c":
                if any(key.isdigit() for key in keys):
                    yield held  # one of several results, as of `parse_args_into_dataclasses()`
                    continue
                for key in sorted(keys):
                    yield from self._attribute(held, [key], depth + 1)

    def _named(self, name: str, spot: Spot, depth: int) -> list[Held]:
        """What a name can be, looked up once; a name that leads to itself adds nothing."""
        key = (name, spot)
        if key not in self._found:
            self._found[key] = []
            found = list(dict.fromkeys(map(_frozen, self._name(name, spot, None, depth))))
            if self._budget.left < 0 or depth > _DEEPEST // 2:
                del self._found[key]  # cut short: not the whole answer
            else:
                self._found[key] = [one.held for one in found]
            return [one.held for one in found]
        return self._found[key]

    # --- names -----------------------------------------------------------------------------------

    def _name(self, name: str, spot: Spot, hint: str | None, depth: int) -> Iterator[Held]:
        root, *rest = name.split(".")
        facts = self.facts[spot.path]
        if root in ("self", "cls") and rest:
            owner = spot.scope
            while owner and owner not in facts.get("class", {}):
                owner = owner.rpartition(".")[0]
            if spot.receiver is not None:
                yield from self._member(*spot.receiver, rest, None, hint, depth)
            elif owner:
                yield from self._member(spot.path, owner, rest, None, hint, depth)
                yield from self._overridden(spot.path, owner, rest, hint, depth)
            return
        found = False
        for held in self._local(root, spot, hint, depth):
            found = True
            yield from self._attribute(held, rest, depth + 1) if rest else (held,)
        if found:
            return
        dotted = facts.get("bind", {}).get(f"|{name}") if rest else None
        for scope, value in dotted or ():
            yield from self._reduce(value, Spot(spot.path, scope), hint, depth + 1)
        if root in facts.get("class", {}):
            if rest:
                yield from self._member(spot.path, root, rest, None, hint, depth)
            else:
                yield Held(["c", root, [], {}], spot, hint)
            return
        if root in facts.get("imports", {}):
            whole = ".".join([facts["imports"][root], *rest])
            yield from self._imported(whole, spot.path, hint, depth + 1)
        else:
            for star in facts.get("stars", ()):
                yield from self._imported(f"{star}.{name}", spot.path, hint, depth + 1)
        if rest:
            yield from self._options(spot, rest[0], depth)

    def _options(self, spot: Spot, key: str, depth: int) -> Iterator[Held]:
        """An option of the command line, by the attribute that it ends up in."""
        here = self.facts[spot.path].get("options", {})
        if key in here:
            yield from self._reduce(here[key], Spot(spot.path, ""), None, depth + 1)
            return
        others = self._options_by_folder.get((spot.path.rpartition("/")[0], key), ())
        if len(others) == 1:
            value = self.facts[others[0]]["options"][key]
            yield from self._reduce(value, Spot(others[0], ""), None, depth + 1)

    def _local(self, name: str, spot: Spot, hint: str | None, depth: int) -> Iterator[Held]:
        """Bindings and parameters, from the scope outwards."""
        facts = self.facts[spot.path]
        bindings, functions = facts.get("bind", {}), facts.get("func", {})
        scope = spot.scope
        while True:
            values = bindings.get(f"{scope}|{name}", ())
            known = functions.get(scope)
            is_given = known is not None and (name in known["p"] or name in known["k"])
            for within, value in values:
                if value != ["n", name]:
                    place = Spot(spot.path, within, spot.receiver)
                    yield from self._reduce(value, place, hint, depth + 1)
            if is_given and known is not None:
                yield from self._given(spot.path, scope, known, name, hint, depth + 1)
            if values or is_given or not scope:
                return
            scope = scope.rpartition(".")[0]

    def _given(
        self,
        path: str,
        function: str,
        known: dict[str, Any],
        name: str,
        hint: str | None,
        depth: int,
    ) -> Iterator[Held]:
        """What a parameter can be: its default, and what callers hand in."""
        if name in known["d"]:
            yield from self._reduce(known["d"][name], Spot(path, function), hint, depth)
        note = known["a"].get(name)
        if note is not None and self._class(note, Spot(path, function)) is not None:
            yield Held(["c", note, [], {}], Spot(path, function), hint)
        key = (path, function, name)
        sites = self._handed_in.get(key)
        if sites is None:
            sites = self._handed_in[key] = list(self._sites(path, function, known, name))
        for value, place in sites:
            yield from self._reduce(value, place, hint, depth + 1)

    def _sites(
        self, path: str, function: str, known: dict[str, Any], name: str
    ) -> Iterator[tuple[Value, Spot]]:
        """What calls of a function hand in for a parameter, and where."""
        owner, _, short = function.rpartition(".")
        is_method = owner in self.facts[path].get("class", {})
        if short == "__init__" and is_method:
            short = owner.rpartition(".")[2]
        positions = known["p"][1:] if is_method else known["p"]
        at = positions.index(name) if name in positions else -1
        for caller, (called, arguments, keywords, scope) in self._calls.get(short, ()):
            value = keywords.get(name)
            if value is None and 0 <= at < len(arguments):
                value = arguments[at]
            if value is None or (caller, scope) == (path, function):
                continue
            if self._reaches(called, caller, path, function, owner if is_method else ""):
                yield value, Spot(caller, scope)

    def _reaches(self, called: str, caller: str, path: str, function: str, owner: str) -> bool:
        """Whether a call by that name, in that file, is of that function."""
        root, *rest = called.split(".")
        facts = self.facts[caller]
        imported = facts.get("imports", {}).get(root)
        if imported is not None:
            whole = ".".join([imported, *rest])
            module = self.module(whole.rpartition(".")[0], caller) or self.module(imported, caller)
            return module == path or (
                module is not None and self._passes_on(module, rest or [root])
            )
        if not rest:
            return caller == path or any(
                self.module(s, caller) == path for s in facts.get("stars", ())
            )
        short = function.rpartition(".")[2]
        if root in ("self", "cls"):
            return caller == path and bool(owner)
        return (
            bool(owner) and short not in _VAGUE_METHODS and len(self._functions.get(short, ())) == 1
        )

    def _passes_on(self, module: str, names: list[str]) -> bool:
        """Whether a package's own module only hands the name on."""
        facts = self.facts.get(module, {})
        return names[0] in facts.get("imports", {}) or bool(facts.get("stars"))

    # --- attributes and classes ------------------------------------------------------------------

    def _attribute(self, held: Held, names: list[str], depth: int) -> Iterator[Held]:
        """`.a.b` of a value: a member of a class, a key of a dict, a member of an enum."""
        if not names or depth > _DEEPEST:
            yield held
            return
        value, spot, hint = held
        if value[0] in ("s", "+", "l") and names[0] in ("value", "name"):
            yield held
        elif value[0] == "d":
            key = ["s", names[0], 0, 0]
            for inner in self._item(["i", value, key], spot, hint, depth + 1):
                yield from self._attribute(inner, names[1:], depth + 1)
        elif value[0] == "c":
            if names[0] == "__dict__":
                yield from self._attribute(held, names[1:], depth + 1)
                return
            if value[1].rpartition(".")[2] in _PARSED:
                yield from self._options(spot, names[0], depth + 1)
                for name in self.facts[spot.path].get("class", {}):
                    yield from self._member(spot.path, name, names, None, hint, depth + 1)
                return
            found = self._class(value[1], spot)
            if found is not None:
                yield from self._member(*found, names, held, hint, depth + 1)

    def _class(self, name: str, spot: Spot) -> tuple[str, str] | None:
        """File and name of a class of the project, by its name at a spot."""
        facts = self.facts[spot.path]
        root, _, rest = name.partition(".")
        if name in facts.get("class", {}):
            return spot.path, name
        imported = facts.get("imports", {}).get(root)
        if imported is None:
            return None
        whole = f"{imported}.{rest}" if rest else imported
        return self._class_at(whole, spot.path, 0)

    def _class_at(self, whole: str, importer: str, depth: int) -> tuple[str, str] | None:
        module, _, short = whole.rpartition(".")
        path = self.module(module, importer)
        if path is None or depth > 3:
            return None
        if short in self.facts[path].get("class", {}):
            return path, short
        onwards = self.facts[path].get("imports", {}).get(short)
        return self._class_at(onwards, path, depth + 1) if onwards else None

    def _member(
        self,
        path: str,
        owner: str,
        names: list[str],
        made: Held | None,
        hint: str | None,
        depth: int,
        receiver: tuple[str, str] | None = None,
    ) -> Iterator[Held]:
        """An attribute of a class, of its instance, or of what it derives from."""
        if depth > _DEEPEST:
            return
        facts = self.facts[path]
        receiver = receiver or (path, owner)
        known = facts["class"].get(owner, {"b": [], "f": []})
        name, rest = names[0], names[1:]
        values: list[tuple[Value, Spot]] = []
        if made is not None:
            given = made.value[3].get(name)
            if given is None and name in known["f"]:
                at = known["f"].index(name)
                given = made.value[2][at] if at < len(made.value[2]) else None
            if given is not None:
                values.append((given, made.spot))
        for scope, value in facts.get("bind", {}).get(f"{owner}|{name}", ()):
            values.append((value, Spot(path, scope, receiver)))
        method = facts.get("func", {}).get(f"{owner}.{name}")
        if method is not None:
            place = Spot(path, f"{owner}.{name}", receiver)
            values.extend((value, place) for value in method["r"])
        if not values and name in known["f"]:
            short = owner.rpartition(".")[2]
            at = known["f"].index(name)
            for caller, (called, arguments, keywords, scope) in self._calls.get(short, ()):
                if self._reaches(called, caller, path, owner, ""):
                    given = keywords.get(name, arguments[at] if at < len(arguments) else None)
                    if given is not None:
                        values.append((given, Spot(caller, scope)))
        for value, spot in values:
            for held in self._reduce(value, spot, hint, depth + 1):
                yield from self._attribute(held, rest, depth + 1) if rest else (held,)
        if not values:
            for base in known["b"]:
                found = self._class(base, Spot(path, ""))
                if found is not None and found != (path, owner):
                    yield from self._member(*found, names, made, hint, depth + 1, receiver)

    def _overridden(
        self, path: str, owner: str, names: list[str], hint: str | None, depth: int
    ) -> Iterator[Held]:
        """An attribute as the classes set it that derive from one."""
        for other, name, base in self._derived.get(owner.rpartition(".")[2], ())[:_CHILDREN]:
            values = self.facts[other].get("bind", {}).get(f"{name}|{names[0]}", ())
            if values and self._class(base, Spot(other, "")) == (path, owner):
                for scope, value in values:
                    for held in self._reduce(value, Spot(other, scope), hint, depth + 1):
                        yield from self._attribute(held, names[1:], depth + 1)

    # --- calls and modules -----------------------------------------------------------------------

    def _called(self, value: list[Any], spot: Spot, hint: str | None, depth: int) -> Iterator[Held]:
        """What a call gives: the returns of a function of the project, else the call itself."""
        name = value[1]
        if name in calls().wrappers and value[2]:
            yield from self._reduce(value[2][0], spot, hint, depth + 1)
            return
        found = self._callee(name, spot)
        if found is not None:
            path, function = found
            returns = self.facts[path]["func"][function]["r"]
            for returned in returns:
                yield from self._reduce(returned, Spot(path, function), hint, depth + 1)
            if returns:
                return
        yield Held(value, spot, hint)

    def _callee(self, name: str, spot: Spot) -> tuple[str, str] | None:
        facts = self.facts[spot.path]
        root, *rest = name.split(".")
        functions = facts.get("func", {})
        if root in ("self", "cls") and len(rest) == 1:
            owner = spot.scope
            while owner:
                owner = owner.rpartition(".")[0]
                if f"{owner}.{rest[0]}" in functions and owner:
                    return spot.path, f"{owner}.{rest[0]}"
            return None
        if name in functions:
            return spot.path, name
        imported = facts.get("imports", {}).get(root)
        if imported is None:
            return None
        whole = ".".join([imported, *rest])
        for _ in range(3):
            module, _, short = whole.rpartition(".")
            path = self.module(module, spot.path)
            if path is None:
                return None
            if short in self.facts[path].get("func", {}):
                return path, short
            whole = self.facts[path].get("imports", {}).get(short, "")
            spot = Spot(path, "")
            if not whole:
                return None
        return None

    def _imported(self, whole: str, importer: str, hint: str | None, depth: int) -> Iterator[Held]:
        """A dotted name that starts in another module of the project."""
        if depth > _DEEPEST:
            return
        dots = len(whole) - len(whole.lstrip("."))
        parts = whole[dots:].split(".")
        for cut in range(len(parts), -1, -1):
            path = self.module("." * dots + ".".join(parts[:cut]), importer)
            if path is None:
                continue
            if cut == len(parts):
                continue  # the module itself is no value
            name = ".".join(parts[cut:])
            if path == importer and f"|{parts[cut]}" not in self.facts[path].get("bind", {}):
                continue
            yield from self._name(name, Spot(path, ""), hint, depth + 1)
            return

    def module(self, name: str, importer: str) -> str | None:
        """The file of a module, by its name in an import of `importer`."""
        key = (name, importer.rpartition("/")[0])
        if key not in self._modules_found:
            self._modules_found[key] = self._find_module(name, key[1])
        return self._modules_found[key]

    def _find_module(self, name: str, folder: str) -> str | None:
        dots = len(name) - len(name.lstrip("."))
        parts = tuple(part for part in name[dots:].split(".") if part)
        home = tuple(part for part in folder.split("/") if part)
        if dots:
            base = home[: len(home) - (dots - 1)] if dots > 1 else home
            wanted = (*base, *parts)
            if not wanted:
                return None
            for candidate, path in self._modules.get(wanted[-1], ()):
                if candidate == wanted:
                    return path
            return None
        if not parts:
            return None
        best: tuple[int, int, str] | None = None
        for candidate, path in self._modules.get(parts[-1], ()):
            if candidate[-len(parts) :] != parts:
                continue
            before = candidate[: -len(parts)]
            shared = sum(
                1
                for _ in itertools.takewhile(
                    lambda p: p[0] == p[1], zip(before, home, strict=False)
                )
            )
            if len(parts) == 1 and shared < len(before):
                continue  # `import config` is beside the importer or above it
            rank = (-shared, len(before), path)
            if best is None or rank < best:
                best = rank
        return best[2] if best else None


def _varied(
    parts: tuple[Leaf, ...], path: str, line: int, column: int
) -> tuple[str, str, int, int] | None:
    """The only part of a joined text, but for folders, that isn't written in it."""
    fixed = (path, line, column)
    free = [leaf for leaf in parts if (leaf.file, leaf.line, leaf.column) != fixed]
    # a name with its owner is a folder too, unless it is all that was put in
    given = [leaf for leaf in free if "/" not in leaf.text or len(free) == 1]
    if len(given) > 1 and parts[-1] in given and parts[-2].text.endswith("/"):
        given = [parts[-1]]  # a provider that varies too, and the name behind it
    if len(given) != 1:
        return None
    return given[0].text, given[0].file, given[0].line, given[0].column


def _all_plain(pairs: list[Any]) -> bool:
    """Whether every key of a dict is written out, so that a missing one is really missing."""
    return all(key is not None and key[0] == "s" for key, _ in pairs)
