"""From catalogues, price lists and boards: names that lead to models, prices, ratings, tokens."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import ibis

from underlay.atlas import contracts
from underlay.atlas.curated import UNKNOWN
from underlay.atlas.served import add_keys, add_served
from underlay.tables import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.atlas.curated import Curated
    from underlay.atlas.models import Catalogue
    from underlay.lake.engine import Engine

__all__ = ["CATALOGUE_TABLES", "SCALE_SHIFT_POINTS", "add_catalogues", "catalogue_batches"]

CATALOGUE_TABLES = (
    "raw_ollama__pulls",
    "raw_openrouter__model_day",
    "raw_openrouter_prices__model_month",
    "raw_openrouter_usage__model_week",
    "raw_models_dev__base_model",
    "raw_models_dev__provider_model",
    "raw_litellm__price",
    "raw_lmarena__rating",
    "raw_lmarena__board_day",
    "raw_lmarena_history__rating",
    "raw_epoch_models__model",
)

# A scale ends where the median of the models on both editions moves by this much: the publisher's
# own half-widths are 3 to 10 points, and re-estimation alone moved it by at most 1 on the text
# board of 2026.
SCALE_SHIFT_POINTS = 3.0
_SHARED_MODELS = 5  # with fewer on both editions a shift can't be told from chance

# The page shows one of the official dataset's two estimates without saying which. On the same
# publication (official 2026-06-25, page 2026-06-30) `text` and `vision` agree with the
# style-controlled one to 0.2 points in the median and differ from the other by 12 and 13; the
# other boards agree with the plain one.
_PAGE_BOARDS = {
    "code": "webdev",
    "text": "text_style_control",
    "vision": "vision_style_control",
}
_MIXED_LIST_SHARE = 0.1  # names repeated in more of a list than this: it is several lists in one

_HUBS = ("huggingface", "modelscope")
_HUB_URL = re.compile(r"^https://huggingface\.co/(?!datasets/|spaces/)([\w.-]+/[\w.-]+)", re.ASCII)
_DATED = re.compile(r"-20\d{6}$")
# how a board writes one model at several efforts or in several number formats
_EFFORT = re.compile(
    r"(?:[-_ ]|\s*\()(?:(?:no-?|non-)?(?:thinking|reasoning)(?:-(?:\d+k|minimal|low|medium|high))?"
    r"|(?:x?high|medium|low|minimal|max)(?:-\d+k)?|bf16|fp8|fp4)\)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Statement:
    """What a publisher says of a model's openness; the lower `rank` is believed first."""

    rank: int
    platform: str
    name: str
    is_open: bool
    licence_text: str | None
    words: str


@dataclass
class _Names:
    """State of one run: the catalogue, who is who, and what was stated on the way."""

    catalogue: Catalogue
    engine: Engine
    statements: dict[int, list[_Statement]] = field(default_factory=lambda: defaultdict(list))

    @property
    def curated(self) -> Curated:
        return self.catalogue.curated

    def maker(self, platform: str, name: str | None) -> str:
        """Organisation of a maker's name on a platform, or "unknown"."""
        table = self.curated.aliases.makers.get(platform, {})
        return table.get((name or "").casefold(), UNKNOWN)

    def newest(self, table: str, by: Sequence[str], *facts: str) -> Iterator[dict[str, Any]]:
        """Distinct `by` with the newest known value of each fact, in order; none for no table."""
        if not _is_synced(self.engine, table):
            return
        raw = self.engine.tables[table]
        found = {
            fact: raw[fact].argmax(raw.observed_on, where=raw[fact].notnull()) for fact in facts
        }
        distinct = raw.group_by(list(by)).agg(**found) if found else raw.select(*by).distinct()
        yield from self.engine.run(distinct.order_by(list(by))).rows()

    def released(self, number: int, day: dt.date | dt.datetime | None) -> None:
        """Note a release date where nothing better is known."""
        draft = self.catalogue.drafts[number]
        if day is not None and draft.released_on is None and draft.created_on is None:
            draft.released_on = day.date() if isinstance(day, dt.datetime) else day

    def family_maker(self, name: str) -> str:
        """The organisation behind the family that a name tells, or "unknown"."""
        families = self.catalogue.families
        family = families.by_id.get(families.find(name)[0])
        return family.organisation if family else UNKNOWN


