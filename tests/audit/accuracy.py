"""Precision and recall of the audit on labelled trees, by role and by form.

    python tests/audit/accuracy.py [TREE ...] [--details]

A tree lies in `tests/data/audit/labelled/NAME/tree`; `labels.toml` beside it holds what a person
found there: `[[model]]` with `ref`, `file`, `line`, `role` and perhaps `alias = true`, and
`[[infrastructure]]` with `component`, `file`, `line`, `tie`. A name counts as found when the audit
gives the same reference, or the same canonical id, anywhere in the tree; a place when it gives it
at that file and line. What has no label of its kind in a tree isn't counted there. Names under
`ignore` at the top of `labels.toml` count neither way. A TREE may also be the path of a folder
with such a `labels.toml`, or of one that holds several.
"""

# ruff: noqa: T201 - it prints

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from underlay.audit import audit
from underlay.audit.names.references import canonical, classify, file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELLED = Path(__file__).parents[1] / "data" / "audit" / "labelled"


@dataclass
class Tally:
    """Right, missed and wrong, overall and by group."""

    found: int = 0
    labelled: int = 0
    right: int = 0
    reported: int = 0
    groups: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.reported if self.reported else 1.0

    def add(self, other: Tally) -> None:
        self.found += other.found
        self.labelled += other.labelled
        self.right += other.right
        self.reported += other.reported
        for group, counts in other.groups.items():
            self.groups.setdefault(group, Counter()).update(counts)

    def count(self, group: str, what: str) -> None:
        self.groups.setdefault(group, Counter())[what] += 1


@dataclass
class Score:
    """How the audit did on one tree, or on several."""

    names: Tally = field(default_factory=Tally)
    lines: Tally = field(default_factory=Tally)
    roles: Tally = field(default_factory=Tally)
    infrastructure: Tally = field(default_factory=Tally)
    aliases_as_dependencies: int = 0
    aliases_missed: int = 0
    aliases: int = 0
    details: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.names.add(other.names)
        self.lines.add(other.lines)
        self.roles.add(other.roles)
        self.infrastructure.add(other.infrastructure)
        self.aliases_as_dependencies += other.aliases_as_dependencies
        self.aliases_missed += other.aliases_missed
        self.aliases += other.aliases
        self.details += other.details


def form(file: str) -> str:
    """The kind of file, as people speak of it."""
    path = PurePosixPath(file)
    if path.name.lower().startswith(("dockerfile", "containerfile", "modelfile", ".env")):
        return path.name.split(".")[0] or path.name
    return path.suffix or path.name


def names_of(ref: str, kind: str = "", operator: str | None = None) -> set[str]:
    """What a reference may be called: as written, and its canonical ids."""
    given = {ref, canonical("hosted", ref, operator), canonical("ollama", ref)}
    if kind:
        given.add(canonical(kind, ref, operator))  # type: ignore[arg-type]
    if kind == "file" and "://" not in ref:
        given.add(file_name(ref))
    return given


def named_by(label: str) -> set[str]:
    """What answers a label: itself, and for an address on a hub the repository that it leads to."""
    found = classify(label) if "://" in label else None
    return {label, found.ref} if found is not None else {label}


def score(root: Path) -> Score:
    """Audit one labelled tree and compare."""
    labels: dict[str, Any] = tomllib.loads((root / "labels.toml").read_text("utf-8"))
    done = audit(root / "tree")
    result = Score()
    if "model" in labels:
        wanted = {name for label in labels["model"] for name in named_by(label["ref"])}
        ignored = set(labels.get("ignore", ())) - wanted
        counted = [r for r in done.models if not ignored & names_of(r.ref, "", r.operator)]
        _models(labels["model"], counted, result, root.name)
    if "infrastructure" in labels:
        _infrastructure(labels["infrastructure"], done.infrastructure, result, root.name)
    return result


