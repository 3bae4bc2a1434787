"""Every error that underlay raises on purpose.

UnderlayError
├── AskedError               what was asked for can't be answered
│   ├── UnknownNameError     no such measure, facet, option, column, source, model ...
│   ├── NoDataError          the thing exists, but not at that date or under that filter
│   ├── BadValueError        an option's value can't be understood
│   └── NotComputableError   the data can't answer; says which data would
├── DataError                bytes that are not what they should be
│   ├── UnreadableError      a file can't be opened or decoded
│   ├── SchemaError          a table lacks a column, or a column has the wrong type
│   ├── CheckError           a table breaks a rule of its contract
│   ├── CorruptError         bytes differ from what the manifest promises
│   └── CorrectionError      a declared correction no longer bites
└── LakeError                the place where bytes are kept
    ├── LakeMissingError     no lake there
    ├── LakeReadOnlyError    the lake can't be written
    ├── DiskFullError        no room left; nothing was changed
    └── LakeBusyError        other writers kept winning

Each keeps its arguments as attributes, has a `message` that names the thing in backticks and
a `hint` that gives the next step, and survives pickling.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AskedError",
    "BadValueError",
    "CheckError",
    "CorrectionError",
    "CorruptError",
    "DataError",
    "DiskFullError",
    "LakeBusyError",
    "LakeError",
    "LakeMissingError",
    "LakeReadOnlyError",
    "NoDataError",
    "NotComputableError",
    "SchemaError",
    "UnderlayError",
    "UnknownNameError",
    "UnreadableError",
]


class UnderlayError(Exception):
    """Base of all; `str()` gives one clear sentence, `hint` the next step."""

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *arguments: object) -> None:
        if len(arguments) != len(self.fields):
            raise TypeError(f"{type(self).__name__} takes {self.fields}, got {arguments!r}")
        super().__init__(*arguments)
        for field, value in zip(self.fields, arguments, strict=True):
            setattr(self, field, value)

    @property
    def message(self) -> str:
        """One sentence: the thing in backticks and what was found."""
        return "something went wrong"

    @property
    def hint(self) -> str:
        """The next step for the reader; may be empty."""
        return ""

    def __str__(self) -> str:
        return self.message


class AskedError(UnderlayError):
    """What was asked for can't be answered."""


class UnknownNameError(AskedError):
    """No thing of this kind has this name."""

    fields = ("kind", "name", "candidates")
    kind: str
    name: str
    candidates: tuple[str, ...]

    def __init__(self, kind: str, name: str, candidates: Iterable[str] = ()) -> None:
        super().__init__(kind, name, tuple(candidates))

    @property
    def message(self) -> str:
        """Name the unknown thing."""
        return f"no {self.kind} is called `{self.name}`"

    @property
    def hint(self) -> str:
        """Name the nearest spellings, else some of what exists."""
        near = difflib.get_close_matches(self.name, self.candidates, n=3, cutoff=0.5)
        if near:
            return "did you mean " + " or ".join(f"`{name}`" for name in near) + "?"
        if self.candidates:
            shown = ", ".join(f"`{name}`" for name in self.candidates[:12])
            more = len(self.candidates) - 12
            return f"there is {shown}" + (f" and {more} more" if more > 0 else "")
        return ""


class NoDataError(AskedError):
    """The thing exists, but not at that date or under that filter."""

    fields = ("what", "asked", "available")
    what: str
    asked: str
    available: str

    @property
    def message(self) -> str:
        """Say what has no data for what."""
        return f"`{self.what}` has no data for {self.asked}"

    @property
    def hint(self) -> str:
        """Say what there is."""
        return f"there is data for {self.available}" if self.available else ""


class BadValueError(AskedError):
    """An option's value can't be understood."""

    fields = ("option", "value", "expected")
    option: str
    value: str
    expected: str

    @property
    def message(self) -> str:
        """Name option and value."""
        return f"`{self.option}` can't be `{self.value}`"

    @property
    def hint(self) -> str:
        """Say what is expected."""
        return f"give {self.expected}"


