"""OSIR-LMTS: monthly downloads of curated makers' models on the Hub and on ModelScope."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from underlay.errors import SchemaError, UnreadableError
from underlay.sources.base import (
    OBSERVED_ON,
    SNAPSHOT,
    Request,
    Snapshot,
    Terms,
    fit,
    read_json,
    read_json_lines,
    skipped_rows,
)
from underlay.tables import Batch, Check, Column, Columns, Skipped, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

__all__ = ["OsirLmts"]

_PLATFORM = Column("platform", "string", "`HuggingFace` or `ModelScope`", True)

MODEL_MONTH = Table(
    name="raw_osir_lmts__model_month",
    doc="One row per model of a followed namespace, platform and monthly crawl.",
    key=("observed_on", "platform", "namespace", "model_name"),
    columns=(
        OBSERVED_ON,
        _PLATFORM,
        Column(
            "maker",
            "string",
            "maker that the namespace was followed for; null where the publisher's links spell the "
            "namespace otherwise, and in rows read from the crawler's own files",
        ),
        Column("namespace", "string", "account on the platform", True),
        Column("model_name", "string", "name without the account", True),
        Column("downloads_30d_count", "int64", "Hub downloads, trailing 30 days; Hub only"),
        Column(
            "downloads_total_count",
            "int64",
            "downloads ever; ModelScope only, where counters sometimes fall",
        ),
        Column("likes_count", "int64", "likes, ever"),
        Column("community_count", "int64", "discussions on the model's page"),
        Column(
            "descendants_count",
            "int64",
            "models in the Hub's model tree below it, all kinds; Hub only, open to spam",
        ),
        Column("crawled_on", "date", "day of the crawl; up to nine days off `observed_on`"),
        Column("error", "string", "what the crawler complained of; null in all months so far"),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="year",
    checks=(
        Check("known platform", "platform", one_of=("HuggingFace", "ModelScope")),
        Check("downloads not negative", "downloads_30d_count", lowest=0),
        Check("total not negative", "downloads_total_count", lowest=0),
        Check("likes not negative", "likes_count", lowest=0),
        Check("community not negative", "community_count", lowest=0),
        Check("descendants not negative", "descendants_count", lowest=0),
    ),
)

MAKER_LINK = Table(
    name="raw_osir_lmts__maker_link",
    doc="One row per page that the publisher follows for a maker.",
    key=("observed_on", "maker", "platform", "url"),
    columns=(
        OBSERVED_ON,
        Column("maker", "string", "maker as the publisher calls it", True),
        Column("platform", "string", "`HuggingFace`, `ModelScope` or another data platform", True),
        Column(
            "namespace",
            "string",
            "account that the page belongs to; null for pages that aren't an account's. "
            "Capitals may differ from those in the monthly rows",
        ),
        Column("url", "string", "address of the page", True),
        SNAPSHOT,
    ),
    partition_by="observed_on",
    grain="day",
)

_UNROLLED_COLUMNS = {
    "observed_on": "snapshot_date",
    "platform": "platform",
    "maker": "maker",
    "namespace": "namespace",
    "model_name": "model_name",
    "downloads_30d_count": "downloads_last_month",
    "downloads_total_count": "total_downloads",
    "likes_count": "likes",
    "community_count": "community",
    "descendants_count": "descendants",
    "crawled_on": "date_crawl",
    "error": "error",
}
_CRAWL_COLUMNS = {
    "namespace": "repo",
    "model_name": "model_name",
    "downloads_30d_count": "downloads_last_month",
    "downloads_total_count": "total_downloads",
    "likes_count": "likes",
    "community_count": "community",
    "descendants_count": "descendants",
    "crawled_on": "date_crawl",
    "error": "error_msg",
}
_CRAWL = re.compile(
    r"(?:(?:^|/)(?P<day>\d{4}-\d{2}-\d{2})/)?(?P<platform>[^/]+)/raw-models-info\.jsonl$"
)


class OsirLmts:
    """Monthly crawls 2024-11 to 2025-09 and the links from makers to namespaces.

    Takes the flattened months or the crawler's own `DATE/PLATFORM/raw-models-info.jsonl`, as they
    stand in the publisher's repository; those don't name the maker, so read one or the other.
    Packed copies of the crawler's files beside the flattened months are not read again. Data
    sets, the publisher's rankings (its opinion), and its processed and merged files (a subset
    with modalities guessed) are not read either.
    """

    name = "osir_lmts"
    title = "OSIR-LMTS: open-source large model influence"
    terms = Terms(
        licence="MIT",
        url="https://github.com/brucecui0120/OSIR-LMTS",
        may_redistribute="rows",
        conflict="The Hub and ModelScope count downloads of their own service, and ModelScope is "
        "Alibaba's, which is one of the makers. The publisher chooses which makers are followed.",
    )
    tables = (MODEL_MONTH, MAKER_LINK)
    files = (
        "models_monthly_unrolled.parquet",
        "org-links.json",
        "HuggingFace/raw-models-info.jsonl",
        "ModelScope/raw-models-info.jsonl",
    )

    def plan(self, since: dt.datetime | None) -> Iterator[Request]:
        """Nothing: live fetching isn't built yet."""
        yield from ()

    def parse(self, snapshot: Snapshot) -> Iterator[Batch | Request | Skipped]:
        """Rows of all months, of one crawl, or of the links (which hold no date)."""
        if snapshot.matches("org-links.json"):
            yield from _links(snapshot)
        elif snapshot.matches("*.jsonl"):
            yield from _crawl(snapshot)
        else:
            columns = Columns.from_parquet(snapshot.unpacked(), snapshot.name)
            yield from fit(MODEL_MONTH, columns.select(_UNROLLED_COLUMNS), snapshot)


