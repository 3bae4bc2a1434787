"""The index over loopback: ranges, digests, and everything that can go wrong on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import io
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from underlay.errors import BadValueError, UnreadableError
from underlay.sources import index as module
from underlay.sources.index import Fetched, Index, IndexSettings, pip_settings, settings_of
from underlay.sources.packages import wanted
from underlay.sources.packages.artifact import Given, from_wheel, name_of, to_extract
from underlay.sources.packages.ci import slim
from underlay.sources.packages.listing import Wish, chosen, listing
from underlay.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LISTED = dt.date(2026, 11, 22)
WHEEL = "vllm-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
META = {"vllm-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: vllm\nVersion: 1.0\n"}
REGISTRY = {"vllm/model_executor/models/registry.py": '_MODELS = {"LlamaForCausalLM": ("a", "b")}'}


@dataclass
class Shop:
    """Files of a loopback index, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    failures: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    slow_s: float = 0.0
    short: bool = False
    url: str = ""
    gate: threading.Event = field(default_factory=threading.Event)

    def offer(self, package: str, *names: str, digest: str = "") -> None:
        links = "".join(
            f'<a href="/files/{name}#sha256='
            f'{digest or hashlib.sha256(self.files.get(name, b"")).hexdigest()}">{name}</a>\n'
            for name in names
        )
        self.pages[package] = f"<html><body>{links}</body></html>"


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            span = self.headers.get("Range", "")
            shop.asked.append((self.path, span))
            if shop.slow_s:
                shop.gate.wait(shop.slow_s)
            if shop.failures:
                self.reply(shop.failures.pop(0), b"later")
            elif self.path.startswith("/simple/"):
                page = shop.pages.get(self.path.split("/")[2])
                self.reply(200 if page else 404, (page or "no").encode(), kind="text/html")
            elif (data := shop.files.get(self.path.rpartition("/")[2])) is None:
                self.reply(404, b"gone")
            elif span and shop.ranges:
                first, _, last = span.removeprefix("bytes=").partition("-")
                start = int(first) if first else max(0, len(data) - int(last))
                end = int(last) + 1 if first and last else len(data)
                self.reply(206, data[start:end], f"bytes {start}-{end - 1}/{len(data)}")
            else:
                self.reply(200, data)

        def reply(self, status: int, data: bytes, span: str = "", kind: str = "x/y") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            if span:
                self.send_header("Content-Range", span)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if shop.short and data else data)
            if shop.short:
                self.close_connection = True

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...  # a client that goes away is expected

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
    yield shop
    shop.gate.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def fetch(shop: Shop) -> Callable[..., list[Fetched | Skipped]]:
    """Ask the loopback index without any pause: `fetch(Wish(...), ...)`."""

    def ask(*wishes: Wish, timeout_s: float = 5.0) -> list[Fetched | Skipped]:
        settings = IndexSettings((shop.url,), timeout_s=timeout_s)
        with Index(settings, pause_s=0.0, sleep=lambda _: None) as index:
            return list(index.fetch(wishes, LISTED, lambda _: None))

    return ask


WISH = Wish("vllm", "1.0", "wheel", "linux")


def big_wheel(wheel: Callable[..., bytes]) -> bytes:
    noise = hashlib.shake_128(b"noise").digest(5 << 20)  # which no packing makes smaller
    return wheel({"vllm/_C.so": noise, **REGISTRY, "vllm/_D.so": noise[: 1 << 20], **META})


def test_of_a_large_wheel_only_parts_are_fetched(shop, fetch, wheel) -> None:
    data = shop.files[WHEEL] = big_wheel(wheel)
    shop.offer("vllm", WHEEL)
    (got,) = fetch(WISH)
    assert isinstance(got, Fetched)
    assert got.name == f"{WHEEL}.extract.zip"
    assert set(got.artifact.texts) == {*META, *REGISTRY}
    assert got.artifact.given.size_bytes == len(data)
    assert got.received_bytes < len(data) / 10
    assert all(span for path, span in shop.asked if path.startswith("/files/"))


