"""What a removal costs: by hand on a small stack, and by brute force on random ones."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stack.made_up import MadeUp, Model, Row, two_vendors

from underlay.errors import NoDataError, UnknownNameError
from underlay.stack.facets import GRADES, OPTIONS, Facets
from underlay.stack.parts import Build, Component, Need, Stack
from underlay.stack.removals import Removal, Taken, removal
from underlay.stack.whatif import Rung, horizons, whatif


def headline(asked: list[str], made: MadeUp | None = None, **where: str) -> Rung:
    stack = (made or two_vendors()).stack()
    found = whatif(stack, removal(stack, asked), Facets.of(where)).weights["downloads"].headline
    assert found is not None
    return found


def test_the_ladder_by_hand() -> None:
    stack = two_vendors().stack()
    found = whatif(stack, removal(stack, ["nvidia"]))
    ladder = {rung.grade: rung for rung in found.weights["downloads"].ladder}
    # `Denied` has no route but CUDA's, `Closed` an engine of its own there; `mystery` none at all
    assert ladder["product"] == Rung("product", 0.35, 0.0, 0.35, 0.6, 0.05)
    assert ladder["named"] == Rung("named", 0.0, 0.0, 0.0, 0.6, 0.4)
    assert ladder["ci"] == Rung("ci", 0.0, 0.0, 0.0, 0.5, 0.5)
    assert ladder["measured"] == Rung("measured", 0.0, 0.0, 0.0, 0.0, 1.0)
    assert found.weights["models"].headline == Rung("product", 0.4, 0.0, 0.4, 0.4, 0.2)
    assert found.weights["tokens"].headline is None
    assert found.weights["tokens"].reason == "none in a made-up list"


def test_upper_counts_only_routes_that_a_source_names() -> None:
    made = two_vendors()
    made.rows.append(Row("runtime:tei", "Both"))
    # without vLLM's code `Both` still has a product of TEI on CUDA, which nobody names
    assert headline(["runtime:vllm"], made).value == pytest.approx(0.3)
    # `Closed` never ran on vLLM: whatever is named of it, it isn't hit
    assert headline(["runtime:vllm"], made).upper == pytest.approx(0.8)


def test_unknown_foundries_are_neutral_and_perhaps_the_one_removed() -> None:
    # Ascend's foundry is unknown: kept in the value, lost in the upper bound
    assert headline(["foundry:TSMC"]).value == pytest.approx(0.85)
    assert headline(["foundry:TSMC"]).upper == pytest.approx(0.95)
    assert headline(["foundry:TSMC"]).lower == 0.0
    # while no foundry is touched, nothing is lost to an unknown one
    assert headline(["runtime:tei"], grade="named").upper == 0.0
    assert headline(["foundry:TSMC"], grade="named").upper == pytest.approx(0.6)


def test_an_unknown_provider_beside_a_named_one_counts_in_the_lower_bound_only() -> None:
    made = two_vendors()
    made.rows = [Row("runtime:tei", "Closed", "toolchain:cuda")]
    made.builds = [made.builds[4]]
    made.needs.append(Need("accelerator:hopper", "foundry", "unknown"))
    found = headline(["foundry:TSMC"], made)
    assert (found.lower, found.value, found.upper) == (0.0, 0.15, 0.15)


def test_installed_machines_do_not_need_their_foundry() -> None:
    assert headline(["foundry:TSMC"], supply="installed").value == 0.0
    assert headline(["nvidia"], supply="installed").value == pytest.approx(0.35)


def test_routes_on_processors_are_off_by_default() -> None:
    # vLLM's processor build takes what its registry holds
    assert headline(["nvidia"], routes="all").value == pytest.approx(0.15)
    assert headline(["nvidia"], routes="cpu").no_evidence == pytest.approx(0.2)
    assert headline(["nvidia"], routes="runs").no_evidence == 1.0


def test_memory_gates_one_machine_only() -> None:
    made = two_vendors()
    made.models = [
        Model("a/small", "Both", 60, parameters=1e9),
        Model("a/huge", "Both", 30, parameters=1e12),
        Model("a/sizeless", "Both", 10),
    ]
    assert headline([], made, routes="cpu").no_evidence == pytest.approx(0.3)
    assert headline([], made, routes="serving").no_evidence == 0.0
    made.rows.append(Row("runtime:vllm", "Both", "toolchain:cpu", evidence="ci"))
    # of unknown size: fits in the value, does not in the upper bound
    found = headline(["nvidia", "amd"], made, routes="all")
    assert (found.value, found.upper) == (pytest.approx(0.3), pytest.approx(0.4))
    # nothing removed, nothing lost
    assert headline([], made, routes="cpu").upper == 0.0


def test_a_file_needs_a_reader_of_its_format() -> None:
    made = two_vendors()
    made.models = [
        Model("a/plain", "Both", 40),
        Model("a/gguf", "Both", 30, file_format="gguf", quantisation="gguf-q4"),
        Model("a/gguf-open", "Both", 20, file_format="gguf", quantisation="gguf",
              is_convertible=True),
        Model("a/awq", "Both", 10, quantisation="awq"),
    ]  # fmt: skip
    assert headline([], made).no_evidence == 0.0
    assert headline([], made, object="file").no_evidence == pytest.approx(0.6)
    # what can be converted has a generic route
    found = headline([], made, object="file", grade="generic")
    assert found.no_evidence == pytest.approx(0.4)
    # AWQ on CUDA only, as one row for the runtime and one no
    made.rows += [
        Row("runtime:vllm", file_format="awq"),
        Row("runtime:vllm", backend="toolchain:rocm", file_format="awq", status="no"),
    ]
    assert headline([], made, object="file").no_evidence == pytest.approx(0.5)
    assert headline(["nvidia"], made, object="file").value == pytest.approx(0.1)


def test_evidence_below_a_grade_goes_but_builds_that_are_named_stay() -> None:
    assert headline(["grade<ci"], grade="ci").value == 0.0
    assert headline(["grade<ci"]).kept == pytest.approx(0.5)
    assert headline(["grade<named"]).kept == pytest.approx(0.6)


def test_models_of_a_licence_go_in_all_bounds() -> None:
    made = two_vendors()
    made.models[0] = replace(made.models[0], licence="research-only")
    found = headline(["licence:research-only"], made, grade="ci")
    assert (found.value, found.lower, found.upper) == (0.5, 0.5, 0.5)


def test_population_fixtures_and_largest() -> None:
    made = two_vendors()
    made.models += [
        Model("hf-internal-testing/tiny-random-Both", "Both", 100),
        Model("a/pictures", "Both", 300, modality="vision"),
    ]
    assert headline(["nvidia"], made).value == pytest.approx(0.35 / 2)
    assert headline(["nvidia"], made, fixtures="drop").value == pytest.approx(0.35)
    assert headline(["nvidia"], made, population="all").value == pytest.approx(0.35 / 5)
    dropped = headline(["nvidia"], made, fixtures="drop", largest="drop")
    assert dropped.value == pytest.approx(0.7)


def test_parties_add_up() -> None:
    stack = two_vendors().stack()
    found = whatif(stack, removal(stack, ["nvidia"]))
    for parts in (found.by_country, found.by_openness):
        of = [part for part in parts if part.weight == "downloads"]
        assert sum(part.share for part in of) == pytest.approx(1)
        assert sum(part.share * part.value for part in of) == pytest.approx(0.35)
    values = {part.key: part.value for part in found.by_country if part.weight == "downloads"}
    assert values == {"US": 0.0, "CN": 0.5, "FR": 1.0}


def test_lost_and_kept_models_come_with_their_reasons() -> None:
    stack = two_vendors().stack()
    found = whatif(stack, removal(stack, ["nvidia"]))
    assert [each.model for each in found.lost] == ["a/denied", "a/closed"]
    denied = found.lost[0]
    assert denied.had.backend == "toolchain:cuda"
    assert (denied.slot, denied.needs) == ("accelerator", "accelerator:hopper")
    # of the accelerated builds that are left
    assert denied.searched == {"documented-no": 1, "unknown": 1}
    assert (denied.nearest, denied.nearest_state) == ("build:vllm/cann", "unknown")
    assert [(each.model, each.route, each.grade) for each in found.kept] == [
        ("a/both", "vllm on rocm, cdna3", "ci"),
        ("a/ascended", "vllm on cann, ascend", "named"),
    ]
    assert found.kept[0].best.seen_on == "2026-01-01"
    assert [(s.backend, s.only) for s in found.substitutes] == [
        ("toolchain:rocm", 0.5),
        ("toolchain:cann", 0.0),
    ]
    assert sum(each.split for each in found.substitutes) == pytest.approx(0.6)


def test_the_slot_that_breaks_may_be_far_below() -> None:
    stack = two_vendors().stack()
    lost = {each.model: each for each in whatif(stack, removal(stack, ["package:torch"])).lost}
    assert (lost["a/both"].slot, lost["a/both"].needs) == ("framework", "package:torch")
    lost = {each.model: each for each in whatif(stack, removal(stack, ["foundry:tsmc"])).lost}
    assert (lost["a/both"].slot, lost["a/both"].needs) == ("foundry", "foundry:tsmc")


def test_the_answer_is_plain_json() -> None:
    stack = two_vendors().stack()
    answer = whatif(stack, removal(stack, ["nvidia"])).to_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["schema"] == "underlay/whatif/1"
    assert [rung["grade"] for rung in answer["ladder"]] == list(GRADES)
    assert answer["weights"]["tokens"]["value"] is None


def test_a_list_without_models_has_no_answer() -> None:
    made = two_vendors()
    made.models = [Model("a/pictures", "Both", modality="vision")]
    stack = made.stack()
    with pytest.raises(NoDataError, match="has no data for population=text"):
        whatif(stack, removal(stack, ["nvidia"]))


def test_horizons_go_by_what_had_been_seen() -> None:
    made = two_vendors()
    made.rows = [
        Row("runtime:vllm", "Both", "toolchain:cuda", first="2024-02-01"),
        Row("runtime:vllm", "Both", "toolchain:rocm", first="2025-05-01"),
    ]
    stack = made.stack()
    found = horizons(stack, removal(stack, ["nvidia"]), builds="today")
    by_day = {each.date: each for each in found}
    assert found[0].date == dt.date(2024, 3, 31)
    assert by_day[dt.date(2025, 3, 31)].value == pytest.approx(0.5)
    assert by_day[dt.date(2025, 6, 30)].value == 0.0
    assert found[-1].date == dt.date(2026, 1, 1)
    # builds of this stack have no day, so nothing stood on them
    assert horizons(stack, removal(stack, ["nvidia"])) == ()
    with pytest.raises(UnknownNameError, match="no option of `builds`"):
        horizons(stack, removal(stack, ["nvidia"]), builds="all")


NAMES = ("r0", "r1", "r2")
BACKENDS = ("b0", "b1", "b2", "b3")
PACKAGES = ("p0", "p1", "p2")
LINES = ("l0", "l1", "l2")
FOUNDRIES = ("f0", "f1")
CLASSES = ("A", "B", "C", "D")


@st.composite
def random_parts(draw: st.DrawFn) -> MadeUp:
    """A stack of five layers with random needs, statements and models."""
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))  # noqa: S311 - not for secrets
    made = MadeUp()
    layers = {
        "runtime": NAMES, "toolchain": BACKENDS, "package": PACKAGES, "accelerator": LINES,
        "foundry": FOUNDRIES,
    }  # fmt: skip
    for layer, names in layers.items():
        made.components += [Component(f"{layer}:{n}", layer, n, f"owner-{n}") for n in names]

    def needs(owner: str, slot: str, layer: str, names: tuple[str, ...]) -> None:
        for name in rng.sample(names, rng.randint(1, len(names))):
            made.needs.append(Need(owner, slot, f"{layer}:{name}"))
        if rng.random() < 0.2:
            made.needs.append(Need(owner, slot, "unknown"))

    for name in NAMES:
        for slot in range(rng.randint(0, 2)):
            needs(f"runtime:{name}", f"package {slot}", "package", PACKAGES)
    for name in BACKENDS:
        needs(f"toolchain:{name}", "accelerator", "accelerator", LINES)
    for name in LINES:
        if rng.random() < 0.8:
            needs(f"accelerator:{name}", "foundry", "foundry", FOUNDRIES)
        else:
            made.needs.append(Need(f"accelerator:{name}", "foundry", "unknown"))
    for runtime, backend in product(NAMES, BACKENDS):
        if rng.random() < 0.5:
            made.builds.append(
                Build(
                    f"build:{runtime}/{backend}", f"runtime:{runtime}", f"toolchain:{backend}",
                    rng.choice(("serving", "runs", "cpu")),
                    status=rng.choice(("yes", "yes", "experimental", "not-tested")),
                    has_own_registry=rng.random() < 0.2,
                )
            )  # fmt: skip
    for runtime, name in product(NAMES, CLASSES):
        if rng.random() < 0.5:
            made.rows.append(Row(f"runtime:{runtime}", name, is_fallback=rng.random() < 0.2))
        for backend in BACKENDS:
            if rng.random() < 0.3:
                made.rows.append(
                    Row(
                        f"runtime:{runtime}", name, f"toolchain:{backend}",
                        status=rng.choice(("yes", "yes", "no", "experimental", "not-tested")),
                        evidence=rng.choice(("measured", "ci", "packaged", "reported")),
                    )
                )  # fmt: skip
    for number in range(8):
        made.models.append(
            Model(
                f"m{number}", rng.choice((*CLASSES, "unknown")), rng.randint(1, 20),
                rng.choice(("US", "CN")),
            )
        )  # fmt: skip
    return made


facets = st.builds(
    Facets,
    grade=st.sampled_from(GRADES),
    routes=st.sampled_from([name for name, _ in OPTIONS["routes"]]),
    supply=st.sampled_from(["new", "installed"]),
)


def removing(stack: Stack, ids: list[str]) -> Removal:
    return Removal(tuple(ids), tuple(Taken(i, i, "", "", "", "") for i in sorted(set(ids))))


def some_ids(made: MadeUp) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([c.id for c in made.components]), max_size=4)


@given(st.data(), facets)
def test_laws_of_the_bounds(data: st.DataObject, where: Facets) -> None:
    made = data.draw(random_parts())
    stack = made.stack()
    gone = data.draw(some_ids(made))
    for share in whatif(stack, removing(stack, gone), where).weights.values():
        for rung in share.ladder:
            assert 0 <= rung.lower <= rung.value <= rung.upper <= 1 + 1e-12
            assert rung.value + rung.kept + rung.no_evidence == pytest.approx(1)


@given(st.data(), facets)
def test_removing_more_never_restores_a_route(data: st.DataObject, where: Facets) -> None:
    made = data.draw(random_parts())
    stack = made.stack()
    some, more = data.draw(some_ids(made)), data.draw(some_ids(made))
    before = whatif(stack, removing(stack, some), where, top=100)
    after = whatif(stack, removing(stack, some + more), where, top=100)
    assert {m.model for m in before.lost} <= {m.model for m in after.lost}
    assert {m.model for m in after.kept} <= {m.model for m in before.kept}
    for weight in ("models", "downloads"):
        for one, other in zip(
            before.weights[weight].ladder, after.weights[weight].ladder, strict=True
        ):
            assert one.value <= other.value
            assert one.lower <= other.lower
            assert one.upper <= other.upper
            assert one.no_evidence == other.no_evidence


@given(st.data(), facets)
def test_the_order_of_everything_does_not_matter(data: st.DataObject, where: Facets) -> None:
    made = data.draw(random_parts())
    gone = data.draw(some_ids(made))
    seed = data.draw(st.integers(0, 999))
    answers = []
    for _ in range(2):
        stack = made.stack()
        answers.append(whatif(stack, removing(stack, gone), where).to_dict())
        rng = random.Random(seed)  # noqa: S311 - not for secrets
        for column in (made.components, made.needs, made.builds, made.rows):
            rng.shuffle(column)
    assert answers[0] == answers[1]


def brute_lost(made: MadeUp, gone: set[str], where: Facets) -> tuple[set[str], set[str]]:
    """(models that had a route, models that have none after), by sets and the rules in words."""
    kinds = {"accelerated": ("serving", "runs"), "all": ("serving", "runs", "cpu")}.get(
        where.routes, (where.routes,)
    )
    slots: dict[str, dict[str, set[str]]] = {}
    for need in made.needs:
        if where.supply == "installed" and need.slot == "foundry":
            continue
        slots.setdefault(need.component, {}).setdefault(need.slot, set()).add(need.provider)

    def lives(component: str, removed: set[str]) -> bool:
        if component in removed:
            return False
        for providers in slots.get(component, {}).values():
            named = providers - {"unknown"}
            if named and not any(lives(p, removed) for p in named):
                return False
        return True

    grades = {"packaged": "named", "reported": "named", "ci": "ci", "measured": "measured"}

    def best(build: Build, name: str) -> str | None:
        """The grade of the edge, None where it is no route."""
        rows = [r for r in made.rows if r.runtime == build.runtime and r.architecture == name]
        triples = [r for r in rows if r.backend == build.backend]
        named = [grades[r.evidence] for r in triples if r.status == "yes"]
        if named:
            return min(named, key=GRADES.index)
        if any(r.status == "no" for r in triples):
            return None
        if any(r.status == "experimental" for r in triples):
            return "generic"
        pairs = [r for r in rows if r.backend == "any"]
        if build.has_own_registry or not pairs or build.status == "not-tested":
            return None
        is_weak = pairs[0].is_fallback or build.status == "experimental"
        return "generic" if is_weak else "product"

    def has_route(name: str, removed: set[str]) -> bool:
        for build in made.builds:
            grade = best(build, name)
            if build.route_class not in kinds or grade is None:
                continue
            if GRADES.index(grade) > GRADES.index(where.grade):
                continue
            chain = [build.runtime, build.backend]
            if all(lives(component, removed) for component in chain):
                return True
        return False

    had = {m.name for m in made.models if has_route(m.architecture, set())}
    return had, {
        m.name for m in made.models if m.name in had and not has_route(m.architecture, gone)
    }


@given(st.data(), facets)
def test_value_is_what_brute_force_finds(data: st.DataObject, where: Facets) -> None:
    made = data.draw(random_parts())
    gone = data.draw(some_ids(made))
    stack = made.stack()
    had, lost = brute_lost(made, set(gone), where)
    found = whatif(stack, removing(stack, gone), where, top=100)
    assert {each.model for each in found.lost} == lost
    assert {each.model for each in found.kept} == had - lost
    total = sum(m.downloads for m in made.models)
    share = found.weights["downloads"].headline
    assert share is not None
    assert share.value == pytest.approx(
        sum(m.downloads for m in made.models if m.name in lost) / total
    )


def test_facets_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="no facet of the stack is called `objekt`"):
        Facets.of({"objekt": "file"})
    with pytest.raises(UnknownNameError, match="no option of `object` is called `files`"):
        Facets.of({"object": "files"})
    assert Facets.of({"object": "file"}) == Facets(object="file")
    defaults = Facets().to_dict()
    assert defaults == {name: options[0][0] for name, options in OPTIONS.items()}
    assert np.all([reason for options in OPTIONS.values() for _, reason in options])
