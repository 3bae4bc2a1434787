"""What models stand on: the part that has no route left without a piece, and the evidence.

Both are questions to the graph of `underlay.stack`, not sums over rows of a relation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from underlay.errors import NoDataError, NotComputableError
from underlay.measures.definitions import (
    EACH,
    Answer,
    Choice,
    Computation,
    Grid,
    Measure,
    Option,
    Row,
    Split,
)
from underlay.stack.facets import GRADES, OPTIONS, WEIGHTS, Facets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.lake.engine import Engine, Tables
    from underlay.measures.definitions import Query
    from underlay.stack.missing import Missing
    from underlay.stack.parts import Stack
    from underlay.stack.spread import StackSpread
    from underlay.stack.whatif import WhatIf

__all__ = ["MEASURES", "REMOVALS", "removals_of", "stack_of"]

# what a figure told apart by `remove` tries; any other can be asked for
REMOVALS = (
    "nvidia",
    "api:cuda",
    "amd",
    "huawei",
    "country:US",
    "country:CN",
    "foundry:tsmc",
    "package:torch",
    "package:transformers",
)
_DEFAULT = "nvidia"
_AND = "+"  # between removals that happen together
_FACETS = (
    "grade",
    "object",
    "routes",
    "scope",
    "supply",
    "population",
    "fixtures",
    "largest",
    "use",
    "listing",
)
# another use or list is another question, not another definition
_HELD = ("use", "listing")
_WEIGHT = {
    "downloads": "what is used most counts most",
    "models": "each model counts once",
    "tokens": "what is routed most counts most; a top list of few models",
}
_SOURCE = {
    "grade": "the ladder of evidence",
    "object": "Hopkins et al. 2025, arXiv 2504.20185, count what is distributed",
}


def stack_of(engine: Engine) -> Stack:
    """The stack of an engine's lake, read once; raises `NoDataError` where it has none."""
    from underlay.stack.load import load

    if "stack" not in engine.memory:
        engine.memory["stack"] = load(engine)
    found: Stack = engine.memory["stack"]
    return found


def removals_of(text: str) -> tuple[str, ...]:
    """`nvidia+country:CN` as the removals that happen together."""
    return tuple(part.strip() for part in text.split(_AND) if part.strip())


def _no_relation(_: Tables) -> NoReturn:
    raise NotComputableError("dependence", "it is no sum over rows", "`underlay whatif`")


def _one(engine: Engine, query: Query) -> Answer:
    stack = stack_of(engine)
    options = dict(query.definition.options)
    weight = options.pop("weight")
    grade = options.pop("grade")
    facets = Facets.of({**options, **({} if grade == EACH else {"grade": grade})})
    asked = query.definition.kept.get("remove", "" if query.by == "remove" else _DEFAULT)
    texts = (asked,) if asked else REMOVALS
    found = {text: _whatif(stack, text, facets) for text in texts}
    first = found[texts[0]]
    _not_before("dependence", query, first.observed_on)
    rows: list[Row]
    if query.by == "remove":
        rows = [
            _row({"remove": text}, each, weight, name=_called(stack, text, facets.scope))
            for text, each in found.items()
        ]
    elif query.by == "weight":
        rows = [_row({"weight": name}, first, name) for name in WEIGHTS]
    elif query.by == "grade":
        rows = [
            Row({"grade": rung.grade}, rung.value, rung.lower, rung.upper,
                more={"kept": rung.kept, "no_evidence": rung.no_evidence})
            for rung in first.weights[weight].ladder
        ] or [_row({"grade": grade}, first, weight) for grade in GRADES]  # fmt: skip
    else:
        parts = first.by_country if query.by == "country" else first.by_openness
        rows = [
            Row({query.by: part.key}, part.value, part.lower, part.upper,
                more={"share_of_all": part.share, "no_evidence": part.no_evidence})
            for part in parts
            if part.weight == weight
        ] or [Row({query.by: "unknown"}, None, reason=first.weights[weight].reason)]  # fmt: skip
    return Answer(
        tuple(rows),
        {
            "rows": int(first.coverage["models"]),
            "weight": first.coverage.get(f"{weight}_with_architecture_share"),
        },
        _vintages(stack, first),
        first.observed_on,
        (*_later(stack, query), *first.assumptions, *first.notes),
    )