def test_parts_and_the_whole_give_the_same_extract_each_time(shop, fetch, wheel) -> None:
    data = shop.files[WHEEL] = big_wheel(wheel)
    shop.offer("vllm", WHEEL)
    (first,), (second,) = fetch(WISH), fetch(WISH)
    digest = hashlib.sha256(data).hexdigest()
    given = Given(digest, len(data), None, LISTED)
    whole = from_wheel(name_of(WHEEL), io.BytesIO(data), given, wanted("vllm"))
    assert first.data == second.data == to_extract(slim(whole))


def test_the_last_build_for_the_wanted_python_is_read(shop, fetch, wheel) -> None:
    builds = ("-cp312-cp312", "-2-cp312-cp312", "-10-cp312-cp312", "-11-cp310-cp310")
    names = [WHEEL.replace("-cp312-cp312", tags) for tags in builds]
    names += ["vllm-1.0-cp312-cp312-win_amd64.whl"]
    for name in names:
        shop.files[name] = wheel(META)
    shop.offer("vllm", *names)
    assert fetch(WISH)[0].artifact.name.artifact == names[2]


def test_a_small_wheel_is_fetched_whole_and_its_digest_held(shop, fetch, wheel) -> None:
    shop.files[WHEEL] = wheel({**META, **REGISTRY})
    shop.offer("vllm", WHEEL)
    assert isinstance(fetch(WISH)[0], Fetched)
    shop.offer("vllm", WHEEL, digest="0" * 64)
    (got,) = fetch(WISH)
    assert got == Skipped("vllm==1.0 (wheel)", "its digest is not what the index states")


def test_an_index_without_ranges(shop, fetch, wheel, monkeypatch) -> None:
    shop.ranges = False
    shop.files[WHEEL] = big_wheel(wheel)
    shop.offer("vllm", WHEEL)
    assert isinstance(fetch(WISH)[0], Fetched)
    monkeypatch.setattr(module, "_MOST_WHOLE_BYTES", 1 << 20)
    (got,) = fetch(WISH)
    assert isinstance(got, Skipped)
    assert got.reason == f"it sent more than {1 << 20} bytes; refused"


def test_a_listing_without_end_is_refused(shop, fetch, wheel, monkeypatch) -> None:
    data = bytearray(big_wheel(wheel))
    data[-6:-2] = (1 << 20).to_bytes(4, "little")  # where the central directory starts
    data[-10:-6] = (len(data) - (1 << 20) - 22).to_bytes(4, "little")  # and its size
    shop.files[WHEEL] = bytes(data)
    shop.offer("vllm", WHEEL)
    monkeypatch.setattr(module, "_MOST_PARTS_BYTES", 1 << 20)
    assert fetch(WISH)[0].reason == f"parts of over {1 << 20} bytes; refused"


def test_an_sdist_is_streamed_and_limited(shop, fetch, sdist, monkeypatch) -> None:
    name = "vllm-1.0.tar.gz"
    shop.files[name] = sdist({"PKG-INFO": "Name: vllm\nVersion: 1.0\n", **REGISTRY}, "vllm-1.0")
    shop.offer("vllm", name)
    wish = Wish("vllm", "1.0", "sdist", "linux")
    (got,) = fetch(wish)
    assert isinstance(got, Fetched)
    assert set(got.artifact.texts) == {"PKG-INFO", *REGISTRY}
    assert got.artifact.given.sha256 == hashlib.sha256(shop.files[name]).hexdigest()
    monkeypatch.setattr(module, "_MOST_BYTES", 100)
    assert fetch(wish)[0].reason == "more than 100 bytes; refused"


