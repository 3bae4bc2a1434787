"""One spelling for a thing. Pure: no data, no network; what a name *means* is the atlas's job."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from underlay.errors import BadValueError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EntityId", "hub_key", "match_key", "parse_entity", "pypi_key", "repository_name"]

_HUB_NAME = re.compile(r"\w[\w.-]{0,95}", re.ASCII)
_PYPI_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,198}[a-z0-9])?", re.ASCII | re.IGNORECASE)
_HOSTS = {
    "huggingface.co": "huggingface",
    "hf.co": "huggingface",
    "modelscope.cn": "modelscope",
    "ollama.com": "ollama",
    "openrouter.ai": "openrouter",
    "github.com": "github",
}
# what stands before a model's name in its page's address, by platform
_FOLDERS = {"modelscope": "models", "ollama": "library"}
# first parts of a hub's addresses under which no model stands
_PAGES = {
    "huggingface": frozenset(
        [
            "api",
            "blog",
            "chat",
            "collections",
            "datasets",
            "docs",
            "join",
            "learn",
            "login",
            "models",
            "new",
            "organizations",
            "papers",
            "posts",
            "pricing",
            "search",
            "settings",
            "spaces",
            "tasks",
        ]
    ),
    "modelscope": frozenset(("datasets", "docs", "studios", "models", "collections", "papers")),
}
_PLATFORMS = (
    "huggingface", "modelscope", "ollama", "openrouter", "arena", "models_dev", "litellm", "epoch",
    "served", "github", "pypi",
)  # fmt: skip
# separators that publishers swap freely: Qwen2.5-7B, qwen-2.5-7b, qwen2.5:7b, Qwen2_5 7B
_SEPARATORS = re.compile(r"[\s_\-\u2010-\u2015:/.()\[\]]+")
_BETWEEN_DIGITS = re.compile(rf"(?<=\d){_SEPARATORS.pattern}(?=\d)")


@dataclass(frozen=True, order=True)
class EntityId:
    """A thing on one platform: `EntityId("huggingface", "Qwen/Qwen2.5-7B")`."""

    platform: str
    name: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.name}"

    @property
    def key(self) -> tuple[str, str]:
        """Equal for two spellings of one thing on one platform."""
        return self.platform, _KEYS.get(self.platform, hub_key)(self.name)

    @property
    def purl(self) -> str:
        """The package URL, where the type is registered; raises `BadValueError` where not."""
        from packageurl import PackageURL

        kind = {"huggingface": "huggingface", "pypi": "pypi", "github": "github"}.get(self.platform)
        if kind is None:
            raise BadValueError("purl", str(self), "a huggingface, pypi or github name")
        namespace, _, name = self.name.rpartition("/")
        return str(PackageURL(kind, namespace or None, name).to_string())


def parse_entity(text: str, platform: str = "huggingface") -> EntityId:
    """Read an id, a URL, a package URL or `platform:name`; a bare name means `platform`.

    Raises `BadValueError` for what can't be a name.
    """
    text = text.strip()
    if text.startswith("pkg:"):
        return _from_purl(text)
    head, colon, rest = text.partition(":")
    if colon and head.lower() in (*_PLATFORMS, "hf"):
        return _checked("huggingface" if head.lower() == "hf" else head.lower(), rest)
    if "://" in text:
        return _from_url(text)
    return _checked(platform, text)


def _from_purl(text: str) -> EntityId:
    from packageurl import PackageURL

    try:
        package = PackageURL.from_string(text)
    except ValueError as error:
        raise BadValueError("purl", text, "a package URL such as pkg:pypi/torch") from error
    if package.type not in _PLATFORMS:
        raise BadValueError("purl", text, "one of the types huggingface, pypi, github")
    return _checked(package.type, "/".join(p for p in (package.namespace, package.name) if p))


def _from_url(text: str) -> EntityId:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError as error:
        raise BadValueError("name", text, "a valid URL") from error
    if host not in _HOSTS:
        raise BadValueError("name", text, "a URL on " + ", ".join(sorted(_HOSTS)))
    path = [unquote(part) for part in parts.path.split("/") if part]
    platform = _HOSTS[host]
    if path and path[0] == _FOLDERS.get(platform):
        path = path[1:]
    elif path and path[0] in _PAGES.get(platform, ()):
        raise BadValueError("name", text, "the address of a model's page")
    return _checked(platform, "/".join(path[: 1 if platform == "pypi" else 2]))


def _checked(platform: str, name: str) -> EntityId:
    parts = name.split("/")
    if platform in ("huggingface", "modelscope", "github"):
        good = len(parts) <= 2 and all(_HUB_NAME.fullmatch(part) for part in parts)
    elif platform == "pypi":
        good = _PYPI_NAME.fullmatch(name) is not None
    else:
        good = name.strip() == name != "" and name.isprintable() and len(name) <= 200
    if not good:
        raise BadValueError("name", name, "a name such as `Qwen/Qwen2.5-7B-Instruct`")
    return EntityId(platform, name)


def hub_key(name: str) -> str:
    """Hub names are unique regardless of case, and redirects keep old spellings alive."""
    return name.casefold()


def pypi_key(name: str) -> str:
    """The normalised project name of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def match_key(name: str) -> str:
    """A key under which one model's names on different platforms agree.

    Case, separators and compatibility forms don't count; digits and letters do, so
    "Qwen2.5-7B" and "qwen-2.5-7b" agree while "Qwen2-57B" differs from "Qwen25-7B" by its marks:
    a separator between two digits is kept. A plus is the word: "Command R+" is no "Command R".
    """
    text = name
    for _ in range(2):  # folding case can undo the normal form
        text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKC", text).replace("+", "plus")
    return _SEPARATORS.sub("", _BETWEEN_DIGITS.sub("~", text))


def repository_name(name: str) -> str:
    """The part behind the last slash."""
    return name.rpartition("/")[2]


_KEYS: dict[str, Callable[[str], str]] = {"pypi": pypi_key, "arena": match_key}