def _not_before(name: str, query: Query, day: str) -> None:
    """Raise `NoDataError` where the day asked for is before that of the list."""
    if query.as_of is not None and str(query.as_of) < day:
        raise NoDataError(name, str(query.as_of), f"{day} and later")


def _later(stack: Stack, query: Query) -> tuple[str, ...]:
    """What to say where evidence is newer than the day asked for: it is not wound back."""
    newest = max(_statement_days(stack).values(), default="")
    if query.as_of is None or newest <= str(query.as_of):
        return ()
    return (
        f"models are those of the list up to {query.as_of}, evidence is all that was seen up to "
        f"{newest}; `underlay whatif` winds evidence back",
    )


def _whatif(stack: Stack, text: str, facets: Facets) -> WhatIf:
    """The last few answers are kept: a report asks the same by grade, by country and by removal."""
    from underlay.stack.removals import removal
    from underlay.stack.whatif import whatif

    kept: dict[tuple[str, Facets], WhatIf] = stack.memory.setdefault("whatif", {})
    if (text, facets) not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        gone = removal(stack, removals_of(text), scope=facets.scope)
        kept[text, facets] = whatif(stack, gone, facets, top=0)
    return kept[text, facets]


_KEPT = 32


def _called(stack: Stack, text: str, scope: str) -> str:
    """What goes, as a reader calls it: `PyTorch`, `US design`, `NVIDIA (code) + TSMC`."""
    names = []
    for part in removals_of(text):
        head, _, rest = part.partition(":")
        if part in stack.places:
            names.append(stack.components[stack.places[part]].name)
        elif head == "country":
            code, _, named = rest.partition(":")
            names.append(f"{code} {named or (scope if scope != 'default' else 'design')}")
        elif head in stack.organisations:
            names.append(stack.organisations[head].name + (f" ({rest})" if rest else ""))
        else:
            names.append(part)
    return f" {_AND} ".join(names)


def _row(key: dict[str, str | int], found: WhatIf, weight: str, **more: Any) -> Row:
    share = found.weights[weight]
    rung = share.headline
    if rung is None:
        return Row(key, None, reason=share.reason, more=more)
    more |= {"kept": rung.kept, "no_evidence": rung.no_evidence}
    return Row(key, rung.value, rung.lower, rung.upper, more=more)


def _vintages(stack: Stack, found: WhatIf) -> dict[str, str]:
    """Newest day by source: of the list, and of the evidence where it is dated."""
    newest = _statement_days(stack)
    for build in stack.builds:
        day = str(build.last_seen or "")
        newest[build.source] = max(newest.get(build.source, ""), day)
    for need in stack.needs:
        newest.setdefault(need.source, "")
    newest[found.listing] = found.observed_on
    return newest


def _all(engine: Engine, query: Query, facets: Mapping[str, tuple[str, ...]]) -> Grid:
    """One spread for each removal; grades and weights, where they are the parties, are a facet."""
    from underlay.stack.spread import spread

    stack = stack_of(engine)
    fixed = {name: option for name, option in query.definition.options.items() if option != EACH}
    asked = query.definition.kept.get("remove", "" if query.by == "remove" else _DEFAULT)
    texts = REMOVALS if not asked else (asked,)
    wanted = dict(facets)
    if query.by in ("grade", "weight"):
        wanted[query.by] = GRADES if query.by == "grade" else WEIGHTS
        fixed.pop(query.by, None)
    by = query.by if query.by in ("country", "openness") else "all"
    vary = [name for name in facets if name == "listing"]
    found = [spread(stack, removals_of(text), by=by, where=fixed, vary=vary) for text in texts]
    grids = [_placed(each, wanted) for each in found]  # (an axis a facet ..., parties)
    missing = {name: reason for each in found for name, reason in each.missing.items()}
    if query.by in ("grade", "weight"):
        names: tuple[str, ...] = wanted[query.by]
        values = grids[0][..., 0]  # the added facet is the last axis
    else:
        names = tuple(texts) if query.by == "remove" else found[0].parties
        values = np.concatenate(grids, axis=-1)
    # each party's value is a part of its own weight, so the largest of them is no lead
    is_ranked = query.by == "remove"
    return Grid(names, values.reshape(-1, len(names)), found[0].as_of, missing, is_ranked)


