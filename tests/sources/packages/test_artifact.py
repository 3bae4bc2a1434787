"""Archives that are not what they should be, and those that are."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import tarfile
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underlay.errors import UnreadableError
from underlay.sources.packages.artifact import (
    Given,
    Limits,
    from_extract,
    from_sdist,
    from_wheel,
    name_of,
    to_extract,
)
from underlay.sources.packages.ci import slim

WHEEL = name_of("made-1.0-py3-none-any.whl")
SDIST = name_of("made-1.0.tar.gz")
TEXT = {"a/b.py": "x = 1\n", "made-1.0.dist-info/METADATA": "Name: made\nVersion: 1.0\n"}
SMALL = Limits(members=50, member_bytes=5_000, texts_bytes=9_000, header_bytes=40_000)


def everything(path: str) -> bool:
    return True


def read_wheel(data: bytes, limits: Limits = SMALL):
    return from_wheel(WHEEL, io.BytesIO(data), Given(), everything, limits=limits)


def read_sdist(data: bytes, limits: Limits = SMALL):
    return from_sdist(SDIST, io.BytesIO(data), Given(), everything, limits=limits)


def reasons(artifact) -> dict[str, str]:
    return {refusal.reason: refusal.example for refusal in artifact.refusals}


@pytest.mark.parametrize(
    ("artifact", "package", "version", "kind", "tags"),
    [
        ("vllm-0.23.0-2-cp38-abi3-any.whl", "vllm", "0.23.0", "wheel", "cp38-abi3-any"),
        ("Llama_CPP.python-0.3.36.tar.gz", "llama-cpp-python", "0.3.36", "sdist", None),
        ("vllm_ascend-0.30.0rc2.tar.gz", "vllm-ascend", "0.30.0rc2", "sdist", None),
    ],
)  # fmt: skip
def test_a_file_name_says_what_it_is(artifact, package, version, kind, tags) -> None:
    name = name_of(artifact)
    assert (name.package, name.version, name.kind, name.tags) == (package, version, kind, tags)


@pytest.mark.parametrize(
    "artifact", ["a/b-1.0.tar.gz", "made.txt", "made-1.0.exe", "m\n-1.whl", ""]
)
def test_another_file_name_is_refused(artifact) -> None:
    with pytest.raises(UnreadableError):
        name_of(artifact)


def test_members_and_texts_of_both_kinds(wheel, sdist) -> None:
    a, b = read_wheel(wheel(TEXT)), read_sdist(sdist(TEXT))
    assert a.texts == b.texts == {path: text.encode() for path, text in TEXT.items()}
    assert [m.path for m in a.members] == [m.path for m in b.members] == sorted(TEXT)
    assert a.built_on == b.built_on == dt.date(2026, 9, 21)
    assert a.members[0].packed_bytes is not None
    assert b.members[0].packed_bytes is None


@pytest.mark.parametrize("day", [(1980, 1, 1), (2016, 1, 1), (2020, 2, 2)])
def test_a_constant_of_a_build_tool_is_no_date(wheel, day) -> None:
    assert read_wheel(wheel(TEXT, day)).built_on is None


def test_a_date_after_the_listing_is_no_date(sdist) -> None:
    early = Given(listed_on=dt.date(2026, 9, 1))
    data = sdist(TEXT)
    assert from_sdist(SDIST, io.BytesIO(data), early, everything).built_on is None


def test_a_git_log_dates_an_sdist_that_has_a_constant(sdist) -> None:
    log = (
        "0 1 who <who@example.org> 1788000000 +0000\tclone\n1 2 who <> 1790833449 +0000\tcheckout\n"
    )
    data = sdist({**TEXT, ".git/modules/vendor/llama.cpp/logs/HEAD": log}, stamp=1667997441)
    assert read_sdist(data).built_on == dt.date(2026, 10, 1)
    assert read_sdist(sdist(TEXT, stamp=1667997441)).built_on is None


NAMES = {
    "/etc/passwd": "an absolute path; refused",
    "a/../../b": "a path that climbs out (`..`); refused",
    "C:/b": "an absolute path; refused",
    "a\\b": "a name with backslashes; refused",
    "a\nb": "a name with control characters; refused",
}


@pytest.mark.parametrize(("path", "reason"), NAMES.items())
def test_a_dangerous_name_is_refused_by_name(wheel, path, reason) -> None:
    artifact = read_wheel(wheel({path: "x", "good.py": "y"}))
    assert reasons(artifact) == {reason: path}
    assert list(artifact.texts) == ["good.py"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../b", "made-1.0/../../b"])
def test_a_dangerous_name_in_a_tar_too(path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in (path, "made-1.0/good.py"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
    artifact = read_sdist(gzip.compress(buffer.getvalue()))
    assert list(artifact.texts) == ["good.py"]
    assert len(artifact.refusals) == 1


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_not_followed(kind) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("made-1.0/METADATA")
        info.type = kind
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    artifact = read_sdist(gzip.compress(buffer.getvalue()))
    assert reasons(artifact) == {"a link or a device; not followed": "METADATA"}
    assert not artifact.texts


def test_a_link_in_a_zip_is_not_followed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link.py")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert reasons(read_wheel(buffer.getvalue())) == {"a link; not followed": "link.py"}


def test_two_members_of_one_name_are_both_left() -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.py", "x = 1")
            archive.writestr("a.py", "x = 2")
    artifact = read_wheel(buffer.getvalue())
    assert not artifact.texts
    assert "a second member has this name; neither is read" in reasons(artifact)


def test_an_encrypted_or_oddly_packed_member_is_left(wheel) -> None:
    data = bytearray(wheel({"a.py": "x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert reasons(read_wheel(bytes(data))) == {"encrypted; not read": "a.py"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.py", "x")
    assert reasons(read_wheel(buffer.getvalue())) == {"packed in an unusual way; not read": "a.py"}


def test_a_zip_bomb_is_refused_by_name(wheel) -> None:
    zeros = b"0" * 4_000_000
    limits = Limits(member_bytes=5_000_000, ratio=100)
    artifact = read_wheel(wheel({"bomb.py": zeros, "good.py": "x"}), limits)
    assert reasons(artifact) == {"unpacks to more than 100 times its size": "bomb.py"}
    assert list(artifact.texts) == ["good.py"]
    assert "has more than 5000 bytes; not read" in reasons(read_wheel(wheel({"bomb.py": zeros})))


def test_a_zip_that_lies_about_a_size_is_refused(wheel) -> None:
    data = bytearray(wheel({"bomb.py": b"0" * 3_000}))
    at = data.index(b"PK\x01\x02") + 24
    assert int.from_bytes(data[at : at + 4], "little") == 3_000
    data[at : at + 4] = (10).to_bytes(4, "little")
    artifact = read_wheel(bytes(data))
    assert not artifact.texts
    assert len(artifact.refusals) == 1


def test_a_gzip_bomb_is_refused(sdist) -> None:
    limits = Limits(unpacked_bytes=1_000_000)
    with pytest.raises(UnreadableError, match="refused as a bomb"):
        read_sdist(sdist({"a.bin": b"0" * 2_000_000, "b.bin": b""}), limits)
    with pytest.raises(UnreadableError, match="refused as a bomb"):
        read_sdist(sdist({"a.bin": b"0" * 30_000_000, "b.bin": b""}), Limits(ratio=20))


def test_a_huge_header_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("made-1.0/a.py")
        info.pax_headers = {"comment": "x" * 60_000}
        archive.addfile(info)
    with pytest.raises(UnreadableError, match="a header of more than 40000 bytes"):
        read_sdist(gzip.compress(buffer.getvalue()))


def test_too_many_members_or_too_much_text_is_refused(wheel, sdist) -> None:
    many = {f"{n}.py": "x" for n in range(51)}
    much = {f"{n}.py": "x" * 4_000 for n in range(3)}
    for read, make in ((read_wheel, wheel), (read_sdist, sdist)):
        with pytest.raises(UnreadableError, match="more than 50 members"):
            read(make(many))
        with pytest.raises(UnreadableError, match="more than 9000 bytes"):
            read(make(much))


@pytest.mark.parametrize("cut", [0, 1, 20, 100, -30])
def test_a_truncated_archive_is_refused(wheel, sdist, cut) -> None:
    with pytest.raises(UnreadableError):
        read_wheel(wheel(TEXT)[:cut])
    with pytest.raises(UnreadableError):
        read_sdist(sdist(TEXT)[:cut])


def test_a_digest_that_the_index_states_is_held(sdist) -> None:
    data = sdist(TEXT)
    with pytest.raises(UnreadableError, match="digest"):
        from_sdist(SDIST, io.BytesIO(data), Given(sha256="0" * 64), everything)
    artifact = from_sdist(SDIST, io.BytesIO(data + b"\0" * 10), Given(), everything)
    assert artifact.given.size_bytes == len(data) + 10


@pytest.mark.parametrize("make", ["wheel", "sdist"])
def test_an_extract_holds_the_artifact_and_is_the_same_each_time(make, request) -> None:
    data = request.getfixturevalue(make)({**TEXT, "/x": "y"})
    read = read_wheel if make == "wheel" else read_sdist
    artifact = read(data)
    extract = to_extract(artifact)
    assert from_extract(extract, "x") == artifact
    assert to_extract(from_extract(extract, "x")) == extract == to_extract(read(data))


def test_a_slim_extract_names_the_same_models(opened, sdist) -> None:
    module = 'import pytest\n"""A test."""\nMODEL = "org/model-1b"\nPATH = "tests/data/x.py"\n'
    files = {"PKG-INFO": "Name: vllm\nVersion: 1.0\n", "tests/models/test_a.py": module}
    artifact = opened("vllm-1.0.tar.gz", sdist({**files, "tests/test_bad.py": "("}, "vllm-1.0"))
    small = slim(artifact)
    assert small.texts["tests/models/test_a.py"] == b"'org/model-1b'\n"
    assert small.texts["tests/test_bad.py"] == b"("
    assert slim(small) == small


BROKEN = [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0"]


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_no_extract_is_refused(data) -> None:
    with pytest.raises(UnreadableError):
        from_extract(data, "x")


@given(data=st.data(), position=st.floats(0, 1), value=st.binary(min_size=1, max_size=9))
@settings(max_examples=150)
def test_damage_anywhere_gives_an_artifact_or_one_clear_error(data, position, value) -> None:
    kind = data.draw(st.sampled_from(["wheel", "sdist", "tar", "extract"]))
    good = GOOD[kind]
    at = int(position * len(good))
    bad = good[:at] + value + good[at + len(value) :]
    try:
        if kind == "wheel":
            read_wheel(bad)
        elif kind == "extract":
            from_extract(bad, "x", SMALL)
        else:
            read_sdist(gzip.compress(bad, 1) if kind == "tar" else bad)
    except UnreadableError as error:
        assert error.message


def _good() -> dict[str, bytes]:
    from zipfile import ZipFile

    buffer = io.BytesIO()
    with ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in TEXT.items():
            archive.writestr(path, text)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in {**TEXT, "é" * 120: "x"}.items():
            info = tarfile.TarInfo(f"made-1.0/{path}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return {
        "wheel": buffer.getvalue(),
        "tar": tar.getvalue(),
        "sdist": gzip.compress(tar.getvalue()),
        "extract": to_extract(read_wheel(buffer.getvalue())),
    }


GOOD = _good()