class NotComputableError(AskedError):
    """The data can't answer; `needed` says which data would."""

    fields = ("what", "reason", "needed")
    what: str
    reason: str
    needed: str

    @property
    def message(self) -> str:
        """Say what can't be computed and why."""
        return f"`{self.what}` can't be computed: {self.reason}"

    @property
    def hint(self) -> str:
        """Say which data would answer."""
        return f"it would need {self.needed}" if self.needed else ""


class DataError(UnderlayError):
    """Bytes that are not what they should be."""


class UnreadableError(DataError):
    """A file can't be opened or decoded."""

    fields = ("path", "reason")
    path: str
    reason: str

    @property
    def message(self) -> str:
        """Name the file and the reason."""
        return f"`{self.path}` can't be read: {self.reason}"

    @property
    def hint(self) -> str:
        """Point at the file."""
        return "check that the file is whole and that you may read it"


class SchemaError(DataError):
    """A table lacks a column, or a column has the wrong type."""

    fields = ("table", "problem")
    table: str
    problem: str

    @property
    def message(self) -> str:
        """Name the table and what is wrong with it."""
        return f"`{self.table}` doesn't fit its contract: {self.problem}"

    @property
    def hint(self) -> str:
        """Say where the contract is."""
        return f"`underlay sources` shows what `{self.table}` should hold"


class CheckError(DataError):
    """A table breaks a rule of its contract."""

    fields = ("table", "check", "found")
    table: str
    check: str
    found: str

    @property
    def message(self) -> str:
        """Name the rule and what broke it."""
        return f"`{self.table}` breaks its rule `{self.check}`: {self.found}"

    @property
    def hint(self) -> str:
        """Say where the rule is and that nothing was kept."""
        return f"nothing was changed; `underlay sources` shows what `{self.table}` should hold"


class CorruptError(DataError):
    """Bytes differ from what the manifest promises."""

    fields = ("path", "expected", "found")
    path: str
    expected: str
    found: str

    @property
    def message(self) -> str:
        """Name the file and both digests."""
        return f"`{self.path}` is corrupt: expected {self.expected}, found {self.found}"

    @property
    def hint(self) -> str:
        """Say how to get it back."""
        return "delete that file and run `underlay sync` for its source again"


class CorrectionError(DataError):
    """A declared correction no longer bites."""

    fields = ("correction", "problem")
    correction: str
    problem: str

    @property
    def message(self) -> str:
        """Name the correction and why it is idle."""
        return f"the correction `{self.correction}` no longer bites: {self.problem}"

    @property
    def hint(self) -> str:
        """Say that it should go."""
        return "remove or update it in the corrections file"


class LakeError(UnderlayError):
    """The place where bytes are kept."""

    fields = ("path",)
    path: str

    @property
    def message(self) -> str:
        """Name the lake; the operating system's words are in `__cause__`."""
        reason = getattr(self.__cause__, "strerror", None)
        return f"the lake at `{self.path}` can't be used" + (f": {reason}" if reason else "")

    @property
    def hint(self) -> str:
        """Say how to choose another place."""
        return "check that folder, or choose another with `--lake`"


class LakeMissingError(LakeError):
    """No lake there."""

    @property
    def message(self) -> str:
        """Name the folder."""
        return f"there is no lake at `{self.path}`"

    @property
    def hint(self) -> str:
        """Say how to make one."""
        return "make one with `underlay sync SOURCE --from PATH`, or leave out `--lake`"


class LakeReadOnlyError(LakeError):
    """The lake can't be written."""

    @property
    def message(self) -> str:
        """Name the place."""
        return f"the lake at `{self.path}` can't be written"

    @property
    def hint(self) -> str:
        """Say how to choose another place."""
        return "choose another folder with `--lake` or `UNDERLAY_LAKE`"


class DiskFullError(LakeError):
    """No room left; nothing was changed."""

    @property
    def message(self) -> str:
        """Name the place and promise that nothing changed."""
        return f"no room left on the disk of `{self.path}`; nothing was changed"

    @property
    def hint(self) -> str:
        """Say how to make room."""
        return "make room, for instance with `underlay lake gc`, and run it again"


class LakeBusyError(LakeError):
    """Other writers kept winning."""

    @property
    def message(self) -> str:
        """Name the lake."""
        return f"other writers kept changing the lake at `{self.path}`; nothing was changed"

    @property
    def hint(self) -> str:
        """Say to try again."""
        return "wait for them and run it again"