def _placed(found: StackSpread, facets: Mapping[str, tuple[str, ...]]) -> Any:
    """Values with an axis for each facet, in order, and one for parties.

    NaN for options without a value; a scope that takes the same as another has its values.
    """
    varied = [name for name, _ in found.facets]
    options = {**{name: (option,) for name, option in found.held.items()}, **dict(found.facets)}
    order = [varied.index(name) for name in facets if name in varied]
    values = found.values.reshape(*(len(each) for _, each in found.facets), -1)
    values = values.transpose(*order, len(varied))
    values = values.reshape(*(len(options[name]) for name in facets), -1)
    if "scope" in facets and len(options["scope"]) == 1:
        place = list(facets).index("scope")
        values = np.repeat(values, len(facets["scope"]), axis=place)
        options["scope"] = facets["scope"]
    target = np.full((*(len(each) for each in facets.values()), values.shape[-1]), np.nan)
    places = [[facets[name].index(option) for option in options[name]] for name in facets]
    target[np.ix_(*places)] = values
    return target


def _choices() -> tuple[Choice, ...]:
    found = [
        Choice(
            name,
            _DOCS[name],
            tuple(Option(option, reason) for option, reason in OPTIONS[name]),
            role="list" if name == "listing" else "kind",
            varies=name not in _HELD,
        )
        for name in _FACETS
    ]
    weights = tuple(Option(name, reason) for name, reason in _WEIGHT.items())
    return (*found, Choice("weight", "what each model counts", weights, role="base"))


_DOCS = {
    "grade": "the weakest evidence that makes a route",
    "object": "whether any format of the weights will do, or the file as published",
    "routes": "which kinds of routes count",
    "scope": "what of an owner or a country goes",
    "supply": "whether machines that stand already go on",
    "population": "which models count",
    "fixtures": "whether models made for tests count",
    "largest": "whether the model of most weight counts",
    "use": "running or training",
    "listing": "list of models",
}

DEPENDENCE = Measure(
    name="dependence",
    layer="between",
    question="Which part of the models in use has no known route left when a piece goes?",
    unit="share",
    caveat="A route is something that exists, not capacity, speed or price. An edge that nobody "
    "states is unknown: the lower end takes every unknown edge to an existing build as real, the "
    "upper end counts only what a source names. What had no known route before is `no_evidence`, "
    "not lost. By country or openness each value is a part of that party's own weight.",
    citation="structural dependence: Hopkins et al. 2025, arXiv 2504.20185",
    splits=(
        Split("remove", "remove", "what goes; several together with `+`, as in nvidia+amd"),
        Split("country", "country", "country of the models' maker"),
        Split("openness", "openness", "openness of the models"),
        Split("grade", "grade", "ladder by grade of evidence"),
        Split("weight", "weight", "models, downloads, tokens"),
    ),
    choices=_choices(),
    grain=(),
    expression=_no_relation,
    sampled=False,
    default_by="remove",
    computation=Computation(_one, _all),
    covered="of the weight is of models whose architecture is known",
)


def _evidence(engine: Engine, query: Query) -> Answer:
    from underlay.stack.summary import summary

    stack = stack_of(engine)
    counts = summary(stack)
    counted: Mapping[str, int] = counts.states
    if query.by != "grade":
        known = counts.grades[-1]  # the weakest grade holds all others
        counted = {
            "architectures": known.architectures,
            "runtimes": known.runtimes,
            "builds": known.builds,
            "backends": known.backends,
            "accelerators": known.lines,
            "vendors": known.designers,
            "foundries": known.foundries,
        }
    days = stack.statements.last_day
    listed = stack.listed("os_ai_map")
    newest = str(np.datetime64(int(days.max()), "D")) if (days >= 0).any() else listed.observed_on
    _not_before("stack_evidence", query, newest)
    rows = [Row({query.by: name}, float(count)) for name, count in counted.items()]
    return Answer(
        tuple(rows),
        {"rows": len(stack.statements), "weight": counts.known},
        _statement_days(stack),
        newest,
        tuple(stack.notes),
    )


