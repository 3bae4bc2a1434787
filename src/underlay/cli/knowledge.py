"""What the atlas and the stack know of the models that an audit found: few queries for all."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from underlay.audit.knowledge import (
    NO_LICENCE,
    NOBODY,
    UNKNOWN,
    Adoption,
    Alternative,
    Ancestor,
    End,
    Judged,
    LicenceFacts,
    Missing,
    ModelFacts,
    Party,
    Price,
    RouteFacts,
    Routes,
    SourceFacts,
)
from underlay.errors import NoDataError, UnderlayError
from underlay.identity import hub_key
from underlay.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import ibis

    from underlay.audit.knowledge import Sought
    from underlay.cli.told import Told
    from underlay.lake import Engine
    from underlay.stack.parts import Stack
    from underlay.stack.population import Listed

__all__ = ["Atlas", "spellings"]

_NAMES = Table(
    "core__sought_name", "One row per spelling sought.", ("name",),
    (Column("name", "string", "in lower case", True),),
)  # fmt: skip
_CHOSEN = Table(
    "core__sought_model", "One row per model found.", ("model_id",),
    (Column("model_id", "int32", "the model", True),),
)  # fmt: skip
_HUBS = ("huggingface", "modelscope")
_LISTINGS = ("llmfit", "os_ai_map", "osir_lmts", "census_2022")
_COPIES = ("quantised copy", "re-upload")
# the definition of the measure of prices: its board, its mix, its order of catalogues
_BOARD = "text_style_control"
_INPUTS = 3.0
_CATALOGUES = ("openrouter", "models_dev", "litellm")
_MOST_ROUTES = 60  # requirements whose routes are asked; each takes some hundredths of a second
_MOST_BASES = 12
_DATE = re.compile(
    r"(?:[-@](?:20\d{2}-?\d{2}-?\d{2}|\d{4}|latest|preview(?:-\d{2}-\d{2,4})?|exp(?:-\d{4})?|"
    r"00\d))+$"
)
_BEDROCK = re.compile(
    r"^(?:bedrock/)?(?:(?:us-gov|us|eu|apac|au|jp|ca|global)\.)?"
    r"(([a-z0-9]+)\.(.+?)(-v\d+)?(?::\d+k?)*)$"
)
# what a program writes around a name for its own use, or an operator behind it
_AROUND = re.compile(r"^(?:models/|google-(?:gla|vertex):|google:|@cf/|gemini/)|:thinking$")
# editions of a service; `-turbo` and `-fast` tell models apart, but for Together's and Cloudflare's
_SERVED = re.compile(r"-(?:fp8-fast|specdec|tee|maas)$|(?<=-instruct)-turbo$")
# operators and makers of references -> prefixes of their names in catalogues and hubs
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "alibaba": ("alibaba", "dashscope", "qwen"),
    "anthropic": ("anthropic",),
    "azure": ("azure", "openai"),
    "azure_ai": ("azure", "azure_ai"),
    "bedrock": ("amazon-bedrock", "amazon"),
    "cerebras": ("cerebras",),
    "cloudflare": ("cloudflare-workers-ai", "cloudflare"),
    "cohere": ("cohere",),
    "dashscope": ("alibaba", "dashscope", "qwen"),
    "databricks": ("databricks",),
    "fireworks": ("fireworks-ai", "fireworks_ai"),
    "github": ("github-models", "azure"),
    "google": ("google", "gemini", "vertex_ai"),
    "groq": ("groq",),
    "huggingface": ("huggingface",),
    "jina": ("jinaai", "jina"),
    "meta": ("meta-llama", "meta"),
    "minimax": ("minimax", "minimaxai"),
    "mistral": ("mistral", "mistralai"),
    "moonshot": ("moonshotai", "moonshot"),
    "nvidia": ("nvidia",),
    "openai": ("openai",),
    "perplexity": ("perplexity",),
    "together": ("togetherai", "together_ai"),
    "upstage": ("upstage",),
    "vertex_ai": ("google-vertex", "google", "vertex_ai"),
    "voyage": ("voyage", "voyageai"),
    "watsonx": ("watsonx",),
    "xai": ("xai", "x-ai"),
    "zhipu": ("zai", "z-ai", "zhipuai", "zai-org"),
}


def spellings(sought: Sought) -> tuple[str, ...]:
    """Names under which a catalogue or hub may hold a model, in lower case, the likeliest first."""
    ref = sought.ref.strip().casefold()
    name = sought.canonical.partition(":")[2].casefold() or ref
    found = [name]
    if sought.kind == "hub":
        if "/" not in name:
            found.append(f"sentence-transformers/{name}")
    elif sought.kind == "ollama":
        bare = name.partition(":")[0]
        if bare.startswith(("hf.co/", "huggingface.co/")):
            bare = bare.partition("/")[2]
        found += [bare, bare.rpartition("/")[2]]
    elif sought.kind in ("hosted", "service"):
        found = list(_hosted(sought, name, ref))
    elif sought.kind == "torch-hub":
        found.append(name.rpartition("/")[2])
    return tuple(dict.fromkeys(each for each in found if each))


def _hosted(sought: Sought, name: str, ref: str) -> Iterator[str]:
    operator = (sought.operator or "").casefold()
    maker = sought.canonical.partition(":")[0].casefold()
    forms = [ref, name]
    forms += [_AROUND.sub("", form) for form in tuple(forms)]
    for form in tuple(forms):
        if match := _BEDROCK.match(form):
            forms += [match[1], f"{match[2]}/{match[3]}{match[4] or ''}", f"{match[2]}/{match[3]}"]
            forms.append(match[3])
    forms += [_DATE.sub("", form) for form in tuple(forms)]
    forms += [_SERVED.sub("", form) for form in tuple(forms)]
    owners = [*_PREFIXES.get(maker, (maker,)), *_PREFIXES.get(operator, (operator,))]
    owners = [each for each in owners if each not in ("", "hosted")]
    for form in dict.fromkeys(forms):
        yield form
        for owner in dict.fromkeys((*owners, "openrouter", "azure", "vertex_ai", "gemini")):
            yield f"{owner}/{form}"
        if "/" in form:
            yield form.rpartition("/")[2]


@dataclass
class _Board:
    """The newest edition of a board and the prices of its models."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    prices: dict[int, Price] = field(default_factory=dict)


