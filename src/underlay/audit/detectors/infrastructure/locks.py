"""Packages that lock files pin: uv, Poetry, PDM, Pipenv, conda, pixi, npm, pnpm, Yarn, Bun, Cargo.

Lock files are written by machines, in one layout each, and are large: their lines are read as
they stand, at about 60 MB a second, where a TOML or YAML parser reads 1 to 4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underlay.audit.detectors.infrastructure.ties import Ties, lowered, strongest
from underlay.audit.findings import Infrastructure, Rule, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from underlay.audit.findings import File

__all__ = ["Locks", "Wheels"]

_LARGEST = 4_000_000
# parts of the names of all that the catalogue knows, in lower case
_WORDS = (
    b"nvidia", b"cuda", b"+cu1", b"/cu1", b"-cu1", b"rocm", b"torch", b"triton", b"tensorrt",
    b"flash", b"xformers", b"bitsandbytes", b"vllm", b"sglang", b"onnxruntime", b"deepspeed",
    b"jax", b"tensorflow", b"mlx", b"openvino", b"habana", b"neuron", b"mindspore", b"paddle",
    b"pynvml", b"cupy", b"tpu", b"ipex", b"intel-extension", b"ctranslate2", b"faster-whisper",
    b"llama-cpp", b"gptq", b"awq", b"apex", b"cudf", b"numba", b"nvml", b"gpu", b"cust", b"candle",
    b"lmdeploy", b"exllama", b"mamba-ssm", b"coreml", b"tilelang", b"aiter",
)  # fmt: skip
_TOML_NAME = re.compile(r'^name = "(?P<name>[^"\n]{1,120})"')
_TOML_VERSION = re.compile(r'^version = "(?P<version>[^"\n]{1,120})"')
_TOML_SOURCE = re.compile(r'^(?:source = \{[^}\n]*?|url = )"(?P<url>https?://[^"\n]{1,500})"')
_JSON_KEY = re.compile(r'^(?P<indent>\s{2,12})"(?P<name>[^"\n]{1,200})": \{')
_JSON_VERSION = re.compile(r'^\s*"version": "(?:==)?(?P<version>[^"\n]{1,120})"')
_JSON_URL = re.compile(r'^\s*"url": "(?P<url>[^"\n]{1,500})"')
_YARN = re.compile(r'^"?(?P<name>@?[^@\s",:]{1,200})@[^\n]*:\s*$')
_YARN_VERSION = re.compile(r'^\s+version:? "?(?P<version>[^"\s]{1,120})"?')
_PNPM = re.compile(
    r"^  ['\"]?/?(?P<name>(?:@[\w.-]{1,100}/)?[\w.-]{1,100})[@/](?P<version>\d[\w.+-]{0,60})"
    r"[^:\n]{0,2000}:\s*$"
)
_BUN = re.compile(
    r'^\s{2,8}"[^"\n]{1,200}": \["(?P<name>@?[^@"\n]{1,200})@(?P<version>\d[^"\n]{0,80})"'
)
_YAML_ITEM = re.compile(r"^(?P<lead>\s*(?:- )?)name:\s*['\"]?(?P<name>[\w.-]{1,120})['\"]?\s*$")
_YAML_VERSION = re.compile(r"^\s*(?:- )?version:\s*['\"]?(?P<version>[\w.+!-]{1,120})['\"]?\s*$")
_PIXI_URL = re.compile(
    r"^(?P<lead>- (?:conda|pypi):\s*)(?P<url>https?://\S{1,400}/(?P<file>[^/\s]{1,300}))\s*$"
)
_CONDA_FILE = re.compile(r"^(?P<name>[\w.-]+?)-(?P<version>[^-]+)-(?P<build>[^-]+)\.(?:conda|tar)")
_WHEEL_FILE = re.compile(r"^(?P<name>[\w.]+)-(?P<version>[^-]+)-[^\s]+\.whl")
_EXPLICIT = re.compile(r"^https?://\S{1,400}/(?P<file>[^/\s#]{1,300})")


class Locks:
    """Pinned packages that need an accelerator or its toolchain, one finding each."""

    name = "locks"
    version = 2
    rules = (
        Rule("locks/package", "a pinned package that needs an accelerator or its toolchain"),
        Rule("locks/local-version", "a pinned version whose local part names a toolchain"),
        Rule("locks/index", "a pinned package from an index that serves one toolchain"),
    )

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Lock files, by their names."""
        name = path.name
        return size <= _LARGEST and (
            name in _READERS
            or name.endswith(("conda-lock.yml", "conda-lock.yaml"))
            or (name.startswith("conda-") and name.endswith(".lock"))
            or name.startswith("pylock.")
        )

    def detect(self, file: File, /) -> Iterator[Infrastructure]:
        """The pinned packages of one file."""
        data = lowered(file.data)
        if not any(word in data for word in _WORDS):
            return
        name = file.path.name
        reader = _READERS.get(name, _toml if name.startswith("pylock.") else _conda_lock)
        yield from strongest(reader(file.text(), Ties(file.path, self.name)))