def add_catalogues(catalogue: Catalogue, engine: Engine) -> None:
    """Add every name of the catalogues, price lists and boards, and what they say of openness.

    Whether weights are released follows the Hub id first, then the board's licence, then
    models.dev; a statement that loses stands in the alias's reason.
    """
    names = _Names(catalogue, engine)
    _add_models_dev_bases(names)
    _add_openrouter(names)
    _add_arena(names)
    add_keys(catalogue, names.newest("raw_litellm__price", ["model_key"], "provider"))
    _add_models_dev_offers(names)
    _add_epoch(names)
    _settle_openness(names)
    _add_ollama(names)
    add_served(catalogue)


# ---- names -------------------------------------------------------------------------------------


def _add_openrouter(names: _Names) -> None:
    entries = list(
        names.newest("raw_openrouter__model_day", ["slug"], "hub_id", "name", "created_at")
    )
    known = {entry["slug"]: entry for entry in entries}
    for table in ("raw_openrouter_prices__model_month",):
        for row in names.newest(table, ["slug"]):
            known.setdefault(row["slug"], {"slug": row["slug"], "hub_id": None, "name": None})
    hub_ids: dict[str, str] = {}
    for slug in sorted(known, key=lambda slug: (":" in slug, slug)):
        if known[slug]["hub_id"]:
            hub_ids.setdefault(slug.partition(":")[0], known[slug]["hub_id"])
    for slug in sorted(known, key=lambda slug: (":" in slug, slug)):
        plain, _, variant = slug.partition(":")
        if slug.startswith("~") or _is_router(names.curated, slug):
            continue
        target = names.catalogue.aliases.get(("openrouter", plain))
        if variant and target is not None:
            names.catalogue.also(
                "openrouter", slug, target.model, "variant", _terms(plain, variant)
            )
            continue
        entry = known[slug]
        number = names.catalogue.elsewhere(
            "openrouter",
            slug,
            organisation=_openrouter_maker(names, slug),
            hub_id=hub_ids.get(plain),
            title=_title(entry["name"] or plain),
        )
        names.released(number, entry.get("created_at"))
    _add_canonical_slugs(names)
    for row in names.newest("raw_openrouter_usage__model_week", ["slug"], "name"):
        _add_routed(names, row["slug"], row["name"])


def _add_canonical_slugs(names: _Names) -> None:
    pairs = names.newest("raw_openrouter__model_day", ["canonical_slug", "slug"], "hub_id")
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pairs:
        if row["canonical_slug"] and not row["slug"].startswith("~"):
            found[row["canonical_slug"]].append(row)
    for canonical, rows in found.items():
        row = min(rows, key=lambda row: (":" in row["slug"], row["slug"]))
        hub_id = next((each["hub_id"] for each in rows if each["hub_id"]), None)
        target = names.catalogue.aliases.get(("openrouter", row["slug"]))
        if hub_id:
            maker = _openrouter_maker(names, canonical)
            names.catalogue.elsewhere("openrouter", canonical, organisation=maker, hub_id=hub_id)
        elif target is not None:
            reason = f"the catalogue gives it as what `{row['slug']}` stands for"
            names.catalogue.also("openrouter", canonical, target.model, "stated", reason)


def _add_routed(names: _Names, slug: str, title: str | None) -> None:
    if ("openrouter", slug) in names.catalogue.aliases or _is_router(names.curated, slug):
        return
    plain, _, variant = slug.partition(":")
    target = names.catalogue.aliases.get(("openrouter", plain))
    if variant and target is not None:
        names.catalogue.also("openrouter", slug, target.model, "variant", _terms(plain, variant))
        return
    undated = _DATED.sub("", plain)
    target = names.catalogue.aliases.get(("openrouter", undated))
    if undated != plain and target is not None:
        reason = f"`{undated}` with the day of its release"
        names.catalogue.also("openrouter", slug, target.model, "dated", reason)
        return
    maker = _openrouter_maker(names, slug)
    names.catalogue.elsewhere("openrouter", slug, organisation=maker, title=_title(title or plain))