def _statement_days(stack: Stack) -> dict[str, str]:
    days = stack.statements.last_day
    found = {}
    for name in sorted({str(each) for each in stack.statements.source}):
        here = days[(stack.statements.source == name) & (days >= 0)]
        found[name] = str(np.datetime64(int(here.max()), "D")) if len(here) else ""
    return found


def _evidence_grid(engine: Engine, query: Query, facets: Mapping[str, tuple[str, ...]]) -> Grid:
    del facets  # there is one definition
    answer = _evidence(engine, query)
    names = tuple(str(row.key[query.by]) for row in answer.rows)
    return Grid(names, np.array([[row.value for row in answer.rows]]), answer.as_of)


EVIDENCE = Measure(
    name="stack_evidence",
    layer="between",
    question="How much of the stack below models is there evidence for?",
    unit="count",
    caveat="Counts of what at least one source speaks of at grade generic or better. A pair that "
    "nobody speaks of is unknown, not unsupported.",
    citation="own definition, docs/decisions.md, 27: ways that exist, not use",
    splits=(
        Split("layer", "layer", "architectures, runtimes, backends, accelerators, vendors ..."),
        Split("grade", "grade", "pairs of architecture and build by the best that is known"),
    ),
    choices=(),
    grain=(),
    expression=_no_relation,
    sampled=False,
    default_by="layer",
    computation=Computation(_evidence, _evidence_grid),
    covered="of all pairs of architecture and build are spoken of by some source",
)


def _facets_of(query: Query) -> tuple[Facets, str]:
    options = dict(query.definition.options)
    weight = options.pop("weight")
    return Facets.of(options), weight


def _narrowest(engine: Engine, query: Query) -> Answer:
    from underlay.stack.chokepoints import chokepoints

    stack = stack_of(engine)
    facets, weight = _facets_of(query)
    found = chokepoints(stack, facets, weight=weight, pairs=query.by == "pair", top=_TOP)
    _not_before("chokepoints", query, found.observed_on)
    rows = [
        Row({"component": each.component}, each.value, each.lower,
            more={"name": each.name, "same": _names(stack, each.same), "layer": each.layer,
                  "owner": each.organisation, "owner_country": each.country,
                  "models": each.models, **_edges(each.missing)})
        for each in found.singles
    ] if query.by == "component" else [
        Row({"pair": _AND.join(each.components)}, each.value,
            more={"name": f" {_AND} ".join(each.names), "joint": each.joint,
                  "models": each.models, **_edges(each.missing)})
        for each in found.pairs
    ]  # fmt: skip
    vintages = {**_statement_days(stack), found.listing: found.observed_on}
    coverage = {"rows": found.count_singles, "weight": 1.0 - found.no_evidence}
    tried = f"{found.count_singles} components and {found.count_pairs:,} pairs were tried"
    notes = (*_later(stack, query), tried)
    return Answer(tuple(rows), coverage, vintages, found.observed_on, notes)


def _names(stack: Stack, components: Sequence[str]) -> str:
    return ", ".join(stack.components[stack.places[each]].name for each in components)


def _edges(missing: Missing) -> dict[str, int | None]:
    return {
        "edges_10": missing.edges_10,
        "edges_50": missing.edges_50,
        "edges_90": missing.edges_90,
    }


def _narrowest_grid(engine: Engine, query: Query, facets: Mapping[str, tuple[str, ...]]) -> Grid:
    """The components that are narrowest under the default, under every other definition."""
    from underlay.stack.chokepoints import chokepoints
    from underlay.stack.spread import spread

    stack = stack_of(engine)
    fixed = {name: option for name, option in query.definition.options.items() if option != EACH}
    default = {name: options[0] for name, options in facets.items()}
    weight = {**fixed, **default}.pop("weight")
    chosen = {n: o for n, o in {**fixed, **default}.items() if n != "weight"}
    found = chokepoints(stack, Facets.of(chosen), weight=weight, pairs=query.by == "pair", top=_TOP)
    parties = [each.component for each in found.singles]
    if query.by == "pair":
        parties = [_AND.join(each.components) for each in found.pairs]
    where = {**fixed, "scope": "default", "supply": "new"}
    spreads = [spread(stack, removals_of(each), where=where) for each in parties]
    if not spreads:
        return Grid((), np.zeros((int(np.prod([len(o) for o in facets.values()])), 0)), "")
    values = np.concatenate([_placed(each, facets) for each in spreads], axis=-1)
    return Grid(tuple(parties), values.reshape(-1, len(parties)), found.observed_on)