class Wheels:
    """Packages that lie in the tree as archives: known by their file names, never opened."""

    name = "wheels"
    version = 1
    reads_heads = True
    rules = (Rule("wheels/package", "a built package beside the code, by the name of its file"),)

    def wants(self, path: PurePosixPath, size: int, /) -> bool:
        """Wheels and packages of conda."""
        return size > 0 and path.name.endswith((".whl", ".conda", ".tar.bz2"))

    def detect(self, file: File, /) -> Iterator[Infrastructure | Unknown]:
        """What the name says, and that nobody looked inside."""
        name = file.path.name
        match = _WHEEL_FILE.match(name) or _CONDA_FILE.match(name)
        if match:
            ties = Ties(file.path, self.name)
            version = match["version"].replace("%2B", "+")
            yield from strongest(
                ties.package(match["name"], 1, 1, version=version, evidence=name, is_lock=True)
            )
        reason = "an archive: known by its name, not opened"
        yield Unknown(file=str(file.path), line=0, text=name, reason=reason, rule="wheels/package")


def _toml(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """`[[package]]` or `[[packages]]` tables of uv, Poetry, PDM, Cargo and pylock."""
    ecosystem = "crate" if ties.file.endswith("Cargo.lock") else "pypi"
    name = version = url = ""
    place = (0, 0)
    inside = False
    for number, raw in enumerate((text + "\n[[end]]").split("\n"), 1):
        if raw.startswith("["):
            is_package = raw.startswith(("[[package]]", "[[packages]]"))
            if is_package or not raw.startswith("[package"):
                if name:
                    yield from _pinned(ties, name, version, url, place, ecosystem)
                name = version = url = ""
            inside = is_package
            continue
        if raw.startswith(("source = { editable", "source = { virtual", "source = { directory")):
            name = ""  # the project itself
            inside = False
            continue
        if raw.startswith(("url = ", "source = ")) and name:
            found = _TOML_SOURCE.match(raw)
            url = url or (found["url"] if found else "")
        if not inside:
            continue
        if not name and (match := _TOML_NAME.match(raw)):
            name, place = match["name"], (number, match.start("name"))
        elif not version and (match := _TOML_VERSION.match(raw)):
            version = match["version"]


def _pinned(
    ties: Ties, name: str, version: str, url: str, place: tuple[int, int], ecosystem: str
) -> Iterator[Infrastructure]:
    evidence = f"{name} {version}".strip()
    yield from ties.package(name, *place, version=version or None, evidence=evidence,
                            ecosystem=ecosystem, is_lock=True)  # fmt: skip
    if url and ecosystem == "pypi" and not version.partition("+")[2]:
        for found in ties.address(url, *place):
            if found.component.startswith("toolchain:"):
                yield found


def _json(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """package-lock.json and Pipfile.lock: an object a package."""
    ecosystem = "npm" if ties.file.endswith(("package-lock.json", "shrinkwrap.json")) else "pypi"
    name = ""
    place = (0, 0)
    for number, raw in enumerate(text.split("\n"), 1):
        key = _JSON_KEY.match(raw)
        if key:
            name = key["name"].rpartition("node_modules/")[2]
            place = (number, key.start("name"))
            if ecosystem == "pypi" and len(key["indent"]) != 8:
                name = ""
            continue
        if name and (match := _JSON_VERSION.match(raw)):
            yield from _pinned(ties, name, match["version"], "", place, ecosystem)
            name = ""
        elif ecosystem == "pypi" and (match := _JSON_URL.match(raw)):
            yield from ties.address(match["url"], number, match.start("url"))


def _yarn(text: str, ties: Ties) -> Iterator[Infrastructure]:
    name = ""
    place = (0, 0)
    for number, raw in enumerate(text.split("\n"), 1):
        if match := _YARN.match(raw):
            name, place = match["name"], (number, match.start("name") + 1)
        elif name and (match := _YARN_VERSION.match(raw)):
            yield from _pinned(ties, name, match["version"], "", place, "npm")
            name = ""


def _pnpm(text: str, ties: Ties) -> Iterator[Infrastructure]:
    seen: set[str] = set()
    for number, raw in enumerate(text.split("\n"), 1):
        match = _PNPM.match(raw)
        if match and match["name"] not in seen:
            seen.add(match["name"])
            place = (number, match.start("name") + 1)
            yield from _pinned(ties, match["name"], match["version"], "", place, "npm")


def _conda_lock(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """conda-lock's list of packages, and its explicit form: an address a line."""
    name = ""
    place = (0, 0)
    for number, raw in enumerate(text.split("\n"), 1):
        if raw.startswith("http"):
            yield from _file(ties, raw, number, 0, _EXPLICIT)
        elif match := _YAML_ITEM.match(raw):
            name, place = match["name"], (number, match.start("name") + 1)
        elif name and (match := _YAML_VERSION.match(raw)):
            yield from _pinned(ties, name, match["version"], "", place, "pypi")
            name = ""


def _pixi(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """Addresses of packages, and in older ones `- kind: pypi` with name and version below it."""
    name = ""
    place = (0, 0)
    for number, raw in enumerate(text.split("\n"), 1):
        if raw.startswith("- "):
            name = ""
            yield from _file(ties, raw, number, 0, _PIXI_URL)
            place = (0, 0) if raw.startswith(("- conda:", "- pypi:")) else (number, 0)
        elif place == (0, 0):
            continue  # its address says all
        elif not name and (match := _YAML_ITEM.match(raw)):
            name, place = match["name"], (number, match.start("name") + 1)
        elif name and (match := _YAML_VERSION.match(raw)):
            yield from _pinned(ties, name, match["version"], "", place, "pypi")
            name, place = "", (0, 0)


def _bun(text: str, ties: Ties) -> Iterator[Infrastructure]:
    """bun.lock: a list a package, whose first entry is its name and version."""
    for number, raw in enumerate(text.split("\n"), 1):
        if match := _BUN.match(raw):
            place = (number, match.start("name") + 1)
            yield from _pinned(ties, match["name"], match["version"], "", place, "npm")


def _file(
    ties: Ties, raw: str, number: int, indent: int, pattern: re.Pattern[str]
) -> Iterator[Infrastructure]:
    found = pattern.match(raw)
    if not found:
        return
    match = _CONDA_FILE.match(found["file"]) or _WHEEL_FILE.match(found["file"])
    if match:
        version = match["version"].replace("%2B", "+")
        place = (number, found.start("file") + 1 + indent)
        yield from _pinned(ties, match["name"], version, "", place, "pypi")


_READERS = {
    "uv.lock": _toml,
    "poetry.lock": _toml,
    "pdm.lock": _toml,
    "pylock.toml": _toml,
    "Cargo.lock": _toml,
    "Pipfile.lock": _json,
    "package-lock.json": _json,
    "npm-shrinkwrap.json": _json,
    "yarn.lock": _yarn,
    "pnpm-lock.yaml": _pnpm,
    "bun.lock": _bun,
    "pixi.lock": _pixi,
    "conda-lock.yml": _conda_lock,
    "conda-linux-64.lock": _conda_lock,
}