def _openrouter_maker(names: _Names, slug: str) -> str:
    plain = slug.removeprefix("~").partition(":")[0]
    for platform, name in (
        ("openrouter_model", slug),
        ("openrouter_model", plain),
        ("openrouter", plain.partition("/")[0]),
    ):
        maker = names.maker(platform, name)
        if maker != UNKNOWN:
            return maker
    return UNKNOWN


def _is_router(curated: Curated, slug: str) -> bool:
    """Whether the name hands requests on to models of others, and so is none itself."""
    reasons = curated.aliases.unresolved.get("openrouter_model", {})
    return reasons.get(slug.partition(":")[0].casefold(), "").startswith("router")


def _terms(plain: str, variant: str) -> str:
    return f"`{plain}` on other terms: `:{variant}`"


def _title(text: str) -> str:
    """The model's part of a shown name: "Qwen: Qwen3 8B (free)" -> "Qwen3 8B"."""
    return re.sub(r"\s*\([^()]*\)$", "", text.partition(": ")[2] or text)


def _add_models_dev_bases(names: _Names) -> None:
    corrected = {
        entry["name"]: entry
        for entry in names.curated.corrections.get("open_weights", ())
        if entry.get("source") == "models_dev"
    }
    facts = ("name", "is_open_weights", "released_on", "licence", "weights_urls")
    for row in names.newest("raw_models_dev__base_model", ["base_model_id"], *facts):
        name = row["base_model_id"]
        number = names.catalogue.elsewhere(
            "models_dev",
            name,
            organisation=names.maker("models_dev", name.partition("/")[0]),
            hub_id=_hub_id(row["weights_urls"]),
            title=row["name"],
        )
        names.released(number, row["released_on"])
        is_open = row["is_open_weights"]
        correction = corrected.get(name)
        if correction is not None and is_open is not None and is_open != correction["is_open"]:
            is_open = correction["is_open"]
            names.catalogue.corrected.add(name)
        if is_open is not None:
            words = f"models.dev says that its weights are {'open' if is_open else 'closed'}"
            names.statements[number].append(
                _Statement(3, "models_dev", name, is_open, row["licence"], words)
            )


def _add_models_dev_offers(names: _Names) -> None:
    """Offers are names of an operator: they lead to a model only where its maker is plain."""
    catalogue = names.catalogue
    facts = ("base_model_id", "name", "released_on", "is_open_weights")
    for row in names.newest("raw_models_dev__provider_model", ["provider_id", "model_id"], *facts):
        name = f"{row['provider_id']}/{row['model_id']}"
        base = catalogue.aliases.get(("models_dev", row["base_model_id"] or ""))
        if base is not None:
            reason = f"models.dev states that it is `{row['base_model_id']}`"
            catalogue.also("models_dev", name, base.model, "stated", reason)
            continue
        author = row["model_id"].rpartition("/")[0].rpartition("/")[2]
        by_family = names.family_maker(row["model_id"])
        seller = names.maker("models_dev", row["provider_id"])
        maker = names.maker("models_dev", author) if author else UNKNOWN
        if maker == UNKNOWN and seller != UNKNOWN and by_family in (seller, UNKNOWN):
            maker = seller
        if maker != UNKNOWN:
            number = catalogue.elsewhere("models_dev", name, organisation=maker, title=row["name"])
            names.released(number, row["released_on"])
            if row["is_open_weights"] is not None:
                stated = "open" if row["is_open_weights"] else "closed"
                words = f"models.dev says under `{row['provider_id']}` that weights are {stated}"
                names.statements[number].append(
                    _Statement(4, "models_dev", name, row["is_open_weights"], None, words)
                )
            continue
        same = catalogue.named(row["model_id"], by_family)
        if same is not None:
            reason = f"the name tells the maker; `{catalogue.drafts[same].name}` has the same name"
            catalogue.also("models_dev", name, same, "same name and maker", reason)


