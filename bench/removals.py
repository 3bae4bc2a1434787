"""All single and pair removals of a stack over three million models, beside a search per model.

    python bench/removals.py [MODELS] [SEARCHES]

The stack and the models are synthetic: 140 components in eight layers, needs in which a third of
the slots have one provider only, statements for a part of the pairs and triples, models whose
architectures follow Zipf's law and whose downloads follow Pareto's. Both sides start from columns
of codes in memory. The time of ours includes collapsing the models to requirement classes. The
other side walks the graph for one model under one removal, as one would write it, on a sample;
its answers are compared with ours. Prints seconds, peak memory before the sample is walked, and the
ratio.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from underlay.atlas.stack_contracts import EVIDENCE, STATUSES
from underlay.stack.chokepoints import Damages, have_route, removable, removal_damages
from underlay.stack.facets import Facets, State
from underlay.stack.parts import Build, Component, Need, Stack, Statements
from underlay.stack.population import Classes, collapse
from underlay.stack.reach import offer_for, outlets_alive, reached, removed_words

SEED = 20261121
ARCHITECTURES = 600
FORMATS = ("safetensors", "gguf", "onnx", "mlx", "pytorch", "unknown")
QUANTISATIONS = ("none", "fp8", "awq", "gptq", "int4", "int8", "unknown")
READ = tuple(sorted({*FORMATS, *QUANTISATIONS} - {"unknown", "none"}))
LICENCES = ("osi", "use-restrictions", "research-only", "custom", "unknown")
CAPACITIES = (1.6e10, 6.4e10, 2.56e11, 1.02e12)
LAYERS = (
    ("runtime", 12), ("package", 40), ("toolchain", 14), ("accelerator", 36), ("designer", 16),
    ("foundry", 8), ("memory", 6), ("lithography", 8),
)  # fmt: skip
TARGET_SECONDS, TARGET_BYTES = 5.0, 1.5e9


@dataclass
class Making:
    """A stack in the making."""

    rng: np.random.Generator
    components: list[Component] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)

    def any_of(self, owner: str, slot: str, layer: str, most: int) -> None:
        names = [c.id for c in self.components if c.layer == layer]
        count = 1 if most == 1 or self.rng.random() < 1 / 3 else int(self.rng.integers(2, most + 1))
        for name in self.rng.choice(names, min(count, len(names)), replace=False):
            self.needs.append(Need(owner, slot, str(name)))


def made_up_stack(rng: np.random.Generator) -> Stack:
    made = Making(rng)
    for layer, count in LAYERS:
        made.components += [
            Component(f"{layer}:{n}", layer, f"{layer} {n}", f"owner{n % 9}", "US", "code", False)
            for n in range(count)
        ]
    of = {layer: [c.id for c in made.components if c.layer == layer] for layer, _ in LAYERS}
    for name in of["foundry"]:
        made.any_of(name, "lithography", "lithography", 2)
    for name in of["accelerator"]:
        made.any_of(name, "designer", "designer", 1)
        made.any_of(name, "foundry", "foundry", 2)
        made.any_of(name, "memory", "memory", 3)
    for name in of["toolchain"]:
        for line in rng.choice(of["accelerator"], 4, replace=False):
            made.needs.append(Need(name, "accelerator", str(line)))
    for place, name in enumerate(of["package"]):
        # packages need earlier ones only, as releases do
        for n in range(int(rng.integers(0, 3)) if place else 0):
            made.needs.append(Need(name, f"package {n}", of["package"][int(rng.integers(place))]))
    for runtime in of["runtime"]:
        for n in range(3):
            made.any_of(runtime, f"package {n}", "package", 2)
        for backend in rng.choice(of["toolchain"], 5, replace=False):
            name = f"build:{runtime.partition(':')[2]}/{str(backend).partition(':')[2]}"
            made.components.append(Component(name, "build", name))
            made.builds.append(Build(name, runtime, str(backend)))
            made.needs.append(Need(name, "runtime", runtime))
            made.needs.append(Need(name, "toolchain", str(backend)))
    components = tuple(sorted(made.components, key=lambda c: c.id))
    places = {c.id: n for n, c in enumerate(components)}
    statements = made_up_statements(rng, made.builds, places)
    names = tuple(f"Architecture{n:03}" for n in range(ARCHITECTURES))

    def nothing(_: str) -> Any:
        raise NotImplementedError("models are given as columns here")

    return Stack(
        components, tuple(made.needs), tuple(made.builds), statements, names, READ, {}, nothing,
        nothing,
    )  # fmt: skip


def made_up_statements(
    rng: np.random.Generator, builds: list[Build], places: dict[str, int]
) -> Statements:
    rows: list[tuple[int, int, int, int]] = []  # runtime, backend, architecture, status
    yes, no = STATUSES.index("yes"), STATUSES.index("no")
    runtimes = sorted({places[b.runtime] for b in builds})
    # a few architectures run everywhere, most in a few runtimes
    spread = 1.0 / np.sqrt(1 + np.arange(ARCHITECTURES))
    for runtime in runtimes:
        held = np.flatnonzero(rng.random(ARCHITECTURES) < 0.15 + 0.8 * spread).tolist()
        rows.extend((runtime, -1, a, yes) for a in held)
    for build in builds:
        for a in np.flatnonzero(rng.random(ARCHITECTURES) < 0.1).tolist():
            status = no if rng.random() < 0.3 else yes
            rows.append((places[build.runtime], places[build.backend], a, status))
    # each runtime reads a few formats, on all its builds
    read = [(r, f) for r in runtimes for f in range(len(READ)) if rng.random() < 0.6]
    columns = np.array([*rows, *((r, -1, -1, yes) for r, _ in read)], dtype=np.int32).T
    count = columns.shape[1]
    formats = np.full(count, -1, dtype=np.int32)
    formats[len(rows) :] = [f for _, f in read]
    same = {
        name: np.full(count, value, dtype=np.int32)
        for name, value in (("any", -1), ("both", 2), ("packaged", EVIDENCE.index("packaged")))
    }
    text = np.full(count, "", dtype=object)
    return Statements(
        columns[0], columns[1], columns[2], formats, same["any"], same["both"], columns[3],
        np.zeros(count, dtype=bool), same["packaged"], same["any"], same["any"], text, text, text,
        text,
    )  # fmt: skip


def made_up_models(rng: np.random.Generator, models: int) -> tuple[list[Any], Any]:
    """Columns of codes, and downloads."""

    def drawn(count: int, dtype: Any) -> Any:
        weights = 1.0 / np.arange(1, count + 1)
        return rng.choice(count, models, p=weights / weights.sum()).astype(dtype)

    columns = [
        drawn(ARCHITECTURES, np.int16), drawn(len(FORMATS), np.int8),
        drawn(len(QUANTISATIONS), np.int8), drawn(len(LICENCES), np.int8),
        (rng.random(models) < 0.4).astype(np.int8), drawn(len(CAPACITIES) + 2, np.int8),
    ]  # fmt: skip
    return columns, np.floor(10 * rng.pareto(0.8, models)).clip(max=1e9)


def classes_from(stack: Stack, rows: Any) -> Classes:
    names = (stack.architectures, FORMATS, QUANTISATIONS, LICENCES)
    return Classes(rows, names, CAPACITIES, np.zeros(0, dtype=np.int64))


def ours(
    stack: Stack, columns: list[Any], downloads: Any, wanted: str = "weights"
) -> tuple[Damages, int, int]:
    """All single and pair removals, by downloads and by models; numbers of classes and kinds."""
    facets = Facets(object=wanted)
    rows, sums = collapse(columns, [downloads, np.ones(len(downloads))])
    classes = classes_from(stack, rows)
    offer = offer_for(stack, classes, facets)
    counts = offer.at(int(facets.state))
    had = have_route(stack, facets, counts)
    weights = np.where(had, offer.sums(sums / sums.sum(axis=1, keepdims=True)), 0.0)
    return removal_damages(stack, facets, counts, weights), len(classes), len(counts)


class Search:
    """One model under one removal, walked anew: builds that hold it, and whether they live."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.slots: dict[str, dict[str, list[str]]] = {}
        for need in stack.needs:
            self.slots.setdefault(need.component, {}).setdefault(need.slot, []).append(
                need.provider
            )
        rows = stack.statements
        yes, no = STATUSES.index("yes"), STATUSES.index("no")
        self.pairs, self.named, self.denied = set(), set(), set()
        for runtime, backend, a, status in zip(
            rows.runtime.tolist(), rows.backend.tolist(), rows.architecture.tolist(),
            rows.status.tolist(), strict=True,
        ):  # fmt: skip
            key = (stack.components[runtime].id, a)
            if backend < 0 and status == yes:
                self.pairs.add(key)
            elif status == yes:
                self.named.add((*key, stack.components[backend].id))
            elif status == no:
                self.denied.add((*key, stack.components[backend].id))

    def has_route(self, architecture: int, removed: frozenset[str]) -> bool:
        for build in self.stack.builds:
            key = (build.runtime, architecture, build.backend)
            is_route = key in self.named or (
                (build.runtime, architecture) in self.pairs and key not in self.denied
            )
            if is_route and self.lives(build.id, removed):
                return True
        return False

    def lives(self, component: str, removed: frozenset[str]) -> bool:
        if component in removed:
            return False
        return all(
            any(self.lives(provider, removed) for provider in providers)
            for providers in self.slots.get(component, {}).values()
        )


