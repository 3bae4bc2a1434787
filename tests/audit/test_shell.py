"""Shell and Dockerfiles as commands whose words know their values and their places."""

from __future__ import annotations

from underlay.audit.readers.containerfile import read_containerfile
from underlay.audit.readers.documents import DYNAMIC, Fragment
from underlay.audit.readers.shell import Assignment, Command, Variables, read_shell, words_of


def last_words(script: str) -> list[list[tuple[str, int, int]]]:
    """The values of the last word of each command."""
    return [
        [(value.text, value.line, value.column) for value in part.words[-1].values]
        for part in read_shell(Fragment(script))
        if isinstance(part, Command) and part.words
    ]


def test_a_variable_has_the_value_and_the_place_of_its_definition() -> None:
    assert last_words('M=a/b\nx "$M"\n') == [[("a/b", 1, 3)]]
    assert last_words("M=é/b\nx --model=$M\n") == [[("--model=é/b", 1, 3)]]


def test_a_default_is_a_value_and_marked_as_one() -> None:
    commands = [p for p in read_shell(Fragment('x "${M:-"a/b"}"')) if isinstance(p, Command)]
    (value,) = commands[0].words[-1].values
    assert (value.text, value.line, value.column, value.is_default) == ("a/b", 1, 9, True)


def test_loops_over_words_lists_and_strings() -> None:
    assert last_words("for m in a b; do x $m; done") == [[("a", 1, 10), ("b", 1, 12)]]
    assert last_words('L=(a "b")\nfor m in "${L[@]}"; do x "$m"; done') == [
        [("a", 1, 4), ("b", 1, 6)]
    ]
    assert last_words('L="a\n b"\nfor m in $L; do x $m; done') == [[("a", 1, 4), ("b", 2, 2)]]


def test_what_only_the_run_knows_is_no_literal() -> None:
    assert last_words("x $(date)") == [[(DYNAMIC, 1, 3)], [("date", 1, 5)]]
    assert last_words("x a$Q") == [[("a" + DYNAMIC, 1, 3)]]


def test_both_assignments_of_a_name_are_values() -> None:
    assert last_words("M=a\nif y; then M=b; fi\nx $M")[-1] == [("b", 2, 14), ("a", 1, 3)]


def test_environment_heredoc_and_redirect_of_a_command() -> None:
    script = "A=1 cat > out <<EOF\nFROM x\nEOF\n"
    (command,) = [p for p in read_shell(Fragment(script)) if isinstance(p, Command)]
    assert [one.name for one in command.environment] == ["A"]
    assert command.redirects == ("out",)
    assert command.heredocs[0].text == "FROM x\n"
    assert command.heredocs[0].at(5) == (2, 6)


def test_arguments_of_a_list_know_variables_also_as_kubernetes_writes_them() -> None:
    variables: Variables = {one.name: one.values for one in read_shell(Fragment("M=a/b"))
                            if isinstance(one, Assignment)}  # fmt: skip
    command = words_of([("$(M)", 5, 1), ("--m=${M}", 6, 1)], variables)
    assert [(w.text, w.values[0].line) for w in command.words] == [("a/b", 1), ("--m=a/b", 6)]


def test_a_dockerfile_with_comments_heredocs_and_both_forms() -> None:
    text = (
        "# escape=\\\n"
        "FROM a AS b\n"
        "ARG M=x/y\n"
        "ENV N=${M} \\\n"
        "    # why\n"
        "    O=o\n"
        "ENV OLD value\n"
        "RUN --mount=type=cache,target=/r first && \\\n"
        "    # note\n"
        "    second $N\n"
        "RUN <<EOF\n"
        "third\n"
        "EOF\n"
        'CMD ["fourth", "$M"]\n'
    )
    variables: Variables = {}
    seen: list[tuple[str, list[tuple[str, int]]]] = []
    for one in read_containerfile(text):
        if one.keyword in ("ENV", "ARG"):
            one.assignments(variables)
        elif one.keyword != "FROM":
            for part in one.parts(variables):
                assert isinstance(part, Command)
                seen.append((one.keyword, [(w.text, w.values[0].line) for w in part.words]))
    assert {name: found[0].text for name, found in variables.items()} == {
        "M": "x/y", "N": "x/y", "O": "o", "OLD": "value"}  # fmt: skip
    assert seen[0] == ("RUN", [("first", 8)])
    assert seen[1] == ("RUN", [("second", 10), ("x/y", 3)])
    assert seen[2] == ("RUN", [("third", 12)])
    assert seen[-1] == ("CMD", [("fourth", 14), ("x/y", 3)])
