"""What the audit finds: references to models, infrastructure, and what could not be resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

__all__ = [
    "KINDS",
    "OUTSIDE",
    "ROLES",
    "SURE",
    "TIES",
    "Detector",
    "Facts",
    "File",
    "Infrastructure",
    "Kind",
    "Linker",
    "ModelReference",
    "Need",
    "Role",
    "Rule",
    "Tie",
    "Unknown",
]

Role = Literal["use", "default", "option", "config", "test", "doc", "comment"]
ROLES: tuple[Role, ...] = ("use", "default", "option", "config", "test", "doc", "comment")

# where the reference points: a hub repository, a name of a hosted service, Ollama's library, a
# file of weights, torch.hub or torchaudio, a name that only a program knows
Kind = Literal["hub", "hosted", "ollama", "file", "torch-hub", "package", "service", "local"]
KINDS: tuple[Kind, ...] = (
    "hub",
    "hosted",
    "ollama",
    "file",
    "torch-hub",
    "package",
    "service",
    "local",
)

# at or above: believed. Below: of the right shape, for the join to confirm from the atlas or drop
SURE = 0.5

# a flag between detectors and `servers.py`, which takes it away: the name is sent to an address
# that the code takes from outside
OUTSIDE = "address-from-outside"

# what a detector keeps of a file for its second pass: nothing but JSON, so that it can be cached
Facts = dict[str, Any]

Tie = Literal["tied", "switch", "portable"]
TIES: tuple[Tie, ...] = ("tied", "switch", "portable")

# code that speaks CUDA's interface runs on ROCm or MUSA too; a driver or a closed library does not
Need = Literal["interface", "hardware", "toolchain", "service", "none"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to believe that a place in a file is a finding."""

    id: str  # detector/short-name, stable
    doc: str  # what it sees, and why that is evidence


@dataclass(frozen=True, slots=True)
class File:
    """One file of the tree, read once and bounded."""

    path: PurePosixPath  # relative to the root, with forward slashes
    data: bytes = field(repr=False)
    is_truncated: bool = False  # true where only the head was read, as of model files
    size: int = 0  # on disk

    def text(self) -> str:
        """The bytes as text; what is not UTF-8 becomes U+FFFD, so that lines stay lines."""
        return self.data.decode("utf-8-sig", errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """A place where a code base names a model. Lines and columns count from 1."""

    ref: str  # as written, case kept
    kind: Kind
    role: Role
    file: str
    line: int
    column: int
    rule: str
    evidence: str  # what was seen, in a few words: `AutoModel.from_pretrained(...)`
    confidence: float  # 0 to 1
    alias: bool = False  # a hosted name that is sent to a local server
    operator: str | None = None  # who runs it, for hosted names: `openai`, `openrouter` ...
    revision: str | None = None  # commit, tag or digest that pins it
    weight_file: str | None = None  # file inside the repository
    flags: tuple[str, ...] = ()  # `remote-code`, `pickle`, `unpinned` ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """A place where a code base needs, or is tied to, a piece of the layer below."""

    component: str  # `package:nvidia-cublas-cu12`, `toolchain:cuda`, `service:openai` ...
    vendor: str  # organisation of the atlas, or `unknown`
    tie: Tie
    need: Need
    file: str
    line: int
    column: int
    rule: str
    evidence: str
    replacement: str | None = None  # what would do the same elsewhere, where something does
    version: str | None = None
    role: Role = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that looked like a reference, or a file, that could not be resolved."""

    file: str
    line: int
    text: str
    reason: str
    column: int = 0
    rule: str | None = None


class Detector(Protocol):
    """One kind of evidence in a tree of files. Reads bytes; runs and imports nothing of them."""

    @property
    def name(self) -> str:
        """Short name, stable."""
        ...

    @property
    def version(self) -> int:
        """Raised with each change of what it finds: cached findings of older versions are void."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that it may name."""
        ...

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Whether the file is worth reading, told from its name and size alone."""
        ...

    def detect(self, file: File, /) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """What is in the file; never raises on hostile bytes.

        A file over the limit reaches only detectors with `reads_heads = True`, truncated.
        """
        ...


@runtime_checkable
class Linker(Protocol):
    """A detector that needs more than one file: facts of each first, then what follows from all.

    What `facts` gives for a file may depend on that file alone, so it is cached by content.
    """

    def facts(self, file: File, /) -> Facts | None:
        """What the second pass needs of the file; None where there is nothing."""
        ...

    def link(
        self, facts: Mapping[str, Facts], /
    ) -> Iterator[ModelReference | Infrastructure | Unknown]:
        """What is in the project, from the facts of all files by path."""
        ...