def _hub_id(urls: str | None) -> str | None:
    for url in (urls or "").split(","):
        found = _HUB_URL.match(url.strip())
        if found:
            return found[1]
    return None


def _add_arena(names: _Names) -> None:
    stated: dict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
    for table in ("raw_lmarena__rating", "raw_lmarena__board_day", "raw_lmarena_history__rating"):
        for row in names.newest(table, ["model_name"], "organization", "licence"):
            stated[row["model_name"]].append((row["organization"], row["licence"]))
    for name, rows in sorted(stated.items()):
        maker = next(
            (
                found
                for organisation, _ in rows
                if (found := names.maker("arena", organisation)) != UNKNOWN
            ),
            _arena_pattern(names.curated, name),
        )
        number = _arena_model(names, name, maker)
        for rank, (_, licence) in enumerate(rows):
            if not licence:
                continue
            is_open = licence.casefold() not in ("proprietary", "propretary")
            text = None if licence in ("open", "proprietary") else licence
            words = f"the board gives `{licence}` as its licence"
            names.statements[number].append(_Statement(rank, "arena", name, is_open, text, words))


def _arena_model(names: _Names, name: str, maker: str) -> int:
    catalogue = names.catalogue
    shorter = name
    while catalogue.named(shorter, maker) is None and _EFFORT.search(shorter):
        shorter = _EFFORT.sub("", shorter)
    undated = _DATED.sub("", shorter)
    method = "variant"
    is_moving = undated.endswith("latest")  # each day of it is another model
    if catalogue.named(shorter, maker) is None and undated != shorter and not is_moving:
        shorter, method = undated, "dated"
    same = catalogue.named(shorter, maker)
    if shorter == name or same is None:
        return catalogue.elsewhere("arena", name, organisation=maker)
    reason = f"`{catalogue.drafts[same].name}` at another effort, precision or date"
    catalogue.also("arena", name, same, method, reason)
    return catalogue.aliases["arena", name].model


def _arena_pattern(curated: Curated, name: str) -> str:
    for entry in curated.aliases.arena_models:
        if entry.pattern.search(name):
            return entry.target
    return UNKNOWN


def _add_epoch(names: _Names) -> None:
    for row in names.newest("raw_epoch_models__model", ["model"], "organization", "published_on"):
        makers = [
            names.maker("epoch", each.strip()) for each in (row["organization"] or "").split(",")
        ]
        maker = next((each for each in makers if each != UNKNOWN), UNKNOWN)
        # a slash in these titles is no namespace
        title = " ".join(row["model"].replace("/", " ").split())
        same = names.catalogue.named(title, maker)
        number = names.catalogue.elsewhere("epoch", row["model"], organisation=maker, title=title)
        if same is None:
            names.released(number, row["published_on"])


def _add_ollama(names: _Names) -> None:
    families = names.curated.aliases.ollama_families
    for row in names.newest("raw_ollama__pulls", ["model_name"]):
        name = row["model_name"]
        maker = names.maker("ollama", name)
        family = families.get(name.casefold())
        number = names.catalogue.elsewhere(
            "ollama",
            name,
            organisation=maker,
            family=None if family == UNKNOWN else family,
            is_collection=True,
        )
        # the library also fronts hosted models, whose weights nobody can pull
        same = names.catalogue.named(name, maker)
        if same is not None and names.catalogue.drafts[same].is_open is False:
            names.catalogue.drafts[number].is_open = False
            text = f"`{names.catalogue.drafts[same].name}` has the same name and closed weights"
            names.catalogue.remark("ollama", name, text)