def test_what_is_gone_or_broken_is_skipped_by_name_and_the_rest_goes_on(
    shop, fetch, wheel, sdist
) -> None:
    shop.files[WHEEL] = wheel({**META, **REGISTRY})
    shop.offer("vllm", WHEEL, "vllm-2.0.tar.gz", "vllm-3.0.tar.gz")
    shop.files["vllm-3.0.tar.gz"] = b"not gzip"
    wishes = [
        Wish("vllm-gaudi", "1.0", "sdist", "linux"),
        Wish("vllm", "9.0", "wheel", "linux"),
        Wish("vllm", "2.0", "sdist", "linux"),
        Wish("vllm", "3.0", "sdist", "linux"),
        Wish("vllm", "1.0", "wheel", "macosx"),
        Wish("vllm", "1.0", "sdist", "linux"),
        WISH,
    ]
    got = fetch(*wishes)
    assert [one.reason if isinstance(one, Skipped) else "fetched" for one in got] == [
        "the index has no such package (any more)",
        "the index has no such version (any more)",
        "the index no longer has the file",
        "not gzip: Error -3 while decompressing data: incorrect header check",
        "this version has no wheel for macosx on the index",
        "this version has no sdist on the index",
        "fetched",
    ]
    assert [one.place for one in got if isinstance(one, Skipped)] == [str(w) for w in wishes[:-1]]


@pytest.mark.parametrize("failures", [[503], [429, 502], [503, 503, 503]])
def test_what_may_pass_is_tried_again(shop, fetch, wheel, failures) -> None:
    shop.files[WHEEL] = wheel({**META, **REGISTRY})
    shop.offer("vllm", WHEEL)
    shop.failures = list(failures)
    assert isinstance(fetch(WISH)[0], Fetched)


def test_a_server_that_keeps_failing_is_skipped(shop, fetch) -> None:
    shop.failures = [503] * 40
    (got,) = fetch(WISH)
    assert got.reason == "the index kept answering 503"
    assert len(shop.asked) == 4


def test_a_file_that_keeps_failing_is_skipped(shop, fetch, wheel) -> None:
    shop.files[WHEEL] = wheel(META)
    shop.offer("vllm", WHEEL)
    with Index(IndexSettings((shop.url,)), pause_s=0.0, sleep=lambda _: None) as index:
        shop.failures = [500] * 9
        with pytest.raises(UnreadableError, match="kept answering 500"):
            index.get(shop.url, {}, 100)
    assert len(shop.failures) == 5


def test_a_refusal_is_not_tried_again(shop, fetch, wheel) -> None:
    shop.files[WHEEL] = wheel(META)
    shop.offer("vllm", WHEEL)
    with Index(IndexSettings((shop.url,)), pause_s=0.0, sleep=lambda _: None) as index:
        shop.failures = [403, 403]
        with pytest.raises(UnreadableError, match="answered 403"):
            index.get(shop.url, {}, 100)
    assert len(shop.failures) == 1


def test_a_timeout_is_skipped(shop, fetch) -> None:
    shop.slow_s = 3.0
    (got,) = fetch(WISH, timeout_s=0.05)
    assert got.reason == "the index didn't answer in time"


def test_nobody_listens() -> None:
    settings = IndexSettings(("http://127.0.0.1:9/simple/",), timeout_s=1.0)
    with Index(settings, pause_s=0.0, sleep=lambda _: None) as index:
        (got,) = index.fetch([WISH], LISTED, lambda _: None)
    assert got.reason == "the index can't be read: ConnectError"


def test_an_answer_that_breaks_off_is_skipped(shop, fetch, sdist) -> None:
    name = "vllm-1.0.tar.gz"
    shop.files[name] = sdist({"PKG-INFO": "Name: vllm\nVersion: 1.0\n", **REGISTRY}, "vllm-1.0")
    shop.offer("vllm", name)
    settings = IndexSettings((shop.url,))
    with Index(settings, pause_s=0.0, sleep=lambda _: None) as index:
        wish = Wish("vllm", "1.0", "sdist", "linux")
        index._links["vllm"] = index._list("vllm")
        shop.short = True
        (got,) = index.fetch([wish], LISTED, lambda _: None)
    assert isinstance(got, Skipped)
    assert "can't be read" in got.reason


