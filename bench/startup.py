"""What it costs to start: wall time and peak memory of whole commands, as child processes.

    python bench/startup.py [ROUNDS]

Each command runs `ROUNDS` times (10), one after the other; the median time and the largest peak
memory are printed, and how many times the import of click alone each takes.
"""

from __future__ import annotations

import os
import statistics
import sys
import sysconfig
import time
from pathlib import Path

PYTHON = [sys.executable, "-c"]
UNDERLAY = str(Path(sysconfig.get_path("scripts")) / "underlay")
BASELINE = "python -c 'import click'"
COMMANDS: dict[str, list[str]] = {
    BASELINE: [*PYTHON, "import click"],  # first: the others are compared with it
    "python -c pass": [*PYTHON, "pass"],
    "underlay --help": [UNDERLAY, "--help"],
    "underlay report": [UNDERLAY, "report"],
}


def run(command: list[str]) -> tuple[float, int, int]:
    """(seconds, peak bytes, exit code) of one child, its output thrown away."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    os.close(nowhere)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return seconds, usage.ru_maxrss * unit, os.waitstatus_to_exitcode(status)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    medians: dict[str, float] = {}
    print(f"{'command':<26}  {'median s':>8}  {'peak MB':>8}  {'x click':>8}")
    for name, command in COMMANDS.items():
        runs = [run(command) for _ in range(rounds)]
        code = runs[0][2]
        if code > 1:
            print(f"{name:<26}  no answer (exit code {code})")
            continue
        medians[name] = statistics.median(seconds for seconds, _, _ in runs)
        peak = max(size for _, size, _ in runs) / 1e6
        ratio = medians[name] / medians[BASELINE]
        print(f"{name:<26}  {medians[name]:8.3f}  {peak:8.1f}  {ratio:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