class Atlas:
    """The knowledge of one lake; implements `underlay.audit.knowledge.Knowledge`."""

    def __init__(self, engine: Engine, stack: Stack | None = None) -> None:
        self.engine = engine
        self._with_parents: set[int] = set()
        self._given = stack
        self._parties: dict[str, Party] | None = None
        self._names: Told | None = None
        self._sources: tuple[SourceFacts, ...] | None = None

    @property
    def sources(self) -> tuple[SourceFacts, ...]:
        """The sources of the core tables."""
        if self._sources is None:
            rows = self._ask("source", lambda t: t["core__source"].order_by("source"))
            self._sources = tuple(
                SourceFacts(
                    row["source"], row["title"], row["licence"], row["url"],
                    _day(row["last_observed_on"]) or "",
                )
                for row in rows
            )  # fmt: skip
        return self._sources

    @property
    def as_of(self) -> str:
        """The newest day that any source states."""
        return max((source.vintage for source in self.sources), default="")

    def parties(self, ids: Iterable[str], /) -> Mapping[str, Party]:
        """Organisations by id."""
        known = self._known_parties()
        return {each: known[each] for each in ids if each in known}

    def models(self, sought: Sequence[Sought], /) -> Mapping[str, ModelFacts | Missing]:
        """Facts of all that are sought, by canonical name."""
        if not sought:
            return {}
        names = {each.canonical: spellings(each) for each in sought}
        self.engine.register_values(_NAMES, sorted({n for found in names.values() for n in found}))
        aliases = self._aliases()
        picked: dict[str, dict[str, Any]] = {}
        for each in sought:
            best = _pick(each, names[each.canonical], aliases)
            if best is not None:
                picked[each.canonical] = best
        chosen = {int(row["model_id"]) for row in picked.values()}
        bases = self._bases(chosen)
        everyone = chosen | {base for chain in bases.values() for base, _, _ in chain}
        self.engine.register_values(_CHOSEN, sorted(everyone))
        rows = {int(row["model_id"]): row for row in self._rows()}
        adoption = self._adoption()
        board = self._board()
        ends = self._ends()
        routes = self._routes([rows[number] for number in sorted(chosen) if number in rows])
        found: dict[str, ModelFacts | Missing] = {}
        for each in sought:
            hit = picked.get(each.canonical)
            if hit is None or int(hit["model_id"]) not in rows:
                found[each.canonical] = self._told().of(each, _why_missing(each))
                continue
            number = int(hit["model_id"])
            facts = self._facts(each, hit, rows, bases.get(number, ()), board)
            found[each.canonical] = replace(
                facts,
                adoption=adoption.get(number),
                end=_end(each, names[each.canonical], ends, facts),
                routes=routes.get(number, Routes(reason="closed weights: no route of one's own")),
            )
        return found

    def ask_usual(self) -> None:
        """Ask each question once, for nothing: so that its SQL can be prepared."""
        self.engine.register_values(_NAMES, ())
        self.engine.register_values(_CHOSEN, ())
        _ = self.sources, self._known_parties(), self._aliases(), self._bases(set())
        _ = self._rows(), self._adoption(), self._board(), self._ends(), self._told()
        with suppress(NoDataError):
            self._stack()

    # --- questions --------------------------------------------------------------------------------

    def _ask(self, name: str, make: Any) -> list[dict[str, Any]]:
        tables = self.engine.tables
        return list(self.engine.ask(f"audit/{name}", lambda: make(tables)).rows())

    def _known_parties(self) -> dict[str, Party]:
        if self._parties is None:
            rows = self._ask(
                "organisation",
                lambda t: t["core__organisation"].select(
                    "organisation_id", "name", "country", "country_reason"
                ).order_by("organisation_id"),
            )  # fmt: skip
            self._parties = {
                row["organisation_id"]: Party(
                    row["organisation_id"], row["name"], row["country"], row["country_reason"] or ""
                )
                for row in rows
            }
        return self._parties

    def _told(self) -> Told:
        if self._names is None:
            from underlay.cli.told import Told

            rows = self._ask(
                "accounts",
                lambda t: t["core__account"].filter(
                    (t["core__account"].platform == "huggingface")
                    & (t["core__account"].organisation_id != UNKNOWN)
                ).select("account", "organisation_id").order_by("account"),
            )  # fmt: skip
            accounts = {hub_key(row["account"]): row["organisation_id"] for row in rows}
            self._names = Told(self._known_parties(), accounts)
        return self._names

    def _party(self, identifier: str | None) -> Party:
        if identifier is None or identifier == UNKNOWN:
            return NOBODY
        return self._known_parties().get(identifier, Party(identifier, identifier))

    def _aliases(self) -> dict[str, list[dict[str, Any]]]:
        def make(tables: Any) -> ibis.Table:
            alias, names = tables["core__alias"], tables[_NAMES.name]
            keyed = alias.mutate(key=alias.name.lower())
            joined = keyed.join(names.select(key=names.name), "key")
            return joined.select(
                "key", "platform", "name", "model_id", "method", "reason"
            ).order_by("key", "platform", "name")  # fmt: skip

        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._ask("names", make):
            found.setdefault(row["key"], []).append(row)
        return found

    def _bases(self, chosen: set[int]) -> dict[int, list[tuple[int, str, str]]]:
        """Ancestors of each model, nearest first, as the atlas decided; a cycle is walked once.

        All that a merge or a model of several bases declares, then the chain of nearest bases.
        """

        def nearest(tables: Any) -> ibis.Table:
            model = tables["core__model"]
            model = model.filter(model.base_model_id.notnull())
            return model.select("model_id", "base_model_id").order_by("model_id")

        def declared(tables: Any) -> ibis.Table:
            lineage = tables["core__lineage"]
            kept = lineage.select("model_id", "base_model_id", "relation", "evidence")
            return kept.order_by("model_id", "base_model_id")

        tables = self.engine.tables
        rows = self.engine.ask("audit/nearest", lambda: nearest(tables))
        above = dict(zip(rows.objects("model_id"), rows.objects("base_model_id"), strict=True))
        rows = self.engine.ask("audit/lineage", lambda: declared(tables))
        said: dict[int, list[tuple[int, str, str]]] = {}
        for model, *step in zip(
            rows.objects("model_id"), rows.objects("base_model_id"),
            rows.objects("relation"), rows.objects("evidence"), strict=True,
        ):  # fmt: skip
            if model in above:
                said.setdefault(model, []).append((step[0], step[1], step[2]))
        found: dict[int, list[tuple[int, str, str]]] = {}
        for number in sorted(chosen):
            chain: list[tuple[int, str, str]] = []
            seen, model = {number}, number
            while model in above and above[model] not in seen and len(chain) < _MOST_BASES:
                base = above[model]
                steps = {step[0]: step for step in said.get(model, ())}
                chain.append(steps.get(base, (base, "unspecified", "inferred")))
                if model == number:
                    chain += [s for b, s in sorted(steps.items()) if s[1] == "merge" and b != base]
                seen.add(base)
                model = base
            found[number] = chain[:_MOST_BASES]
        self._with_parents = set(above)
        return found

    def _rows(self) -> list[dict[str, Any]]:
        def make(tables: Any) -> ibis.Table:
            model = tables["core__model"].join(tables[_CHOSEN.name], "model_id")
            licence = tables["core__licence"]
            licence = licence.select(
                "licence_text", spdx=licence.spdx, licence_reason=licence.reason
            )
            needs = tables["core__requirement"]
            needs = needs.select(
                "model_id", "architecture_id", "weight_format", "quantisation", "is_convertible",
                requirement_reason=needs.reason,
            )  # fmt: skip
            joined = model.left_join(licence, "licence_text").drop("licence_text_right")
            joined = joined.left_join(needs, "model_id")
            return joined.select(
                "model_id", "name", "platform", "account", "organisation_id", "modality",
                "architecture", "parameters_count", "licence_text", "licence_class", "spdx",
                "licence_reason", "openness", "is_open_weights", "released_on", "copy_kind",
                "base_model_id", "root_model_id", "lineage", "architecture_id", "weight_format",
                "quantisation", "is_convertible", "requirement_reason",
            ).order_by("model_id")  # fmt: skip

        return self._ask("models", make)

    def _adoption(self) -> dict[int, Adoption]:
        def make(tables: Any) -> ibis.Table:
            import ibis

            counts = tables["core__observation"]
            counts = counts.filter(
                (counts.metric == "downloads_30d_count")
                & counts.listing.isin(_LISTINGS)
                & counts.is_fresh
            )
            newest = counts.group_by("listing").agg(observed_on=counts.observed_on.max())
            counts = counts.semi_join(newest, ["listing", "observed_on"])
            window = ibis.window(group_by="listing", order_by=ibis.desc(counts.value))
            counts = counts.mutate(
                place=ibis.rank().over(window) + 1,
                size=counts.count().over(group_by="listing"),
            )
            kept = counts.semi_join(tables[_CHOSEN.name], "model_id")
            return kept.select(
                "model_id", "listing", "observed_on", "value", "place", "size"
            ).order_by("model_id", ibis.desc("observed_on"), "listing")  # fmt: skip

        found: dict[int, Adoption] = {}
        for row in self._ask("adoption", make):
            found.setdefault(
                int(row["model_id"]),
                Adoption(
                    int(row["place"]), int(row["size"]), int(row["value"]), row["listing"],
                    _day(row["observed_on"]) or "",
                ),
            )  # fmt: skip
        return found

    def _board(self) -> _Board:
        def ratings(tables: Any) -> ibis.Table:
            rating = tables["core__rating"]
            rating = rating.filter(
                (rating.series == "official")
                & (rating.board == _BOARD)
                & (rating.category == "overall")
            )
            newest = rating.aggregate(newest=rating.observed_on.max())
            rating = rating.join(newest, rating.observed_on == newest.newest)
            model = tables["core__model"].select(
                "model_id", model="name", platform="platform", owner="organisation_id",
                weights="is_open_weights",
            )  # fmt: skip
            return rating.join(model, "model_id").select(
                "model_id", "model", "platform", "owner", "weights", "observed_on", "rating",
                "rating_lower", "rating_upper", "name",
            ).order_by("model_id", "name")  # fmt: skip

        def prices(tables: Any) -> ibis.Table:
            price = tables["core__price"]
            price = price.filter(
                (price.variant == "") & ~price.is_free_variant & price.model_id.notnull()
                & price.catalogue.isin(_CATALOGUES)
            )  # fmt: skip
            newest = price.group_by("catalogue").agg(observed_on=price.observed_on.max())
            price = price.semi_join(newest, ["catalogue", "observed_on"])
            return price.select(
                "model_id", "catalogue", "provider", "observed_on", "input_usd_per_mtok",
                "output_usd_per_mtok", "name",
            ).order_by("model_id", "catalogue", "provider", "name")  # fmt: skip

        board = _Board()
        best: dict[int, dict[str, Any]] = {}
        for row in self._ask("ratings", ratings):
            number = int(row["model_id"])
            if number not in best or row["rating"] > best[number]["rating"]:
                best[number] = row
        board.rows = [best[number] for number in sorted(best)]
        for row in self._ask("prices", prices):
            blend = (_INPUTS * row["input_usd_per_mtok"] + row["output_usd_per_mtok"]) / (
                _INPUTS + 1
            )
            price = Price(
                round(blend, 6), row["catalogue"], row["provider"], _day(row["observed_on"]) or ""
            )
            held = board.prices.get(int(row["model_id"]))
            if held is None or _cheaper(price, held):
                board.prices[int(row["model_id"])] = price
        return board

    def _ends(self) -> dict[str, list[tuple[str, str | None, str | None, str]]]:
        """Key of a catalogue -> (catalogue, day of the end, status, day of the list)."""
        from underlay.sources.litellm import LiteLlm
        from underlay.sources.models_dev import ModelsDev

        wanted = {"raw_litellm__price", "raw_models_dev__provider_model"}
        for table in (*LiteLlm().tables, *ModelsDev().tables):
            if table.name in wanted:
                self.engine.tables.contracts.setdefault(table.name, table)

        def litellm(tables: Any) -> ibis.Table:
            price, names = tables["raw_litellm__price"], tables[_NAMES.name]
            newest = price.aggregate(newest=price.observed_on.max())
            price = price.join(newest, price.observed_on == newest.newest)
            keyed = price.mutate(key=price.model_key.lower())
            kept = keyed.semi_join(names.select(key=names.name), "key")
            return kept.select("key", "provider", "deprecation_on", "observed_on").order_by(
                "key", "provider"
            )

        def models_dev(tables: Any) -> ibis.Table:
            entry, names = tables["raw_models_dev__provider_model"], tables[_NAMES.name]
            newest = entry.aggregate(newest=entry.observed_on.max())
            entry = entry.join(newest, entry.observed_on == newest.newest)
            keyed = entry.mutate(key=(entry.provider_id + "/" + entry.model_id).lower())
            kept = keyed.semi_join(names.select(key=names.name), "key")
            return kept.select("key", "status", "observed_on").order_by("key")

        found: dict[str, list[tuple[str, str | None, str | None, str]]] = {}
        for row in self._ask("ends/litellm", litellm):
            found.setdefault(row["key"], []).append(
                ("litellm", _day(row["deprecation_on"]), None, _day(row["observed_on"]) or "")
            )
        for row in self._ask("ends/models_dev", models_dev):
            found.setdefault(row["key"], []).append(
                ("models_dev", None, row["status"], _day(row["observed_on"]) or "")
            )
        return found

    def _routes(self, rows: Sequence[dict[str, Any]]) -> dict[int, Routes]:
        open_ones = [row for row in rows if row["is_open_weights"] is not False]
        if not open_ones:
            return {}
        found: dict[int, Routes] = {}
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in open_ones:
            if row["architecture_id"] in (None, UNKNOWN):
                why = row["requirement_reason"] or "the atlas holds no requirement of it"
                found[int(row["model_id"])] = Routes(reason=f"its architecture is unknown: {why}")
                continue
            key = (
                row["architecture_id"], row["weight_format"], row["quantisation"],
                row["is_convertible"], row["modality"],
            )  # fmt: skip
            groups.setdefault(key, []).append(row)
        if not groups:
            return found
        try:
            stack = self._stack()
        except NoDataError as error:
            reason = Routes(reason=error.message)
            return found | {int(row["model_id"]): reason for row in open_ones}
        for count, members in enumerate(groups.values()):
            routes = (
                self._ways(stack, members[0])
                if count < _MOST_ROUTES
                else Routes(reason=f"only the first {_MOST_ROUTES} requirements were asked")
            )
            found |= {int(row["model_id"]): routes for row in members}
        return found

    def _stack(self) -> Stack:
        if self._given is None:
            from underlay.stack.load import load

            self._given = load(self.engine)
        return self._given

    def _ways(self, stack: Stack, row: dict[str, Any]) -> Routes:
        from underlay.stack.facets import Facets
        from underlay.stack.routes import routes

        facets = Facets.of({"routes": "all"})
        one = replace(stack, find=lambda _: _listed(row))  # it is read already
        try:
            asked = routes(one, row["name"], facets)
        except UnderlayError as error:
            return Routes(reason=error.message)
        owner = {component.id: component.organisation for component in stack.components}
        ways = tuple(
            RouteFacts(
                each.runtime, each.backend, each.line, each.route_class, each.grade,
                self._party(owner.get(each.line)), each.source, each.version,
            )
            for each in asked.routes
        )  # fmt: skip
        needs = tuple((each, owner.get(each, UNKNOWN)) for each in asked.depends_on)
        reason = "" if ways else "no build is known to run it; unknown is not impossible"
        return Routes(asked.architecture, ways, needs, facets.grade, reason)

    # --- one model --------------------------------------------------------------------------------

    def _facts(
        self,
        sought: Sought,
        hit: dict[str, Any],
        rows: Mapping[int, dict[str, Any]],
        chain: Sequence[tuple[int, str, str]],
        board: _Board,
    ) -> ModelFacts:
        row = rows[int(hit["model_id"])]
        ancestors = tuple(
            Ancestor(
                _name(rows[base]), relation, evidence, self._party(rows[base]["organisation_id"]),
                _licence(rows[base]), base not in self._with_parents,
            )
            for base, relation, evidence in chain
            if base in rows
        )  # fmt: skip
        owner = self._party(row["organisation_id"])
        is_copy = row["copy_kind"] in _COPIES
        first = ancestors[0].maker if ancestors else NOBODY
        maker, uploader = owner, None
        if is_copy and first.id not in (UNKNOWN, owner.id):
            maker, uploader = first, owner if owner.id != UNKNOWN else _account(row)
        elif is_copy and not ancestors:
            maker, uploader = NOBODY, owner if owner.id != UNKNOWN else _account(row)
        judged = next((r for r in board.rows if int(r["model_id"]) == int(row["model_id"])), None)
        price = board.prices.get(int(row["model_id"]))
        return ModelFacts(
            canonical=_name(row),
            found=f"{hit['method']}: {hit['reason']}",
            maker=maker,
            uploader=uploader,
            copy_kind=row["copy_kind"],
            licence=_licence(row),
            openness=row["openness"],
            is_open_weights=row["is_open_weights"],
            released_on=_day(row["released_on"]),
            architecture=row["architecture_id"] or row["architecture"] or UNKNOWN,
            modality=row["modality"],
            parameters=row["parameters_count"],
            lineage=row["lineage"],
            ancestors=ancestors,
            adoption=None,
            end=End(reason="weights of one's own do not end" if sought.kind == "hub" else ""),
            judged=_judged(judged),
            price=price,
            alternatives=self._alternatives(judged, board),
            routes=Routes(),
        )

    def _alternatives(
        self, judged: dict[str, Any] | None, board: _Board
    ) -> tuple[Alternative, ...]:
        """The three cheapest of those rated as high, and the cheapest with open weights."""
        if judged is None:
            return ()
        priced = [
            (board.prices[int(row["model_id"])], row)
            for row in board.rows
            if row["rating"] >= judged["rating"]
            and row["model_id"] != judged["model_id"]
            and int(row["model_id"]) in board.prices
        ]
        priced.sort(key=lambda pair: (pair[0].usd_per_mtok, pair[1]["model"]))
        kept = priced[:3]
        is_open = next((pair for pair in priced if pair[1]["weights"] is True), None)
        if is_open is not None and is_open not in kept:
            kept.append(is_open)
        return tuple(
            Alternative(
                f"{row['platform']}:{row['model']}", self._party(row["owner"]), row["weights"],
                round(float(row["rating"]), 1), price,
            )
            for price, row in kept
        )  # fmt: skip


