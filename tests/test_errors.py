"""Every error says what, and what next, in one sentence each, and survives a process border."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from underlay import errors
from underlay.errors import UnderlayError

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "UnknownNameError": ("figure", "downlods_share", ["downloads_share", "tokens_share"]),
    "NoDataError": ("downloads_share", "2019-01-01", "2022-07 to 2026-06"),
    "BadValueError": ("--by", "continent", "one of maker, country"),
    "NotComputableError": ("tokens_share", "no table holds tokens", "OpenRouter's usage"),
    "UnreadableError": ("top.csv", "not UTF-8 at byte 7"),
    "SchemaError": ("raw_x__y", "no column `a`"),
    "CheckError": ("raw_x__y", "`a` must be at least 0", "3 rows"),
    "CorruptError": ("a.parquet", "sha256 12…", "34…"),
    "CorrectionError": ("qwen country", "no row has that value"),
}


def every(kind: type[UnderlayError] = UnderlayError) -> list[type[UnderlayError]]:
    below = [one for child in kind.__subclasses__() for one in every(child)]
    return [kind, *below]


def made(kind: type[UnderlayError]) -> UnderlayError:
    arguments = ARGUMENTS.get(kind.__name__, ("/some/lake",) if kind.fields else ())
    return kind(*arguments)


LEAVES = [kind for kind in every() if not kind.__subclasses__()]


@pytest.mark.parametrize("kind", every(), ids=lambda kind: kind.__name__)
def test_it_prints_and_survives_copying(kind: type[UnderlayError]) -> None:
    error = made(kind)
    assert str(error) == error.message
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is kind
        assert (again.message, again.hint) == (error.message, error.hint)
        assert [getattr(again, name) for name in kind.fields] == [
            getattr(error, name) for name in kind.fields
        ]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_it_names_the_thing_and_the_next_step(kind: type[UnderlayError]) -> None:
    error = made(kind)
    assert "`" in error.message
    assert error.hint
    for text in (error.message, error.hint):
        assert "\n" not in text
        assert not text.endswith(".")
        assert text[0].islower() or text[0] == "`"


@pytest.mark.parametrize("kind", every(), ids=lambda kind: kind.__name__)
def test_a_wrong_number_of_arguments_raises(kind: type[UnderlayError]) -> None:
    with pytest.raises(TypeError):
        kind(*(["x"] * (len(kind.fields) + 2)))


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = re.findall(r"^([│ ]*)(?:[├└]── )?(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    parents: dict[str, str] = {}
    last: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│├└─ ]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            last[depth] = found[2]
            if depth:
                parents[found[2]] = last[depth - 1]
    assert drawn
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in every()[1:]}
    assert parents == real


def test_every_public_name_is_an_error_and_every_error_is_public() -> None:
    public = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and "Error" in name
    }
    assert set(errors.__all__) == public
    assert {kind.__name__ for kind in every()} <= public


def test_near_names_are_offered() -> None:
    assert errors.UnknownNameError("x", "shre", ["share", "level"]).hint == "did you mean `share`?"
    assert errors.UnknownNameError("x", "q", ["share", "level"]).hint == "there is `share`, `level`"
    many = [f"name{i}" for i in range(20)]
    assert errors.UnknownNameError("x", "q", many).hint.endswith("and 8 more")
    assert errors.UnknownNameError("x", "q").hint == ""