def _crawl(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    """Rows of one crawl; day and platform are those of its path."""
    rows, bad = read_json_lines(snapshot)
    yield from skipped_rows(snapshot.name, bad, "not a JSON object")
    where = _CRAWL.search(snapshot.name)
    if where is None or not rows:
        raise UnreadableError(snapshot.name, "it is no crawl of one platform")
    columns = Columns.from_rows(rows, snapshot.name, tuple(_CRAWL_COLUMNS.values()))
    columns = columns.select(_CRAWL_COLUMNS).with_constant("platform", where["platform"])
    if where["day"]:
        columns = columns.with_constant("observed_on", where["day"])
    yield from fit(MODEL_MONTH, columns, snapshot)


def _links(snapshot: Snapshot) -> Iterator[Batch | Skipped]:
    makers = read_json(snapshot)
    if not isinstance(makers, dict) or not makers:
        raise SchemaError(snapshot.name, "it is no object of makers")
    rows: list[dict[str, Any]] = []
    for maker, platforms in makers.items():
        if not isinstance(platforms, dict):
            yield Skipped(snapshot.name, "a maker has no object of platforms", 1, str(maker)[:80])
            continue
        for platform, urls in platforms.items():
            if not isinstance(urls, list):
                yield Skipped(snapshot.name, "a platform has no list of links", 1, str(maker)[:80])
                continue
            rows += [
                {"maker": maker, "platform": platform, "url": url, "namespace": _namespace(url)}
                for url in urls
            ]
    columns = Columns.from_rows(rows, snapshot.name, ("maker", "platform", "namespace", "url"))
    yield from fit(MAKER_LINK, columns, snapshot)


def _namespace(url: object) -> str | None:
    """The account that a Hub or ModelScope address names."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return None
    path = [part for part in parts.path.split("/") if part]
    host = (parts.hostname or "").removeprefix("www.")
    if host == "huggingface.co" and len(path) == 1:
        return path[0]
    if host == "modelscope.cn" and len(path) == 2 and path[0] == "organization":
        return path[1]
    return None
