"""Pictures as Vega-Lite specifications: plain dictionaries, nothing is drawn here."""

from __future__ import annotations

from typing import Any

from underlay.report.colours import PALE, colour
from underlay.report.document import Bars, Curves, Picture
from underlay.report.words import NBSP, value

__all__ = ["FONT", "spec"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_INK, _MUTED, _RULE = "#1c1c1c", "#5c5c5c", "#dcdcdc"
_CURVES_PIXELS = 240
_END_LABEL_PIXELS = 110  # for names at the ends of curves
_STEP = 24  # pixels a bar
_NAME_PIXELS = 190  # widest name of a bar before it is cut


def spec(picture: Picture) -> dict[str, Any] | None:
    """The specification of a chart; None for what is a table anyway."""
    if isinstance(picture, Bars):
        found = _bars(picture)
    elif isinstance(picture, Curves):
        found = _curves(picture)
    else:
        return None
    return {
        "$schema": _SCHEMA,
        "title": {
            "text": picture.title,
            "subtitle": picture.caption if isinstance(picture, Bars) else picture.subtitle,
            "anchor": "start",
            "frame": "group",
        },
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "config": _CONFIG,
        **found,
    }


_CONFIG: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": _RULE,
        "labelColor": _MUTED,
        "labelFontSize": 12,
        "titleColor": _MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "text": {"fontSize": 12, "color": _INK},
}


def _bars(picture: Bars) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "name": bar.name,
            "value": _six(bar.value),
            "lower": _six(bar.lower) if bar.lower != bar.upper else None,
            "upper": _six(bar.upper) if bar.lower != bar.upper else None,
            "least": _six(bar.least),
            "most": _six(bar.most),
            "end": _six(max((e for e in (bar.value, bar.upper, bar.most) if e), default=0.0)),
            "label": _plain(value(bar.value, picture.unit))
            if bar.value is not None
            else bar.reason,
            "colour": colour(bar.country),
            "is_unknown": bar.country == "unknown",
        }
        for bar in picture.bars
    ]
    longest = max((row["end"] for row in rows), default=0.0)
    starts = [
        each
        for row in rows
        for each in (row["lower"], row["value"], row["least"])
        if each is not None
    ]
    low = 0.0 if picture.from_zero else min(starts, default=0.0)
    room = (longest - low) * 0.14 or 1.0  # for the number at the end of the longest bar
    x: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "scale": {
            "domain": [low if picture.from_zero else _six(low - room * 0.2), _six(longest + room)],
            "nice": False,
            "zero": picture.from_zero,
        },
        "axis": {"title": None, "format": _axis_format(picture.unit), "tickCount": 5},
    }
    y: dict[str, Any] = {
        "field": "name",
        "type": "nominal",
        "sort": [bar.name for bar in picture.bars],
        "axis": {
            "title": None,
            "labelColor": _INK,
            "labelFontSize": 13,
            "labelLimit": _NAME_PIXELS,
            "grid": False,
            "labelPadding": 8,
        },
    }
    paint = {"field": "colour", "type": "nominal", "scale": None}
    mark: dict[str, Any] = (
        {"type": "bar", "height": {"band": 0.62}}
        if picture.from_zero
        else {"type": "point", "filled": True, "size": 70, "opacity": 1}
    )
    layers: list[dict[str, Any]] = []
    if any(row["least"] is not None for row in rows):
        layers.append(
            {
                "mark": {"type": "rule", "size": 11, "opacity": 0.25},
                "encoding": {"x": {**x, "field": "least"}, "x2": {"field": "most"}, "color": paint},
            }
        )
    layers.append(
        {
            "mark": mark,
            "encoding": {
                "x": x,
                "color": paint,
                "opacity": {"condition": {"test": "datum.is_unknown", "value": 0.6}, "value": 1},
            },
        }
    )
    if any(row["lower"] is not None for row in rows):
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.lower) && isValid(datum.upper)"}],
                "mark": {"type": "rule", "size": 1.5, "color": _INK},
                "encoding": {"x": {**x, "field": "lower"}, "x2": {"field": "upper"}},
            }
        )
    layers.append(
        {
            "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 7},
            "encoding": {
                "x": {**x, "field": "end"},
                "text": {"field": "label", "type": "nominal"},
            },
        }
    )
    return {
        "height": _STEP * len(rows),
        "data": {"values": rows},
        "encoding": {"y": y},
        "layer": layers,
    }


def _curves(picture: Curves) -> dict[str, Any]:
    places = _label_places(picture)
    rows = [
        {
            "name": curve.name,
            "day": day,
            "value": _six(number),
            "colour": PALE if curve.is_background else colour(curve.country),
            "size": 1.5 if curve.is_background else 2.6,
            "label": f"{curve.name} {_plain(value(number, picture.unit))}",
            "label_value": _six(places[curve.name]),
            "is_last": day == curve.points[-1][0],
        }
        for curve in reversed(picture.curves)  # the finding is drawn over its context
        for day, number in curve.points
    ]
    paint = {"field": "colour", "type": "nominal", "scale": None}
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"rangeMax": {"expr": f"width - {_END_LABEL_PIXELS}"}},
        "axis": {"title": None, "format": "%b %Y", "grid": False, "tickCount": 4},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "axis": {"title": None, "format": _axis_format(picture.unit), "tickCount": 5},
    }
    return {
        "height": _CURVES_PIXELS,
        "data": {"values": rows},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "line", "point": {"filled": True, "size": 18}},
                "encoding": {
                    "y": y,
                    "color": paint,
                    "detail": {"field": "name", "type": "nominal"},
                    "strokeWidth": {"field": "size", "type": "quantitative", "scale": None},
                },
            },
            {
                "transform": [{"filter": "datum.is_last"}],
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 8},
                "encoding": {
                    "y": {**y, "field": "label_value"},
                    "text": {"field": "label", "type": "nominal"},
                },
            },
        ],
    }


def _label_places(picture: Curves) -> dict[str, float]:
    """Heights for the names at the ends of the curves, apart enough to be read."""
    largest = max((number for curve in picture.curves for _, number in curve.points), default=1.0)
    least = 15 * largest / _CURVES_PIXELS
    places: dict[str, float] = {}
    below = float("-inf")
    for curve in sorted(picture.curves, key=lambda each: each.points[-1][1]):
        below = max(curve.points[-1][1], below + least)
        places[curve.name] = below
    return places


def _six(number: float | None) -> float | None:
    """Six significant digits: more than a screen shows, and the same on every machine."""
    return None if number is None else float(f"{number:.6g}")


def _axis_format(unit: str) -> str:
    if unit == "share":
        return ".0%"
    if unit == "USD per million tokens":
        return "$.2f"
    if unit == "Elo points":
        return ",.0f"
    return "~s"


def _plain(text: str) -> str:
    return text.replace(NBSP, "\u2009")
