"""What makes an edge, and what beats what."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from tests.stack.made_up import MadeUp, Model, Row, two_vendors

from underlay.stack.evidence import edges, said
from underlay.stack.facets import State
from underlay.stack.parts import Build, Component, Need

if TYPE_CHECKING:
    from underlay.stack.evidence import Edges
    from underlay.stack.parts import Stack

PAIR = Row("runtime:vllm", "A")


def triple(**more: object) -> Row:
    return Row(
        **{"runtime": "runtime:vllm", "architecture": "A", "backend": "toolchain:rocm", **more}
    )  # type: ignore[arg-type]


def state(stack: Stack, found: Edges, build: str, line: str = "", architecture: str = "A") -> State:
    row = stack.architectures.index(architecture)
    (column,) = (
        n
        for n, outlet in enumerate(stack.outlets)
        if stack.builds[outlet.build].id == build
        and (not line or stack.components[outlet.line].id == line)
    )
    return State(int(found.states[row, column]))


def of(*rows: Row, build: str = "build:vllm/rocm", line: str = "") -> State:
    made = two_vendors()
    made.rows = [*rows, Row("runtime:tei", "Other")]
    made.models = [Model("a/a", "A")]
    stack = made.stack()
    return state(stack, edges(stack), build, line)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], State.UNKNOWN),
        ([PAIR], State.PRODUCT),
        ([Row("runtime:vllm", "A", is_fallback=True)], State.GENERIC),
        ([Row("runtime:vllm", "A", status="not-tested")], State.NOT_TESTED),
        ([triple()], State.NAMED),
        ([triple(evidence="reported")], State.NAMED),
        ([triple(evidence="ci")], State.CI),
        ([triple(evidence="measured"), triple(evidence="ci")], State.MEASURED),
        ([triple(evidence="conjecture")], State.UNKNOWN),
        ([triple(status="experimental", evidence="ci")], State.GENERIC),
        ([triple(is_fallback=True)], State.GENERIC),
        # a specific statement beats what is derived
        ([PAIR, triple(status="experimental")], State.GENERIC),
        ([PAIR, triple(status="no")], State.NO),
        ([PAIR, triple(status="no", evidence="conjecture")], State.PRODUCT),
        ([PAIR, triple(status="not-tested")], State.PRODUCT),
        ([triple(status="not-tested")], State.NOT_TESTED),
        ([triple(status="experimental"), triple(status="no")], State.NO),
        # sources differ, and one names the triple
        ([triple(), triple(status="no")], State.NAMED),
        # a no about one format is none about the architecture
        ([PAIR, triple(status="no", file_format="fp8")], State.PRODUCT),
        # dropped from the registry, unless it came back
        ([PAIR, Row("runtime:vllm", "A", status="removed", last="2026-06-01")], State.NO),
        ([PAIR, Row("runtime:vllm", "A", status="removed", last="2025-06-01")], State.PRODUCT),
        # training only
        ([Row("runtime:vllm", "A", use="training")], State.UNKNOWN),
    ],
)
def test_rules(rows: list[Row], expected: State) -> None:
    assert of(*rows) == expected


def test_a_no_for_one_backend_is_none_for_another() -> None:
    rows = (PAIR, triple(status="no"))
    assert of(*rows, build="build:vllm/cuda") == State.PRODUCT
    assert of(*rows, build="build:vllm/rocm") == State.NO


def test_a_registry_of_its_own_takes_only_rows_that_name_its_backend() -> None:
    assert of(PAIR, build="build:vllm/cann") == State.UNKNOWN
    assert of(triple(backend="toolchain:cann"), build="build:vllm/cann") == State.NAMED


def test_a_conflict_is_flagged_and_both_rows_stay() -> None:
    made = two_vendors()
    made.rows = [triple(), triple(status="no", source="vendor table")]
    stack = made.stack()
    found = edges(stack)
    row = stack.architectures.index("A")
    assert found.conflict[row].sum() == 1
    outlet = int(found.conflict[row].argmax())
    assert [(each.status, each.source) for each in said(stack, row, outlet)[:2]] == [
        ("yes", "made_up"),
        ("no", "vendor table"),
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("yes", State.PRODUCT),
        ("experimental", State.GENERIC),
        ("not-tested", State.NOT_TESTED),
        ("no", State.NO),
        ("removed", State.NO),
    ],
)
def test_a_build_caps_the_product(status: str, expected: State) -> None:
    made = two_vendors()
    made.rows = [PAIR]
    made.builds[1] = Build("build:vllm/rocm", "runtime:vllm", "toolchain:rocm", status=status)
    stack = made.stack()
    found = edges(stack)
    assert state(stack, found, "build:vllm/rocm") == expected
    column = next(n for n, o in enumerate(stack.outlets) if o.build == 1)
    assert bool(found.exists[column]) == (status in ("yes", "experimental"))


@pytest.mark.parametrize(
    ("held_since", "expected", "lags"),
    [
        ("0.9.0", State.PRODUCT, False),
        ("0.23", State.PRODUCT, False),
        ("0.24.1", State.UNKNOWN, True),
    ],
)
def test_a_build_takes_the_registry_of_its_release(
    held_since: str, expected: State, lags: bool
) -> None:
    made = two_vendors()
    made.rows = [Row("runtime:vllm", "A", version=held_since)]
    made.builds[1] = Build(
        "build:vllm/rocm", "runtime:vllm", "toolchain:rocm", tracks_version="v0.23.0rc1"
    )
    stack = made.stack()
    found = edges(stack)
    assert state(stack, found, "build:vllm/rocm") == expected
    assert state(stack, found, "build:vllm/cuda") == State.PRODUCT
    assert bool(found.lag.any()) == lags


def test_a_row_without_a_release_is_not_held_by_an_older_one() -> None:
    made = two_vendors()
    made.rows = [PAIR]
    made.builds[1] = Build(
        "build:vllm/rocm", "runtime:vllm", "toolchain:rocm", tracks_version="0.23.0"
    )
    stack = made.stack()
    assert state(stack, edges(stack), "build:vllm/rocm") == State.UNKNOWN


def test_a_closed_registry_without_the_class_is_a_conjecture_not_a_no() -> None:
    made = two_vendors()
    made.models = [Model("a/a", "A"), Model("a/b", "B")]
    made.rows = [Row("runtime:vllm", "B")]
    made.builds[0] = Build(
        "build:vllm/cuda", "runtime:vllm", "toolchain:cuda", is_registry_closed=True
    )
    stack = made.stack()
    found = edges(stack)
    assert state(stack, found, "build:vllm/cuda") == State.UNKNOWN
    assert found.conjecture[stack.architectures.index("A")].sum() == 1
    assert not found.conjecture[stack.architectures.index("B")].any()


def two_lines() -> MadeUp:
    made = two_vendors()
    made.components.append(
        Component("accelerator:cdna2", "accelerator", "CDNA2", "amd", "US", "silicon")
    )
    made.needs.append(Need("toolchain:rocm", "accelerator", "accelerator:cdna2"))
    return made


def test_a_source_that_names_a_line_speaks_of_that_line() -> None:
    made = two_lines()
    made.rows = [triple(line="accelerator:cdna3", evidence="measured")]
    stack = made.stack()
    found = edges(stack)
    assert state(stack, found, "build:vllm/rocm", "accelerator:cdna3") == State.MEASURED
    # the other line has the same build, and nobody says more
    assert state(stack, found, "build:vllm/rocm", "accelerator:cdna2") == State.PRODUCT


def test_where_a_source_lists_lines_only_the_named_ones_hold() -> None:
    made = two_lines()
    made.rows = [
        triple(line="accelerator:cdna3"),
        triple(architecture="B", line="accelerator:cdna2"),
    ]
    stack = made.stack()
    found = edges(stack)
    assert state(stack, found, "build:vllm/rocm", "accelerator:cdna2") == State.UNKNOWN
    assert state(stack, found, "build:vllm/rocm", "accelerator:cdna2", "B") == State.NAMED


def test_a_line_that_only_a_statement_names_is_an_outlet() -> None:
    made = two_vendors()
    made.components.append(
        Component("accelerator:navi", "accelerator", "Navi", "amd", "US", "silicon")
    )
    made.rows = [triple(line="accelerator:navi")]
    stack = made.stack()
    assert state(stack, edges(stack), "build:vllm/rocm", "accelerator:navi") == State.NAMED


def test_evidence_below_a_grade_is_left_out() -> None:
    made = two_vendors()
    made.rows = [PAIR, triple(evidence="reported"), triple(backend="toolchain:cuda", evidence="ci")]
    stack = made.stack()
    found = edges(stack, below="documented")
    assert state(stack, found, "build:vllm/rocm") == State.PRODUCT
    found = edges(stack, below="ci")
    assert state(stack, found, "build:vllm/rocm") == State.UNKNOWN
    assert state(stack, found, "build:vllm/cuda") == State.CI


def test_evidence_of_a_later_day_is_left_out() -> None:
    made = two_vendors()
    made.rows = [
        Row("runtime:vllm", "A", first="2024-01-01"),
        triple(first="2025-06-01"),
        triple(backend="toolchain:cuda", first="", last="2025-09-01"),
        triple(backend="toolchain:cann", first="", last=""),
    ]
    stack = made.stack()

    def at(day: str, build: str) -> State:
        until = (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days
        return state(stack, edges(stack, until=until), build)

    # builds have no day in this stack, so nothing stands on them before the end
    assert at("2025-05-31", "build:vllm/rocm") == State.UNKNOWN
    assert at("2025-06-01", "build:vllm/rocm") == State.NAMED
    assert at("2025-08-31", "build:vllm/cuda") == State.UNKNOWN
    assert at("2025-09-01", "build:vllm/cuda") == State.NAMED
    assert at("2026-09-01", "build:vllm/cann") == State.UNKNOWN