def test_a_file_that_changes_between_two_parts_is_refused(shop, fetch, wheel) -> None:
    shop.files[WHEEL] = big_wheel(wheel)
    shop.offer("vllm", WHEEL)
    settings = IndexSettings((shop.url,))

    def change(url, headers, most):
        answer = real(url, headers, most)
        shop.files[WHEEL] += b"more"
        return answer

    with Index(settings, pause_s=0.0, sleep=lambda _: None) as index:
        real = index.get
        index.get = change
        (got,) = index.fetch([WISH], LISTED, lambda _: None)
    assert got.reason == "the file changed while it was read"


def test_hosts_are_not_hurried(shop, wheel) -> None:
    shop.files[WHEEL] = wheel({**META, **REGISTRY})
    shop.offer("vllm", WHEEL)
    waits: list[float] = []
    with Index(IndexSettings((shop.url,)), pause_s=1.0, sleep=waits.append) as index:
        list(index.fetch([WISH], LISTED, lambda _: None))
    assert len(waits) == index.requests - 1 == len(shop.asked) - 1
    assert all(0.5 < wait <= 1.0 for wait in waits)


PIP = """:env:.timeout='180'
global.index-url='https://user:secret@index.example/simple'
global.extra-index-url='file:///a/simple\\nhttps://b.example/simple'
global.find-links='/c'
install.index-url='https://ignored.example'
:env:.find-links='/d /e'
global.trusted-host='index.example'
broken
"""


def test_settings_come_from_pip() -> None:
    got = settings_of(PIP)
    assert got.indexes == (
        "https://user:secret@index.example/simple",
        "file:///a/simple",
        "https://b.example/simple",
    )
    assert got.find_links == ("/d", "/e")
    assert (got.timeout_s, got.trusted_hosts) == (120.0, ("index.example",))
    assert "secret" not in repr(got)


def test_pip_is_asked_and_nothing_that_only_looks_like_it(tmp_path, monkeypatch) -> None:
    (tmp_path / "pip.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_FIND_LINKS", "/made-up")
    assert pip_settings().find_links == ("/made-up",)
    assert not (tmp_path / "ran").exists()
    assert pip_settings("/no/such/python") == IndexSettings()


def test_without_settings_the_default_of_the_library_is_used() -> None:
    assert settings_of("").indexes == ("",)
    assert settings_of("global.extra-index-url='file:///a'").indexes == ("", "file:///a")
    assert settings_of("global.no-index='true'").indexes == ()
    with Index(IndexSettings()) as index:
        assert len(index._finder.sources) == 1


def test_no_address_stands_in_the_code_or_the_extract(shop, fetch, wheel) -> None:
    assert "://" not in Path(module.__file__).read_text("utf-8")
    shop.files[WHEEL] = wheel({**META, **REGISTRY})
    shop.offer("vllm", WHEEL)
    (got,) = fetch(WISH)
    with zipfile.ZipFile(io.BytesIO(got.data)) as extract:
        everything = b"".join(extract.read(name) for name in extract.namelist())
    assert b"LlamaForCausalLM" in everything
    assert b"127.0.0.1" not in everything


def test_the_list_is_reviewed_and_has_each_artifact_once() -> None:
    found = listing()
    assert len(set(found.wishes)) == len(found.wishes) > 50
    assert {wish.kind for wish in found.wishes} == {"wheel", "sdist"}
    assert found.listed_on >= dt.date(2026, 11, 22)


def test_a_choice_from_the_list() -> None:
    assert list(chosen([])) == list(listing().wishes)
    assert {w.version for w in chosen(["gguf"])} >= {"0.6.0", "0.19.0"}
    assert {w.kind for w in chosen(["VLLM==0.33.0"])} == {"wheel", "sdist"}
    assert list(chosen(["mlx-lm==0.1"])) == [Wish("mlx-lm", "0.1", "wheel", "linux")]
    with pytest.raises(BadValueError, match="made-up"):
        chosen(["made-up"])