def _pick(
    sought: Sought, names: Sequence[str], aliases: Mapping[str, list[dict[str, Any]]]
) -> dict[str, Any] | None:
    """The alias that most likely is the model: likeliest spelling first, platforms of its kind."""
    preferred: tuple[str, ...] = _HUBS
    if sought.kind == "ollama":
        preferred = ("ollama", *_HUBS)
    elif sought.kind in ("hosted", "service"):
        preferred = ("models_dev", "litellm", "served", "openrouter", "arena", *_HUBS)
    for name in names:
        rows = [row for row in aliases.get(name, ()) if row["platform"] in preferred]
        if rows:
            return min(rows, key=lambda row: (preferred.index(row["platform"]), row["name"]))
    return None


def _why_missing(sought: Sought) -> str:
    if sought.kind in ("local", "file"):
        return "a name of this machine or program; no hub or catalogue holds it"
    where = {"ollama": "of Ollama's library", "hosted": "of a catalogue of hosted models"}
    return f"no name {where.get(sought.kind, 'of a hub')} in the atlas agrees with it"


def _end(
    sought: Sought,
    names: Sequence[str],
    ends: Mapping[str, list[tuple[str, str | None, str | None, str]]],
    facts: ModelFacts,
) -> End:
    """The end that a catalogue states for the exact name first, then for its undated one."""
    if sought.kind not in ("hosted", "service"):
        return facts.end
    rows = [row for name in names for row in ends.get(name, ())]
    is_deprecated = True if any(status == "deprecated" for _, _, status, _ in rows) else None
    for catalogue, day, _, listed in rows:
        if day is not None:
            return End(day, is_deprecated, f"{catalogue} {listed}")
    if is_deprecated:
        listed = next(listed for _, _, status, listed in rows if status == "deprecated")
        return End(None, True, f"models_dev {listed}", "marked deprecated, without a day")
    looked = sorted({f"{catalogue} {listed}" for catalogue, _, _, listed in rows})
    if looked:
        return End(None, None, ", ".join(looked), "listed, but no end is stated")
    return End(reason="no catalogue with ends lists this name")


