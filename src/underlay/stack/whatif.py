"""What is left when pieces go: the share of models, downloads and tokens without a route.

With `total` the weight of the population, and B(g) the classes that have a route of grade g or
better before the removal:

- value(g) = w(classes of B(g) without such a route after it) / total
- lower(g) = w(those without any route after it, were all unknown edges to builds real) / total
- upper(g) = w(those that lose a route, and have none after it that a source names, or of grade g
  if that is better) / total
- no_evidence(g) = 1 - w(B(g)) / total: no known route before; unknown architectures included

so that value + kept + no_evidence = 1. A documented no is never taken as real. Structural
dependence is that of Hopkins et al. 2025 (arXiv 2504.20185), with what had no route told apart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from underlay.errors import NoDataError, UnknownNameError
from underlay.stack.explain import Kept, Lost, Substitute, explain_kept, explain_lost, substitutes
from underlay.stack.facets import GRADES, WEIGHTS, Facets
from underlay.stack.parts import UNKNOWN
from underlay.stack.population import fixtures, largest, weights_of
from underlay.stack.reach import classes_for, standings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from underlay.stack.parts import Stack
    from underlay.stack.population import Listed
    from underlay.stack.reach import Standing
    from underlay.stack.removals import Removal

__all__ = ["Horizon", "Part", "Rung", "Share", "WhatIf", "horizons", "whatif"]


_DIGITS = 12  # that count: the last ones of a sum of floats depend on the order of its terms


@dataclass(frozen=True)
class Rung:
    """The answer at one grade, as parts of the whole weight."""

    grade: str
    value: float
    lower: float
    upper: float
    kept: float
    no_evidence: float


@dataclass(frozen=True)
class Share:
    """The answer under one weight: the headline's rung and the ladder; None with a reason."""

    headline: Rung | None
    ladder: tuple[Rung, ...]
    total: float
    reason: str = ""


@dataclass(frozen=True)
class Part:
    """The headline for one party (a country, a grade of openness), as parts of its own weight.

    `share` is the party's part of the whole.
    """

    key: str
    weight: str
    share: float
    value: float
    lower: float
    upper: float
    no_evidence: float


