"""Rules over both layers: what a project allows, and what of its audit breaks that.

A policy is the file `underlay.toml` beside the code: a table `[policy]` with the rules, a table
`[policy.levels]` with the weight of each, and a list `[[ignore]]` of exceptions with a reason and
an end. What is not known is no yes: it is a finding of its own level (`unknown = "warning"`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from underlay.audit.findings import ROLES
from underlay.audit.join import DEPENDENT, is_accelerated
from underlay.audit.knowledge import UNKNOWN
from underlay.errors import BadValueError, UnknownNameError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from underlay.audit.join import Card, Joined, Reference

__all__ = [
    "LEVELS",
    "RULES",
    "Finding",
    "Ignore",
    "Policy",
    "PolicyRule",
    "Report",
    "fails",
    "judge",
    "read_policy",
]

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_OFF = "off"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One thing that a policy can ask; `default` is its level where the policy names none."""

    id: str
    doc: str
    help: str
    default: Level


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that breaks a rule; its fingerprint does not change when lines move."""

    rule: str
    level: Level
    message: str
    subject: str  # canonical name of a model, or a component
    file: str = ""
    line: int = 0
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Ignore:
    """An exception: of which rule, for what, why, and until when."""

    rule: str
    reason: str
    expires: dt.date
    subject: str = "*"
    file: str = "*"

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the one that is excepted."""
        return (
            self.rule in ("*", finding.rule)
            and fnmatchcase(finding.subject, self.subject)
            and (self.file == "*" or fnmatchcase(finding.file, self.file))
        )