def _models(labels: list[dict[str, Any]], found: Any, result: Score, tree: str) -> None:
    wanted = [label for label in labels if not label.get("alias")]
    aliased = [label for label in labels if label.get("alias")]
    dependencies = [reference for reference in found if not reference.alias]
    reported: dict[str, Any] = {}
    for reference in dependencies:
        reported.setdefault(reference.ref, reference)
    known = {ref: names_of(ref, r.kind, r.operator) for ref, r in reported.items()}
    distinct = dict.fromkeys(label["ref"] for label in wanted)
    for ref in distinct:
        hit = any(named_by(ref) & names for names in known.values())
        result.names.labelled += 1
        result.names.found += hit
        if not hit:
            result.details.append(f"{tree}: missed `{ref}`")
    real = {name for label in wanted for name in named_by(label["ref"])}
    for ref, names in known.items():
        right = bool(names & real)
        result.names.reported += 1
        result.names.right += right
        if not right:
            first = reported[ref]
            place = f"{first.file}:{first.line} {first.rule}"
            result.details.append(f"{tree}: wrong `{ref}` at {place}")
    places = {(r.file, r.line) for r in dependencies}
    for label in wanted:
        here = [
            r for r in dependencies
            if (r.file, r.line) == (label["file"], label["line"])
            and named_by(label["ref"]) & names_of(r.ref, r.kind, r.operator)
        ]  # fmt: skip
        result.lines.labelled += 1
        result.lines.found += bool(here)
        result.lines.count(form(label["file"]), "labelled")
        result.lines.count(f"role {label['role']}", "labelled")
        if here:
            result.lines.count(form(label["file"]), "found")
            result.lines.count(f"role {label['role']}", "found")
            result.roles.labelled += 1
            same = any(r.role == label["role"] for r in here)
            result.roles.found += same
            if not same:
                said = f"{label['file']}:{label['line']} `{label['ref']}`"
                result.details.append(f"{tree}: role {here[0].role} for {label['role']} {said}")
        else:
            result.details.append(
                f"{tree}: no finding of `{label['ref']}` at {label['file']}:{label['line']}"
                + (" (something else there)" if (label["file"], label["line"]) in places else "")
            )
    labelled = {(label["file"], label["line"]) for label in wanted}
    for reference in dependencies:
        right = (reference.file, reference.line) in labelled
        result.lines.reported += 1
        result.lines.right += right
        result.lines.count(form(reference.file), "reported")
        if right:
            result.lines.count(form(reference.file), "right")
        elif reference.ref in real:
            place = f"{reference.file}:{reference.line}"
            result.details.append(f"{tree}: `{reference.ref}` also at {place}, without a label")
    result.aliases += len(aliased)
    for label in aliased:
        as_dependency = any(
            (r.file, r.line, r.ref) == (label["file"], label["line"], label["ref"])
            for r in dependencies
        )
        seen = any(
            r.alias and (r.file, r.line, r.ref) == (label["file"], label["line"], label["ref"])
            for r in found
        )
        result.aliases_as_dependencies += as_dependency
        result.aliases_missed += not seen
        if as_dependency or not seen:
            how = "as a dependency" if as_dependency else "not seen"
            place = f"{label['file']}:{label['line']}"
            result.details.append(f"{tree}: alias `{label['ref']}` {how} at {place}")


def _infrastructure(labels: list[dict[str, Any]], found: Any, result: Score, tree: str) -> None:
    wanted = {(entry["component"], entry["file"], entry["line"], entry["tie"]) for entry in labels}
    reported = {(item.component, item.file, item.line, item.tie) for item in found}
    tally = result.infrastructure
    tally.labelled += len(wanted)
    tally.found += len(wanted & reported)
    tally.reported += len(reported)
    tally.right += len(wanted & reported)
    for component, file, line, tie in sorted(wanted - reported):
        result.details.append(f"{tree}: missed {component} ({tie}) at {file}:{line}")
    for component, file, line, tie in sorted(reported - wanted):
        result.details.append(f"{tree}: wrong {component} ({tie}) at {file}:{line}")


def trees(names: Sequence[str] = ()) -> list[Path]:
    """Every labelled tree of the project, or those that are named or lie in folders named."""
    own = sorted(path.parent for path in LABELLED.glob("*/labels.toml"))
    if not names:
        return own
    found = [root for root in own if root.name in names]
    for name in names:
        folder = Path(name)
        if (folder / "labels.toml").is_file():
            found.append(folder.resolve())
        elif folder.is_dir():
            found += sorted(path.parent for path in folder.resolve().rglob("labels.toml"))
    return found


def show(title: str, tally: Tally) -> str:
    if not tally.labelled and not tally.reported:
        return f"  {title:<26} no labels"
    return (
        f"  {title:<26} recall {tally.recall:6.3f} ({tally.found}/{tally.labelled})"
        f"   precision {tally.precision:6.3f} ({tally.right}/{tally.reported})"
    )


def main(arguments: list[str]) -> int:
    """Print the scores."""
    names = [argument for argument in arguments if not argument.startswith("-")]
    total = Score()
    for root in trees(names):
        one = score(root)
        total.add(one)
        aliases = f"{one.aliases_as_dependencies} of {one.aliases} aliases as dependencies"
        print(root.name)
        if one.names.labelled:
            print(show("names", one.names))
            print(show("places (file and line)", one.lines))
            print(f"  {'role, where found':<26} {one.roles.found}/{one.roles.labelled}; {aliases}")
        if one.infrastructure.labelled:
            print(show("infrastructure", one.infrastructure))
    print("all trees")
    print(show("names", total.names))
    print(show("places (file and line)", total.lines))
    print(f"  {'role, where found':<26} {total.roles.found}/{total.roles.labelled}")
    print(f"  {'aliases as dependencies':<26} {total.aliases_as_dependencies}/{total.aliases}")
    print(f"  {'aliases not seen':<26} {total.aliases_missed}/{total.aliases}")
    print(show("infrastructure", total.infrastructure))
    print("by role and form: found/labelled, right/reported")
    for group, counts in sorted(total.lines.groups.items()):
        shown = f"{counts['found']}/{counts['labelled']}"
        if counts["reported"]:
            shown += f", {counts['right']}/{counts['reported']}"
        print(f"  {group:<26} {shown}")
    if "--details" in arguments:
        print("\n".join(total.details))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
