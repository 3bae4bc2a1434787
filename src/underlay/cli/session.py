"""What every command shares: which lake, which settings, which moment, how loud."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underlay.errors import BadValueError, LakeMissingError

if TYPE_CHECKING:
    from underlay.api import OpenLake
    from underlay.config import Settings
    from underlay.lake import Lake

__all__ = ["DATE", "Command", "Date", "Session", "shared_options"]


@dataclass
class Session:
    """The options that hold for every command; commands get it by `click.pass_obj`."""

    lake: Path | None = None
    quiet: bool = False
    _settings: Settings | None = field(default=None, repr=False)

    def settings(self) -> Settings:
        """The settings in force, with `--lake` on top; raises what `config.settings` raises."""
        if self._settings is None:
            from underlay.config import settings

            self._settings = settings()
        if self.lake is None:
            return self._settings
        return replace(self._settings, lake=self.lake, has_own_lake=True)

    def now(self) -> dt.datetime:
        """The present moment in UTC, unless the setting `now` names another."""
        return self.settings().now or dt.datetime.now(dt.UTC)

    def open_lake(self) -> Lake:
        """Your own lake laid over the embedded snapshot, as far as each exists.

        Raises `LakeMissingError` where a lake was named but isn't there, or none exists at all.
        """
        from underlay.lake import Lake, embedded

        settings = self.settings()
        try:
            base = embedded()
        except LakeMissingError:
            base = None
        try:
            return Lake(settings.lake, base)
        except LakeMissingError:
            if settings.has_own_lake or base is None:
                raise
            return base

    def answers(self) -> OpenLake:
        """The lake with an engine, for a `with` block; raises what `open_lake` raises."""
        from underlay.api import OpenLake

        return OpenLake(self.open_lake(), self.settings())

    def progress(self, text: str) -> None:
        """A line on standard error about what goes on, unless `--quiet`."""
        from underlay.cli.output import plain

        if not self.quiet:
            click.echo(plain(text), file=sys.stderr)


class Command(click.Command):
    """A command that also takes the shared options, so that they may stand after its name."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        taken = {name for parameter in self.params for name in parameter.opts}
        self.params += [option for option in shared_options() if not taken & set(option.opts)]


class Date(click.ParamType[dt.date]):
    """A calendar day, ISO 8601."""

    name = "date"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,  # noqa: ARG002 - click's signature
    ) -> dt.date:
        """The day; raises `BadValueError`."""
        try:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except ValueError:
            option = param.opts[0] if param else "date"
            raise BadValueError(option, value, "a day such as 2026-06-09") from None


DATE = Date()


def _set_lake(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).lake = Path(value)


def _set_quiet(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).quiet = True
    else:
        ctx.ensure_object(Session)


def shared_options() -> list[click.Option]:
    """`--lake` and `--quiet`, which write into the session; fresh objects each time."""
    return [
        click.Option(
            ["--lake"],
            metavar="DIR",
            expose_value=False,
            callback=_set_lake,
            help="Folder of your own lake, instead of the setting `lake`.",
        ),
        click.Option(
            ["--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_set_quiet,
            help="Say nothing about progress.",
        ),
    ]
