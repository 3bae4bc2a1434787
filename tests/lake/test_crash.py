"""Kill the writer at any moment: the lake opens at the old or at the new version, and is whole."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from underlay.lake import Lake
from underlay.lake.write import collect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and fork are POSIX")


def values(toy: Any) -> set[int]:
    found = toy.rows()
    assert len(found) in (0, 12)
    return {count for _, _, count in found}


def test_killed_before_each_file_operation(
    toy: Any, tmp_path: Path, process: Callable[..., Any], uniform: Callable[..., Any]
) -> None:
    toy.merge(*uniform(1))
    out = tmp_path / "out"
    child = process("crash", toy.root, out)
    printed, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    number = int(printed)
    seen = []
    for root in sorted(out.iterdir()):
        crashed = type(toy)(root)
        (value,) = values(crashed)
        seen.append(value)
        assert crashed.problems() == []
        # and the next writer is not in the way of what was left behind
        crashed.merge(*uniform(3))
        assert values(crashed) == {3}
        collect(root, crashed.now.replace(year=2100), 0)
        left = {name for name in crashed.files() if not name.startswith("versions/")}
        kept = len(list((root / "versions").iterdir()))
        assert not any(name.startswith("tmp/") for name in left)
        assert crashed.referenced() <= left
        assert kept <= 5
        assert crashed.problems() == []
    assert len(seen) == number
    assert seen == sorted(seen), "once new, it stays new"
    assert seen.count(1) >= 10
    assert seen.count(2) >= 2  # after the version is linked, and undisturbed


def kill_at_random(toy: Any, process: Callable[..., Any], rounds: int) -> None:
    newest = 0
    for number in range(rounds):
        child = process("forever", toy.root)
        said = int(child.stdout.readline())
        time.sleep(0.003 * (1 + number * 7 % 11))
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=60)
        said = max([said, *map(int, rest.split())])
        (value,) = values(toy)
        assert value in (said, said + 1)  # killed between the commit and the word about it
        assert value > newest
        newest = value
        assert toy.problems() == []
        assert len([r for r in Lake(toy.root).snapshots() if r.name == f"{value}.csv"]) == 1


def test_killed_at_random_moments(toy: Any, process: Callable[..., Any]) -> None:
    kill_at_random(toy, process, 5)


@pytest.mark.slow
def test_killed_at_many_random_moments(toy: Any, process: Callable[..., Any]) -> None:
    kill_at_random(toy, process, 60)