def main() -> int:
    models = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000
    searches = int(sys.argv[2]) if len(sys.argv) > 2 else 4_000
    rng = np.random.default_rng(SEED)
    stack = made_up_stack(rng)
    columns, downloads = made_up_models(rng, models)
    start = time.perf_counter()
    found, classes, kinds = ours(stack, columns, downloads)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    among = removable(stack)
    removals = len(among) + len(found.places)
    print(f"models                {models:>14,}")
    print(f"components            {len(among):>14,}")
    print(f"outlets               {len(stack.outlets):>14,}")
    print(f"requirement classes   {classes:>14,}")
    print(f"kinds asked for       {kinds:>14,}  architecture and memory; any format will do")
    print(f"removals              {removals:>14,}  all single and pair")
    print(f"seconds, all          {seconds:>14.2f}  target {TARGET_SECONDS}")
    print(f"peak memory, MB       {peak / 1e6:>14,.0f}  target {TARGET_BYTES / 1e6:,.0f}")
    stack.memory.clear()
    start = time.perf_counter()
    _, _, kinds = ours(stack, columns, downloads, "file")
    for_files = time.perf_counter() - start
    peak = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    print(f"seconds, files        {for_files:>14.2f}  {kinds:,} kinds: every format independent")
    print(f"peak memory, MB       {peak / 1e6:>14,.0f}")

    # a sample of models under a sample of removals, each walked anew
    few = max(1, int(np.sqrt(searches)))
    picked = rng.choice(models, few, replace=False)
    sets = [
        frozenset(stack.components[among[p]].id for p in found.places[n].tolist())
        for n in rng.choice(len(found.places), few, replace=False).tolist()
    ]
    search = Search(stack)
    sample = [column[picked] for column in columns]
    start = time.perf_counter()
    walked = np.array(
        [[search.has_route(int(a), removed) for removed in sets] for a in sample[0].tolist()]
    )
    each = (time.perf_counter() - start) / walked.size
    naive = each * models * removals
    print(f"a search, microseconds{each * 1e6:>14,.1f}  on {walked.size:,} drawn")
    print(f"searches, all, days   {naive / 86_400:>14,.1f}")
    print(f"ratio                 {naive / seconds:>14,.0f}")
    wrong = differences(stack, sample, sets, walked)
    print(f"different answers     {wrong:>14,}")
    return 0 if not wrong and seconds <= TARGET_SECONDS and peak <= TARGET_BYTES else 1


def differences(stack: Stack, sample: list[Any], sets: list[frozenset[str]], walked: Any) -> int:
    """Answers of the search that are not ours."""
    facets = Facets()
    classes = classes_from(stack, np.stack(sample, axis=1).astype(np.int64))
    offer = offer_for(stack, classes, facets)
    counts = offer.at(int(State.PRODUCT))[offer.kind]
    words = outlets_alive(stack, facets, "value", removed_words(stack, [tuple(s) for s in sets]))
    bits = np.unpackbits(
        np.ascontiguousarray(reached(counts, words)).view(np.uint8), axis=1, bitorder="little",
        count=len(sets),
    )  # fmt: skip
    return int((bits.astype(bool) != walked).sum())


if __name__ == "__main__":
    sys.exit(main())
