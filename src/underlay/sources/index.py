"""The package index that pip is set up for: finds artifacts and reads of them what is wanted.

The only module that speaks HTTP. Nothing is built, installed, imported or run; of a large wheel
only the parts are fetched that hold what is wanted.
"""

from __future__ import annotations

import ast
import hashlib
import io
import logging
import re
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

import httpx2
from unearth import PackageFinder
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers.sync import PyPIClient

from underlay.errors import UnreadableError
from underlay.sources.packages import wanted
from underlay.sources.packages.artifact import (
    EXTRACT_SUFFIX,
    Given,
    from_sdist,
    from_wheel,
    name_of,
    to_extract,
)
from underlay.sources.packages.ci import slim
from underlay.tables import Skipped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from unearth import Package
    from unearth.link import Link

    from underlay.sources.packages.artifact import Artifact
    from underlay.sources.packages.listing import Wish

__all__ = [
    "Answer",
    "Fetched",
    "Index",
    "IndexSettings",
    "pip_settings",
    "refuse_failure",
    "settings_of",
]

# its warnings repeat what comes back as `Skipped`
logging.getLogger("unearth").addHandler(logging.NullHandler())

_WHOLE_BYTES = 4 << 20  # a wheel up to this size is fetched whole, and its digest checked
_MOST_WHOLE_BYTES = 20 << 20  # the same where a server knows no ranges
_MOST_BYTES = 400 << 20  # of one sdist
_MOST_PARTS_BYTES = 64 << 20  # of one wheel in parts
_TAIL_BYTES = 1 << 18
_GAP_BYTES = 1 << 18  # parts nearer than this are fetched together
_TRIES = 4
_LONGEST_WAIT_S = 60.0
_AGAIN = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class IndexSettings:
    """Where packages come from, as pip's own configuration has it.

    An empty address stands for the library's default index.
    """

    indexes: tuple[str, ...] = field(default=("",), repr=False)  # may hold a password
    find_links: tuple[str, ...] = field(default=(), repr=False)
    trusted_hosts: tuple[str, ...] = ()
    certificate: str = ""
    timeout_s: float = 30.0


