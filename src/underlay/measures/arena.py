"""Who is judged best: leaders, gaps and lags on boards of pairwise votes, shares of their top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from underlay.measures.definitions import Choice, Measure, Option, Query, Row, Split

if TYPE_CHECKING:
    from underlay.lake.engine import Result, Tables

__all__ = ["MEASURES", "win_probability"]

_SPLITS: tuple[Split, ...] = (
    Split("country", "country", "primary base of the organisation that released the model"),
    Split("maker", "organisation_id", "organisation that released the model"),
    Split("openness", "weights", "open, closed or unknown weights"),
)
_PLACES: tuple[Split, ...] = (
    Split("board", "board", "board; scores of different boards don't compare"),
    Split("category", "category", "part of the board's prompts"),
)

_BOARDS = (
    ("text_style_control", "text, with length and markup controlled: what the page shows"),
    ("text", "text, as people voted"),
    ("webdev", "web applications built by the model"),
    ("vision_style_control", "questions on images, style controlled: what the page shows"),
    ("vision", "questions on images, as people voted"),
    ("document", "questions on documents"),
    ("document_style_control", "questions on documents, style controlled"),
    ("search", "answers with web search"),
    ("search_style_control", "answers with web search, style controlled"),
    ("text_to_image", "images from text"),
    ("image_edit", "edited images"),
    ("image", "images from text, on older boards"),
    ("text_to_video", "videos from text"),
    ("image_to_video", "videos from an image"),
    ("video_edit", "edited videos"),
)
_CATEGORIES = (
    ("overall", "all prompts"),
    ("hard_prompts", "prompts that ask much"),
    ("expert", "prompts by experts"),
    ("coding", "code"),
    ("math", "mathematics"),
    ("instruction_following", "prompts with instructions to keep"),
    ("creative_writing", "stories and verse"),
    ("longer_query", "long prompts"),
    ("multi_turn", "conversations of several turns"),
    ("english", "English prompts"),
    ("non_english", "all other languages"),
    ("chinese", "Chinese prompts"),
    ("exclude_ties", "votes without ties"),
)


def _is(column: str, value: str) -> Any:
    return lambda t: t[column] == value


_BOARD = Choice(
    "board",
    "on which board",
    tuple(Option(name, why, "Arena", _is("board", name)) for name, why in _BOARDS),
    varies=False,  # another board asks other people another question
)
_SCALE = Choice(
    "scale",
    "in which series; scores of two series, or before and after a shift of one, never mix",
    tuple(
        Option(name, why, source, _is("series", name))
        for name, why, source in (
            ("official", "the dataset that the publisher releases, from 2026-05", "Arena"),
            ("page", "the pages' top, from 2026-03 to 2026-06", "Arena"),
            ("history", "older editions, from 2024-06 to 2025-08", "Chatbot Arena"),
        )
    ),
    varies=False,  # another series is of other days
)
_POPULATION = Choice(
    "population",
    "which models stand for a group",
    (
        Option("all", "the best that it has", "AI Index"),
        Option("open", "the best that anybody can run", "ATOM Report", _is("weights", "open")),
        Option(
            "closed",
            "the best that it sells",
            "frontier comparisons",
            _is("weights", "closed"),
        ),
    ),
    varies=False,  # who is best among open models is another question
)
_CHOICES: tuple[Choice, ...] = (
    _BOARD,
    Choice(
        "category",
        "which prompts; all but `overall` on the newest day of the official text boards only",
        tuple(Option(name, why, "Arena", _is("category", name)) for name, why in _CATEGORIES),
    ),
    _SCALE,
    _POPULATION,
)
_CAVEAT = (
    "Ratings are fitted to votes of visitors and shift with who votes and what they ask; makers "
    "choose what is tested. Elo has no zero, so a gap in percent of a score means nothing: read it "
    "as a win probability. One model may stand there at several efforts. Scores before and after a "
    "shift of scale are never compared."
)
_CITATION = "Arena leaderboard dataset (CC BY 4.0); Bradley & Terry 1952"
_MONTH_DAYS = 365.25 / 12


def win_probability(gap_points: float) -> float:
    """Expected share of wins of the one that is `gap_points` ahead."""
    return float(1.0 / (1.0 + 10.0 ** (-gap_points / 400.0)))


def _ratings(tables: Tables) -> ibis.Table:
    """One row per entry, board, category and edition, with maker's country and openness."""
    rating = tables["core__rating"]
    maker = tables["core__organisation"].select("organisation_id", "country")
    joined = rating.join(maker, "organisation_id", how="left")
    return joined.select(
        "series", "scale", "board", "category", "name", "model_id", "organisation_id",
        "observed_on", "rating", "rating_lower", "rating_upper", "votes_count", "source",
        country=ibis.coalesce(joined.country, ibis.literal("unknown")),
        weights=ibis.cases(
            (joined.is_open_weights, "open"), (~joined.is_open_weights, "closed"), else_="unknown"
        ),
        value=joined.rating,
    )  # fmt: skip


