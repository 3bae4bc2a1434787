"""`underlay audit` and `underlay diff-bom`: what one code base stands on, and what changed."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.cli.output import ANSWERED, FOUND, plain, write, write_json, write_table
from underlay.cli.session import Command, Session
from underlay.errors import BadValueError, LakeMissingError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from underlay.audit import Audit
    from underlay.audit.baseline import Bom
    from underlay.audit.join import Joined
    from underlay.audit.knowledge import Knowledge
    from underlay.audit.policy import Policy, Report

__all__ = ["FORMATS", "audit", "diff_bom"]

FORMATS = (
    "text", "json", "md", "html", "cyclonedx", "cyclonedx-1.6", "cyclonedx-1.7", "spdx", "sarif",
)  # fmt: skip
_POLICY = "underlay.toml"
_WIDEST = 140
_MOST_POLICY = 1_000_000


@click.command("audit", cls=Command)
@click.argument("path")
@click.option(
    "--format", "wanted", type=click.Choice(FORMATS), default="text", show_default=True,
    help="How it looks; `cyclonedx` is 1.6.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as `--format json`.")
@click.option("--output", metavar="FILE", help="Where it goes, whole or not at all; `-` is here.")
@click.option(
    "--policy", "policy_path", metavar="FILE",
    help="Rules to judge by; `underlay.toml` beside the code where it exists.",
)  # fmt: skip
@click.option(
    "--fail-on", "fail_on", multiple=True, metavar="RULE",
    help="Exit 1 on findings of this rule or level (`error` unless given, `any`); repeatable.",
)  # fmt: skip
@click.option("--baseline", metavar="FILE", help="Report only what this bill does not hold.")
@click.option("--cache/--no-cache", default=True, help="Keep what was found in each file.")
@click.option("--atlas/--no-atlas", default=True, help="Join makers, licences, lineage, routes.")
@click.option(
    "--timestamp", metavar="WHEN",
    help="Moment in the bill, ISO 8601; else SOURCE_DATE_EPOCH, else the day of the data.",
)  # fmt: skip
@click.pass_obj
def audit(
    session: Session,
    path: str,
    wanted: str,
    as_json: bool,
    output: str | None,
    policy_path: str | None,
    fail_on: tuple[str, ...],
    baseline: str | None,
    cache: bool,
    atlas: bool,
    timestamp: str | None,
) -> int:
    """Which models and infrastructure the code at PATH stands on, and what ties it to them.

    PATH is a folder or file, or `hf:org/name` for one model of the hub. Nothing that is read is
    run, and nothing is fetched. The exit code is 1 where a finding stands that `--fail-on` names.
    """
    from underlay.audit.baseline import only_new
    from underlay.audit.join import join
    from underlay.audit.names.presets import identities
    from underlay.audit.policy import fails, judge

    moment = _moment(timestamp)
    policy = _policy(path, policy_path)
    fails_on = fail_on or ("error",)
    _check_rules(fails_on)
    bill = _bill(baseline) if baseline else None
    found, name = _found(path, cache=cache)
    if bill is not None:
        named = (*found.models, *found.weak)
        keys = dict(zip(named, identities(named), strict=True))
        found = only_new(found, bill, keys)
    with _knowledge(session, wanted=atlas) as knowledge:
        joined = join(found, knowledge, name=name)
    today = (moment or session.now()).date()
    report = judge(joined, policy, today)
    text = _rendered(joined, report, "json" if as_json else wanted, moment, _within(path))
    if output is None or output == "-":
        _print(text, is_text=wanted == "text" and not as_json)
    else:
        from underlay.cli.report import write_whole

        write_whole(Path(output), text)
        session.progress(f"audit: wrote {output}")
    return FOUND if fails(report, fails_on) else ANSWERED


def _check_rules(names: Sequence[str]) -> None:
    from underlay.audit.policy import Report, fails

    fails(Report(()), names)


def _print(text: str, *, is_text: bool) -> None:
    if is_text and sys.stdout is not None and sys.stdout.isatty():
        for line in text.rstrip("\n").split("\n"):
            is_heading = bool(re.match(r"[A-Z][A-Z' ]{4,}", line))
            write(click.style(line, bold=True) if is_heading else line)
        return
    write(text.rstrip("\n"))


def _found(path: str, *, cache: bool) -> tuple[Audit, str]:
    """What is found at a path, or the one model that is named; and what to call it."""
    from underlay.audit import Audit
    from underlay.audit import audit as run

    if path.startswith(("hf:", "huggingface:")) and not Path(path).exists():
        from underlay.audit.join import asked_for
        from underlay.identity import parse_entity

        entity = parse_entity(path)
        return Audit((asked_for(entity.name),), (), (), (), 0, 0, 0), str(entity)
    root = Path(path)
    try:
        found = run(root, cache=_cache() if cache else None)
    except OSError as error:
        raise UnreadableError(path, error.strerror or str(error)) from error
    return found, root.resolve().name or "root"


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("underlay", appauthor=False)) / "audit.sqlite"


@contextmanager
def _knowledge(session: Session, *, wanted: bool) -> Iterator[Knowledge | None]:
    """The atlas of the lake at hand; none where there is no lake, which the answer then says."""
    if not wanted:
        yield None
        return
    try:
        answers = session.answers()
    except LakeMissingError:
        if session.settings().has_own_lake:
            raise
        yield None
        return
    from underlay.cli.knowledge import Atlas

    with answers as lake:
        yield Atlas(lake.engine)


def _policy(path: str, named: str | None) -> Policy:
    from underlay.audit.policy import Policy, read_policy

    place = Path(named) if named else Path(path) / _POLICY
    if not named and not place.is_file():
        return Policy()
    text = _text_of(place, _MOST_POLICY)
    shown = str(named) if named else _POLICY
    return read_policy(text, shown)


def _bill(path: str) -> Bom:
    from underlay.audit.baseline import MOST_BYTES, read_bom

    return read_bom(_text_of(Path(path), MOST_BYTES), path)


def _text_of(path: Path, most: int) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise UnreadableError(str(path), f"more than {most} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(str(path), "not UTF-8") from error


def _moment(text: str | None) -> dt.datetime | None:
    if text is not None:
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            raise BadValueError(
                "timestamp", text, "a moment such as 2026-11-21T12:00:00Z"
            ) from None
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return None
    try:
        return dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise BadValueError("SOURCE_DATE_EPOCH", epoch, "seconds since 1970") from None


def _within(path: str) -> str:
    """The folder that is audited as seen from where the program runs; empty where it lies outside.

    Of a file it is the folder that holds it.
    """
    folder = Path(path).parent if Path(path).is_file() else Path(path)
    if folder.is_absolute() or ".." in folder.parts:
        return ""
    return folder.as_posix()


def _rendered(
    joined: Joined, report: Report, wanted: str, moment: dt.datetime | None, within: str = ""
) -> str:
    from underlay import __version__
    from underlay.audit.document import digest, document, json_text

    if wanted in ("text", "md", "html"):
        from underlay.audit.formats.outline import audit_outline
        from underlay.audit.formats.plain import markdown, text

        outline = audit_outline(joined, report)
        if wanted == "html":
            from underlay.report.audit_page import audit_page

            return audit_page(outline, version=__version__)
        return markdown(outline) if wanted == "md" else text(outline, _width())
    if wanted == "sarif":
        from underlay.audit.formats.sarif import sarif

        return sarif(joined, report, tool=__version__, within=within)
    content = document(joined, report)
    if wanted == "json":
        return json_text(content)
    serial = digest(content)
    if moment is None and joined.as_of:
        moment = dt.datetime.fromisoformat(joined.as_of).replace(tzinfo=dt.UTC)
    if wanted == "spdx":
        from underlay.audit.formats.spdx import spdx

        return spdx(joined, tool=__version__, serial=serial, moment=moment)
    from underlay.audit.formats.cyclonedx import cyclonedx

    version = "1.7" if wanted.endswith("1.7") else "1.6"
    return cyclonedx(joined, version=version, tool=__version__, serial=serial, moment=moment)


def _width() -> int:
    """As wide as the terminal, within reason; the same everywhere where there is none."""
    from underlay.audit.formats.plain import WIDTH

    if sys.stdout is None or not sys.stdout.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size().columns, WIDTH), _WIDEST)


@click.command("diff-bom", cls=Command)
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def diff_bom(session: Session, before: str, after: str, as_json: bool) -> int:  # noqa: ARG001
    """What the bill AFTER holds more, less and otherwise than BEFORE: models and infrastructure.

    Reads audits of underlay, CycloneDX JSON and SPDX JSON, also of other tools. The exit code is 1
    where they differ.
    """
    from underlay.audit.baseline import difference

    bills = _bill(before), _bill(after)
    found = difference(*bills)
    differs = bool(found.added or found.removed or found.changed)
    if as_json:
        content: dict[str, Any] = found.to_dict()
        write_json(content.pop("schema"), content)
        return FOUND if differs else ANSWERED
    write(plain(f"{before} ({bills[0].format}) to {after} ({bills[1].format})"))
    if not differs:
        write("no difference in models and infrastructure")
        return ANSWERED
    rows = [["+", item.layer, item.key, _facts(item.facts)] for item in found.added]
    rows += [["-", item.layer, item.key, _facts(item.facts)] for item in found.removed]
    rows += [["~", c.layer, c.key, f"{c.fact}: {c.before} to {c.after}"] for c in found.changed]
    write_table(["", "layer", "what", "facts"], rows)
    return FOUND


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts)
