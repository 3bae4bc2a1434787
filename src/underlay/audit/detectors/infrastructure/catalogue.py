"""What the reviewed tables say about a package, an image, a machine, an address or a class."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from underlay.audit.findings import Need, Tie

__all__ = [
    "Catalogue",
    "Entry",
    "Instance",
    "Service",
    "catalogue",
    "cuda_version",
    "is_local",
    "normal_name",
    "split_image",
]

_CUDA_PIN = re.compile(r"(?:^|[/+._=-])cu(?P<version>1[0-9]{1,2})(?=$|[^0-9])")
_ROCM_PIN = re.compile(r"(?:^|[/+._=-])rocm-?(?P<version>[0-9]+(?:\.[0-9]+)*)?(?=$|[^a-z0-9])")
_PLAIN_PIN = re.compile(r"(?:^|[/+])(?P<name>xpu|musa|maca|npu)(?=$|[/.])")
_PINS = {"npu": "cann"}
_CUDA_NAME = re.compile(r".+[-_.](?:cu(?P<cu>1[0-3]\d?)|cuda(?P<cuda>\d{0,3})x?)(?:[-_.].*)?")
_HOST = re.compile(
    r"(?i)^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@\s]*@)?(?P<host>\[[0-9a-f:.]+\]|[^/:?#\s]+)"
)
_LOCAL = re.compile(
    r"(?i)^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[?::1?\]?|host\.docker\.internal|"
    r"10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|"
    r"100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2}|"
    r"[a-z0-9_-]+|[a-z0-9._-]+\.(?:local|internal|svc|svc\.cluster\.local|default|lan|test|localhost))$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name leads to: whose layer, how firmly, for what, and what else would do."""

    vendor: str
    tie: Tie
    need: Need
    replacement: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A kind of machine that a cloud lets, with whose accelerator."""

    cloud: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Service:
    """Hosted inference of one operator."""

    name: str
    entry: Entry
    paths: tuple[str, ...] = ()


def normal_name(name: str) -> str:
    """A package's name as its index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def cuda_version(digits: str) -> str:
    """`126` as `12.6`, `12` as it is."""
    return f"{digits[:2]}.{digits[2:]}" if len(digits) > 2 else digits


def is_local(url: str) -> bool:
    """Whether an address is this machine, a private network or a bare service name."""
    match = _HOST.match(url)
    return bool(match and _LOCAL.match(match["host"]))


def split_image(text: str) -> tuple[str, str, str]:
    """Name, tag and digest of a container image."""
    rest, _, digest = text.partition("@")
    slash = rest.rfind("/")
    colon = rest.rfind(":")
    if colon > slash:
        return rest[:colon], rest[colon + 1 :], digest
    return rest, "", digest


def _pattern(text: str) -> re.Pattern[str]:
    # one star never spans two, so the match stays linear in practice: names are short and bounded
    return re.compile("[^\\s]*?".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)


class _Names:
    """Names and `*` patterns with what they stand for; the first of the file wins."""

    def __init__(self) -> None:
        self._exact: dict[str, Any] = {}
        self._patterns: list[tuple[re.Pattern[str], Any, frozenset[str]]] = []

    def add(self, name: str, value: Any, refused: frozenset[str] = frozenset()) -> None:
        if "*" in name:
            self._patterns.append((_pattern(name), value, refused))
        else:
            self._exact.setdefault(name, value)

    def find(self, name: str) -> Any:
        if name in self._exact:
            return self._exact[name]
        if len(name) > 200:
            return None
        for pattern, value, refused in self._patterns:
            if pattern.fullmatch(name) and name not in refused:
                return value
        return None


