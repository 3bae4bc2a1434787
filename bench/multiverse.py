"""Ten thousand definitions of a share over three million models, beside pandas one by one.

    python bench/multiverse.py [MODELS] [PANDAS_DEFINITIONS]

The models are synthetic: amounts from a Pareto law, so that few hold most. Both sides start from
the rows in memory: the engine from its table, pandas from its frame. Prints the seconds for all
definitions, the peak memory of this process before pandas gets its frame, the seconds that pandas
takes a definition on a sample of them, the ratio, and the largest difference of any value.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from underlay.lake import Engine, Lake
from underlay.measures.definitions import Choice, Measure, Option, Split, column_is
from underlay.measures.downloads import DOWNLOAD_CHOICES
from underlay.measures.multiverse import Multiverse, multiverse
from underlay.tables import Batch, Column, Table

SEED = 20260610
COUNTRIES = ("US", "CN", "DE", "FR", "GB", "KR", "JP", "CA", "IL", "IN", "unknown")
MODALITIES = ("language", "vision-language", "embedding", "vision", "audio", "other")
LICENCES = ("osi", "custom", "use-restrictions", "research-only", "unknown")
KINDS = ("original", "derivative", "quantised copy", "re-upload")
BANDS = ("<1B", "1-7B", "7-13B", "13-70B", "70B+", "unknown")
TABLE = Table(
    "core__synthetic",
    "One row per synthetic model.",
    ("model_id",),
    (
        Column("model_id", "int32", "the model", True),
        Column("country", "string", "country", True),
        Column("modality", "string", "modality", True),
        Column("licence_class", "string", "class of the licence", True),
        Column("copy_kind", "string", "kind of copy", True),
        Column("size_band", "string", "size", True),
        Column("age_days", "int32", "age", True),
        Column("is_gated", "bool", "whether one has to ask for it", True),
        Column("observed_on", "date", "day", True),
        Column("source", "string", "source", True),
        Column("value", "float64", "downloads", True),
    ),
)
OUTLIER = next(choice for choice in DOWNLOAD_CHOICES if choice.name == "outlier")


def choice(name: str, role: Any, options: dict[str, Any]) -> Choice:
    return Choice(name, name, tuple(Option(k, k, keep=v) for k, v in options.items()), role=role)


CHOICES = (
    choice("scope", "kind", {
        "all": None,
        **{each: column_is("modality", each) for each in MODALITIES[:4]},
    }),
    choice("licence", "kind", {
        "all": None, **{each: column_is("licence_class", each) for each in LICENCES[:4]},
    }),
    choice("copies", "kind", {
        "keep": None, "drop": lambda t: ~t.copy_kind.isin(("quantised copy", "re-upload")),
    }),
    choice("size", "kind", {
        "all": None,
        "small": column_is("size_band", *BANDS[:2]),
        "middle": column_is("size_band", *BANDS[2:4]),
        "large": column_is("size_band", BANDS[4]),
    }),
    choice("age", "kind", {
        "any": None, "year": lambda t: t.age_days <= 365, "era": lambda t: t.age_days <= 1300,
    }),
    choice("gate", "kind", {"all": None, "free": lambda t: ~t.is_gated}),
    choice("denominator", "base", {
        "all": None,
        "known": lambda t: t.country != "unknown",
        "us_china": lambda t: t.country.isin(("US", "CN")),
    }),
    OUTLIER,
)  # fmt: skip
MEASURE = Measure(
    name="synthetic_share",
    layer="above",
    question="Whose synthetic models are downloaded?",
    unit="share",
    caveat="Synthetic.",
    citation="None.",
    splits=(Split("country", "country", "country"),),
    choices=CHOICES,
    grain=("model_id",),
    expression=lambda tables: tables["core__synthetic"],
)


def frame(models: int) -> pd.DataFrame:
    rng = np.random.default_rng(SEED)

    def drawn(names: tuple[str, ...]) -> Any:
        weights = 1.0 / np.arange(1, len(names) + 1)
        codes = rng.choice(len(names), models, p=weights / weights.sum()).astype(np.int8)
        return pd.Categorical.from_codes(codes, list(names))

    return pd.DataFrame(
        {
            "model_id": np.arange(models, dtype=np.int32),
            "country": drawn(COUNTRIES),
            "modality": drawn(MODALITIES),
            "licence_class": drawn(LICENCES),
            "copy_kind": drawn(KINDS),
            "size_band": drawn(BANDS),
            "age_days": rng.integers(0, 3000, models, dtype=np.int32),
            "is_gated": rng.random(models) < 0.1,
            "value": np.floor(10 * rng.pareto(0.8, models)).clip(max=1e9),
        }
    )


def batch(rows: pd.DataFrame) -> Batch:
    import pyarrow as pa

    columns = {name: pa.array(rows[name]) for name in rows.columns}
    columns = {
        name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for name, column in columns.items()
    }
    day = pa.scalar(20_614, pa.date32())  # 2026-06-10
    columns["observed_on"] = pa.array(np.full(len(rows), day.value, dtype=np.int32)).cast(
        pa.date32()
    )
    columns["source"] = pa.array(["synthetic"]).dictionary_encode().cast(pa.string()).take(
        pa.array(np.zeros(len(rows), dtype=np.int32))
    )  # fmt: skip
    names = [column.name for column in TABLE.columns]
    return Batch(TABLE, pa.table({name: columns[name] for name in names}))


def by_pandas(rows: pd.DataFrame, facets: dict[str, str]) -> dict[str, float]:
    """One definition as one would write it: filter, group, divide."""
    kept = rows
    if facets["scope"] != "all":
        kept = kept[kept.modality == facets["scope"]]
    if facets["licence"] != "all":
        kept = kept[kept.licence_class == facets["licence"]]
    if facets["copies"] == "drop":
        kept = kept[~kept.copy_kind.isin(["quantised copy", "re-upload"])]
    if facets["size"] != "all":
        bands = {"small": BANDS[:2], "middle": BANDS[2:4], "large": BANDS[4:5]}[facets["size"]]
        kept = kept[kept.size_band.isin(bands)]
    if facets["age"] != "any":
        kept = kept[kept.age_days <= {"year": 365, "era": 1300}[facets["age"]]]
    if facets["gate"] == "free":
        kept = kept[~kept.is_gated]
    if facets["denominator"] == "known":
        kept = kept[kept.country != "unknown"]
    elif facets["denominator"] == "us_china":
        kept = kept[kept.country.isin(["US", "CN"])]
    value = kept.value
    if facets["outlier"] == "drop_largest":
        kept = kept.drop(value.idxmax())
        value = kept.value
    elif facets["outlier"] == "winsorise":
        value = value.clip(upper=value.nlargest(11).iloc[-1])
    sums = value.groupby(kept.country, observed=True).sum()
    return dict(sums / sums.sum())


def difference(found: Multiverse, index: int, expected: dict[str, float]) -> float:
    return max(abs((found.value(index, party) or 0.0) - v) for party, v in expected.items())


def main() -> int:
    models = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000
    sample = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    rows = frame(models)
    with Engine(Lake(Path("nowhere"), must_exist=False), [TABLE]) as engine:
        engine.register(TABLE.name, batch(rows))
        engine.run(engine.tables[TABLE.name].aggregate(n=engine.tables[TABLE.name].count()))
        start = time.perf_counter()
        found = multiverse(MEASURE, engine, by="country")
        seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"models                {models:>12,}")
    print(f"definitions           {len(found):>12,}")
    print(f"seconds, all          {seconds:>12.2f}")
    print(f"peak memory, MB       {peak / 1e6:>12,.0f}  with the frame that pandas works on")
    picked = np.random.default_rng(SEED).choice(len(found), sample, replace=False)
    times, worst = [], 0.0
    for index in picked.tolist():
        start = time.perf_counter()
        expected = by_pandas(rows, found.definition(index))
        times.append(time.perf_counter() - start)
        worst = max(worst, difference(found, index, expected))
    each = statistics.mean(times)
    print(f"pandas, s/definition  {each:>12.4f}  on {sample} drawn")
    print(f"pandas, all           {each * len(found):>12,.0f}")
    print(f"ratio                 {each * len(found) / seconds:>12,.0f}")
    print(f"largest difference    {worst:>12.1e}")
    return 0 if worst < 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
