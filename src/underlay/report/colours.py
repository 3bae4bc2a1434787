"""One colour per country, the same wherever the country stands.

The hues are those of Okabe and Ito (2008, "Color Universal Design"), which people with the common
kinds of colour blindness can tell apart; a maker or family has the colour of its country.
"""

from __future__ import annotations

from underlay.report.words import EU

__all__ = ["OTHER", "PALE", "UNKNOWN", "colour"]

OTHER = "#7f7f7f"
UNKNOWN = "#b8b8b8"
PALE = "#c9c9c9"  # context behind a finding

_COUNTRIES = {
    "CN": "#d55e00",
    "US": "#0072b2",
    "FR": "#009e73",
    "DE": "#44aa99",
    "GB": "#cc79a7",
    "KR": "#e69f00",
    "JP": "#aa4499",
    "CA": "#56b4e9",
    "TW": "#882255",
}
_EU = "#117733"


def colour(country: str) -> str:
    """The colour of a country code, of `other` and of `unknown`."""
    if country in ("unknown", ""):
        return UNKNOWN
    if country in _COUNTRIES:
        return _COUNTRIES[country]
    return _EU if country in EU else OTHER
