"""The reviewed files, and a reader's own on top of them."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from underlay.atlas import curated as module
from underlay.atlas.contracts import OPENNESS
from underlay.atlas.curated import UNKNOWN, Curated, read_curated, read_toml
from underlay.atlas.models import OPENNESS_OF_CLASS
from underlay.errors import CorrectionError, SchemaError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = Path(str(resources.files("underlay.atlas")))


@pytest.fixture(scope="module")
def shipped() -> Curated:
    return read_curated()


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Curated]:
    """Read the shipped files under these entries."""

    def read(text: str) -> Curated:
        path = tmp_path / "own.toml"
        path.write_text(text, "utf-8")
        return read_curated(path)

    return read


# ---- what ships --------------------------------------------------------------------------------


def test_the_shipped_files_are_whole(shipped: Curated) -> None:
    assert len(shipped.organisations) > 1000
    assert len(shipped.families) > 300
    for organisation in shipped.organisations.values():
        assert organisation.country == UNKNOWN or re.fullmatch("[A-Z]{2}", organisation.country)
        assert organisation.country != UNKNOWN or organisation.reason
        assert organisation.evidence, f"{organisation.id} rests on nothing"
        assert organisation.name == organisation.name.strip() != ""
    for licence in shipped.licences.values():
        assert OPENNESS_OF_CLASS[licence.licence_class] in OPENNESS
    for reasons in shipped.aliases.unresolved.values():
        assert all(reasons.values())


def test_each_account_has_one_owner(shipped: Curated) -> None:
    owners = shipped.account_owner("huggingface")
    assert owners["qwen"] == "alibaba"
    assert owners["meta-llama"] == "meta"
    assert shipped.country("alibaba") == "CN"
    assert shipped.country("no such organisation") == UNKNOWN
    assert shipped.account_owner("no such platform") == {}


def test_each_correction_says_why_and_since_when(shipped: Curated) -> None:
    for entries in shipped.corrections.values():
        for entry in entries:
            assert entry["reason"]
            assert isinstance(entry["date"], dt.date)
            assert entry["source"]


# ---- a reader's own ----------------------------------------------------------------------------


def test_a_country_moves_by_one_entry(own: Callable[[str], Curated], shipped: Curated) -> None:
    found = own('[[organisation]]\nid = "bytedance"\ncountry = "SG"\n')
    assert found.country("bytedance") == "SG"
    assert shipped.country("bytedance") == "CN"
    changed, before = found.organisations["bytedance"], shipped.organisations["bytedance"]
    assert changed.accounts == before.accounts
    assert "CN" in changed.contestable
    others = {k: v for k, v in found.organisations.items() if k != "bytedance"}
    assert others == {k: v for k, v in shipped.organisations.items() if k != "bytedance"}


def test_a_reason_for_unknown_does_not_outlive_it(
    own: Callable[[str], Curated], shipped: Curated
) -> None:
    unknown = next(o for o in shipped.organisations.values() if o.country == UNKNOWN)
    found = own(f'[[organisation]]\nid = "{unknown.id}"\ncountry = "FR"\n')
    assert found.organisations[unknown.id].reason == ""
    found = own(f'[[organisation]]\nid = "{unknown.id}"\ncountry = "FR"\ncontestable = "c"\n')
    assert found.organisations[unknown.id].contestable == "c"


def test_an_account_moves_from_whoever_had_it(
    own: Callable[[str], Curated], shipped: Curated
) -> None:
    found = own('[[organisation]]\nid = "meta"\n[organisation.accounts]\nhuggingface = ["qwen"]\n')
    assert found.account_owner("huggingface")["qwen"] == "meta"
    assert found.account_owner("huggingface")["meta-llama"] == "meta"
    assert found.account_owner("modelscope")["qwen"] == "alibaba"
    before = shipped.account_owner("huggingface")
    after = found.account_owner("huggingface")
    assert {name for name in before if before[name] != after[name]} == {"qwen"}


def test_a_new_organisation(own: Callable[[str], Curated]) -> None:
    found = own(
        '[[organisation]]\nid = "my-lab"\nname = "My Lab"\ncountry = "DE"\nparent = "meta"\n'
        'parent_since = 2026-01-02\n[organisation.accounts]\nhuggingface = ["my-lab-x"]\n'
    )
    assert found.account_owner("huggingface")["my-lab-x"] == "my-lab"
    assert found.organisations["my-lab"].parent_since == dt.date(2026, 1, 2)
    assert found.organisations["my-lab"].kind == "company"


def test_later_entries_see_earlier_ones(own: Callable[[str], Curated]) -> None:
    entry = '[[organisation]]\nid = "bytedance"\ncountry = "SG"\n'
    with pytest.raises(CorrectionError, match="bytedance"):
        own(entry + entry)


def test_an_empty_file_changes_nothing(own: Callable[[str], Curated], shipped: Curated) -> None:
    assert own("").organisations == shipped.organisations


@pytest.mark.parametrize(
    "entry",
    [
        'id = "alibaba"\ncountry = "CN"',
        'id = "alibaba"',
        'id = "alibaba"\n[organisation.accounts]\nhuggingface = ["QWEN"]',
    ],
)
def test_an_entry_that_changes_nothing_is_refused(
    own: Callable[[str], Curated], entry: str
) -> None:
    with pytest.raises(CorrectionError) as caught:
        own(f"[[organisation]]\n{entry}\n")
    assert "alibaba" in caught.value.message
    assert "own.toml" in caught.value.message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[organisation]]\nid = "meta"\ncountry = "usa"', "`usa`"),
        ('[[organisation]]\nid = "meta"\ncountry = "US\\n"', "ISO 3166-1"),
        ('[[organisation]]\nid = "meta"\ncountry = 5', "`country` of `meta`"),
        ('[[organisation]]\nid = "meta"\ncountry = "unknown"', "reason"),
        ('[[organisation]]\nid = "meta"\ncolour = "blue"', "`colour`"),
        ('[[organisation]]\nid = "meta"\nparent = "nobody"', "`nobody`"),
        ('[[organisation]]\nid = "meta"\nparent = "meta"', "owns itself"),
        ('[[organisation]]\nid = "meta"\nparent_since = "2020"', "`parent_since`"),
        ('[[organisation]]\nid = "meta"\nparent_since = 2020-01-01T00:00:00', "`parent_since`"),
        ('[[organisation]]\nid = "meta"\naccounts = "x"', "`accounts`"),
        ('[[organisation]]\nid = "meta"\naccounts = {huggingface = "x"}', "`huggingface`"),
        ('[[organisation]]\nid = "meta"\naccounts = {huggingface = [1]}', "`huggingface`"),
        ('[[organisation]]\ncountry = "US"', "lacks `id`"),
        ("[[organisation]]\nid = 7", "`id`"),
        ('[[organization]]\nid = "meta"', "`organization`"),
        ('[organisation]\nid = "meta"', "[[organisation]]"),
        ("organisation = [1]", "[[organisation]]"),
        ('[[organisation]]\nid = "new"\ncountry = "unknown"', "organisation `new`"),
    ],
)
def test_a_wrong_entry_is_named(own: Callable[[str], Curated], text: str, named: str) -> None:
    with pytest.raises(SchemaError) as caught:
        own(text)
    assert named in caught.value.message


def test_owners_in_a_ring_are_refused(own: Callable[[str], Curated]) -> None:
    with pytest.raises(SchemaError, match="owns itself"):
        own(
            '[[organisation]]\nid = "a-1"\ncountry = "DE"\nparent = "b-1"\n'
            '[[organisation]]\nid = "b-1"\ncountry = "DE"\nparent = "a-1"\n'
        )


@pytest.mark.parametrize("data", [b"= 1", b"\xff\xfe", b"a" * 100, b"[" * 100_000, b"a = 1\na = 2"])
def test_what_is_no_toml(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match=r"own\.toml"):
        read_curated(path)


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="nowhere"):
        read_toml(tmp_path / "nowhere.toml")
    with pytest.raises(UnreadableError):
        read_toml(tmp_path)
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(UnreadableError, match="larger"):
        read_toml(large)


# ---- mistakes in the shipped files -------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "before", "after", "named"),
    [
        ("organisations", r'\Z', '\n[[organisation]]\nid = "meta"\nname = "M"\ncountry = "US"\n'
         'kind = "company"\n', "`meta` stands twice"),
        ("organisations", r'\Z', '\n[[organisation]]\nid = "m2"\nname = "M"\ncountry = "US"\n'
         'kind = "company"\naccounts = {huggingface = ["qwen"]}\n', "huggingface:qwen"),
        ("organisations", r'\Z', '\n[[organisation]]\nid = "m2"\n', "`m2` lacks `country`"),
        ("organisations", r'\nid = "tng"\n', '\nid = "tng-x"\n', "`tng`"),
        ("hardware", r'\n\[\[vendor\]\]\n', '\n[[vendor]]\nid = "meta"\nname = "M"\n'
         'country = "FR"\nkind = "company"\n[[vendor]]\n', "`meta` is in FR"),
        ("families", r'\n\[\[family\]\]\nid = "chimera"', '\n[[family]]\nid = "fixture"',
         "`fixture` stands twice"),
        ("families", r'organisation = "tng"', 'organisation = "nobody"', "`nobody`"),
        ("families", r"patterns = \['\^deepseek-\(", "part_of = 'none'\npatterns = ['^deepseek-(",
         "`none`"),
        ("families", r"'\^tng-r1t'", "'(tng'", "(tng"),
        ("families", r'base_family = "kimi"', 'base_family = "kimo"', "`kimo`"),
        ("licences", r'spdx = "MIT", class = "osi"', 'spdx = "MIT", class = "ossi"', "`ossi`"),
        ("aliases", r'\n"01-ai" = "01-ai"', '\n"01-ai" = "nobody"', "nobody"),
        ("aliases", r'(\n\[\[arena_model\]\]\npattern = .*\norganisation = )".*"', r'\1"nobody"',
         "nobody"),
        ("aliases", r'(\n\[ollama\]\n)', r'\1"zz" = { organisation = "meta", family = "kimo" }\n',
         "kimo"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, before: str, after: str, named: str
) -> None:
    for path in SHIPPED.glob("*.toml"):
        shutil.copy(path, tmp_path)
    path = tmp_path / f"{file}.toml"
    text, count = re.subn(before, after, path.read_text("utf-8"), count=1)
    assert count == 1
    path.write_text(text, "utf-8")
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    module._curated.cache_clear()
    try:
        with pytest.raises(SchemaError) as caught:
            read_curated()
    finally:
        module._curated.cache_clear()
    assert named in caught.value.message
