"""Identity: spellings that agree, spellings that must not, and names that are none."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from underlay.errors import BadValueError
from underlay.identity import (
    EntityId,
    hub_key,
    match_key,
    parse_entity,
    pypi_key,
    repository_name,
)

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
part = st.builds(
    "{}{}".format, st.sampled_from(LETTERS + "_"), st.text(LETTERS + "._-", max_size=30)
)
hub_name = st.one_of(part, st.builds("{}/{}".format, part, part))
pypi_name = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
free_name = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
entity = st.one_of(
    st.builds(EntityId, st.sampled_from(["huggingface", "modelscope", "github"]), hub_name),
    st.builds(EntityId, st.just("pypi"), pypi_name),
    st.builds(EntityId, st.sampled_from(["ollama", "openrouter", "arena"]), free_name),
)


@given(entity)
def test_what_is_written_is_read_again(thing: EntityId) -> None:
    assert parse_entity(str(thing)) == thing
    assert parse_entity(f"  {thing}\n") == thing
    assert pickle.loads(pickle.dumps(thing)) == thing  # noqa: S301 - our own bytes


@given(hub_name)
def test_a_bare_name_means_the_platform_that_is_asked_for(name: str) -> None:
    assert parse_entity(name) == EntityId("huggingface", name)
    assert parse_entity(name, "modelscope") == EntityId("modelscope", name)
    assert parse_entity(f"hf:{name}") == EntityId("huggingface", name)


@given(st.sampled_from(["huggingface", "github", "pypi"]), st.data())
def test_a_package_url_leads_back(platform: str, data: st.DataObject) -> None:
    name = data.draw(pypi_name if platform == "pypi" else hub_name)
    assume(not set(name.split("/")) & {".", ".."})
    thing = EntityId(platform, name)
    assert parse_entity(thing.purl).key == thing.key


@given(part, part, st.sampled_from(["", "/", "/tree/main", "/blob/main/config.json", "?x=1#y"]))
def test_addresses_of_model_pages(namespace: str, name: str, rest: str) -> None:
    assume(namespace not in ("api", "blog", "docs", "models", "new"))
    wanted = f"{namespace}/{name}"
    for host, platform in (
        ("huggingface.co", "huggingface"),
        ("www.huggingface.co", "huggingface"),
        ("hf.co", "huggingface"),
        ("modelscope.cn/models", "modelscope"),
        ("www.modelscope.cn/models", "modelscope"),
        ("github.com", "github"),
    ):
        assert parse_entity(f"https://{host}/{wanted}{rest}") == EntityId(platform, wanted)


@pytest.mark.parametrize(
    ("text", "platform", "name"),
    [
        ("https://ollama.com/library/qwen3:8b", "ollama", "qwen3:8b"),
        ("https://ollama.com/somebody/own", "ollama", "somebody/own"),
        ("https://openrouter.ai/qwen/qwen3-8b:free", "openrouter", "qwen/qwen3-8b:free"),
        ("pkg:pypi/torch@2.9.0", "pypi", "torch"),
        ("https://huggingface.co/Qwen%2FQwen3-8B", "huggingface", "Qwen/Qwen3-8B"),
        ("HTTPS://HuggingFace.co:443/Qwen/Qwen3-8B", "huggingface", "Qwen/Qwen3-8B"),
        ("pkg:huggingface/Qwen/Qwen3-8B@abc", "huggingface", "Qwen/Qwen3-8B"),
        ("arena:gpt-5 (high)", "arena", "gpt-5 (high)"),
        ("ollama:qwen3:8b", "ollama", "qwen3:8b"),
    ],
)
def test_forms(text: str, platform: str, name: str) -> None:
    assert parse_entity(text) == EntityId(platform, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "/",
        "a/b/c",
        "-a/b",
        "a/",
        "/b",
        "ä/b",
        "a\n/b",
        "a b",
        "x" * 97,
        "arena:",
        "arena:a\x00b",
        "arena:" + "x" * 201,
        "pypi:a/b",
        "pypi:-x",
        "pkg:",
        "pkg:npm/left-pad",
        "pkg:pypi/a/b",
        "pkg:huggingface/",
        "pkg:huggingface/a%0Ab/c",
        "https://",
        "https://huggingface.co",
        "https://huggingface.co/datasets/a/b",
        "https://huggingface.co/spaces/a/b",
        "https://modelscope.cn/datasets/a/b",
        "https://huggingface.co/a%0A/b",
        "https://huggingface.co/a%00/b",
        "https://[::1/a/b",
        "https://example.org/a/b",
        "https://huggingface.co.example.org/a/b",
        "file:///etc/passwd",
        "\ud800",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        parse_entity(text)
    assert caught.value.hint.startswith("give ")


@given(
    st.one_of(
        st.text(max_size=80),
        st.builds("pkg:{}".format, st.text(max_size=60)),
        st.builds("https://{}".format, st.text(max_size=60)),
        st.builds("https://huggingface.co/{}".format, st.text(max_size=60)),
        st.builds("https://[{}".format, st.text(max_size=20)),
        st.builds("pkg:{}/{}".format, st.sampled_from(["pypi", "github"]), st.text(max_size=60)),
    )
)
def test_hostile_text_is_a_name_or_a_bad_value(text: str) -> None:
    try:
        thing = parse_entity(text)
    except BadValueError:
        return
    assert thing.name
    assert thing.name.isprintable()
    assert len(thing.name) <= 200
    assert parse_entity(str(thing)) == thing


def test_a_platform_without_package_urls_says_so() -> None:
    with pytest.raises(BadValueError, match="arena:gpt-5"):
        _ = EntityId("arena", "gpt-5").purl


def test_keys_by_platform() -> None:
    assert (
        EntityId("huggingface", "qwen/qwen3-8b").key == EntityId("huggingface", "Qwen/Qwen3-8B").key
    )
    assert EntityId("huggingface", "a/b-c").key != EntityId("huggingface", "a/b_c").key
    assert EntityId("pypi", "Torch.Vision").key == EntityId("pypi", "torch-vision").key
    assert EntityId("arena", "Claude 3 Opus").key == EntityId("arena", "claude-3-opus").key
    assert pypi_key("Foo._-Bar") == "foo-bar"
    assert repository_name("a/b/c") == "c"
    assert repository_name("c") == "c"


@given(hub_name)
def test_hub_names_differ_by_more_than_case(name: str) -> None:
    assert hub_key(name) == hub_key(name.upper()) == hub_key(name.lower())


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,6}|[0-9]{1,3}", fullmatch=True), min_size=1), st.data())
def test_case_and_separators_do_not_count(words: list[str], data: st.DataObject) -> None:
    separator = st.sampled_from([" ", "-", "_", ".", ":", "/", " - ", "‑", "–"])
    first = data.draw(separator).join(words)
    second = "".join(word.swapcase() + data.draw(separator) for word in words)
    assert match_key(first) == match_key(second)


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    assert match_key(match_key(text)) == match_key(text)


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 9999), st.integers(0, 9999))
def test_digits_keep_their_places(a: int, b: int, c: int, d: int) -> None:
    same = (a, b) == (c, d)
    assert (match_key(f"m{a}.{b}b") == match_key(f"m{c}-{d}b")) == same
    assert match_key(f"m{a}-{b}") != match_key(f"m{a}{b}")


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ("Qwen2.5-7B", "qwen-2.5-7b", True),
        ("Qwen2.5-7B", "qwen2.5:7b", True),
        ("Qwen2-57B", "Qwen2.5-7B", False),
        ("Qwen2-57B", "Qwen25-7B", False),
        ("Command R+", "command-r-plus", True),
        ("Command R+", "Command R", False),
        ("Command R+ (04-2024)", "command-r-plus-04-2024", True),
        ("Model (1)2", "Model 12", False),
        ("Phi‑4", "phi-4", True),
        ("Ｑｗｅｎ３", "qwen3", True),
        ("GPT-4o", "GPT-40", False),
    ],
)
def test_pairs_of_names(first: str, second: str, agree: bool) -> None:
    assert (match_key(first) == match_key(second)) is agree