def _settle_openness(names: _Names) -> None:
    for number, statements in names.statements.items():
        draft = names.catalogue.drafts[number]
        first = min(statement.rank for statement in statements)
        best = [each for each in statements if each.rank == first]
        if draft.platform not in _HUBS:
            balance = sum(1 if each.is_open else -1 for each in best)
            draft.is_open = None if balance == 0 else balance > 0
        for each in sorted(statements, key=lambda each: (each.rank, each.name)):
            if each.is_open == draft.is_open:
                draft.licence_text = draft.licence_text or each.licence_text
                continue
            better = next((other.words for other in best if other.is_open == draft.is_open), "")
            if draft.platform in _HUBS:
                text = f"{each.words}, but the Hub holds them and is believed first"
            elif draft.is_open is None:
                text = f"{each.words}, and as many statements say the opposite"
            else:
                text = f"{each.words}, but {better}, which is believed first"
            names.catalogue.remark(each.platform, each.name, text)


# ---- core tables -------------------------------------------------------------------------------


def catalogue_batches(
    engine: Engine, curated: Curated, unresolved: list[dict[str, Any]]
) -> Iterator[Batch]:
    """`core__price`, `core__rating` and `core__tokens_week`; a table that isn't synced gives none.

    Needs `core__alias` and `core__model` registered in the engine. Names without a maker are
    appended to `unresolved` as rows of `core__unresolved`.
    """
    present = [name for name in CATALOGUE_TABLES if _is_synced(engine, name)]
    yield _all(engine, "price", [_PRICES[name](engine) for name in present if name in _PRICES])
    ratings = [_RATINGS[name](engine) for name in present if name in _RATINGS]
    yield _all(engine, "rating", [_scaled(engine, each) for each in ratings])
    has_usage = "raw_openrouter_usage__model_week" in present
    yield _all(engine, "tokens_week", [_tokens(engine)] if has_usage else [])
    unresolved += _unresolved_names(engine, curated, present)


def _is_synced(engine: Engine, table: str) -> bool:
    """Whether the lake has rows of a raw table: a query for none takes long to write."""
    return table in engine.tables.contracts and bool(engine.lake.files(table))


def _all(engine: Engine, name: str, expressions: Sequence[ibis.Table]) -> Batch:
    contract = contracts.core(name)
    parts = [engine.batch(contract, each) for each in expressions]
    return Batch.concat(parts) if parts else Batch.from_rows(contract, [])


def _known(engine: Engine, platform: str) -> ibis.Table:
    """Name -> model, maker and openness, for one platform."""
    alias = engine.tables["core__alias"]
    model = engine.tables["core__model"].select("model_id", "organisation_id", "is_open_weights")
    return (
        alias.filter(alias.platform == platform)
        .select("name", "model_id")
        .join(model, "model_id")
        .select(
            "organisation_id",
            "is_open_weights",
            known_name="name",
            known_id="model_id",
        )
    )


def _resolved(engine: Engine, named: ibis.Table, platform: str) -> ibis.Table:
    """The same rows with `model_id`, `organisation_id` and `is_open_weights` of a `spelling`."""
    known = _known(engine, platform)
    joined = named.left_join(known, named["spelling"] == known.known_name)
    return joined.mutate(
        model_id=joined.known_id,
        organisation_id=ibis.coalesce(joined.organisation_id, ibis.literal(UNKNOWN)),
    ).drop("known_name", "known_id", "spelling")


def _month_ends(table: ibis.Table, *by: str) -> ibis.Table:
    """Rows of the last published day of each month, for each `by`."""
    month = table.observed_on.truncate("M")
    marked = table.mutate(last_on=table.observed_on.max().over(group_by=[*by, month]))
    return marked.filter(marked.observed_on == marked.last_on).drop("last_on")


def _priced(engine: Engine, table: ibis.Table, catalogue: str, platform: str, **cells: Any) -> Any:
    """Rows of `core__price`; a row without both prices has no price."""
    variant = ibis.cases(
        (cells["name"].startswith("~"), "moving"),
        (cells["name"].contains(":"), cells["name"].re_extract(r":([^:]*)$", 1)),
        else_="",
    )
    named = table.select(
        "observed_on",
        "snapshot_sha256",
        spelling=cells.get("spelling", cells["name"]),
        catalogue=ibis.literal(catalogue),
        source=ibis.literal(catalogue),
        variant=variant if platform == "openrouter" else ibis.literal(""),
        **{name: cell for name, cell in cells.items() if name != "spelling"},
    )
    named = named.filter(named.input_usd_per_mtok.notnull() & named.output_usd_per_mtok.notnull())
    costless = (named.input_usd_per_mtok == 0) & (named.output_usd_per_mtok == 0)
    named = named.mutate(is_free_variant=(named.variant == "free") | costless)
    return _resolved(engine, named, platform)


