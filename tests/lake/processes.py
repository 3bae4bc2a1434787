"""Child processes of the lake's tests: writers, readers and collectors that may be killed.

python processes.py forever ROOT        commit version after version, print each number
python processes.py crash BASE OUT      one child per file operation, killed just before it
python processes.py add ROOT NAME N     commit N rows of one's own, one by one
python processes.py read ROOT N         read until N versions were seen; exit 1 at half a one
python processes.py collect ROOT SECONDS  collect again and again
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from underlay.errors import LakeBusyError
from underlay.lake import Lake
from underlay.lake.state import SnapshotRef
from underlay.lake.write import Transaction, collect
from underlay.tables import Batch, Column, Table

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
COUNTED = Table(
    name="raw_toy__count",
    doc="One row per name and day.",
    key=("seen_on", "name"),
    columns=(
        Column("seen_on", "date", "day", True),
        Column("name", "string", "name", True),
        Column("downloads_count", "int64", "number"),
    ),
    partition_by="seen_on",
    grain="month",
)
# what a commit asks of the file system; each is announced just before it happens
OPERATIONS = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.utime"}


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def commit(root: Path, value: int) -> None:
    rows = [(month, name) for month in (1, 2, 3) for name in "abcd"]
    transaction = Transaction(root)
    ref = SnapshotRef("toy", f"{value}.csv", "https://example.org", "", "", 0, "MIT")
    transaction.add_snapshot(str(value).encode(), ref)
    transaction.merge(
        Batch.from_lists(
            COUNTED,
            {
                "seen_on": [dt.date(2026, month, 1) for month, _ in rows],
                "name": [name for _, name in rows],
                "downloads_count": [value] * len(rows),
            },
        )
    )
    transaction.commit(NOW)


def values(root: Path) -> set[int]:
    cells = Lake(root).read(COUNTED).data["downloads_count"].to_pylist()
    assert len(cells) in (0, 12), f"{len(cells)} rows"
    return set(cells)


def forever(root: Path) -> None:
    value = max(values(root), default=0) if (root / "versions").is_dir() else 0
    while True:
        value += 1
        commit(root, value)
        say(value)


def crash(base: Path, out: Path) -> None:
    number = 0
    while True:
        number += 1
        root = out / f"{number:03d}"
        shutil.copytree(base, root)
        child = os.fork()
        if child == 0:
            count_down(root, number)
            commit(root, 2)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            say(number)
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


def count_down(root: Path, number: int) -> None:
    """Kill this process just before its `number`-th operation on the lake."""
    left = [number]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in OPERATIONS and str(arguments[0]).startswith(str(root)):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def add(root: Path, name: str, count: int) -> None:
    for number in range(count):
        batch = Batch.from_lists(
            COUNTED,
            {
                "seen_on": [dt.date(2026, 1, 1)],
                "name": [f"{name}{number}"],
                "downloads_count": [number],
            },
        )
        for _ in range(50):
            transaction = Transaction(root)
            transaction.merge(batch)
            try:
                transaction.commit(NOW)
            except LakeBusyError:
                continue
            break


def read(root: Path, versions: int) -> None:
    end = time.monotonic() + 100  # however slow the machine, the writer gets its turn by then
    seen: list[int] = []
    while len(seen) < versions and time.monotonic() < end:
        found = values(root)
        assert len(found) == 1, f"half a version: {found}"
        newest = max(found)
        assert not seen or newest >= seen[-1], "an older version after a newer one"
        if not seen or newest > seen[-1]:
            seen.append(newest)
    say(len(seen))


def collect_often(root: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    removed = 0
    while time.monotonic() < end:
        removed += len(collect(root, dt.datetime.now(dt.UTC), 0.3))
    say(removed)


if __name__ == "__main__":
    mode, place, *rest = sys.argv[1:]
    if mode == "forever":
        forever(Path(place))
    elif mode == "crash":
        crash(Path(place), Path(rest[0]))
    elif mode == "add":
        add(Path(place), rest[0], int(rest[1]))
    elif mode == "read":
        read(Path(place), int(rest[0]))
    elif mode == "collect":
        collect_often(Path(place), float(rest[0]))
    else:
        sys.exit(f"no such mode: {mode}")
