"""Blocks of code in Markdown: where they stand, and that none costs more than its length."""

from __future__ import annotations

import time

import pytest

from underlay.audit.readers.fences import code_blocks


def bodies(source: str) -> list[tuple[str, str]]:
    return [(b.language, source[b.start : b.end]) for b in code_blocks(source)]


def test_languages_bodies_and_places() -> None:
    source = "a\n```bash\nls\n```\nb\n  ~~~ {.python}\n  x = 1\n  ~~~\n```\nplain\n```\n"
    assert bodies(source) == [("bash", "ls\n"), ("python", "  x = 1\n"), ("", "plain\n")]
    first = next(code_blocks(source))
    assert source[first.open : first.close] == "```bash\nls\n```"


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert bodies("````md\n```sh\nls\n```\n````\n") == [("md", "```sh\nls\n```\n")]


def test_tildes_hold_backticks() -> None:
    assert bodies("~~~\n```\nx\n```\n~~~\n```sh\ny\n```") == [("", "```\nx\n```\n"), ("sh", "y\n")]


def test_backticks_inside_a_line_open_nothing() -> None:
    assert bodies("say ```ls``` here\nand ```\n```sh\nls\nend ```\n```\n") == [
        ("sh", "ls\nend ```\n")
    ]


def test_a_block_that_is_left_open_goes_to_the_end() -> None:
    assert bodies("```sh\npip install x") == [("sh", "pip install x")]
    assert bodies("```sh") == []
    assert bodies("") == []


@pytest.mark.parametrize(
    "source",
    ["x ``` " * 60_000, "```\n~~~~\n" * 40_000, "````\n" + "x ```` " * 60_000, "`" * 400_000],
)
def test_hostile_lines_cost_no_square(source: str) -> None:
    start = time.process_time()
    assert sum(1 for _ in code_blocks(source)) <= 80_000
    assert time.process_time() - start < 3
