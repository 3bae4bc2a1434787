"""The schemas in docs/schema are those of the code, and real answers fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from underlay.api import OpenLake
from underlay.claims import reproduce
from underlay.claims.checked import check
from underlay.claims.ledger import assess
from underlay.cli.schemas import SCHEMAS, text_of
from underlay.config import settings
from underlay.lake import embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


@pytest.fixture(scope="module")
def lake() -> Iterator[OpenLake]:
    """The embedded snapshot."""
    if not (embedded().root / "versions").is_dir():
        pytest.skip("no embedded snapshot; `underlay bundle` makes it")
    with OpenLake(embedded(), settings({})) as opened:
        yield opened


def fits(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer as a program reads it, after it was held against its schema."""
    read: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
    jsonschema.Draft202012Validator(SCHEMAS[name]()).validate(read)
    return read


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_what_the_code_says(name: str) -> None:
    """Written by `python -m underlay.cli.schemas docs/schema`."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())
    assert (FOLDER / f"{name}.json").read_text("utf-8") == text_of(name)
    assert SCHEMAS[name]()["title"] == f"underlay/{name}/1"


def test_there_is_no_other_file() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCHEMAS)


@pytest.mark.parametrize("name", ["stock_share", "cluster_share", "tokens_share"])
def test_multiverses_fit(name: str, lake: OpenLake) -> None:
    content = fits("multiverse", lake.multiverse(name).to_dict())
    assert len(content["definitions"]) == content["count"]
    if content["nearest_flip"] is None:
        assert content["reason"]


def test_claims_fit(lake: OpenLake) -> None:
    rows = [row.to_dict() for row in assess(lake, ["C10", "C12", "C24"])]
    content = fits("claims", {"schema": "underlay/claims/1", "rows": rows})
    for row in content["rows"]:
        missing = {**row}
        del missing["verdict"]
        with pytest.raises(jsonschema.ValidationError):
            fits("claims", {"schema": "underlay/claims/1", "rows": [missing]})


@pytest.mark.parametrize(
    "text", ["Nvidia has more than half of AI compute", "Nvidia dominates nothing at all", "C24"]
)
def test_checks_fit(text: str, lake: OpenLake) -> None:
    content = fits("check", {"schema": "underlay/check/1", **check(text, lake).to_dict()})
    if content["figure"] is not None:
        fits("figure", content["figure"])
    if content["understood"] is None:
        with pytest.raises(jsonschema.ValidationError):
            fits("check", {**content, "verdict": "robust"})


def test_reproductions_fit(lake: OpenLake) -> None:
    def asked(name: str, **definition: Any) -> Any:
        return lake.figure(name, **definition)

    rows = [row.to_dict() for row in reproduce(asked, ["V24", "V25"], spread=False)]
    fits("reproduce", {"schema": "underlay/reproduce/1", "rows": rows})


def test_errors_fit(underlay: Callable[..., Any]) -> None:
    answer = underlay("figure", "nothing_like_it", "--json")
    assert answer.code == 2
    fits("error", json.loads(answer.err))


@pytest.mark.parametrize(
    "arguments",
    [
        ("whatif", "--remove", "country:US", "--where", "object=file"),
        ("routes", "Qwen/Qwen3-8B"),
        ("chokepoints", "--weight", "models", "--share", "nvidia", "--share", "package:torch"),
        ("deals",),
        ("deals", "--cycles"),
        ("exposure", "--owner", "nvidia"),
        ("exposure", "--owner", "alibaba", "--as-of", "2025-01-01"),
        ("fit", "Qwen/Qwen3-8B"),
    ],
    ids=" ".join,
)
def test_answers_about_the_stack_fit(
    arguments: tuple[str, ...], lake: OpenLake, underlay: Callable[..., Any]
) -> None:
    del lake  # the snapshot is there
    answer = underlay(*arguments, "--json")
    assert answer.code == 0, answer.err
    content = fits(arguments[0], json.loads(answer.out))
    # a field that is not there is noticed, whichever it is
    for name in SCHEMAS[arguments[0]]()["required"]:
        with pytest.raises(jsonschema.ValidationError):
            fits(arguments[0], {key: each for key, each in content.items() if key != name})