def _openrouter_prices(engine: Engine) -> Any:
    table = _month_ends(engine.tables["raw_openrouter__model_day"])
    return _priced(
        engine, table, "openrouter", "openrouter",
        name=table.slug,
        provider=ibis.literal("openrouter"),
        input_usd_per_mtok=table.input_usd_per_token * 1e6,
        output_usd_per_mtok=table.output_usd_per_token * 1e6,
    )  # fmt: skip


def _openrouter_history_prices(engine: Engine) -> Any:
    table = engine.tables["raw_openrouter_prices__model_month"]
    return _priced(
        engine, _month_ends(table), "openrouter_prices", "openrouter",
        name=table.slug,
        provider=ibis.literal("openrouter"),
        input_usd_per_mtok=table.input_usd_per_mtok,
        output_usd_per_mtok=table.output_usd_per_mtok,
    )  # fmt: skip


def _models_dev_prices(engine: Engine) -> Any:
    table = _month_ends(engine.tables["raw_models_dev__provider_model"])
    return _priced(
        engine, table, "models_dev", "models_dev",
        name=table.model_id,
        spelling=table.provider_id + "/" + table.model_id,
        provider=table.provider_id,
        input_usd_per_mtok=table.input_usd_per_mtok,
        output_usd_per_mtok=table.output_usd_per_mtok,
    )  # fmt: skip


def _litellm_prices(engine: Engine) -> Any:
    table = engine.tables["raw_litellm__price"]
    table = table.filter(table.observed_on == table.observed_on.max().as_scalar())
    return _priced(
        engine, table, "litellm", "litellm",
        name=table.model_key,
        provider=ibis.coalesce(table.provider, ibis.literal(UNKNOWN)),
        input_usd_per_mtok=table.input_usd_per_token * 1e6,
        output_usd_per_mtok=table.output_usd_per_token * 1e6,
    )  # fmt: skip


def _official_ratings(engine: Engine) -> Any:
    """All prompts at month-ends, and on the newest day every category of the text boards.

    A name that stands twice in a list can't be told from its twin, so neither counts; a list in
    which more than a tenth of the names do is several lists in one, and none of it counts.
    """
    table = engine.tables["raw_lmarena__rating"]
    listed = {"group_by": [table.observed_on, table.board, table.category]}
    repeated = (table.repeats_count > 1).cast("float64").mean().over(**listed)
    table = table.mutate(repeated_share=repeated)
    table = table.filter((table.repeats_count == 1) & (table.repeated_share <= _MIXED_LIST_SHARE))
    overall = _month_ends(table.filter(table.category == "overall"), "board")
    text = table.filter(table.board.isin(("text", "text_style_control")))
    text = text.mutate(last_on=text.observed_on.max().over(group_by="board"))
    text = text.filter((text.observed_on == text.last_on) & (text.category != "overall"))
    both = overall.union(text.drop("last_on"))
    return both.select(
        "observed_on", "snapshot_sha256", "board", "category", "rating", "rating_lower",
        "rating_upper", "votes_count",
        series=ibis.literal("official"),
        source=ibis.literal("lmarena"),
        name=both.model_name,
    )  # fmt: skip


def _page_ratings(engine: Engine) -> Any:
    """Boards as the page showed them; `agent` is left out, since its score is no rating."""
    table = engine.tables["raw_lmarena__board_day"]
    table = table.filter((table.board != "agent") & table.score.notnull())
    twins = table.count().over(group_by=[table.observed_on, table.board, table.model_name])
    table = table.mutate(twins=twins)
    table = _month_ends(table.filter(table.twins == 1), "board")
    board = table.board.replace("-", "_")
    return table.select(
        "observed_on", "snapshot_sha256", "votes_count",
        series=ibis.literal("page"),
        source=ibis.literal("lmarena"),
        board=ibis.cases(*((board == old, new) for old, new in _PAGE_BOARDS.items()), else_=board),
        category=ibis.literal("overall"),
        name=table.model_name,
        rating=table.score,
        rating_lower=table.score - table.interval_half_width,
        rating_upper=table.score + table.interval_half_width,
    )  # fmt: skip