class _Board:
    """Arrays of one answer, and the best entry of each group in a part of them."""

    def __init__(self, result: Result, by: str) -> None:
        self.days = result["observed_on"].astype("datetime64[D]")
        self.groups = _texts(result, by)
        self.names = _texts(result, "name")
        self.boards = _texts(result, "board")
        self.scales = _texts(result, "scale")
        self.rating = result.floats("rating")
        self.lower = result.floats("rating_lower")
        self.upper = result.floats("rating_upper")
        self.votes = result.floats("votes_count")

    def best(self, here: Any) -> dict[str, int]:
        """Place of the best entry by group, the best group first."""
        found: dict[str, int] = {}
        places = np.flatnonzero(here)
        for place in places[np.lexsort((self.names[places].astype(str), -self.rating[places]))]:
            found.setdefault(str(self.groups[place]), int(place))
        return found

    def entry(self, place: int) -> dict[str, Any]:
        """What stands there, for a row's `more`."""
        return {
            "model": str(self.names[place]),
            "rating": float(self.rating[place]),
            "rating_lower": _number(self.lower[place]),
            "rating_upper": _number(self.upper[place]),
            "votes": _number(self.votes[place]),
            "edition": str(self.days[place]),
        }


def _texts(result: Result, name: str) -> Any:
    return np.array([str(cell or "unknown") for cell in result.objects(name)], dtype=object)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _leaders(result: Result, query: Query) -> list[Row]:
    """The best entry of each group, with the publisher's interval."""
    board = _Board(result, query.by)
    everywhere = np.ones(len(board.days), dtype=bool)
    return [
        Row(
            {query.by: group},
            float(board.rating[place]),
            _number(board.lower[place]),
            _number(board.upper[place]),
            more=board.entry(place),
        )
        for group, place in board.best(everywhere).items()
    ]


def _gaps(result: Result, query: Query) -> list[Row]:
    """Points behind the leader, by group; over all boards the median of theirs.

    By board, how far the best model of any other country is behind the leader of each.
    """
    if query.by == "board":
        return _gaps_by_board(result)
    board = _Board(result, query.by)
    by_board = {
        str(name): _gaps_on(board, board.boards == name, query.by)
        for name in np.unique(board.boards)
    }
    if query.definition.options["board"] != "all":
        return next(iter(by_board.values()))
    gaps: dict[str, dict[str, Row]] = {}
    for name, rows in by_board.items():
        for row in rows:
            gaps.setdefault(str(row.key[query.by]), {})[name] = row
    found = []
    for group, rows_of in gaps.items():
        points = np.array([row.value for row in rows_of.values()], dtype=np.float64)
        lags = [row.more["lag_months"] for row in rows_of.values()]
        known = [lag for lag in lags if lag is not None]
        more = {
            "boards": {name: row.value for name, row in rows_of.items()},
            "boards_count": len(points),
            "boards_led": int((points == 0).sum()),
            "win_probability": win_probability(float(np.median(points))),
            "lag_months": float(np.median(known)) if known else None,
            "lag_boards_count": len(known),
        }
        low, middle, high = np.percentile(points, [0, 50, 100])
        found.append(Row({query.by: group}, float(middle), float(low), float(high), more=more))
    return sorted(found, key=lambda row: (row.value or 0.0, str(row.key[query.by])))


def _gaps_by_board(result: Result) -> list[Row]:
    board = _Board(result, "country")
    found = []
    for name in np.unique(board.boards):
        leader, *others = _gaps_on(board, board.boards == name, "country")
        behind = next((row for row in others if row.key["country"] != "unknown"), None)
        if behind is None:
            more = {"leader": leader.more["leader"], "leader_group": leader.more["leader_group"]}
            reason = "no model of another country is rated there"
            found.append(Row({"board": str(name)}, None, reason=reason, more=more))
            continue
        more = {**behind.more, "group": behind.key["country"]}
        found.append(Row({"board": str(name)}, behind.value, behind.lower, behind.upper, more=more))
    return sorted(found, key=lambda row: (row.value is None, row.value or 0.0, row.key["board"]))


def _gaps_on(board: _Board, here: Any, by: str) -> list[Row]:
    last = board.days[here].max()
    best = board.best(here & (board.days == last))
    leader_group, leader = next(iter(best.items()))
    same_scale = here & (board.scales == board.scales[leader])
    rows = []
    for group, place in best.items():
        gap = float(board.rating[leader] - board.rating[place])
        months, first, reason = 0.0, str(last), ""
        if group != leader_group:
            ahead = same_scale & (board.groups == leader_group)
            months, first, reason = _lag(board, ahead, board.rating[place], last)
        lower = upper = None
        if group == leader_group:
            lower = upper = 0.0
        else:
            lower = _number(board.lower[leader] - board.upper[place])
            upper = _number(board.upper[leader] - board.lower[place])
        more = {
            **board.entry(place),
            "leader": str(board.names[leader]),
            "leader_group": leader_group,
            "win_probability": win_probability(gap),
            "intervals_overlap": _overlap(board, leader, place),
            "lag_months": None if reason else months,
            "lag_reason": reason,
            "leader_reached_on": first,
            "scale": str(board.scales[leader]),
        }
        rows.append(Row({by: group}, gap, lower, upper, more=more))
    return rows