class Catalogue:
    """The tables, indexed by how a code base names things."""

    def __init__(self, infrastructure: dict[str, Any], services: dict[str, Any]) -> None:
        self._vendors = infrastructure["vendors"]
        self._packages: dict[str, _Names] = {}
        self._modules: dict[str, tuple[str, Entry]] = {}
        self._read_packages(infrastructure["package"])
        self._extras = infrastructure["extra"]
        self._toolchains = infrastructure["toolchain"]
        self._images = [
            (_pattern(row["name"]), row.get("tag"), self._entry(row))
            for row in infrastructure["image"]
        ]
        self._tags = [
            (re.compile(row["pattern"]), row["toolchain"]) for row in infrastructure["tag"]
        ]
        self._resources = _Names()
        for row in infrastructure["resource"]:
            for name in row["names"]:
                self._resources.add(name, (self._entry(row, need="hardware"), row.get("values")))
        self._instances = [
            (
                re.compile(row["pattern"], re.IGNORECASE),
                Instance(row["cloud"], self._entry(row, need="hardware")),
            )
            for row in infrastructure["instance"]
        ]
        self._accelerators = [
            (re.compile(row["pattern"], re.IGNORECASE), self._entry(row, need="hardware"))
            for row in infrastructure["accelerator"]
        ]
        self._indexes = infrastructure["index"]
        self._hosts: dict[str, Service] = {}
        self._host_patterns: list[tuple[re.Pattern[str], Service]] = []
        self._kits: dict[str, Service] = {}
        self._npm_kits: dict[str, Service] = {}
        self._classes: dict[str, Service] = {}
        self._keys: dict[str, Service] = {}
        self._read_services(services)

    def _vendor(self, name: str) -> str:
        return name if self._vendors[name].get("listed", True) else "unknown"

    def _entry(self, row: dict[str, Any], *, tie: Tie = "tied", need: Need = "toolchain") -> Entry:
        return Entry(
            vendor=self._vendor(row["vendor"]),
            tie=row.get("tie", tie),
            need=row.get("need", need),
            replacement=row.get("replacement"),
        )

    def _read_packages(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            entry = self._entry(row)
            names = self._packages.setdefault(row.get("ecosystem", "pypi"), _Names())
            refused = frozenset(row.get("except", ()))
            for name in row["names"]:
                names.add(name, entry, refused)
            plain = {normal_name(n).rstrip("*-"): n for n in row["names"]}
            for module in row.get("modules", ()):
                own = normal_name(module)
                known = own if own in plain else row["names"][0].rstrip("*-")
                self._modules.setdefault(module, (known, entry))

    def _read_services(self, services: dict[str, Any]) -> None:
        for name, row in services.items():
            service = Service(
                name,
                Entry(
                    vendor=self._vendor(row["operator"]),
                    tie="switch" if row["compatible"] else "tied",
                    need="service",
                    replacement=row.get("replacement"),
                ),
                tuple(row.get("paths", ())),
            )
            for host in row["hosts"]:
                if "*" in host:
                    self._host_patterns.append((_pattern(host), service))
                else:
                    self._hosts[host] = service
            for table, key in (
                (self._kits, "packages"),
                (self._npm_kits, "npm"),
                (self._classes, "classes"),
                (self._classes, "calls"),
                (self._keys, "keys"),
            ):
                for value in row.get(key, ()):
                    table[value] = service

    # --- packages

    def package(self, name: str, ecosystem: str = "pypi") -> Entry | None:
        """What a package of PyPI or conda, npm, crates or Go leads to; None where nowhere."""
        if ecosystem != "pypi":
            names = self._packages.get(ecosystem)
            found: Entry | None = names.find(name) if names else None
            return found
        name = normal_name(name)
        entry: Entry | None = self._packages["pypi"].find(name)
        if entry is None and (match := _CUDA_NAME.fullmatch(name)):
            digits = match["cu"] or match["cuda"] or ""
            return self.toolchain("cuda", cuda_version(digits) if digits else None)
        return entry

    def module(self, name: str) -> tuple[str, Entry] | None:
        """Package and entry of an importable module, by the longest known beginning."""
        while name:
            if name in self._modules:
                return self._modules[name]
            name = name.rpartition(".")[0]
        return None

    def chosen(self, package: str, extra: str) -> Entry | None:
        """What an extra of a package chooses: `jax[cuda12]`."""
        package, extra = normal_name(package), extra.lower()
        for row in self._extras:
            if row["package"] in ("*", package) and any(
                _pattern(choice).fullmatch(extra) for choice in row["extras"]
            ):
                return self._entry(row, tie="switch")
        return None

    def toolchain(self, name: str, version: str | None = None) -> Entry:
        """A build for a toolchain, as a version, an index or a tag chooses it."""
        row = self._toolchains[name]
        found = self._entry(row, tie="switch")
        return Entry(found.vendor, found.tie, found.need, found.replacement, version)

    def pin(self, text: str) -> tuple[str, Entry] | None:
        """The toolchain that a local version or a part of an address chooses: `+cu126`."""
        text = text.lower()
        if match := _CUDA_PIN.search(text):
            return "cuda", self.toolchain("cuda", cuda_version(match["version"]))
        if match := _ROCM_PIN.search(text):
            return "rocm", self.toolchain("rocm", match["version"])
        if match := _PLAIN_PIN.search(text):
            name = _PINS.get(match["name"], match["name"])
            return name, self.toolchain(name)
        return None

    def index(self, url: str) -> tuple[str, Entry] | None:
        """The toolchain that an index or a wheel's address chooses."""
        for row in self._indexes:
            if "match" in row and row["match"] in url:
                pinned = self.pin(url)
                if pinned and pinned[0] == row["toolchain"]:
                    return pinned
                return row["toolchain"], self.toolchain(row["toolchain"])
        return self.pin(url) if "://" in url else None

    def channel(self, name: str) -> tuple[str, Entry] | None:
        """The toolchain that a conda channel brings."""
        name = name.rstrip("/").rpartition("/")[2].lower()
        for row in self._indexes:
            if row.get("channel") == name:
                return row["toolchain"], self.toolchain(row["toolchain"])
        return None

    # --- images, resources, machines

    def image(self, text: str) -> tuple[str, Entry] | None:
        """Component and entry of a container image."""
        name, tag, _ = split_image(text)
        name = name.removeprefix("docker.io/").removeprefix("index.docker.io/")
        for pattern, part, entry in self._images:
            if pattern.fullmatch(name) and (part is None or part in tag):
                version = tag or None
                return f"image:{name}", Entry(
                    entry.vendor, entry.tie, entry.need, entry.replacement, version
                )
        whole = f"{name.rpartition('/')[2]}:{tag}".lower()
        for pattern, toolchain in self._tags:
            if match := pattern.search(whole):
                version = match.groupdict().get("version")
                if version and toolchain == "cuda" and "." not in version:
                    version = cuda_version(version)
                return f"image:{name}", self.toolchain(toolchain, version)
        return None

    def resource(self, key: str, value: str = "") -> Entry | None:
        """An accelerator that an orchestrator grants or a node is chosen by."""
        found = self._resources.find(key)
        if not found:
            return None
        entry, values = found
        if values and key in values and not _pattern(values[key]).fullmatch(value):
            return None
        return entry if isinstance(entry, Entry) else None

    def instance(self, word: str) -> Instance | None:
        """The cloud whose machine the whole word names, where it has an accelerator."""
        if len(word) > 80:
            return None
        return next((row for pattern, row in self._instances if pattern.fullmatch(word)), None)

    def accelerator(self, word: str) -> Entry | None:
        """Whose accelerator a scheduler is asked for: `A100`, `MI300X`."""
        if len(word) > 80:
            return None
        return next((row for pattern, row in self._accelerators if pattern.fullmatch(word)), None)

    # --- services

    def host(self, url: str) -> Service | None:
        """Who runs the inference at an address."""
        match = _HOST.match(url.strip())
        if not match or len(url) > 2000:
            return None
        name = match["host"].lower()
        service = self._hosts.get(name)
        if service is None:
            service = next(
                (row for pattern, row in self._host_patterns if pattern.fullmatch(name)), None
            )
        if service is None or not service.paths:
            return service
        try:
            path = urlsplit(url.strip()).path
        except ValueError:
            return None
        return service if any(path.startswith(part) for part in service.paths) else None

    def kit(self, package: str, ecosystem: str = "pypi") -> Service | None:
        """The service that a software development kit calls."""
        if ecosystem == "npm":
            return self._npm_kits.get(package)
        return self._kits.get(normal_name(package)) if ecosystem == "pypi" else None

    def client(self, name: str) -> Service | None:
        """The service that a class or function, by its full name, calls."""
        return self._classes.get(name)

    def key(self, name: str) -> Service | None:
        """The service whose key an environment variable holds."""
        return self._keys.get(name)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name and the fixed part of those with a star, for looking before parsing."""
        parts = [pattern.pattern for pattern, _ in self._host_patterns]
        longest = [max(re.split(r"\[\^\\s\]\*\?", part), key=len) for part in parts]
        return tuple(sorted({*self._hosts, *(re.sub(r"\\(.)", r"\1", part) for part in longest)}))

    @property
    def modules(self) -> tuple[str, ...]:
        """Every module known, for looking before parsing."""
        return tuple(sorted(self._modules))

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key's variable."""
        return tuple(sorted(self._keys))

    @property
    def classes(self) -> tuple[str, ...]:
        """Every client class and call by its full name."""
        return tuple(sorted(self._classes))


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The tables that ship with the package, read once."""
    here = files("underlay.audit.detectors.infrastructure")
    infrastructure = tomllib.loads(here.joinpath("infrastructure.toml").read_text("utf-8"))
    services = tomllib.loads(here.joinpath("services.toml").read_text("utf-8"))
    return Catalogue(infrastructure, services)