def _history_ratings(engine: Engine) -> Any:
    """Older editions at month-ends; of two rows of one name the one with more votes counts."""
    table = _month_ends(engine.tables["raw_lmarena_history__rating"], "board")
    place = ibis.row_number().over(
        group_by=[table.observed_on, table.board, table.model_name],
        order_by=[table.votes_count.desc(), table["rank"]],
    )
    table = table.mutate(place=place)
    table = table.filter(table.place == 0)
    return table.select(
        "observed_on", "snapshot_sha256", "board", "votes_count", "rating",
        series=ibis.literal("history"),
        source=ibis.literal("lmarena_history"),
        category=ibis.literal("overall"),
        name=table.model_name,
        rating_lower=table.rating - table.interval_low_points,
        rating_upper=table.rating + table.interval_high_points,
    )  # fmt: skip


def _scaled(engine: Engine, ratings: ibis.Table) -> ibis.Table:
    """The ratings with the scale that each belongs to, resolved."""
    starts = _scale_starts(engine, ratings)
    label = ratings.series + " " + ratings.board
    branches = [
        ((ratings.board == board) & (ratings.observed_on >= ibis.literal(day)),
         label + f" from {day:%Y-%m-%d}")
        for board, days in starts.items()
        for day in sorted(days, reverse=True)
    ]  # fmt: skip
    scale = ibis.cases(*branches, else_=label) if branches else label
    return _resolved(engine, ratings.mutate(scale=scale, spelling=ratings["name"]), "arena")