_TOP = 10

CHOKEPOINTS = Measure(
    name="chokepoints",
    layer="between",
    question="Whose loss, alone or in twos, costs most of the models in use?",
    unit="share",
    caveat="A chokepoint is in every known route. It holds only as far as the known edges are all "
    "that there are: `edges_50` is how many unknown edges, were they real, would give back half of "
    "the loss. The spread is that of the components that are narrowest by default.",
    citation="dominators and minimal cut sets of the graph of routes",
    splits=(
        Split("component", "component", "one component"),
        Split("pair", "pair", "two components together, by what goes with neither alone"),
    ),
    choices=tuple(choice for choice in _choices() if choice.name not in ("scope", "supply")),
    grain=(),
    expression=_no_relation,
    sampled=False,
    default_by="component",
    computation=Computation(_narrowest, _narrowest_grid),
    covered="of the weight has a known route",
)


def _flow(engine: Engine, query: Query) -> Answer:
    from underlay.stack.flow import FLOW_LAYERS, NO_ROUTE, flow
    from underlay.stack.removals import removal

    stack = stack_of(engine)
    facets, weight = _facets_of(query)
    text = query.definition.kept.get("remove", "")
    gone = removal(stack, removals_of(text), scope=facets.scope) if text else None
    found = flow(stack, facets, weight=weight, without=gone)
    _not_before("stack_flow", query, found.observed_on)
    rows = [
        Row({"link": f"{link.source} > {link.target}"}, link.share,
            more={"layer": link.layer, "from": link.source, "to": link.target,
                  "from_reach": found.reach[link.layer, link.source],
                  "to_reach": found.reach[_next(link.layer), link.target]})
        for link in found.links
    ]  # fmt: skip
    carried = 1.0 - sum(link.share for link in found.links if link.target == NO_ROUTE
                        and link.layer == FLOW_LAYERS[0])  # fmt: skip
    vintages = {**_statement_days(stack), found.listing: found.observed_on}
    coverage = {"rows": found.models, "weight": carried}
    return Answer(tuple(rows), coverage, vintages, found.observed_on, _later(stack, query))


def _next(layer: str) -> str:
    from underlay.stack.flow import FLOW_LAYERS

    return FLOW_LAYERS[FLOW_LAYERS.index(layer) + 1]


def _flow_grid(engine: Engine, query: Query, facets: Mapping[str, tuple[str, ...]]) -> Grid:
    del facets
    answer = _flow(engine, query)
    names = tuple(str(row.key["link"]) for row in answer.rows)
    values = np.array([[row.value for row in answer.rows]])
    return Grid(names, values, answer.as_of, is_ranked=False)


FLOW = Measure(
    name="stack_flow",
    layer="between",
    question="Through which pieces do the known routes of the models in use lead?",
    unit="share",
    caveat="A model divides its weight equally over the runtimes that have a route, each over its "
    "backends, each over its accelerators, each over the foundries named. A share says how many "
    "ways lead through a piece, not how much runs there; the links of each layer add up to 1. What "
    "a piece reaches is the part that has any route through it.",
    citation="own definition, docs/design.md, the stack",
    splits=(
        Split("link", "link", "from one piece to one of the next layer"),
        Split("remove", "remove", "what goes first; several together with `+`"),
    ),
    choices=tuple(Choice(c.name, c.doc, c.options, c.role, varies=False) for c in _choices()),
    grain=(),
    expression=_no_relation,
    sampled=False,
    default_by="link",
    computation=Computation(_flow, _flow_grid),
    covered="of the weight has a known route",
)

MEASURES: tuple[Measure, ...] = (DEPENDENCE, CHOKEPOINTS, FLOW, EVIDENCE)
