"""JSON Schemas of the answers about the stack, its capital and the memory that models need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay.atlas.stack_contracts import DEAL_GRADES, DEAL_KINDS, DEAL_STATUSES, LAYERS
from underlay.cli.schema_parts import (
    BY_NAME,
    COUNT,
    COUNT_OR_NULL,
    DAY,
    DAY_OR_NULL,
    FLAG,
    FLAG_OR_NULL,
    NUMBER,
    NUMBER_OR_NULL,
    SHARE,
    SHARE_OR_NULL,
    SOURCE,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Part,
    answer,
    choice,
    list_of,
    object_of,
    or_null,
    record,
)
from underlay.stack.chokepoints import Chokepoint, Pair
from underlay.stack.criticality import Player, Shapley
from underlay.stack.explain import Kept, Lost, Route, Substitute
from underlay.stack.facets import GRADES, OPTIONS, WEIGHTS, State, grade_name
from underlay.stack.fit import PRECISIONS
from underlay.stack.missing import Missing, MissingEdge
from underlay.stack.removals import Taken
from underlay.stack.routes import KINDS, Block
from underlay.stack.whatif import Horizon, Rung
from underlay.stack.whatif import Part as PartOfWeight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["STACK_SCHEMAS"]

_GRADE = choice(*GRADES)
_CLASS = choice("serving", "runs", "cpu")
_SEEN: Part = {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$"}
_DEFINITION = object_of(
    {facet: choice(*(name for name, _ in options)) for facet, options in OPTIONS.items()}
)
_ROUTE = record(Route, route_class=_CLASS, grade=_GRADE, seen_on=_SEEN)
_RUNG = record(
    Rung, grade=_GRADE, **dict.fromkeys(("value", "lower", "upper", "kept", "no_evidence"), SHARE)
)
_PART = record(
    PartOfWeight,
    weight=choice(*WEIGHTS),
    **dict.fromkeys(("share", "value", "lower", "upper", "no_evidence"), SHARE),
)
_TAKEN = record(Taken, layer=choice(*LAYERS))
_ENDS = object_of({"value": NUMBER_OR_NULL, "lower": NUMBER, "upper": NUMBER_OR_NULL})


def _whatif() -> Part:
    share = object_of(
        {
            **dict.fromkeys(("value", "lower", "upper", "kept", "no_evidence"), SHARE_OR_NULL),
            "total": NUMBER,
            "note": TEXT,
            "ladder": list_of({"$ref": "#/$defs/Rung"}),
            "reason": TEXT,
        },
        optional=("kept", "no_evidence", "total", "note", "ladder", "reason"),
    )
    share["if"] = {"properties": {"value": {"type": "null"}}}
    share["then"] = {"required": ["reason"], "properties": {"reason": {"minLength": 1}}}
    share["else"] = {"required": ["kept", "no_evidence", "total", "ladder"]}
    return answer(
        "underlay/whatif/1",
        "What has no route left when something goes: parts of all models, downloads and tokens, "
        "so that value + kept + no_evidence = 1. The lower bound takes unknown edges as real, the "
        "upper one only what a source names. A weight without a value says why in `reason`.",
        {
            "removed": {**TEXTS, "minItems": 1},
            "takes": list_of(_TAKEN),
            "spares": list_of(_TAKEN),
            "weights": object_of(dict.fromkeys(WEIGHTS, share)),
            "ladder": list_of({"$ref": "#/$defs/Rung"}),
            "ladder_weight": choice(*WEIGHTS),
            "coverage": {
                **object_of(
                    dict.fromkeys(("models_listed", "models", "models_with_architecture"), COUNT)
                ),
                "additionalProperties": SHARE,
            },
            "no_evidence": SHARE_OR_NULL,
            "by_country": list_of({"$ref": "#/$defs/Part"}),
            "by_openness": list_of({"$ref": "#/$defs/Part"}),
            "lost": list_of(
                record(
                    Lost, weight=SHARE, had={"$ref": "#/$defs/Route"},
                    searched={"type": "object", "additionalProperties": COUNT},
                )
            ),
            "kept": list_of(
                record(Kept, weight=SHARE, grade=_GRADE, best={"$ref": "#/$defs/Route"})
            ),
            "substitutes": list_of(
                record(Substitute, best_grade=_GRADE,
                       **dict.fromkeys(("share", "only", "split"), SHARE))
            ),
            "assumptions": {**TEXTS, "minItems": 1},
            "definition": _DEFINITION,
            "as_of": DAY,
            "notes": TEXTS,
            "horizons": list_of(
                record(
                    Horizon, date=DAY, weight=choice(*WEIGHTS),
                    **dict.fromkeys(("value", "lower", "upper", "no_evidence"), SHARE),
                )
            ),
            "sources": list_of({"$ref": "#/$defs/Source"}),
            "citation": TEXT,
        },
        Part=_PART,
        Route=_ROUTE,
        Rung=_RUNG,
        Source=SOURCE,
    )  # fmt: skip


def _routes() -> Part:
    names = [grade_name(state) for state in State if state >= State.GENERIC]
    return answer(
        "underlay/routes/1",
        "All known ways to run one model, the best evidence first, and why other builds are none. "
        "An empty list of routes says that none is known, not that there is none.",
        {
            "model": TEXT,
            "requirement": object_of(
                {
                    **dict.fromkeys(
                        ("architecture", "method", "reason", "weight_format", "quantisation"), TEXT
                    ),
                    "is_convertible": FLAG,
                    "weights_bytes": NUMBER_OR_NULL,
                }
            ),
            "definition": _DEFINITION,
            "routes": list_of(
                record(Route, route_class=_CLASS, grade=choice(*names), seen_on=_SEEN)
            ),
            "blocks": list_of(record(Block, kind=choice(*KINDS))),
            "depends_on": TEXTS,
            "without": TEXTS,
            "sources": list_of({"$ref": "#/$defs/Source"}),
        },
        Source=SOURCE,
    )


def _chokepoints() -> Part:
    missing = record(
        Missing,
        **dict.fromkeys(("edges_10", "edges_50", "edges_90"), COUNT_OR_NULL),
        dissolvable=SHARE,
        first=list_of(record(MissingEdge, builds=COUNT, edges=COUNT, weight=SHARE)),
    )
    shapley = record(
        Shapley,
        players=list_of(record(Player, **dict.fromkeys(("value", "alone"), SHARE))),
        total=SHARE,
        orders=COUNT,
        weight=choice(*WEIGHTS),
        facets=_DEFINITION,
    )
    two: Part = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}
    return answer(
        "underlay/chokepoints/1",
        "Components, alone and in twos, whose loss costs most, and how many unknown edges would "
        "dissolve each loss; null where no number of them would.",
        {
            "weight": choice(*WEIGHTS),
            "definition": _DEFINITION,
            "listing": TEXT,
            "as_of": DAY,
            "tried": object_of({"singles": COUNT, "pairs": COUNT}),
            "no_evidence": SHARE,
            "singles": list_of(
                record(
                    Chokepoint, layer=choice(*LAYERS), value=SHARE, lower=SHARE, models=COUNT,
                    missing={"$ref": "#/$defs/Missing"},
                )
            ),
            "pairs": list_of(
                record(
                    Pair, components=two, names=two, value=SHARE, joint=SHARE, models=COUNT,
                    missing={"$ref": "#/$defs/Missing"}, same=list_of(two),
                )
            ),
            "shapley": or_null(shapley),
            "sources": list_of({"$ref": "#/$defs/Source"}),
            "citation": TEXT,
        },
        Missing=missing,
        Source=SOURCE,
    )  # fmt: skip


_DEAL = object_of(
    {
        "deal_id": TEXT,
        "giver": TEXT,
        "receiver": TEXT,
        "kind": choice(*DEAL_KINDS),
        "announced_on": DAY,
        "closed_on": DAY_OR_NULL,
        "amount_usd": {"type": ["number", "null"], "minimum": 0},
        "amount_note": TEXT_OR_NULL,
        "status": choice(*DEAL_STATUSES),
        "grade": choice(*DEAL_GRADES),
        "payer": TEXT_OR_NULL,
        "payee": TEXT_OR_NULL,
        "citation": object_of({"title": TEXT, "url": TEXT, "read_on": DAY_OR_NULL}),
        "note": TEXT_OR_NULL,
    }
)


def _deals() -> Part:
    side = object_of(
        {
            "payer": TEXT,
            "payee": TEXT,
            "since": DAY,
            "is_closed": FLAG,
            "deals": {
                **list_of(
                    object_of(
                        {
                            "deal_id": TEXT,
                            "kind": choice(*DEAL_KINDS),
                            "announced_on": DAY,
                            "amount_usd": {"type": ["number", "null"], "minimum": 0},
                            "amount_note": TEXT_OR_NULL,
                            "status": choice(*DEAL_STATUSES),
                            "grade": choice(*DEAL_GRADES),
                            "other_way": TEXT,
                        }
                    )
                ),
                "minItems": 1,
            },
        }
    )
    ring = object_of(
        {
            "firms": {**TEXTS, "minItems": 2},
            "length": {"type": "integer", "minimum": 2},
            "since": DAY,
            "closed_payments": COUNT,
            "payments": {**list_of(side), "minItems": 2},
        }
    )
    found = answer(
        "underlay/deals/1",
        "Dated deals between firms of the stack, each with the page that was read; with "
        "`--cycles` also the rings in which their money goes round.",
        {
            "as_of": DAY_OR_NULL,
            "deals": list_of(_DEAL),
            "directions": object_of(
                dict.fromkeys(
                    DEAL_KINDS,
                    object_of(
                        {
                            "giver_to_receiver": choice(*DEAL_KINDS),
                            "payer": choice("giver", "receiver", None),
                            "other_way": TEXT,
                        }
                    ),
                )
            ),
            "coverage": object_of(
                {
                    **dict.fromkeys(("deals", "firms", "with_amount", "closed"), COUNT),
                    "grades": object_of(dict.fromkeys(DEAL_GRADES, COUNT)),
                }
            ),
            "caveat": TEXT,
            "longest": {"type": "integer", "minimum": 2},
            "cycles": list_of(ring),
        },
    )
    found["required"] = [name for name in found["required"] if name not in ("longest", "cycles")]
    found["dependentRequired"] = {"cycles": ["longest"], "longest": ["cycles"]}
    return found


def _exposure() -> Part:
    step = object_of({"owner": TEXT, "owned": TEXT, "since_on": DAY_OR_NULL, "source": TEXT})
    holding = object_of(
        {
            "component_id": TEXT,
            "name": TEXT,
            "organisation_id": TEXT,
            "since_on": DAY_OR_NULL,
            "is_dated": FLAG,
            "is_open": FLAG_OR_NULL,
            "market": TEXT_OR_NULL,
        }
    )
    part = object_of(
        {
            **dict.fromkeys(("value", "lower", "upper"), NUMBER_OR_NULL),
            "parties": TEXTS,
            "reason": TEXT,
        },
        optional=("parties", "reason"),
    )
    part["if"] = {"properties": {"value": {"type": "null"}}}
    part["then"] = {"required": ["reason"], "properties": {"reason": {"minLength": 1}}}
    part["else"] = {"required": ["parties"]}
    figure = object_of(
        {
            "layer": TEXT,
            "figure": TEXT,
            "by": TEXT,
            "where": BY_NAME,
            "owned": {"$ref": "#/$defs/Share"},
            "funded": {"$ref": "#/$defs/Share"},
            "unknown": NUMBER_OR_NULL,
            "as_of": DAY_OR_NULL,
            "definition": BY_NAME,
            "caveat": TEXT,
            "conflicts": list_of(object_of({"source": TEXT, "stated": TEXT})),
        },
        optional=("unknown", "definition", "caveat"),  # of a figure that can't be computed
    )
    return answer(
        "underlay/exposure/1",
        "What one owner stands in, layer by layer. Control stands apart from stakes, and a number "
        "of components is no share of a market: `figures` are.",
        {
            "owner": {"$ref": "#/$defs/Member"},
            "as_of": DAY_OR_NULL,
            "group": list_of({"$ref": "#/$defs/Member"}),
            "layers": list_of(
                object_of(
                    {
                        "layer": TEXT,
                        "held": COUNT,
                        "components": COUNT,
                        "unknown_owner": COUNT,
                        "holdings": list_of(holding),
                    }
                )
            ),
            **dict.fromkeys(("stakes", "backers", "trade"), list_of({"$ref": "#/$defs/Deal"})),
            "conflicts": list_of(
                object_of(
                    {"source": TEXT, "organisation_id": TEXT, "why": TEXT, "stated": TEXT_OR_NULL}
                )
            ),
            "caveat": TEXT,
            "figures": list_of(figure),
        },
        Deal=_DEAL,
        Member=object_of(
            {
                "organisation_id": TEXT,
                "name": TEXT,
                "country": TEXT,
                "since_on": DAY_OR_NULL,
                "is_dated": FLAG,
                "chain": list_of(step),
            }
        ),
        Share=part,
    )


def _fit() -> Part:
    configuration = object_of(
        {
            "names": TEXTS,
            "layers": COUNT,
            **dict.fromkeys(
                ("kv_heads", "head_dim", "latent", "window", "windowed_layers", "state"),
                COUNT_OR_NULL,
            ),
            "note": TEXT_OR_NULL,
            "citation": {
                **object_of({"title": TEXT, "url": TEXT}),
                "additionalProperties": TEXT_OR_NULL,
            },
        }
    )
    cache = object_of(
        {
            **_ENDS["properties"],
            "method": TEXT,
            "reason": TEXT,
            "configurations": list_of(configuration),
        }
    )
    need = object_of({**_ENDS["properties"], "reason": TEXT_OR_NULL})
    need["if"] = {"properties": {"value": {"type": "null"}}}
    need["then"] = {"properties": {"reason": {"type": "string", "minLength": 1}}}
    return answer(
        "underlay/fit/1",
        "The memory that a model needs, and how many of each accelerator hold it. Where the cache "
        "is not known, `need_bytes` has a lower bound and `reason` says why there is no more.",
        {
            "model": TEXT,
            "architecture": TEXT,
            "parameters": COUNT,
            "parameters_reason": TEXT,
            "precision": choice(*PRECISIONS),
            "bits_per_parameter": NUMBER,
            "precision_reason": TEXT,
            "context": {"type": "integer", "minimum": 1},
            "batch": {"type": "integer", "minimum": 1},
            "kv_bits": {"type": "integer", "minimum": 1},
            "weights_bytes": NUMBER,
            "cache": cache,
            "need_bytes": need,
            "formula": TEXT,
            "overhead": object_of(dict.fromkeys(("lower", "value", "upper"), NUMBER)),
            "usable_share": SHARE,
            "accelerators": list_of(
                object_of(
                    {
                        "name": TEXT,
                        "organisation_id": TEXT,
                        "memory_bytes": NUMBER,
                        "cards": COUNT_OR_NULL,
                        "cards_lower": COUNT,
                        "cards_upper": COUNT_OR_NULL,
                        "tensor_parallel": COUNT_OR_NULL,
                        "source": TEXT,
                    }
                )
            ),
            "accelerators_of_unknown_memory": COUNT,
            "caveat": TEXT,
        },
    )


STACK_SCHEMAS: Mapping[str, Callable[[], Part]] = {
    "whatif": _whatif,
    "routes": _routes,
    "chokepoints": _chokepoints,
    "deals": _deals,
    "exposure": _exposure,
    "fit": _fit,
}