@dataclass(frozen=True)
class Policy:
    """What a project allows. An empty list or None asks nothing."""

    path: str = ""
    allowed_countries: tuple[str, ...] = ()
    denied_countries: tuple[str, ...] = ()
    allowed_operator_countries: tuple[str, ...] = ()
    denied_operator_countries: tuple[str, ...] = ()
    denied_makers: tuple[str, ...] = ()
    allowed_licences: tuple[str, ...] = ()
    denied_licences: tuple[str, ...] = ()
    licence_conflicts: bool = True  # report where a copy claims more than its base grants
    roots_too: bool = True  # countries and makers of bases count like those of the model
    pinned: bool = True
    remote_code: bool = True
    pickle: bool = True
    known_models: bool = False
    max_tied_lines: int | None = None
    min_accelerator_vendors: int | None = None
    min_months_to_live: int | None = None
    denied_vendors: tuple[str, ...] = ()
    roles: tuple[str, ...] = DEPENDENT
    unknown: str = "warning"
    levels: Mapping[str, str] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict: what stands, and what an exception or the baseline covers."""

    findings: tuple[Finding, ...]
    ignored: tuple[Finding, ...] = ()


RULES: tuple[PolicyRule, ...] = (
    PolicyRule("country", "A model's maker, or the maker of a base, is of a country not allowed.",
               "use a model of another maker, or change `allowed-countries`", "error"),
    PolicyRule("maker", "A model, or a base of it, is by a maker that is denied.",
               "use a model of another maker", "error"),
    PolicyRule("operator-country", "A hosted model is run by an operator of a country not allowed.",
               "use another operator, or weights of your own", "error"),
    PolicyRule("licence", "A model's licence is of a class that is not allowed.",
               "use a model under another licence", "error"),
    PolicyRule("licence-conflict", "A model claims more than the licence of its base grants.",
               "ask the maker, or treat it as under the licence of its base", "warning"),
    PolicyRule("pinned", "A model is loaded without a revision, so its bytes can change.",
               "name a commit, tag or dated snapshot", "note"),
    PolicyRule("remote-code", "Code of the model's repository is run (trust_remote_code).",
               "pin the revision and review it, or use a model without code of its own", "warning"),
    PolicyRule("pickle", "Weights are in a format that can run code when they are loaded.",
               "use safetensors, GGUF or ONNX", "warning"),
    PolicyRule("known-model", "Nothing is known of a model: neither its maker nor its licence.",
               "use a model whose maker is known, or record it", "warning"),
    PolicyRule("tied-lines", "More lines are tied to one accelerator vendor than allowed.",
               "use the replacement that each line names", "error"),
    PolicyRule("accelerator-vendors", "A model has routes on fewer accelerator vendors than asked.",
               "use a model, or a format of it, that more runtimes take", "error"),
    PolicyRule("vendor", "A line needs a vendor of the layer below that is denied.",
               "use the replacement that the line names", "error"),
    PolicyRule("end-of-life", "A hosted model is switched off sooner than the policy allows.",
               "move to a model with a longer life", "error"),
    PolicyRule("ignore-expired", "An exception of the policy has ended.",
               "fix what it covered, or decide anew", "error"),
    PolicyRule("ignore-unused", "An exception of the policy covers nothing.",
               "remove it", "warning"),
)  # fmt: skip
_BY_ID = {rule.id: rule for rule in RULES}
_FLAGS = {"remote-code": "remote_code", "pickle": "pickle"}
_LICENCE_CLASSES = (
    "osi",
    "open-content",
    "open-with-use-restrictions",
    "research-only",
    "custom",
    "proprietary",
    "none-declared",
    "unknown",
)


# --- reading --------------------------------------------------------------------------------------


def read_policy(text: str, path: str = "underlay.toml") -> Policy:
    """The policy in a file; raises `UnreadableError`, `UnknownNameError` or `BadValueError`."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableError(path, f"not TOML: {error}") from error
    _known_keys(f"table of `{path}`", content, ("policy", "ignore"))
    table = content.get("policy", {})
    if not isinstance(table, dict):
        raise BadValueError("policy", str(table), "a table `[policy]`")
    table = dict(table)
    levels = table.pop("levels", {})
    chosen = {each.name: each for each in fields(Policy)}
    names = {name.replace("_", "-"): name for name in chosen} | {"levels": "levels"}
    for private in ("path", "ignores", "levels"):
        names.pop(private, None)
    _known_keys(f"key of `[policy]` in `{path}`", table, (*names, "levels"))
    values = {names[key]: _value(key, value) for key, value in table.items()}
    if not isinstance(levels, dict):
        raise BadValueError("levels", str(levels), "a table `[policy.levels]`")
    _known_keys(f"rule in `[policy.levels]` of `{path}`", levels, tuple(_BY_ID))
    for rule, level in levels.items():
        if level not in (*LEVELS, _OFF):
            raise BadValueError(f"levels.{rule}", str(level), "error, warning, note or off")
    ignores = content.get("ignore", [])
    if not isinstance(ignores, list) or not all(isinstance(each, dict) for each in ignores):
        raise BadValueError("ignore", str(ignores)[:60], "tables `[[ignore]]`")
    return Policy(
        path=path, levels=levels, ignores=tuple(_ignore(each, path) for each in ignores), **values
    )


