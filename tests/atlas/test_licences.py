"""Licence texts: the curated meaning first, then what the text is as an SPDX expression."""

from __future__ import annotations

import pytest

from underlay.atlas import read_curated
from underlay.atlas.curated import Licence
from underlay.atlas.licences import NONE_DECLARED, licence_of, spdx_text


def test_every_curated_expression_is_canonical_spdx() -> None:
    for text, licence in read_curated().licences.items():
        if licence.spdx not in ("", "NONE", "NOASSERTION"):
            assert spdx_text(licence.spdx) == licence.spdx, text


def test_what_people_decided_goes_first() -> None:
    curated = {"mit": Licence("MIT", "custom", "a decision")}
    assert licence_of(curated, "mit").licence_class == "custom"
    assert licence_of(curated, "MIT").licence_class == "custom"


@pytest.mark.parametrize(
    ("text", "spdx", "licence_class"),
    [
        ("apache-2.0 or mit", "Apache-2.0 OR MIT", "open-content"),
        ("gpl-3.0", "GPL-3.0-only", "open-content"),
        ("Apache-2.0 AND BUSL-1.1", "Apache-2.0 AND BUSL-1.1", "open-with-use-restrictions"),
        ("Apache-2.0 OR BUSL-1.1", "Apache-2.0 OR BUSL-1.1", "unknown"),
    ],
)
def test_an_expression_is_read_by_its_symbols(text: str, spdx: str, licence_class: str) -> None:
    found = licence_of({}, text)
    assert (found.spdx, found.licence_class) == (spdx, licence_class)


@pytest.mark.parametrize("text", ["our own terms", "((((", "", "AND", "x" * 10_000, "\x00"])
def test_what_is_no_expression_is_unknown(text: str) -> None:
    assert licence_of({}, text).licence_class == "unknown"


def test_silence_is_not_ignorance() -> None:
    assert licence_of({}, None).licence_class == "unknown"
    assert licence_of({}, NONE_DECLARED).licence_class == "none-declared"
