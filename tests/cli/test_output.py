"""Errors are one sentence or one JSON object on standard error, with the right exit code."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from underlay.cli import output
from underlay.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable


def start(*arguments: str, code: str = "", **options: Any) -> subprocess.Popen[str]:
    code = code or "import sys; from underlay.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stderr=subprocess.PIPE,
        **({"stdout": subprocess.PIPE, "text": True} | options),
    )


def error_of(ran: Any) -> dict[str, str]:
    assert ran.code == 2
    assert ran.out == ""
    found = json.loads(ran.err)
    assert found.pop("schema") == "underlay/error/1"
    assert set(found) == {"error", "hint"}
    return found


def test_an_error_is_a_sentence_and_a_hint(underlay: Callable[..., Any]) -> None:
    ran = underlay("sources", "os_ai_mpa")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == "error: no source is called `os_ai_mpa`"
    assert ran.err.splitlines()[1].startswith("hint: did you mean `os_ai_map`")
    assert len(ran.err.splitlines()) == 2


def test_an_error_is_an_object_with_json(underlay: Callable[..., Any]) -> None:
    found = error_of(underlay("sources", "os_ai_mpa", "--json"))
    assert found["error"] == "no source is called `os_ai_mpa`"
    assert "`os_ai_map`" in found["hint"]


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["laek"], "no command is called `laek`", "did you mean `lake`?"),
        (["lake", "stauts"], "no command is called `stauts`", "did you mean `status`?"),
        (["lake", "status", "--jsn"], "no option is called `--jsn`", "did you mean `--json`?"),
        (["sync"], "missing argument `SOURCE`", "`underlay sync --help` shows what it takes"),
        (["sync", "x"], "missing option `--from`", "`underlay sync --help` shows what it takes"),
        (["--lake"], "option `--lake` requires an argument", "`underlay --help` shows"),
        (
            ["lake", "gc", "--grace", "-1"],
            "invalid value for `--grace`: -1.0 is not in",
            "gc --help",
        ),
        (
            ["sync", "x", "--from", "y", "--observed-on", "June"],
            "`--observed-on` can't be",
            "a day",
        ),
    ],
)
def test_a_wrong_command_line(
    underlay: Callable[..., Any], arguments: list[str], error: str, hint: str
) -> None:
    ran = underlay(*arguments)
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith(f"error: {error}")
    assert hint in second
    if arguments != ["--lake"]:  # there, `--json` would be the folder
        found = error_of(underlay(*arguments, "--json"))
        if "no option" not in found["error"]:
            assert found["error"].startswith(error)


def test_no_command_shows_the_help_and_is_no_answer(underlay: Callable[..., Any]) -> None:
    for arguments in ([], ["lake"]):
        ran = underlay(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "Commands:" in ran.err


def test_help_and_version_are_answers(underlay: Callable[..., Any]) -> None:
    ran = underlay("--help")
    assert (ran.code, ran.err) == (0, "")
    for words in ("exit code is 0", "Commands:", "--lake DIR", "--quiet", "sync"):
        assert words in " ".join(ran.out.split())
    assert underlay("--version").out.startswith("underlay ")


def fail(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the output can't be written: No space"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "`/x/y` can't be used: Perm"),
        (MemoryError(), "not enough memory"),
        (UnknownNameError("figure", "a\x1b[31mb\nc", ()), "no figure is called `a"),
    ],
)
def test_whatever_fails_is_words(
    capsys: pytest.CaptureFixture[str], error: BaseException, words: str, as_json: bool
) -> None:
    assert output.run(fail(error), as_json=as_json) == 2
    err = capsys.readouterr().err
    if as_json:
        assert json.loads(err)["error"].startswith(words) or words in json.loads(err)["error"]
    else:
        assert words in err
        assert "\x1b" not in err


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (EOFError(), 130), (BrokenPipeError(errno.EPIPE, "x"), 0)],
)
def test_what_needs_no_words(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    assert output.run(fail(error)) == code
    assert capsys.readouterr() == ("", "")


def test_a_defect_of_ours_is_not_taken_for_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.run(fail(RuntimeError("oh"))) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "the fault is its own: RuntimeError: oh" in err
    assert output.run(fail(RuntimeError("oh")), as_json=True) == 2
    assert "oh" in json.loads(capsys.readouterr().err)["error"]


def test_exit_codes_of_commands() -> None:
    assert output.run(lambda: None) == 0
    assert output.run(lambda: output.FOUND) == 1


def test_a_reader_that_goes_away_is_no_error() -> None:
    with start("sources", "--json") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.wait(60) == 0
        assert child.stderr.read() == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_an_output_that_is_full_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        child = start("sources", stdout=full)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert err == "error: the output can't be written: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ctrl_c_stops_quietly() -> None:
    code = (
        # a shell starts background jobs with Ctrl-C ignored, and so would this child be
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys, time; from underlay.cli.output import run\n"
        "def wait():\n    print('ready', flush=True); time.sleep(60)\n"
        "sys.exit(run(wait))"
    )
    child = start(code=code)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_output_will_do(encoding: str) -> None:
    code = (
        "from underlay.cli.output import *\n"
        "def say():\n    write('“é” 湖'); write_json('underlay/x/1', {'a': 'é 湖'})\n"
        "raise SystemExit(run(say))"
    )
    child: Any = start(code=code, env=os.environ | {"PYTHONIOENCODING": encoding}, text=False)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, b"")
    # click takes ASCII for a machine that was never set up, and writes UTF-8
    text = out.decode("utf-8" if encoding == "ascii" else encoding)
    assert "é" in text
    assert json.loads(text[text.index("{") :]) == {"schema": "underlay/x/1", "a": "é 湖"}


def test_a_piped_table_is_plain_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_table(
        ("name", "count", "note"),
        [("a" * 90, 1234567, None), ("b\x1b[2J\n", 2, "long " * 30)],
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "1,234,567  unknown" in lines[1]
    assert lines[2].endswith("long long")
    assert "\\x1b[2J" in lines[2]
    assert not any("\x1b" in line for line in lines)
    column = lines[1].index("1,234,567") + len("1,234,567")
    assert lines[2][column - 1] == "2"  # numbers stand right


def test_a_table_on_a_terminal_obeys_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    output.write_table(("name", "count"), [("[bold]a[/bold]", 1)])
    coloured = capsys.readouterr().out
    assert "[bold]a[/bold]" in coloured  # a publisher's text is no markup
    assert "\x1b[" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    output.write_table(("name", "count"), [("a", 1)])
    assert "\x1b[3" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_960, "1.0 MB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert output.bytes_text(size) == text
    assert output.bytes_text(5 * 10**15) == "5000.0 TB"


def test_the_shell_completes_names_without_loading_commands(
    underlay: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_UNDERLAY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "underlay la")
    monkeypatch.setenv("COMP_CWORD", "1")
    ran = underlay()
    assert (ran.code, ran.out) == (0, "plain,lake\n")