def _overlap(board: _Board, leader: int, place: int) -> bool | None:
    low, high = board.lower[leader], board.upper[place]
    return None if np.isnan(low) or np.isnan(high) else bool(high >= low)


def _lag(board: _Board, ahead: Any, score: float, last: Any) -> tuple[float, str, str]:
    """(months since the leaders first had that score, that day, why it can't be said)."""
    reached = ahead & (board.rating >= score)
    first = board.days[reached].min()
    months = float((last - first).astype(int)) / _MONTH_DAYS
    start = board.days[board.scales == board.scales[np.flatnonzero(ahead)[0]]].min()
    if first == start:
        reason = f"the leader had that score when the scale began on {start}: {months:.1f} or more"
        return months, str(first), reason
    return months, str(first), ""


def _top_shares(result: Result, query: Query) -> list[Row]:
    """Share of the top n entries or models that each group holds."""
    board = _Board(result, query.by)
    models = result.floats("model_id")
    order = np.lexsort((board.names.astype(str), -board.rating))
    kept: list[int] = []
    seen: set[float] = set()
    wanted = int(query.definition.options["top"])
    for place in order:
        if query.definition.options["unit"] == "models" and models[place] in seen:
            continue
        seen.add(float(models[place]))
        kept.append(int(place))
        if len(kept) == wanted:
            break
    reason = "" if len(kept) == wanted else f"the board has {len(kept)} only"
    groups = [str(board.groups[place]) for place in kept]
    rows = [
        Row(
            {query.by: group},
            groups.count(group) / len(kept),
            reason=reason,
            more={
                "models": [str(board.names[p]) for p in kept if board.groups[p] == group],
                "count": groups.count(group),
                "of": len(kept),
                "edition": str(board.days.max()),
            },
        )
        for group in set(groups)
    ]
    return sorted(rows, key=lambda row: (-(row.value or 0.0), str(row.key[query.by])))


_COLUMNS = ("name", "rating", "rating_lower", "rating_upper", "votes_count", "board", "scale")
ARENA_LEADERS = Measure(
    name="arena_leaders",
    layer="above",
    question="Which model of each group do people prefer, and how is it rated?",
    unit="Elo points",
    caveat=_CAVEAT,
    citation=_CITATION,
    splits=(*_SPLITS, *_PLACES),
    choices=_CHOICES,
    grain=("model_id",),
    expression=_ratings,
    reduce=_leaders,
    columns=_COLUMNS,
    vintage_by=("board", "category"),
    sampled=False,
)
ARENA_GAP = Measure(
    name="arena_gap",
    layer="above",
    question="How far behind the leader of a board is the best model of each group?",
    unit="Elo points",
    caveat=_CAVEAT + " Bounds of a gap set both intervals at their ends. Editions are month-ends, "
    "so a lag is known to about a month. Over all boards the value is the median of their gaps, "
    "and the bounds are their extremes. By board, it is the gap to the best model of any other "
    "country than the leader's.",
    citation=_CITATION,
    splits=(*_SPLITS, _PLACES[0]),
    choices=(
        Choice(
            "board",
            _BOARD.doc,
            (
                *_BOARD.options,
                Option("all", "every board of the series, one vote each", "underlay"),
            ),
            varies=False,
        ),
        *_CHOICES[1:],
    ),
    grain=("model_id",),
    expression=_ratings,
    reduce=_gaps,
    columns=(*_COLUMNS, "country"),
    history=True,
    sampled=False,
)
BOARD_SHARE = Measure(
    name="board_share",
    layer="above",
    question="Whose models stand at the top of a board, as a share of its first places?",
    unit="share",
    caveat=_CAVEAT + " Places near each other are often ties.",
    citation=_CITATION,
    splits=_SPLITS,
    choices=(
        *_CHOICES,
        Choice(
            "top",
            "how many first places count",
            (
                Option("20", "the leading group of a long board", "Arena's own front page"),
                Option("10", "what readers look at", "press retellings"),
                Option("50", "depth of a country's field", "counts of notable models"),
            ),
        ),
        Choice(
            "unit",
            "what a place is",
            (
                Option("models", "efforts of one model are one model", "underlay"),
                Option("entries", "each line of the board", "the board as shown"),
            ),
        ),
    ),
    grain=("model_id",),
    expression=_ratings,
    reduce=_top_shares,
    columns=_COLUMNS,
    vintage_by=("board", "category"),
    sampled=False,
)

MEASURES: tuple[Measure, ...] = (ARENA_LEADERS, ARENA_GAP, BOARD_SHARE)
