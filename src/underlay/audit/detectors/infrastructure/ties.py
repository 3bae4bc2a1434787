"""Findings of infrastructure put together: one form, one per line, weakest place first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.catalogue import catalogue, cuda_version, normal_name
from underlay.audit.findings import TIES, Infrastructure
from underlay.audit.names.roles import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from underlay.audit.detectors.infrastructure.catalogue import Entry, Service
    from underlay.audit.findings import Need, Role, Tie

__all__ = ["Ties", "imports_any", "lowered", "strongest"]

# two patterns that begin with a text are searched for ten times as fast as one with a choice
_FROM = re.compile(rb"from[ \t]+(\w+)")
_IMPORT = re.compile(rb"import[ \t]+(\w+)")
_LAST_IMPORTS: list[tuple[bytes, set[bytes]]] = []
_LAST: list[tuple[bytes, bytes]] = []
_NAME = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,120})\s*(?:\[(?P<extras>[^\]]{0,300})\])?"
)
_VERSION = re.compile(r"(?:===?|~=|>=|@)\s*(?P<version>[0-9][A-Za-z0-9.+!_-]*)")
_URL = re.compile(r"(?:[a-z]+\+)?(?:https?|ssh|git)://\S{1,2000}")
_WHEEL = re.compile(r"/(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/]{1,80})-[^/\s]{1,120}\.whl")
_REPOSITORIES = {
    "nvidia/apex": "apex",
    "dao-ailab/flash-attention": "flash-attn",
    "facebookresearch/xformers": "xformers",
    "vllm-project/vllm": "vllm",
    "sgl-project/sglang": "sglang",
    "nvidia/transformerengine": "transformer-engine",
    "nvidia/megatron-lm": "megatron-lm",
    "nvidia/tensorrt-llm": "tensorrt-llm",
    "deepseek-ai/deepep": "deep-ep",
    "deepseek-ai/deepgemm": "deep-gemm",
    "deepseek-ai/flashmla": "flash-mla",
    "nvlabs/tiny-cuda-nn": "tinycudann",
    "nvlabs/nvdiffrast": "nvdiffrast",
    "state-spaces/mamba": "mamba-ssm",
    "dao-ailab/causal-conv1d": "causal-conv1d",
    "facebookresearch/detectron2": "detectron2",
    "facebookresearch/pytorch3d": "pytorch3d",
    "bitsandbytes-foundation/bitsandbytes": "bitsandbytes",
    "timdettmers/bitsandbytes": "bitsandbytes",
    "casper-hansen/autoawq": "autoawq",
    "autogptq/autogptq": "auto-gptq",
    "microsoft/deepspeed": "deepspeed",
    "deepspeedai/deepspeed": "deepspeed",
    "rocm/aiter": "aiter",
}  # fmt: skip
_CONDA_SPEC = re.compile(
    r"(?:(?P<channel>[\w.-]+)::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<rest>[=<>~! ].*)?$"
)
_CONDA_NAMES = {"pytorch": "torch"}  # where conda has another name than the Python Package Index
_REPOSITORY = re.compile(r"github\.com[/:](?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git|[@#/?]|$)")


def lowered(data: bytes) -> bytes:
    """The bytes in lower case; the last answer is kept, since several detectors ask for it."""
    if not _LAST or _LAST[0][0] is not data:
        _LAST[:] = [(data, data.lower())]
    return _LAST[0][1]


def imports_any(data: bytes, modules: frozenset[bytes]) -> bool:
    """Whether a line of Python, in a notebook too, imports from one of the packages."""
    if not _LAST_IMPORTS or _LAST_IMPORTS[0][0] is not data:
        _LAST_IMPORTS[:] = [(data, {*_FROM.findall(data), *_IMPORT.findall(data)})]
    return not modules.isdisjoint(_LAST_IMPORTS[0][1])


def strongest(findings: Iterable[Infrastructure]) -> Iterator[Infrastructure]:
    """One finding per component, need and line: the one that binds most, then the leftmost."""
    kept: dict[tuple[str, str, str, int], Infrastructure] = {}
    for found in findings:
        key = (found.component, found.need, found.file, found.line)
        other = kept.get(key)
        if other is None or _firmness(found) < _firmness(other):
            kept[key] = found
    yield from sorted(kept.values(), key=lambda f: (f.line, f.column, f.component, f.need))


def _firmness(found: Infrastructure) -> tuple[int, int]:
    return TIES.index(found.tie), found.column


class Ties:
    """Makes the findings of one file."""

    def __init__(self, path: PurePosixPath, detector: str) -> None:
        self.file = str(path)
        self.role = role_of(path)
        self.detector = detector

    def at(
        self,
        component: str,
        entry: Entry,
        line: int,
        column: int,
        rule: str,
        evidence: str,
        *,
        role: Role = "use",
        tie: Tie | None = None,
        need: Need | None = None,
        version: str | None = None,
    ) -> Infrastructure:
        """One finding; a test's or a document's path says more of its role than its place."""
        return Infrastructure(
            component=component,
            vendor=entry.vendor,
            tie=tie or entry.tie,
            need=need or entry.need,
            file=self.file,
            line=line,
            column=column,
            rule=f"{self.detector}/{rule}",
            evidence=" ".join(evidence.split())[:160],
            replacement=entry.replacement,
            version=version or entry.version,
            role=self.role or role,
        )

    def package(
        self,
        name: str,
        line: int,
        column: int,
        *,
        evidence: str = "",
        version: str | None = None,
        extras: Iterable[str] = (),
        ecosystem: str = "pypi",
        rule: str = "package",
        role: Role = "use",
        is_lock: bool = False,
    ) -> Iterator[Infrastructure]:
        """What a package, its extras and its local version lead to."""
        known = catalogue()
        shown = normal_name(name) if ecosystem == "pypi" else name
        shown = _CONDA_NAMES.get(shown, shown)
        prefix = "package" if ecosystem == "pypi" else ecosystem
        evidence = evidence or name
        entry = known.package(name, ecosystem)
        if entry is not None:
            yield self.at(f"{prefix}:{shown}", entry, line, column, rule, evidence,
                          version=version, role=role)  # fmt: skip
        elif not is_lock and (service := known.kit(name, ecosystem)):
            yield self.at(f"{prefix}:{shown}", service.entry, line, column, "kit",
                          f"{evidence}: kit of {service.name}", version=version,
                          role=role)  # fmt: skip
        if ecosystem != "pypi":
            return
        for extra in extras:
            choice = known.chosen(name, extra.strip())
            if choice is not None:
                yield self.at(f"package:{shown}[{extra.strip().lower()}]", choice, line, column,
                              "extra", evidence, version=version, role=role)  # fmt: skip
        if version and "+" in version and (pinned := known.pin("+" + version.partition("+")[2])):
            yield self.toolchain(pinned, line, column, "local-version", evidence, role=role)

    def toolchain(
        self,
        pinned: tuple[str, Entry],
        line: int,
        column: int,
        rule: str,
        evidence: str,
        *,
        role: Role = "use",
    ) -> Infrastructure:
        """A build for a toolchain."""
        name, entry = pinned
        return self.at(f"toolchain:{name}", entry, line, column, rule, evidence, role=role)

    def service(
        self,
        service: Service,
        line: int,
        column: int,
        rule: str,
        evidence: str,
        *,
        role: Role = "use",
        tie: Tie | None = None,
    ) -> Infrastructure:
        """Hosted inference."""
        return self.at(f"service:{service.name}", service.entry, line, column, rule, evidence,
                       role=role, tie=tie)  # fmt: skip

    def requirement(
        self, text: str, line: int, column: int, *, rule: str = "package", role: Role = "use"
    ) -> Iterator[Infrastructure]:
        """What a requirement leads to: a name with extras and version, an address, or both."""
        text = text.strip()
        if len(text) > 4000:
            return
        url = _URL.search(text)
        if url:
            yield from self.address(url[0], line, column, role=role)
            if not re.match(r"\s*[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?\s*@", text):
                return
        match = _NAME.match(text)
        if not match:
            return
        rest = text[match.end() :]
        if rest and rest.lstrip()[:1] not in ("", "=", "<", ">", "~", "!", "@", ";", "(", "#", ","):
            return
        found = _VERSION.search(rest.partition(";")[0])
        version = found["version"] if found else None
        extras = (match["extras"] or "").split(",") if match["extras"] else ()
        yield from self.package(match["name"], line, column, evidence=text, version=version,
                                extras=extras, rule=rule, role=role)  # fmt: skip

    def address(
        self, url: str, line: int, column: int, *, role: Role = "use"
    ) -> Iterator[Infrastructure]:
        """What an index, a wheel or a repository that packages come from leads to."""
        known = catalogue()
        pinned = known.index(url)
        if pinned:
            yield self.toolchain(pinned, line, column, "index", url, role=role)
        wheel = _WHEEL.search(url)
        if wheel:
            version = wheel["version"].replace("%2B", "+")
            entry = known.package(wheel["name"])
            if entry:
                yield self.at(f"package:{normal_name(wheel['name'])}", entry, line, column,
                              "package", url, version=version, role=role)  # fmt: skip
            return
        repository = _REPOSITORY.search(url)
        if repository:
            name = f"{repository['owner']}/{repository['name']}".lower()
            package = _REPOSITORIES.get(name)
            entry = known.package(package) if package else None
            if package and entry:
                yield self.at(f"package:{package}", entry, line, column, "repository", url,
                              role=role)  # fmt: skip

    def conda(
        self, text: str, line: int, column: int, *, role: Role = "use"
    ) -> Iterator[Infrastructure]:
        """A package in conda's own spelling: `channel::name=version=build`."""
        match = _CONDA_SPEC.match(text.strip())
        if not match:
            return
        parts = [part for part in re.split(r"[=<>~! ]+", match["rest"] or "") if part]
        version = parts[0] if parts else None
        yield from self.package(match["name"], line, column, evidence=text, version=version,
                                role=role)  # fmt: skip
        known = catalogue()
        if match["channel"] and (pinned := known.channel(match["channel"])):
            yield self.toolchain(pinned, line, column, "index", text, role=role)
        build = parts[1] if len(parts) > 1 else ""
        if found := re.search(r"cuda(\d{1,2}\.\d)|(?:cuda|cu)(\d{2,3})", build):
            entry = known.toolchain("cuda", found[1] or cuda_version(found[2]))
            yield self.at("toolchain:cuda", entry, line, column, "local-version", text, role=role)
