"""Shares of one job in processes of their own: forked, so that nothing has to be handed over."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_processes"]


def in_processes(
    part: Callable[[int, int], dict[str, Any]], count: int | None = None
) -> list[dict[str, Any]]:
    """`part(number, count)` for each number below `count`, in order; each gives JSON.

    The first share runs here, the others in forked children. A child that fails costs time only:
    its share is then done here. Where the system can't fork, there is one share.
    """
    if count is None:
        count = min(2, _cores())
    if count < 2 or not hasattr(os, "fork") or sys.platform == "darwin":
        return [part(0, 1)]
    children = [_start(part, number, count) for number in range(1, count)]
    try:
        parts = [part(0, count)]
    except BaseException:
        for child in children:
            _collect(child)
        raise
    for number, child in enumerate(children, 1):
        found = _collect(child)
        parts.append(found if found is not None else part(number, count))
    return parts


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _start(
    part: Callable[[int, int], dict[str, Any]], number: int, count: int
) -> tuple[int, int] | None:
    """Process id and the end of a pipe to read the child's answer from."""
    source, sink = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        with warnings.catch_warnings():
            # other threads of this process don't take part, and the child never waits for them
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError:
        os.close(source)
        os.close(sink)
        return None
    if child:
        os.close(sink)
        return child, source
    status = 1
    try:
        os.close(source)
        answer = json.dumps(part(number, count), separators=(",", ":")).encode()
        with os.fdopen(sink, "wb") as pipe:
            pipe.write(answer)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the parent does this share again
        status = 1
    finally:
        os._exit(status)  # nothing of the parent may be cleaned up twice


def _collect(child: tuple[int, int] | None) -> dict[str, Any] | None:
    """The child's answer, or None where it gave none."""
    if child is None:
        return None
    number, source = child
    with os.fdopen(source, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(number, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        return None
    try:
        found: dict[str, Any] = json.loads(answer)
    except ValueError:
        return None
    return found