@dataclass(frozen=True)
class WhatIf:
    """The whole answer; `to_dict` is the JSON `underlay/whatif/1`."""

    removal: Removal
    facets: Facets
    weights: Mapping[str, Share]
    listing: str
    observed_on: str
    coverage: Mapping[str, float | int]
    by_country: tuple[Part, ...]
    by_openness: tuple[Part, ...]
    lost: tuple[Lost, ...]
    kept: tuple[Kept, ...]
    ranked_by: str
    substitutes: tuple[Substitute, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The JSON answer `underlay/whatif/1`."""

        def plain(share: Share) -> dict[str, Any]:
            if share.headline is None:
                return {"value": None, "lower": None, "upper": None, "reason": share.reason}
            rung = share.headline
            return {
                "value": rung.value, "lower": rung.lower, "upper": rung.upper, "kept": rung.kept,
                "no_evidence": rung.no_evidence, "total": share.total,
                **({"note": share.reason} if share.reason else {}),
                "ladder": [asdict(each) for each in share.ladder],
            }  # fmt: skip

        first = next((s for s in self._by_rank() if s.ladder), None)
        return {
            "schema": "underlay/whatif/1",
            "removed": list(self.removal.asked),
            "takes": [asdict(each) for each in self.removal.takes],
            "spares": [asdict(each) for each in self.removal.spared],
            "weights": {name: plain(share) for name, share in self.weights.items()},
            "ladder": [asdict(each) for each in first.ladder] if first else [],
            "ladder_weight": self.ranked_by,
            "coverage": dict(self.coverage),
            "no_evidence": first.headline.no_evidence if first and first.headline else None,
            "by_country": [asdict(each) for each in self.by_country],
            "by_openness": [asdict(each) for each in self.by_openness],
            "lost": [asdict(each) for each in self.lost],
            "kept": [asdict(each) for each in self.kept],
            "substitutes": [asdict(each) for each in self.substitutes],
            "assumptions": list(self.assumptions),
            "definition": self.facets.to_dict(),
            "as_of": self.observed_on,
            "notes": list(self.notes),
        }

    def _by_rank(self) -> Sequence[Share]:
        names = (self.ranked_by, *(n for n in WEIGHTS if n != self.ranked_by))
        return [self.weights[name] for name in names]


@dataclass(frozen=True)
class Horizon:
    """The headline with the evidence that had been seen by a day, for today's models."""

    date: dt.date
    weight: str
    value: float
    lower: float
    upper: float
    no_evidence: float


def whatif(
    stack: Stack, removal: Removal, facets: Facets | None = None, *, top: int = 10
) -> WhatIf:
    """What the removal costs under a definition; `top` models are named on either side.

    Raises `NoDataError` where the population has no model.
    """
    facets = facets or Facets()
    listed = stack.listed(facets.listing)
    weights = weights_of(listed, facets)
    if not weights:
        raise NoDataError(f"the list `{facets.listing}`", f"population={facets.population}", "")
    classes = classes_for(stack, listed)
    stand = standings(stack, classes, facets, removal, grades=GRADES)
    shares = {
        name: _share(weights[name], classes.member, stand, facets, listed.reasons.get(name, ""))
        if name in weights
        else Share(None, (), 0.0, listed.reasons.get(name, "the list has no such weight"))
        for name in WEIGHTS
    }
    rank = "downloads" if "downloads" in weights else "models"
    at = stand[facets.grade]
    lost = _largest(weights[rank], at.lost[classes.member], top)
    kept = _largest(weights[rank], (at.had & ~at.lost)[classes.member], top)
    total = float(weights[rank].sum())
    return WhatIf(
        removal,
        facets,
        shares,
        listed.listing,
        listed.observed_on,
        _coverage(listed, weights, rank),
        _parts(listed.country, weights, classes.member, at),
        _parts(listed.openness, weights, classes.member, at),
        explain_lost(stack, listed, classes, facets, removal, lost, weights[rank] / total),
        explain_kept(stack, listed, classes, facets, removal, kept, weights[rank] / total),
        rank,
        substitutes(stack, classes, facets, removal, at.had & ~at.lost, weights[rank] / total),
        _assumptions(facets, removal, listed, weights),
        stack.notes,
    )


def _share(
    weight: Any, member: Any, stand: Mapping[str, Standing], facets: Facets, reason: str
) -> Share:
    rungs = tuple(_rung(grade, weight, member, each) for grade, each in stand.items())
    headline = next(rung for rung in rungs if rung.grade == facets.grade)
    return Share(headline, rungs, float(weight.sum()), reason)


def _rung(grade: str, weight: Any, member: Any, at: Standing) -> Rung:
    of_class = np.bincount(member, weight, minlength=len(at.had))
    total = float(of_class.sum())

    def part(mask: Any) -> float:
        return round(float(of_class[mask].sum()) / total, _DIGITS)

    return Rung(
        grade, part(at.lost), part(at.lost_surely), part(at.lost_perhaps),
        part(at.had & ~at.lost), part(~at.had),
    )  # fmt: skip


def _largest(weight: Any, mask: Any, top: int) -> list[int]:
    places = np.flatnonzero(mask & (weight > 0))
    order = np.argsort(-weight[places], kind="stable")[:top]
    found: list[int] = places[order].tolist()
    return found


def _parts(keys: Any, weights: Mapping[str, Any], member: Any, at: Standing) -> tuple[Part, ...]:
    names, code = np.unique(keys.astype(str), return_inverse=True)
    code = code.reshape(-1)
    found = []
    for weight, column in weights.items():
        total = float(column.sum())

        def part(mask: Any, column: Any = column) -> Any:
            return np.bincount(code, np.where(mask[member], column, 0.0), minlength=len(names))

        whole = np.bincount(code, column, minlength=len(names))
        columns = [part(m) for m in (at.lost, at.lost_surely, at.lost_perhaps, ~at.had)]
        for place in np.lexsort((names, -whole)).tolist():
            if whole[place] > 0:
                values = [round(float(each[place] / whole[place]), _DIGITS) for each in columns]
                found.append(Part(str(names[place]), weight, float(whole[place]) / total, *values))
    return tuple(found)


def _coverage(listed: Listed, weights: Mapping[str, Any], rank: str) -> dict[str, float | int]:
    known = listed.architecture != UNKNOWN
    inside = weights["models"] > 0 if "models" in weights else weights[rank] > 0
    found: dict[str, float | int] = {
        "models_listed": int((np.nan_to_num(listed.weights["models"]) > 0).sum()),
        "models": int(inside.sum()),
        "models_with_architecture": int((inside & known).sum()),
    }
    for name, column in weights.items():
        found[f"{name}_with_architecture_share"] = float(column[known].sum() / column.sum())
    return found


def _assumptions(
    facets: Facets, removal: Removal, listed: Listed, weights: Mapping[str, Any]
) -> tuple[str, ...]:
    found = [
        "no new supply: whatever needs a removed piece can't be had any more"
        if facets.supply == "new"
        else "what is removed stops; machines of others go on without their makers",
        "a route is something that exists, not capacity: no queue, price or speed is counted",
        "an unlisted edge is unknown: real in the lower bound, absent in the upper one",
        "an unknown provider (a foundry, say) is no loss, and one of unknown need no gain",
    ]
    if facets.population == "text":
        found.append("models of modality `language`; those without a known modality are not in")
    if facets.object == "weights":
        found.append("weights may be converted to the format that a build reads")
    else:
        found.append("the file as published; conversion from open unquantised weights is generic")
    found.append("memory gates processors and single machines only, by the weights' own bytes")
    if any("licence unknown" in taken.reason for taken in removal.takes):
        found.append("toolchains of unknown licence are taken as closed")
    if removal.below or removal.below_state:
        found.append("weak evidence goes for support and builds, not for what a component needs")
    inside = next(iter(weights.values())) > 0
    tests = fixtures(listed) & inside
    if facets.fixtures == "keep" and tests.any():
        names = ", ".join(f"`{name}`" for name in listed.name[tests][:3])
        count = int(tests.sum())
        are = f"{count:,} models made for tests are in, such as"
        found.append(f"{'1 model made for tests is in:' if count == 1 else are} {names}")
    if "downloads" in weights and facets.largest == "keep":
        place = largest(listed, weights["downloads"])
        part = weights["downloads"][place] / weights["downloads"].sum()
        found.append(f"the largest model, `{listed.name[place]}`, is {part:.1%} of downloads")
    return tuple(found)


def horizons(
    stack: Stack,
    removal: Removal,
    facets: Facets | None = None,
    *,
    weight: str = "downloads",
    dates: Sequence[dt.date] | None = None,
    builds: str = "seen",
) -> tuple[Horizon, ...]:
    """The headline by evidence seen up to each day, for today's models and graph.

    Days are ends of quarters between the first and the last dated evidence unless given; those
    before anything has a route are left out. First days are bounds: a source may have said so
    earlier. With `builds="today"` all builds of today count at every day, so that only registries
    and statements have a history; with "seen" a build counts from the day on which it was seen.
    Raises `NoDataError` without dated evidence, and `UnknownNameError`.
    """
    if builds not in _BUILDS:
        raise UnknownNameError("option of `builds`", builds, _BUILDS)
    facets = facets or Facets()
    listed = stack.listed(facets.listing)
    weights = weights_of(listed, facets)
    if weight not in weights:
        raise NoDataError(weight, f"the list `{facets.listing}`", ", ".join(weights))
    if builds == "today":
        whole = tuple(replace(b, first_seen=None, last_seen=_LONG_AGO) for b in stack.builds)
        stack = replace(stack, builds=whole, memory={})
    classes = classes_for(stack, listed)
    found: list[Horizon] = []
    for day in dates if dates is not None else _quarters(stack):
        until = (day - _EPOCH).days
        at = standings(stack, classes, facets, removal, until=until)[facets.grade]
        if dates is None and not found and not at.had.any():
            continue
        rung = _rung(facets.grade, weights[weight], classes.member, at)
        found.append(Horizon(day, weight, rung.value, rung.lower, rung.upper, rung.no_evidence))
    return tuple(found)


_BUILDS = ("seen", "today")
_EPOCH = dt.date(1970, 1, 1)
_LONG_AGO = dt.date(1970, 1, 2)


def _quarters(stack: Stack) -> list[dt.date]:
    seen = stack.statements.first_day[stack.statements.first_day >= 0]
    last = stack.statements.last_day
    if not len(seen):
        raise NoDataError("the stack", "a history", "evidence without first days only")
    start = _EPOCH + dt.timedelta(days=int(seen.min()))
    end = _EPOCH + dt.timedelta(days=int(max(seen.max(), last.max())))
    days: list[dt.date] = []
    year, quarter = start.year, (start.month - 1) // 3
    while not days or days[-1] < end:
        year, quarter = (year, quarter + 1) if quarter < 3 else (year + 1, 0)
        days.append(dt.date(year, 3 * quarter + 1, 1) - dt.timedelta(days=1))
    return [*days[:-1], end]