def pip_settings(python: str = sys.executable) -> IndexSettings:
    """What `pip config` says of the index: all files and variables, in pip's own order.

    Without pip, or where nothing is set, the library's default index is used.
    """
    try:
        # -P: else a `pip.py` in the working folder would be run in pip's place
        done = subprocess.run(  # noqa: S603  # this Python's own pip, which only prints
            [python, "-P", "-m", "pip", "config", "list"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return IndexSettings()
    return settings_of(done.stdout)


def settings_of(text: str) -> IndexSettings:
    """Settings from the lines that `pip config list` prints; variables win over files."""
    found: dict[str, tuple[int, str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        rank = {"global": 0, "download": 1, ":env:": 2}.get(section)
        if rank is None or rank < found.get(key, (0, ""))[0]:
            continue
        try:
            found[key] = (rank, str(ast.literal_eval(value)))
        except (ValueError, SyntaxError):
            continue

    def words(key: str) -> tuple[str, ...]:
        return tuple(found[key][1].split()) if key in found else ()

    own = words("index-url")
    extra = words("extra-index-url")
    timeout = words("timeout") or words("default-timeout")
    try:
        seconds = float(timeout[0]) if timeout else 30.0
    except ValueError:
        seconds = 30.0
    default = () if own or words("no-index")[:1] in (("true",), ("1",)) else ("",)
    return IndexSettings(
        (*own, *default, *extra),
        words("find-links"),
        words("trusted-host"),
        " ".join(words("cert")),
        min(seconds, 120.0),
    )


@dataclass(frozen=True)
class Fetched:
    """An extract as a file's name and bytes, with what it cost."""

    name: str
    data: bytes = field(repr=False)
    artifact: Artifact = field(repr=False)
    requests: int = 0
    received_bytes: int = 0


class Index:
    """One run against the index: a client, a pause between requests, and counts.

    Use as a context manager. `pause_s` is the least time between two requests to one host.
    """

    def __init__(
        self,
        settings: IndexSettings | None = None,
        *,
        pause_s: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings or pip_settings()
        self._pause_s = pause_s
        self._sleep = sleep
        self._last: dict[str, float] = {}
        self._troubles: list[int] = []
        self.requests = 0
        self.received_bytes = 0
        context = ssl.create_default_context(cafile=self._settings.certificate or None)
        self._client = PyPIClient(
            trusted_hosts=self._settings.trusted_hosts,
            verify=context,
            timeout=self._settings.timeout_s,
            follow_redirects=True,
            event_hooks={"request": [self._before], "response": [self._after]},
        )
        finder = PackageFinder(
            session=cast("Any", self._client),  # its protocol lacks keywords that this has
            trusted_hosts=self._settings.trusted_hosts,
            ignore_compatibility=True,
        )
        # made without any source, it has the library's own default index and nothing else
        default, finder.sources = finder.sources, []
        for address in self._settings.indexes:
            if address:
                finder.add_index_url(address)
            else:
                finder.sources += default
        for place in self._settings.find_links:
            finder.add_find_links(place)
        addresses = [s["url"] for s in finder.sources if s["type"] == "index"]
        self._client.auth = MultiDomainBasicAuth(prompting=False, index_urls=addresses)
        self._finder = finder
        self._links: dict[str, list[Package]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(
        self, wishes: Iterable[Wish], listed_on: dt.date, progress: Callable[[str], None]
    ) -> Iterator[Fetched | Skipped]:
        """An extract for each wish, or why there is none; one failure stops no other."""
        for wish in wishes:
            progress(f"packages: {wish}")
            before = (self.requests, self.received_bytes)
            try:
                link = self._find(wish)
                artifact = slim(self._read(link, listed_on))
            except UnreadableError as error:
                yield Skipped(str(wish), error.reason)
            except httpx2.TimeoutException:
                yield Skipped(str(wish), "the index didn't answer in time")
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                yield Skipped(str(wish), f"the index can't be read: {type(error).__name__}")
            else:
                yield Fetched(
                    artifact.name.artifact + EXTRACT_SUFFIX,
                    to_extract(artifact),
                    artifact,
                    self.requests - before[0],
                    self.received_bytes - before[1],
                )

    def _find(self, wish: Wish) -> Link:
        """The artifact's link; raises `UnreadableError` when the index has none."""
        every = self._links.get(wish.package)
        if every is None:
            every = self._links[wish.package] = self._list(wish.package)
        if not every:
            raise UnreadableError(wish.package, "the index has no such package (any more)")
        links = [p.link for p in every if p.version == wish.version]
        if not links:
            raise UnreadableError(wish.package, "the index has no such version (any more)")
        if wish.kind == "sdist":
            fit = [link for link in links if link.filename.endswith((".tar.gz", ".zip"))]
        else:
            fit = [link for link in links if link.is_wheel]
        ranked = sorted(fit, key=lambda link: _rank(link.filename, wish.platform))
        if not ranked or _rank(ranked[0].filename, wish.platform)[0]:
            what = f"{wish.kind} for {wish.platform}" if wish.kind == "wheel" else wish.kind
            raise UnreadableError(wish.package, f"this version has no {what} on the index")
        return ranked[0]

    def _list(self, package: str) -> list[Package]:
        """All artifacts of a package; none if no index knows it."""
        # the finder takes every failure for a page without links, so failures are noted apart
        for attempt in range(1, _TRIES + 1):
            self._troubles.clear()
            try:
                found = list(self._finder.find_all_packages(package, allow_yanked=True))
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.ProtocolError):
                if attempt == _TRIES:
                    raise
            else:
                if found or not self._troubles:
                    return found
            if attempt < _TRIES:
                self._sleep(float(attempt))
        raise UnreadableError(package, f"the index kept answering {self._troubles[-1]}")

    def _read(self, link: Link, listed_on: dt.date) -> Artifact:
        name = name_of(link.filename)
        digests = link.hash_option or {}
        given = Given(
            sha256=next(iter(digests.get("sha256", ())), None),
            uploaded_on=link.upload_time.date() if link.upload_time else None,
            listed_on=listed_on,
        )
        url = link.url_without_fragment
        choose = wanted(name.package)
        if link.filename.endswith(".tar.gz"):
            with self._client.stream(
                "GET", url, headers={"Accept-Encoding": "identity"}
            ) as response:
                refuse_failure(response)
                stream = _Counted(self, name.artifact, response.iter_raw(1 << 16))
                return from_sdist(name, cast("BinaryIO", stream), given, choose)
        parts = _Parts(self, name.artifact, url)
        if parts.size <= _WHOLE_BYTES or parts.whole:
            data = parts.all()
            if given.sha256 and hashlib.sha256(data).hexdigest() != given.sha256:
                raise UnreadableError(name.artifact, "its digest is not what the index states")
            given = Given(given.sha256, len(data), given.uploaded_on, given.listed_on)
            return from_wheel(name, io.BytesIO(data), given, choose)
        given = Given(given.sha256, parts.size, given.uploaded_on, given.listed_on)
        file = cast("BinaryIO", parts)
        return from_wheel(name, file, given, choose, before_reading=parts.prepare)

    def _before(self, request: httpx2.Request) -> None:
        """Wait until the host may be asked again."""
        if request.url.scheme not in ("http", "https"):
            return
        host = request.url.host
        wait = self._last.get(host, 0.0) + self._pause_s - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._last[host] = time.monotonic()
        self.requests += 1

    def _after(self, response: httpx2.Response) -> None:
        """Note an answer that may pass."""
        if response.status_code in _AGAIN:
            self._troubles.append(response.status_code)

    def get(self, url: str, headers: Mapping[str, str], most: int) -> Answer:
        """An answer of at most `most` bytes; what may pass is tried again a few times.

        Raises `UnreadableError` for a refusal or a longer answer, else the client's errors.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                with self._client.stream("GET", url, headers=dict(headers)) as response:
                    if response.status_code not in _AGAIN:
                        refuse_failure(response)
                        return Answer(
                            response.status_code, response.headers, self._take(response, most)
                        )
                    wait = _wait(response, attempt)
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.ProtocolError):
                if attempt == _TRIES:
                    raise
                wait = float(attempt)
            if attempt < _TRIES:
                self._sleep(wait)
        raise UnreadableError("the index", f"it kept answering {response.status_code}")

    def _take(self, response: httpx2.Response, most: int) -> bytes:
        taken = bytearray()
        for chunk in response.iter_raw(1 << 16):
            taken += chunk
            self.received_bytes += len(chunk)
            if len(taken) > most:
                raise UnreadableError("the index", f"it sent more than {most} bytes; refused")
        return bytes(taken)


@dataclass(frozen=True)
class Answer:
    """Status, headers and bytes of a whole answer."""

    status: int
    headers: httpx2.Headers
    data: bytes = field(repr=False)


class _Counted:
    """A body as a file that only reads forward, counted and limited."""

    def __init__(self, index: Index, place: str, chunks: Iterator[bytes]) -> None:
        self._index = index
        self._place = place
        self._chunks = chunks
        self._buffer = b""
        self._taken = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; nothing at the end."""
        while not self._buffer:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._buffer = chunk
            self._taken += len(chunk)
            self._index.received_bytes += len(chunk)
            if self._taken > _MOST_BYTES:
                raise UnreadableError(self._place, f"more than {_MOST_BYTES} bytes; refused")
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data


class _Parts(io.RawIOBase):
    """A remote file that is read in ranges; what is near is fetched together."""

    def __init__(self, index: Index, place: str, url: str) -> None:
        self._index = index
        self._place = place
        self._url = url
        self._position = 0
        self._received = 0
        self._blocks: list[tuple[int, bytes]] = []
        self.size = 0
        self.whole = False
        answer = self._ask(f"bytes=-{_TAIL_BYTES}", _MOST_WHOLE_BYTES)
        if answer.status == httpx2.codes.PARTIAL_CONTENT:
            start, self.size = self._span(answer)
            self._blocks.append((start, answer.data))
        else:
            self.size = len(answer.data)
            self._blocks.append((0, answer.data))
        self.whole = self._blocks[0][0] == 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        start = {0: 0, 1: self._position, 2: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.size, self._position + size)
        if end <= self._position:
            return b""
        data = self._block(self._position, end)
        self._position = end
        return data

    def all(self) -> bytes:
        """The whole file; what is held already isn't asked for again."""
        start, tail = self._blocks[0]
        self._fetch(0, start)
        return self._block(0, start) + tail

    def prepare(self, spans: Iterable[tuple[int, int]]) -> None:
        """Fetch these (offset, length) spans ahead, joined where they are near."""
        joined: list[list[int]] = []
        for start, length in sorted(spans):
            end = min(self.size, start + length)
            if joined and start - joined[-1][1] <= _GAP_BYTES:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        for start, end in joined:
            self._fetch(start, end)

    def _fetch(self, start: int, end: int) -> None:
        if self._held(start, end) is None and start < end:
            answer = self._ask(f"bytes={start}-{end - 1}", end - start)
            found, size = self._span(answer)
            if answer.status != httpx2.codes.PARTIAL_CONTENT or found != start or size != self.size:
                raise UnreadableError(self._place, "the file changed while it was read")
            if len(answer.data) != end - start:
                raise UnreadableError(self._place, "the index sent another part than was asked for")
            self._blocks.append((start, answer.data))

    def _block(self, start: int, end: int) -> bytes:
        held = self._held(start, end)
        if held is None:
            self._fetch(start, max(end, min(self.size, start + _GAP_BYTES)))
            held = self._held(start, end)
        if held is None:
            raise UnreadableError(self._place, "the index sent another part than was asked for")
        return held

    def _held(self, start: int, end: int) -> bytes | None:
        for offset, data in self._blocks:
            if offset <= start and end <= offset + len(data):
                return data[start - offset : end - offset]
        return None

    def _ask(self, span: str, most: int) -> Answer:
        if self._blocks and self._received + most > _MOST_PARTS_BYTES:
            raise UnreadableError(self._place, f"parts of over {_MOST_PARTS_BYTES} bytes; refused")
        # bytes of the file itself, not of a packed form of it
        answer = self._index.get(self._url, {"Range": span, "Accept-Encoding": "identity"}, most)
        self._received += len(answer.data)
        return answer

    def _span(self, answer: Answer) -> tuple[int, int]:
        """First byte of a partial answer, and the size of the whole file."""
        unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
        span, _, size = rest.partition("/")
        start = span.partition("-")[0]
        if unit != "bytes" or not start.isdigit() or not size.isdigit():
            raise UnreadableError(self._place, "the index doesn't say which part it sent")
        return int(start), int(size)


def refuse_failure(response: httpx2.Response) -> None:
    """Raise `UnreadableError` for an answer that isn't a success."""
    if response.status_code == httpx2.codes.NOT_FOUND:
        raise UnreadableError("the index", "the index no longer has the file")
    if not response.is_success:
        raise UnreadableError("the index", f"the index answered {response.status_code}")


def _wait(response: httpx2.Response, attempt: int) -> float:
    """Seconds that the server asks to wait, or a little more each time; bounded."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked) if asked.isdigit() else float(2**attempt), _LONGEST_WAIT_S)


def _rank(filename: str, platform: str) -> tuple[int, int, int, str]:
    """How well an artifact fits: platform, the most general build, the last one, the name.

    Of a version that was built again the last build counts, as it does for an installer.
    """
    if not filename.endswith(".whl"):
        return (0, 0 if filename.endswith(".tar.gz") else 1, 0, filename)
    parts = filename.removesuffix(".whl").split("-")
    python, abi, place = parts[-3:]
    digits = re.match(r"\d+", parts[2]) if len(parts) > 5 else None
    fits = place == "any" or (platform in place and ("x86_64" in place or platform != "linux"))
    order = 0 if place == "any" or abi == "abi3" else 1 if python == "cp312" else 2
    return (0 if fits else 1, order, -int(digits[0]) if digits else 0, filename)
