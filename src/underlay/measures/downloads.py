"""Who is downloaded: shares, levels and growth on the hubs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import (
    Choice,
    Measure,
    Option,
    Query,
    Reshape,
    Row,
    Split,
    column_is,
)

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = [
    "DOWNLOAD_CHOICES",
    "LISTINGS",
    "MEASURES",
    "MODEL_CHOICES",
    "MODEL_SPLITS",
    "PANEL",
    "in_every_edition",
    "model_relation",
]

MODEL_SPLITS: tuple[Split, ...] = tuple(
    Split(name, column, doc, role="list" if name == "listing" else "kind")
    for name, column, doc in (
        ("country", "country", "primary base of the organisation that the model is attributed to"),
        ("maker", "organisation_id", "organisation that the model is attributed to"),
        ("account", "account", "hub namespace as written"),
        ("family", "family_id", "family of models"),
        ("subfamily", "subfamily_id", "narrower family, such as Qwen-VL within Qwen"),
        ("openness", "openness", "grade of openness"),
        ("licence_class", "licence_class", "class of the licence"),
        ("modality", "modality", "what goes in and out"),
        ("size_band", "size_band", "band of the number of parameters"),
        ("copy_kind", "copy_kind", "original, derivative, quantised copy or re-upload"),
        ("model", "name", "the model itself"),
        ("listing", "listing", "the list that was counted"),
    )
)

LISTINGS: tuple[Option, ...] = tuple(
    Option(name, reason, source, column_is("listing", name))
    for name, reason, source in (
        ("os_ai_map", "most recent full top list of the Hub, with tags", "Open Source AI Map"),
        ("osir_lmts", "monthly series of curated makers, best for change over time", "OSIR-LMTS"),
        (
            "llmfit",
            "about 17,000 models that can be run at home, down to 10,000 downloads",
            "llmfit",
        ),
        ("census_2022", "the whole Hub, but before Llama", "whole-Hub census of 2022-07"),
    )
)

_LANGUAGE = ("language", "vision-language")
# llmfit republished its list seven times with none or one of 496 to 5,721 counts renewed; the
# least renewed of its other editions renews 21 %. One count isn't the list's total.
_REPUBLISHED = 0.1


def _fresh(t: Any) -> Any:
    """Renewed counts, of editions that renew at least a tenth of their counts."""
    # not a window: Ibis would compute it after the other half of the condition
    renewed = t.group_by("listing", "observed_on").agg(part=t.is_fresh.cast("float64").mean())
    renewed = renewed.filter(renewed.part >= _REPUBLISHED)
    return t.is_fresh & _key(t.listing, t.observed_on).isin(
        renewed.select(key=_key(renewed.listing, renewed.observed_on)).key
    )


def in_every_edition(t: Any) -> Any:
    """Rows of accounts that stand in every edition of their listing."""
    editions = t.group_by("listing").agg(editions=t.observed_on.nunique())
    accounts = t.group_by("listing", "account").agg(seen=t.observed_on.nunique())
    panel = accounts.join(editions, "listing")
    panel = panel.filter(panel.seen == panel.editions)
    return _key(t.listing, t.account).isin(panel.select(key=_key(panel.listing, panel.account)).key)


def _key(listing: Any, other: Any) -> Any:
    """Both in one column; a list's name has no slash, so they can't run into one another."""
    return listing + "/" + other.cast("string")


def _age(days: int) -> Any:
    return lambda t: (
        t.released_on.notnull()
        & (t.observed_on.epoch_seconds() - t.released_on.epoch_seconds() <= days * 86_400)
    )


MODEL_CHOICES: tuple[Choice, ...] = (
    # another list is of other models on another day: no other definition of the same thing
    Choice("listing", "which list of models is counted", LISTINGS, varies=False),
    Choice(
        "scope",
        "which kinds of model count",
        (
            Option("all", "everything that the hub serves", "HF State of Open Source, Spring 2026"),
            Option(
                "language",
                "generative models for text, with or without images: what the debate is about",
                "ATOM Report (arXiv 2604.07190)",
                lambda t: t.modality.isin(_LANGUAGE),
            ),
            Option(
                "text_only",
                "generative text models alone",
                "ATOM's primary list",
                lambda t: t.modality == "language",
            ),
            Option(
                "vision_language",
                "models that read images and write text",
                "ATOM's conditional list",
                lambda t: t.modality == "vision-language",
            ),
            Option(
                "embedding",
                "sentence encoders: most of the Hub's traffic, little of its debate",
                "MTEB community",
                lambda t: t.modality == "embedding",
            ),
        ),
        role="kind",
    ),
    Choice(
        "attribution",
        "to whom a model is attributed",
        (
            Option(
                "author",
                "who publishes it answers for it",
                "HF State of Open Source, Spring 2026",
                lambda t: t.attribution == "author",
            ),
            Option(
                "nearest_base",
                "a copy is still its base's work",
                "ATOM Report",
                lambda t: t.attribution == "nearest_base",
            ),
            Option(
                "root",
                "the pretrained model at the end of the lineage carries it",
                "Longpre et al. 2025 (arXiv 2512.03073)",
                lambda t: t.attribution == "root",
            ),
            Option(
                "fractional",
                "a merge belongs to all its bases in equal parts",
                "bibliometrics' fractional counting",
                lambda t: t.attribution == "fractional",
            ),
        ),
    ),
    Choice(
        "copies",
        "whether quantised copies and re-uploads count",
        (
            Option("keep", "they are used", "HF State of Open Source, Spring 2026"),
            Option(
                "drop",
                "they are distribution, not a maker's own release",
                "ATOM's rejected formats",
                lambda t: ~t.copy_kind.isin(("quantised copy", "re-upload")),
            ),
        ),
        role="kind",
    ),
    Choice(
        "denominator",
        "what the shares are shares of",
        (
            Option("all", "unknown is a category", "underlay"),
            Option(
                "known",
                "compare only what is known; says nothing about the rest",
                "press retellings",
                lambda t: t.country != "unknown",
            ),
            Option(
                "us_china",
                "a duel of two countries",
                "ATOM Report, US against China",
                lambda t: t.country.isin(("US", "CN")),
            ),
        ),
        role="base",
    ),
    Choice(
        "age",
        "how old a model may be",
        (
            Option("any", "old models are used too", "the Hub"),
            Option(
                "one_year",
                "removes the advantage of age; models of unknown age don't count",
                "Longpre et al. 2025 (arXiv 2512.03073)",
                _age(365),
            ),
            Option(
                "since_llama",
                "released after 2022-11: the generative era; models of unknown age don't count",
                "ATOM Report",
                lambda t: t.released_on >= ibis.date(2022, 11, 1),
            ),
        ),
        role="kind",
    ),
    Choice(
        "fresh",
        "whether carried-over counts are counted",
        (
            Option(
                "only",
                "a stale count is not an observation",
                "llmfit's own flag",
                _fresh,
                is_of_row=False,
            ),
            Option("all", "keeps models whose count was not renewed", "naive reading of the list"),
        ),
    ),
)

_HUB, _MODELSCOPE = "huggingface", "modelscope"
_OUTLIERS = 10  # models that winsorising cuts: the first hundredth of a list of a thousand


def _capped(largest: Any) -> Any:
    """Factors that cut amounts to the one behind them all, or to the last where there are fewer."""
    present = (largest > 0).sum(axis=-1, keepdims=True)
    last = np.maximum(np.minimum(present, _OUTLIERS + 1) - 1, 0)
    cap = np.take_along_axis(largest, last, axis=-1)
    return np.divide(cap, largest, out=np.ones_like(largest), where=largest > 0)[..., :-1]


DOWNLOAD_CHOICES: tuple[Choice, ...] = (
    *MODEL_CHOICES,
    Choice(
        "platform",
        "on which hub downloads are counted",
        (
            Option("huggingface", "the largest hub", "Hugging Face", column_is("hub", _HUB)),
            Option(
                "modelscope",
                "the hub that users in China have; the list holds mainly makers from there",
                "OSIR-LMTS, lifetime totals of two editions, differenced to 30 days",
                column_is("hub", _MODELSCOPE),
                settles=(("listing", "osir_lmts"),),
            ),
        ),
        varies=False,  # one list has both
    ),
    Choice(
        "organisations",
        "whose table says which country an organisation is of",
        (
            Option(
                "ours",
                "every maker of a downloaded model that could be found, to the country",
                "underlay; your own entries replace them (setting `corrections`)",
                column_is("organisations", "ours"),
            ),
            Option(
                "atom",
                "a published table of 118 accounts; Europe is one region, unlisted makers unknown",
                "ATOM Project, organization_regions.csv",
                column_is("organisations", "atom"),
            ),
        ),
    ),
    Choice(
        "outlier",
        "what is done about the largest models",
        (
            Option("none", "a download is a download", "HF State of Open Source, Spring 2026"),
            Option(
                "drop_largest",
                "one artefact must not decide: the largest model is left out",
                "jackknife (Tukey 1958); microsoft/resnet-50 at 172 M in OSIR-LMTS",
                reshape=Reshape(1, lambda largest: np.zeros_like(largest[..., :-1])),
            ),
            Option(
                "winsorise",
                f"keeps all models, but the {_OUTLIERS} largest count as much as the one after",
                "Dixon 1960 (Annals of Mathematical Statistics 31)",
                reshape=Reshape(_OUTLIERS, _capped),
            ),
        ),
    ),
    Choice(
        "window",
        "over which editions of the list downloads are counted",
        (
            Option("last", "the newest state", "the Hub"),
            Option(
                "mean_of_three",
                "the mean of the newest three editions: one month's artefact weighs less",
                "moving average (Hyndman & Athanasopoulos, Forecasting: Principles and Practice)",
                editions=3,
            ),
        ),
    ),
    Choice(
        "weight",
        "what a model counts as",
        (
            Option("downloads", "as often as it is downloaded", "the Hub"),
            Option(
                "models",
                "each model of the list once: automated downloads can't inflate it",
                "Epoch AI counts notable models",
                amount="model_share",
            ),
        ),
        varies=False,  # how many models are listed is another question
    ),
)

PANEL = Choice(
    "panel",
    "whether accounts that joined the list later count",
    (
        Option(
            "fixed",
            "a growing panel looks like growth: only accounts in every edition count",
            "underlay",
            in_every_edition,
            is_of_row=False,
        ),
        Option("growing", "every account that the list held at the time", "the list itself"),
    ),
    role="base",
)

_CAVEAT = (
    "The Hub counts GET and HEAD requests of a query file, so CI inflates small models; every GGUF "
    "file counts. Downloads are not users. A top list biases concentration up. Country is the base "
    "of the organisation that the model is attributed to."
)
_WINDOW_DAYS = 30  # what a count covers: editions closer than that count some of the same days
_YEAR_DAYS = 365
_CITATION = "Hugging Face Hub documentation, download counts; ATOM Report, arXiv 2604.07190"


def model_relation(tables: Tables, metric: str) -> ibis.Table:
    """One row per counted model, day, listing and attributed organisation, with every facet.

    `value` is the count times `model_share`, the part of the model that is the organisation's.
    """
    counted = tables["core__observation"]
    return _attributed(tables, counted.filter(counted.metric == metric))


def _attributed(tables: Tables, counted: ibis.Table) -> ibis.Table:
    part = tables["core__attribution"]
    model = tables["core__model"].drop("organisation_id")
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = (
        counted.join(part, "model_id")
        .join(model, "model_id")
        .join(maker, "organisation_id", how="left")
    )
    return joined.select(
        "model_id",
        "name",
        "listing",
        "attribution",
        "organisation_id",
        "account",
        "family_id",
        "subfamily_id",
        "openness",
        "licence_class",
        "modality",
        "size_band",
        "copy_kind",
        "released_on",
        "is_fresh",
        "observed_on",
        "source",
        country=ibis.coalesce(joined.country, ibis.literal("unknown")),
        model_share=joined.weight_share,
        value=joined.value * joined.weight_share,
    )


def _downloads(tables: Tables) -> ibis.Table:
    return model_relation(tables, "downloads_30d_count")


def _differenced(tables: Tables) -> ibis.Table:
    """ModelScope's counts in 30 days: lifetime totals of consecutive editions, differenced.

    The difference is scaled from the days between the editions to 30. A negative one is a counter
    that was revised, and stays. A model that joined the list later has a count only if it was
    released after the edition before: else nobody knows how much of its total is new.
    """
    total = tables["core__observation"]
    total = total.filter(
        (total.listing == "osir_lmts_modelscope") & (total.metric == "downloads_total_count")
    )
    days = total.select("observed_on").distinct()
    days = days.mutate(previous=days.observed_on.lag().over(order_by=days.observed_on))
    days = days.filter(days.previous.notnull())
    before = total.select("model_id", previous=total.observed_on, value_before=total.value)
    released = tables["core__model"].select("model_id", "released_on")
    pairs = (
        total.join(days, "observed_on")
        .join(before, ["model_id", "previous"], how="left")
        .join(released, "model_id", how="left")
    )
    started = pairs.value_before.fill_null(
        (pairs.released_on > pairs.previous).ifelse(0.0, ibis.null("float64"))
    )
    length = (pairs.observed_on.epoch_seconds() - pairs.previous.epoch_seconds()) / 86_400
    counts = pairs.select(
        *(name for name in total.columns if name not in ("value", "listing", "metric")),
        listing=ibis.literal("osir_lmts"),
        metric=ibis.literal("downloads_30d_count"),
        value=(pairs.value - started) * _WINDOW_DAYS / length,
    )
    return counts.filter(counts.value.notnull()).select(total.columns)


def _by_either_table(tables: Tables) -> ibis.Table:
    """The same once by each table of organisations, for both hubs.

    ATOM's table gives accounts a region; an organisation is where its accounts are.
    """
    counted = _downloads(tables).mutate(hub=ibis.literal(_HUB))
    other = _attributed(tables, _differenced(tables)).mutate(hub=ibis.literal(_MODELSCOPE))
    counted = counted.union(other)
    listed = tables["core__atom_country"].select("organisation_id", atom_country="country")
    both = counted.join(listed, "organisation_id", how="left")
    both = both.mutate(organisations=ibis.array(["ours", "atom"]).unnest())
    atom = ibis.coalesce(both.atom_country, ibis.literal("unknown"))
    return both.mutate(country=(both.organisations == "ours").ifelse(both.country, atom))


def _growth(result: Result, query: Query) -> list[Row]:
    """Level of the last edition over that of the edition nearest to a year before, per group."""
    days = result["observed_on"].astype("datetime64[D]")
    groups = np.array([str(cell or "unknown") for cell in result.objects(query.by)], dtype=object)
    values = result.floats("value")
    rows = []
    for name in sorted(set(groups)):
        here = groups == name
        editions = np.array(query.editions, dtype="datetime64[D]")
        if query.by == "listing":  # each list has days of its own
            editions = np.unique(days[here])
        last = editions[-1]
        earlier = editions[editions <= last - np.timedelta64(_WINDOW_DAYS, "D")]
        if not len(earlier):
            reason = f"no edition {_WINDOW_DAYS} days or more before {last}"
            rows.append(Row({query.by: name}, None, reason=reason, more={"to": str(last)}))
            continue
        apart = (last - earlier).astype(int)
        place = int(np.abs(apart - _YEAR_DAYS).argmin())
        new = float(values[here & (days == last)].sum())
        old = float(values[here & (days == earlier[place])].sum())
        more = {
            "from": str(earlier[place]),
            "to": str(last),
            "days": int(apart[place]),
            "before": old,
            "now": new,
        }
        if old > 0:
            rows.append(Row({query.by: name}, new / old, more=more))
        elif new > 0:
            reason = f"nothing on {earlier[place]}"
            rows.append(Row({query.by: name}, None, reason=reason, more=more))
    return sorted(rows, key=lambda row: -row.more.get("now", 0.0))


DOWNLOADS_SHARE = Measure(
    name="downloads_share",
    layer="above",
    question="Whose models are downloaded, as a share of a listing's downloads in 30 days?",
    unit="share",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=MODEL_SPLITS,
    choices=DOWNLOAD_CHOICES,
    grain=("model_id", "name"),
    expression=_by_either_table,
    reduce="share",
)
DOWNLOADS_LEVEL = Measure(
    name="downloads_level",
    layer="above",
    question="How often are whose models downloaded in 30 days?",
    unit="downloads in 30 days",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=MODEL_SPLITS,
    # a number of models isn't a number of downloads
    choices=tuple(choice for choice in DOWNLOAD_CHOICES if choice.name != "weight"),
    grain=("model_id", "name"),
    expression=_by_either_table,
    reduce="level",
)
DOWNLOADS_GROWTH = Measure(
    name="downloads_growth",
    layer="above",
    question="How many times as many downloads as in the edition nearest to a year before?",
    unit="ratio",
    caveat=_CAVEAT + " The two editions may lie less than a year apart: each row says how many "
    "days. In a top list a model that fell below its end counts as nothing.",
    citation=_CITATION,
    splits=MODEL_SPLITS,
    choices=(
        replace(MODEL_CHOICES[0], options=(LISTINGS[1], LISTINGS[0], *LISTINGS[2:])),
        *MODEL_CHOICES[1:],
        PANEL,
    ),
    grain=("model_id", "name"),
    expression=_downloads,
    reduce=_growth,
    history=True,
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (DOWNLOADS_SHARE, DOWNLOADS_LEVEL, DOWNLOADS_GROWTH)