def _scale_starts(engine: Engine, ratings: ibis.Table) -> Mapping[str, list[dt.date]]:
    """First day of each scale by board, from the models that two editions share."""
    overall = ratings.filter(ratings.category == "overall")
    editions: dict[str, dict[dt.date, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    result = engine.run(overall.select("board", "observed_on", "name", "rating"))
    for row in result.rows():
        editions[row["board"]][row["observed_on"].date()][row["name"]] = row["rating"]
    starts: dict[str, list[dt.date]] = {}
    for board, by_day in editions.items():
        days = sorted(by_day)
        starts[board] = days[:1]
        for before, day in pairwise(days):
            shared = by_day[before].keys() & by_day[day].keys()
            moved = [by_day[day][name] - by_day[before][name] for name in shared]
            middle = median(moved) if moved else 0.0
            if len(moved) < _SHARED_MODELS or abs(middle) >= SCALE_SHIFT_POINTS:
                starts[board].append(day)
    return starts


def _tokens(engine: Engine) -> Any:
    """Weekly sums; the newer set of the collector replaces the older one where it has the week.

    The list publishes no total, so there is no row for what it doesn't name. The older set's
    split of tokens is assumed, and its spend with it, so its spend is left out.
    """
    table = engine.tables["raw_openrouter_usage__model_week"]
    is_current = table.source_set == "current"
    table = table.mutate(is_current=is_current, spelling=table.slug)
    table = table.mutate(has_current=table.is_current.any().over(group_by=table.observed_on))
    table = table.filter(table.is_current | ~table.has_current)
    found = _resolved(engine, table, "openrouter")
    found = found.mutate(
        openness=ibis.cases(
            (found.is_open_weights, "open"), (~found.is_open_weights, "closed"), else_=UNKNOWN
        ),
        spend=ibis.ifelse(found.is_current, found.revenue_usd, ibis.null("float64")),
    )
    counted = found.group_by("observed_on", "organisation_id", "openness")
    return counted.agg(
        is_other=ibis.literal(False),
        models_count=found.count(),
        tokens_count=found.tokens_count.sum().cast("float64"),
        requests_count=ibis.ifelse(
            found.requests_count.count() == found.count(),
            found.requests_count.sum().cast("float64"),
            ibis.null("float64"),
        ),
        spend_usd=ibis.ifelse(
            found.spend.count() == found.count(), found.spend.sum(), ibis.null("float64")
        ),
        source=ibis.literal("openrouter_usage"),
    )


_PRICES = {
    "raw_openrouter__model_day": _openrouter_prices,
    "raw_openrouter_prices__model_month": _openrouter_history_prices,
    "raw_models_dev__provider_model": _models_dev_prices,
    "raw_litellm__price": _litellm_prices,
}
_RATINGS = {
    "raw_lmarena__rating": _official_ratings,
    "raw_lmarena__board_day": _page_ratings,
    "raw_lmarena_history__rating": _history_ratings,
}


# ---- what has no maker -------------------------------------------------------------------------


def _unresolved_names(
    engine: Engine, curated: Curated, present: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Names of each catalogue without a maker; each weighs one, tokens weigh themselves."""
    reasons = curated.aliases.unresolved
    for table, platform, named in _LISTINGS:
        if table not in present:
            continue
        raw = engine.tables[table]
        relation = named(raw)
        total = next(engine.run(relation.aggregate(total=relation.weight.sum())).rows())["total"]
        found = _resolved(engine, relation, platform)
        missing = found.filter(found.organisation_id == UNKNOWN).order_by("name")
        for row in engine.run(missing).rows():
            keys = (row["name"], row["name"].partition(":")[0], row["group"] or "")
            reason = next(
                (
                    text
                    for part in (f"{platform}_model", platform)
                    for key in keys
                    if (text := reasons.get(part, {}).get(key.casefold()))
                ),
                "no maker is known for this name",
            )
            yield {
                "kind": "model",
                "listing": table.removeprefix("raw_"),
                "name": row["name"],
                "reason": "moves to whatever is newest" if row["name"].startswith("~") else reason,
                "weight": row["weight"],
                "unit": "tokens" if "usage" in table else "names",
                "weight_share": row["weight"] / total if total else None,
            }


def _by_name(name: str, group: str = "") -> Any:
    def relation(raw: ibis.Table) -> ibis.Table:
        other = raw[group].max() if group else raw[name].split("/")[0].max()
        found = raw.group_by(name=raw[name]).agg(weight=ibis.literal(1.0), group=other)
        return found.mutate(spelling=found["name"])

    return relation


def _by_offer(raw: ibis.Table) -> ibis.Table:
    pair = raw.provider_id + "/" + raw.model_id
    found = raw.group_by(name=pair).agg(
        weight=ibis.literal(1.0), group=raw.model_id.split("/")[0].max()
    )
    return found.mutate(spelling=found["name"])


def _by_tokens(raw: ibis.Table) -> ibis.Table:
    found = raw.group_by(name=raw.slug).agg(
        weight=raw.tokens_count.sum().cast("float64"), group=raw.slug.split("/")[0].max()
    )
    return found.mutate(spelling=found["name"])


_LISTINGS: tuple[tuple[str, str, Any], ...] = (
    ("raw_ollama__pulls", "ollama", _by_name("model_name")),
    ("raw_openrouter__model_day", "openrouter", _by_name("slug")),
    ("raw_openrouter_prices__model_month", "openrouter", _by_name("slug")),
    ("raw_openrouter_usage__model_week", "openrouter", _by_tokens),
    ("raw_models_dev__base_model", "models_dev", _by_name("base_model_id")),
    ("raw_models_dev__provider_model", "models_dev", _by_offer),
    ("raw_litellm__price", "litellm", _by_name("model_key", "provider")),
    ("raw_lmarena__rating", "arena", _by_name("model_name", "organization")),
    ("raw_lmarena__board_day", "arena", _by_name("model_name", "organization")),
    ("raw_lmarena_history__rating", "arena", _by_name("model_name", "organization")),
    ("raw_epoch_models__model", "epoch", _by_name("model", "organization")),
)