def _listed(row: dict[str, Any]) -> Listed:
    """One model as the stack takes it, with a weight of 1."""
    import numpy as np

    from underlay.stack.population import Listed

    def cell(value: object) -> Any:
        return np.array([UNKNOWN if value is None else value], dtype=object)

    size = np.nan if row["parameters_count"] is None else float(row["parameters_count"])
    return Listed(
        "", "", np.array([row["model_id"]], dtype=np.int64), cell(row["name"]),
        cell(row["organisation_id"]), cell(None), cell(row["openness"]), cell(row["modality"]),
        cell(row["architecture_id"]), cell("none"), cell(row["requirement_reason"]),
        cell(row["weight_format"]), cell(row["quantisation"]),
        np.array([bool(row["is_convertible"])]), cell(row["licence_class"]), np.array([size]),
        {"models": np.ones(1), "downloads": np.ones(1)}, {},
    )  # fmt: skip


def _cheaper(one: Price, other: Price) -> bool:
    """The first catalogue speaks first; within it the lowest price does."""
    ranks = _CATALOGUES.index(one.catalogue), _CATALOGUES.index(other.catalogue)
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and one.usd_per_mtok < other.usd_per_mtok)


def _judged(row: dict[str, Any] | None) -> Judged | None:
    if row is None:
        return None
    ends = [None if row[k] is None else round(float(row[k]), 1) for k in _ENDS]
    rating = round(float(row["rating"]), 1)
    return Judged(_BOARD, rating, ends[0], ends[1], _day(row["observed_on"]) or "")


_ENDS = ("rating_lower", "rating_upper")


def _licence(row: dict[str, Any]) -> LicenceFacts:
    text = row["licence_text"] or ""
    if not text and row["licence_class"] == UNKNOWN:
        return NO_LICENCE
    return LicenceFacts(text, row["spdx"] or "", row["licence_class"], row["licence_reason"] or "")


def _account(row: dict[str, Any]) -> Party:
    name = f"{row['platform']} account `{row['account']}`"
    return Party(UNKNOWN, name, UNKNOWN, "nobody knows who is behind it")


def _name(row: dict[str, Any]) -> str:
    return f"{row['platform']}:{row['name']}"


def _day(value: Any) -> str | None:
    return None if value is None else str(value)[:10]