def _known_keys(kind: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise UnknownNameError(kind, key, known)


_COUNTRIES = (
    "allowed-countries",
    "denied-countries",
    "allowed-operator-countries",
    "denied-operator-countries",
)
_NUMBERS = ("max-tied-lines", "min-accelerator-vendors", "min-months-to-live")
_SWITCHES = (
    "licence-conflicts", "roots-too", "pinned", "remote-code", "pickle", "known-models",
)  # fmt: skip


def _value(key: str, value: Any) -> Any:
    if key in _SWITCHES:
        if not isinstance(value, bool):
            raise BadValueError(key, str(value), "true or false")
        return value
    if key in _NUMBERS:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadValueError(key, str(value), "a whole number of at least 0")
        return value
    if key == "unknown":
        if value not in (*LEVELS, _OFF):
            raise BadValueError(key, str(value), "error, warning, note or off")
        return value
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadValueError(key, str(value)[:60], 'a list of texts such as ["US", "FR"]')
    for each in value:
        if key in _COUNTRIES and not (len(each) == 2 and each.isalpha() and each.isupper()):
            raise BadValueError(key, each, "ISO codes of two capital letters, such as US")
        if key.endswith("-licences") and each not in _LICENCE_CLASSES:
            raise UnknownNameError("class of licences", each, _LICENCE_CLASSES)
        if key == "roles" and each not in ROLES:
            raise UnknownNameError("role", each, ROLES)
    return tuple(value)


def _ignore(table: Mapping[str, Any], path: str) -> Ignore:
    known = tuple(each.name for each in fields(Ignore))
    _known_keys(f"key of `[[ignore]]` in `{path}`", table, known)
    for key in ("rule", "reason", "expires"):
        if key not in table:
            raise BadValueError("ignore", str(dict(table))[:60], f"`{key}` in every `[[ignore]]`")
    for key, value in table.items():
        if key != "expires" and (not isinstance(value, str) or not value.strip()):
            raise BadValueError(f"ignore.{key}", str(value), "a text")
    expires = table["expires"]
    if isinstance(expires, str):
        try:
            expires = dt.date.fromisoformat(expires)
        except ValueError:
            raise BadValueError("ignore.expires", expires, "a day such as 2027-01-31") from None
    if isinstance(expires, dt.datetime):
        expires = expires.date()
    if not isinstance(expires, dt.date):
        raise BadValueError("ignore.expires", str(expires), "a day such as 2027-01-31")
    if table["rule"] not in (*_BY_ID, "*"):
        raise UnknownNameError("rule", table["rule"], (*_BY_ID, "*"))
    texts = {key: value for key, value in table.items() if key != "expires"}
    return Ignore(**texts, expires=expires)


# --- judging --------------------------------------------------------------------------------------


def judge(joined: Joined, policy: Policy, today: dt.date) -> Report:
    """What of an audit breaks the policy, with exceptions applied; findings in order of place."""
    found: dict[Finding, None] = {}
    for finding in _all(joined, policy, today):
        found[_marked(finding)] = None
    standing: list[Finding] = []
    ignored: list[Finding] = []
    used: set[Ignore] = set()
    for finding in found:
        cover = [each for each in policy.ignores if each.covers(finding)]
        used.update(cover)
        alive = any(each.expires >= today for each in cover)
        (ignored if alive else standing).append(finding)
    standing += [_marked(each) for each in _about_ignores(policy, used, today)]
    return Report(tuple(_in_order(standing)), tuple(_in_order(ignored)))


def fails(report: Report, wanted: Sequence[str]) -> bool:
    """Whether a finding is of one of the rules, or of one of the levels or a heavier one."""
    for name in wanted:
        if name not in (*_BY_ID, *LEVELS, "any"):
            raise UnknownNameError("rule or level", name, (*LEVELS, "any", *_BY_ID))
    for finding in report.findings:
        for name in wanted:
            if name in ("any", finding.rule):
                return True
            if name in LEVELS and LEVELS.index(finding.level) <= LEVELS.index(name):
                return True
    return False


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    rules = list(_BY_ID)
    return sorted(
        findings,
        key=lambda f: (
            LEVELS.index(f.level), rules.index(f.rule), f.file, f.line, f.subject, f.message,
        ),
    )  # fmt: skip


def _marked(finding: Finding) -> Finding:
    # several findings of these rules can speak of one model; their words hold no line
    more = finding.message if finding.rule in ("country", "maker", "licence-conflict") else ""
    text = "\0".join((finding.rule, finding.subject, finding.file, more))
    return replace(finding, fingerprint=hashlib.sha256(text.encode()).hexdigest()[:32])


def _about_ignores(policy: Policy, used: set[Ignore], today: dt.date) -> Iterator[Finding]:
    for each in policy.ignores:
        what = f"the exception from `{each.rule}` for `{each.subject}` ({each.reason})"
        subject = f"ignore:{each.rule}:{each.subject}:{each.file}"
        if each.expires < today:
            level = _level(policy, "ignore-expired")
            if level:
                text = f"{what} ended on {each.expires}"
                yield Finding("ignore-expired", level, text, subject, policy.path)
        elif each not in used:
            level = _level(policy, "ignore-unused")
            if level:
                yield Finding(
                    "ignore-unused", level, f"{what} covers nothing", subject, policy.path
                )


def _level(policy: Policy, rule: str) -> Level | None:
    named = policy.levels.get(rule, _BY_ID[rule].default)
    return next((level for level in LEVELS if level == named), None)


def _all(joined: Joined, policy: Policy, today: dt.date) -> Iterator[Finding]:
    places: dict[str, list[Reference]] = {}
    for reference in joined.references:
        if not reference.found.alias and reference.found.role in policy.roles:
            places.setdefault(reference.canonical, []).append(reference)
    for card in joined.cards:
        if card.canonical in places:
            yield from _of_model(card, places[card.canonical], policy, today)
    yield from _of_lines(joined, policy)


def _of_model(
    card: Card, references: Sequence[Reference], policy: Policy, today: dt.date
) -> Iterator[Finding]:
    def say(
        rule: str, message: str, *, unknown: bool = False, at: Sequence[Reference] = references
    ) -> Iterator[Finding]:
        level = _level(policy, rule)
        if unknown and level is not None:
            level = next((each for each in LEVELS if each == policy.unknown), None)
        if level is None:
            return
        first = min(at, key=lambda r: (r.found.file, r.found.line))
        yield Finding(rule, level, message, card.canonical, first.found.file, first.found.line)

    yield from _countries(card, policy, say)
    yield from _licences(card, policy, say)
    if policy.known_models and card.facts is None:
        yield from say("known-model", f"`{card.canonical}`: {card.reason}")
    for rule, key in _FLAGS.items():
        flagged = [r for r in references if rule in r.found.flags]
        if getattr(policy, key) and flagged:
            words = {
                "remote-code": "runs code of its repository (trust_remote_code)",
                "pickle": "is loaded from a pickle, which can run code",
            }[rule]
            for file in sorted({r.found.file for r in flagged}):
                here = [r for r in flagged if r.found.file == file]
                yield from say(rule, f"`{card.canonical}` {words}", at=here)
    if policy.pinned and card.is_pinned is False:
        what = "revision; its bytes can change"
        if card.is_hosted:
            what = "dated snapshot; its operator can put another model behind the name"
        yield from say("pinned", f"`{card.canonical}` names no {what}")
    yield from _vendors(card, policy, say)
    yield from _life(card, policy, today, say)


def _countries(card: Card, policy: Policy, say: Any) -> Iterator[Finding]:
    parties = [("", card.maker)]
    if policy.roots_too:
        parties += [
            (f"base {a.canonical} of ", a.maker)
            for a in card.ancestors
            if a.maker.id != card.maker.id
        ]
    for whose, party in dict.fromkeys(parties):
        name = f"{whose}`{card.canonical}`"
        if policy.allowed_countries or policy.denied_countries:
            verdict = _allowed(party.country, policy.allowed_countries, policy.denied_countries)
            if verdict is False:
                yield from say("country", f"{name} is by {party.name}, {party.country}")
            elif verdict is None and (not whose or party.id != UNKNOWN):
                why = party.reason or card.reason or "nobody says who is behind it"
                yield from say(
                    "country", f"{name}: the maker's country is unknown ({why})", unknown=True
                )
        if party.id in policy.denied_makers:
            yield from say("maker", f"{name} is by {party.name}")
    asked = policy.allowed_operator_countries or policy.denied_operator_countries
    if asked and card.is_hosted:
        operator = card.operator
        country = operator.country if operator else UNKNOWN
        verdict = _allowed(
            country, policy.allowed_operator_countries, policy.denied_operator_countries
        )
        name = operator.name if operator else "an unknown operator"
        if verdict is False:
            yield from say("operator-country", f"`{card.canonical}` is run by {name}, {country}")
        elif verdict is None:
            text = f"`{card.canonical}` is run by {name}, whose country is unknown"
            yield from say("operator-country", text, unknown=True)


def _allowed(value: str, allowed: Sequence[str], denied: Sequence[str]) -> bool | None:
    """None where the value is unknown, which is neither."""
    if value == UNKNOWN:
        return True if UNKNOWN in allowed else False if UNKNOWN in denied else None
    if allowed and value not in allowed:
        return False
    return value not in denied


def _licences(card: Card, policy: Policy, say: Any) -> Iterator[Finding]:
    if (policy.allowed_licences or policy.denied_licences) and not card.is_hosted:
        licence = card.licence
        group = licence.licence_class if licence else UNKNOWN
        verdict = _allowed(group, policy.allowed_licences, policy.denied_licences)
        name = licence.name if licence else UNKNOWN
        if verdict is False:
            yield from say("licence", f"`{card.canonical}` is under {name} ({group})")
        elif verdict is None:
            yield from say("licence", f"`{card.canonical}`: its licence is unknown", unknown=True)
    if policy.licence_conflicts and not card.is_hosted:
        for text in card.conflicts:
            yield from say("licence-conflict", text)


def _vendors(card: Card, policy: Policy, say: Any) -> Iterator[Finding]:
    least = policy.min_accelerator_vendors
    if least is None or card.is_hosted or card.kind in ("file", "local"):
        return
    if card.vendors is None:
        why = card.reason or (card.facts.routes.reason if card.facts else "") or "no data"
        yield from say(
            "accelerator-vendors", f"`{card.canonical}`: its routes are unknown ({why})",
            unknown=True,
        )  # fmt: skip
    elif len(card.vendors) < least:
        names = ", ".join(card.vendors) or "none"
        text = (
            f"`{card.canonical}` has routes on {len(card.vendors)} vendors ({names}), not {least}"
        )
        yield from say("accelerator-vendors", text)


def _life(card: Card, policy: Policy, today: dt.date, say: Any) -> Iterator[Finding]:
    if policy.min_months_to_live is None or not card.is_hosted:
        return
    end = card.facts.end if card.facts else None
    if end is None or end.day is None:
        if end is not None and end.is_deprecated:
            yield from say("end-of-life", f"`{card.canonical}` is deprecated ({end.source})")
            return
        why = end.reason if end else card.reason
        text = f"`{card.canonical}`: its end is unknown ({why})"
        yield from say("end-of-life", text, unknown=True)
        return
    last = _later(today, policy.min_months_to_live)
    day = dt.date.fromisoformat(end.day)
    if day < last:
        verb = "was to end" if day < today else "ends"
        yield from say(
            "end-of-life", f"`{card.canonical}` {verb} on {day}, says {end.source}; "
            f"{policy.min_months_to_live} months are asked",
        )  # fmt: skip


def _later(day: dt.date, months: int) -> dt.date:
    """The same day some months on, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= dt.MAXYEAR:
        return dt.date.max
    after = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return dt.date(year, month + 1, min(day.day, (after - dt.timedelta(days=1)).day))


def _of_lines(joined: Joined, policy: Policy) -> Iterator[Finding]:
    touching = [line for line in joined.lines if line.found.role in policy.roles]
    level = _level(policy, "vendor")
    for line in touching:
        found = line.found
        if level and found.vendor in policy.denied_vendors and found.tie != "portable":
            what = f"{found.evidence}: {found.component} needs {line.vendor.name}"
            yield Finding("vendor", level, what, found.component, found.file, found.line)
    if policy.max_tied_lines is None:
        return
    level = _level(policy, "tied-lines")
    tied: dict[str, list[Any]] = {}
    for line in touching:
        if line.found.tie == "tied" and is_accelerated(line.found):
            tied.setdefault(line.found.vendor, []).append(line)
    for vendor, lines in sorted(tied.items()):
        places = sorted({(line.found.file, line.found.line) for line in lines})
        if level and len(places) > policy.max_tied_lines:
            text = f"{len(places)} lines are tied to {lines[0].vendor.name}, not "
            text += f"{policy.max_tied_lines} at most"
            yield Finding("tied-lines", level, text, f"vendor:{vendor}", *places[0])
