"""How much evidence there is, counted by hand."""

from __future__ import annotations

from tests.stack.made_up import MadeUp, Row, two_vendors

from underlay.stack.summary import GradeCount, summary


def test_counts_by_hand() -> None:
    made = two_vendors()
    made.rows.append(Row("runtime:vllm", "Denied", "toolchain:cuda", status="not-tested"))
    found = summary(made.stack())
    counts = {each.grade: each for each in found.grades}
    assert counts["ci"] == GradeCount("ci", 1, 1, 1, 1, 1, 1, 1, 1)
    # `Both` on ROCm, `Ascended` on CANN
    assert counts["named"] == GradeCount("named", 2, 1, 2, 2, 2, 2, 1, 2)
    # `Both` and `Ascended` on three more builds each less one, `Denied` on two, `Closed` on one
    assert counts["product"].edges == 2 + 2 + 3 + 2 + 1
    assert counts["product"].runtimes == 2
    assert found.of == 4 * 5
    assert found.states["no"] == 1
    others = (found.states[name] for name in ("no", "not-tested", "unknown"))
    assert counts["generic"].edges + sum(others) == found.of == sum(found.states.values())
    assert found.known == 1 - found.states["unknown"] / found.of
    assert found.to_dict()["grades"][0]["grade"] == "measured"


def test_nothing_is_nothing() -> None:
    found = summary(MadeUp().stack())
    assert (found.of, found.known, sum(found.states.values())) == (0, None, 0)
    assert {each.edges for each in found.grades} == {0}
