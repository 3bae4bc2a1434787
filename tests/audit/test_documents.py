"""Documents with places: each value where it stands, whatever the format; bounded."""

from __future__ import annotations

import pytest

from underlay.audit.readers.documents import (
    DYNAMIC,
    MAX_DEPTH,
    Document,
    Fragment,
    read_dotenv,
    read_hcl,
    read_ini,
    read_json,
    read_toml,
    read_yaml,
)


def values(document: Document) -> list[tuple[str, str, int, int]]:
    return [
        (".".join(path), node.text, node.line, node.column)
        for root in document.roots
        for path, node in root.walk()
        if node.kind == "text"
    ]


def test_yaml_knows_where_a_value_stands_and_follows_no_alias() -> None:
    text = 'a: &x {b: "c"}\ne: *x\nlist:\n  - one # two\n  - k: 1\n'
    assert values(read_yaml(text)) == [
        ("a.b", "c", 1, 11),
        ("e", "", 2, 4),
        ("list.*", "one", 4, 5),
        ("list.*.k", "1", 5, 8),
    ]


def test_templates_of_charts_stay_where_they_are() -> None:
    text = "{{- if .Values.on }}\nargs:\n  - --model={{ .Values.model }}\n  - plain\n{{- end }}\n"
    found = values(read_yaml(text))
    assert found[0][1].startswith("--model=" + DYNAMIC)
    assert found[1] == ("args.*", "plain", 4, 5)


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("run: |\n  first\n    second\n", "second", (3, 5)),
        ("run: >-\n  first\n  second\n", "second", (3, 3)),
        ("run: 'first second'\n", "second", (1, 13)),
        ("run: first\n  second\n", "second", (2, 3)),
    ],
)
def test_a_text_in_yaml_is_read_again_at_its_own_place(
    text: str, word: str, place: tuple[int, int]
) -> None:
    document = read_yaml(text)
    node = document.roots[0].get("run")
    assert node is not None
    fragment = document.fragment(node)
    assert fragment.at(fragment.text.index(word)) == place


def test_json_with_comments_trailing_commas_and_lines_of_objects() -> None:
    text = '{"a": [1, {"b": "c\\u00e9"}], // x\n /* y */ "d": null,}\n{"e": "f"}'
    assert values(read_json(text)) == [
        ("a.*", "1", 1, 8),
        ("a.*.b", "cé", 1, 17),
        ("d", "null", 2, 15),
        ("e", "f", 3, 7),
    ]


def test_toml_tables_lists_and_inline_tables() -> None:
    text = '[a.b]\nx = "y"\n[[c]]\nl = ["é", \'z\', {q = """\nr"""}]\n'
    assert values(read_toml(text)) == [
        ("a.b.x", "y", 2, 5),
        ("c.l.*", "é", 4, 6),
        ("c.l.*", "z", 4, 11),
        ("c.l.*.q", "\nr", 4, 21),
    ]


def test_hcl_blocks_by_their_last_label() -> None:
    text = 'variable "m" {\n  default = "x/y"\n}\nlocals {\n  u = "a${var.m}"\n  v = var.m\n}\n'
    assert values(read_hcl(text)) == [
        ("m.default", "x/y", 2, 13),
        ("locals.u", "a" + DYNAMIC, 5, 7),
        ("locals.v", DYNAMIC, 6, 7),
    ]


def test_dotenv_keeps_what_is_commented_out_as_such() -> None:
    root = read_dotenv("# A=b\nexport X='y z' # w\nQ=a/b # c\nM=`[\n1]`\n").roots[0]
    found = [(key, node.text, node.line, node.is_comment) for key, node in root.items()]
    assert found == [("A", "b", 1, True), ("X", "y z", 2, False), ("Q", "a/b", 3, False),
                     ("M", "[\n1]", 4, False)]  # fmt: skip


def test_ini_values_stand_in_their_section() -> None:
    assert values(read_ini("z = 1\n[s]\nk: v\n")) == [("s.k", "v", 3, 4), ("z", "1", 1, 5)]


@pytest.mark.parametrize("read", [read_json, read_yaml])
@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_nesting_is_cut_and_said(read: object, mark: str) -> None:
    document: Document = read(mark * 50_000)  # type: ignore[operator]
    assert document.problem == f"nested deeper than {MAX_DEPTH}: the rest is not read"


def test_a_broken_file_gives_what_stands_before_the_break() -> None:
    document = read_yaml("a: b\nc: [d\n: }\n")
    assert document.problem.startswith("not YAML")
    assert values(document)[0] == ("a", "b", 1, 4)


def test_many_values_are_cut_and_said() -> None:
    assert "more than" in read_json("[" + "1," * 200_000).problem


def test_an_anchor_bomb_stays_small() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert len(values(read_yaml("\n".join(lines)))) < 200


def test_an_anchored_fragment_counts_from_its_anchor() -> None:
    fragment = Fragment.anchored("ab\ncd", 7, 11)
    assert [fragment.at(0), fragment.at(1), fragment.at(4)] == [(7, 11), (7, 12), (8, 2)]
    assert fragment.part(3, 5).at(1) == (8, 2)


def test_escaped_characters_of_json_can_be_written() -> None:
    document = read_json(r'{"a": "\ud83d\ude00", "b": "x\ud83d", "c": "\udc00\ud83dy"}')
    texts = [text for _, text, *_ in values(document)]
    assert texts == ["\N{GRINNING FACE}", "x\N{REPLACEMENT CHARACTER}",
                     "\N{REPLACEMENT CHARACTER}" * 2 + "y"]  # fmt: skip
