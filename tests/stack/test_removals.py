"""What a removal takes, and what it says when it does not understand."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.stack.made_up import MadeUp, two_vendors

from underlay.errors import BadValueError, UnknownNameError
from underlay.stack.facets import State
from underlay.stack.parts import Component
from underlay.stack.removals import removal, removal_names


def takes(*asked: str, made: MadeUp | None = None, **how: object) -> set[str]:
    stack = (made or two_vendors()).stack()
    return set(removal(stack, asked, **how).components)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("nvidia", {"accelerator:hopper", "toolchain:cuda"}),
        ("NVIDIA", {"accelerator:hopper", "toolchain:cuda"}),
        ("nvidia:silicon", {"accelerator:hopper"}),
        ("nvidia:toolchain", {"toolchain:cuda"}),
        ("nvidia:code", {"runtime:tei"}),
        ("nvidia:services", set()),
        ("nvidia:all", {"accelerator:hopper", "toolchain:cuda", "runtime:tei"}),
        # an open toolchain outlives its owner, unless it is asked for
        ("amd", {"accelerator:cdna3"}),
        ("amd:toolchain", {"toolchain:rocm"}),
        # of unknown licence: taken, and said
        ("huawei", {"accelerator:ascend", "toolchain:cann"}),
        ("country:US", {"accelerator:hopper", "accelerator:cdna3", "toolchain:cuda"}),
        ("country:us:design", {"accelerator:hopper", "accelerator:cdna3", "toolchain:cuda"}),
        ("country:TW:fabrication", {"foundry:tsmc"}),
        ("country:US:code", {"runtime:vllm", "runtime:tei", "package:torch"}),
        ("foundry:TSMC", {"foundry:tsmc"}),
        ("runtime:vllm", {"runtime:vllm"}),
        ("package:torch", {"package:torch"}),
        ("toolchain:CUDA", {"toolchain:cuda"}),
        ("licence:MIT", {"toolchain:rocm"}),
        ("license:mit", {"toolchain:rocm"}),
        ("licence:closed", {"toolchain:cuda"}),
    ],
)
def test_what_goes(asked: str, expected: set[str]) -> None:
    assert takes(asked) == expected


def test_what_stays_is_said_with_its_reason() -> None:
    stack = two_vendors().stack()
    found = removal(stack, ["amd", "huawei"])
    assert [(each.component, each.reason) for each in found.spared] == [
        ("toolchain:rocm", "toolchain of amd, open licence")
    ]
    reasons = {each.component: each.reason for each in found.takes}
    assert reasons["toolchain:cann"] == "toolchain of huawei, licence unknown"


def test_removals_add_up_and_the_scope_is_for_those_without_one() -> None:
    assert takes("amd", "nvidia:code") == {"accelerator:cdna3", "runtime:tei"}
    assert takes("amd", "nvidia:code", scope="all") == {
        "accelerator:cdna3",
        "toolchain:rocm",
        "runtime:tei",
    }


def test_firms_that_the_owner_holds_go_with_it_from_their_day() -> None:
    made = two_vendors()
    made.components.append(
        Component("accelerator:bluefield", "accelerator", "DPU", "mellanox", "IL", "silicon")
    )
    assert "accelerator:bluefield" in takes("nvidia", made=made)
    assert "accelerator:bluefield" in takes("nvidia", made=made, as_of=dt.date(2020, 5, 1))
    assert "accelerator:bluefield" not in takes("nvidia", made=made, as_of=dt.date(2020, 1, 1))


def test_grades_and_licences_of_models() -> None:
    stack = two_vendors().stack()
    found = removal(stack, ["grade<documented", "grade<packaged", "grade<product"])
    assert (found.components, found.below, found.below_state) == ((), "packaged", State.PRODUCT)
    assert removal(stack, ["licence:permissive"]).licences == ("permissive",)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("nvida", "no owner or component of the stack is called `nvida`", "`nvidia`"),
        ("country:XX", "no country in the stack is called `XX`", "`CN`"),
        ("country:US:paint", "no scope of a country is called `paint`", "`silicon`"),
        ("nvidia:fame", "no scope of a removal is called `fame`", "`silicon`"),
        ("runtime:vlm", "no runtime in the stack is called `vlm`", "`vllm`"),
        ("foundry:tsmcc", "no foundry in the stack is called `tsmcc`", "`tsmc`"),
        ("licence:MTI", "no licence in the stack is called `MTI`", "`MIT`"),
        ("grade<great", "no grade is called `great`", "`measured`"),
    ],
)
def test_an_unknown_name_gives_near_ones(asked: str, message: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        takes(asked)
    assert str(error.value) == message
    assert hint in error.value.hint


@pytest.mark.parametrize("asked", ["", "runtime:", ":vllm", "weight<3"])
def test_what_is_no_removal_is_refused(asked: str) -> None:
    with pytest.raises(BadValueError):
        takes(asked)


def test_all_names_can_be_removed() -> None:
    stack = two_vendors().stack()
    names = removal_names(stack)
    assert {"nvidia", "country:CN", "runtime:vllm", "foundry:tsmc"} <= set(names)
    for name in names:
        removal(stack, [name])


def test_a_foundry_by_its_firm_loses_its_dies() -> None:
    stack = two_vendors().stack()
    assert removal(stack, ["tsmc"]).components == ("foundry:tsmc",)
    # written out, a scope means what it says
    assert removal(stack, ["tsmc:silicon"]).components == ()
