"""What is known is joined to what was found; what is not known says so."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import jsonschema
import pytest
from tests.audit.small_atlas import AUDIT, KNOWN, Small, line, reference

from underlay.audit.baseline import difference, only_new, read_bom
from underlay.audit.document import audit_schema, digest, document, json_text
from underlay.audit.join import Joined, conflict, is_pinned, join
from underlay.audit.names.references import canonical
from underlay.audit.policy import Policy, judge
from underlay.errors import UnreadableError

TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def joined() -> Joined:
    return join(AUDIT, Small(), name="tree")


def card(joined: Joined, name: str) -> object:
    return next(each for each in joined.cards if each.canonical == name)


def test_maker_uploader_and_operator_are_three(joined: Joined) -> None:
    copy = card(joined, "huggingface:somebody/Llama-chat")
    assert (copy.maker.id, copy.facts.uploader.id) == ("meta", "somebody")
    hosted = card(joined, "openai:gpt-4o")
    assert (hosted.maker.id, hosted.operator.id, hosted.operator.country) == (
        "openai", "openai", "US",
    )  # fmt: skip


def test_a_weak_name_is_confirmed_by_the_atlas_or_is_unknown(joined: Joined) -> None:
    confirmed = [r.found for r in joined.references if r.is_confirmed]
    assert [(r.ref, r.file, r.line) for r in confirmed] == [("Qwen/Qwen2.5-7B", "app/list.py", 9)]
    assert confirmed[0].confidence >= 0.5
    assert "some/path" in [u.text for u in joined.unknown]
    assert "some/path" not in [r.found.ref for r in joined.references]


def test_a_name_that_nobody_knows_stays_with_the_reason(joined: Joined) -> None:
    nothing = card(joined, "huggingface:nobody/nothing")
    assert nothing.facts is None
    assert nothing.maker.country == "unknown"
    assert nothing.reason


def test_an_alias_is_no_dependency(joined: Joined) -> None:
    alias = card(joined, "openai:gpt-3.5-turbo")
    assert not alias.is_used
    content = document(joined)
    assert content["summary"]["aliases"] == 1
    assert [m["dependency"] for m in content["models"] if m["alias"]] == [False]


def test_a_copy_can_not_grant_more_than_its_base(joined: Joined) -> None:
    copy = card(joined, "huggingface:somebody/Llama-chat")
    assert len(copy.conflicts) == 1
    assert "LicenseRef-llama3.1" in copy.conflicts[0]
    same = replace(copy.facts, licence=copy.facts.ancestors[0].licence)
    assert conflict(same) == ()


@pytest.mark.parametrize(
    ("ref", "kind", "revision", "expected"),
    [
        ("Qwen/Qwen2.5-7B", "hub", "abc1234", True),
        ("Qwen/Qwen2.5-7B", "hub", "main", False),
        ("Qwen/Qwen2.5-7B", "hub", None, False),
        ("llama3.2:3b", "ollama", None, True),
        ("llama3.2", "ollama", None, False),
        ("llama3.2:latest", "ollama", None, False),
        ("gpt-4o-2024-08-06", "hosted", None, True),
        ("claude-3-haiku-20240307", "hosted", None, True),
        ("gpt-4-0613", "hosted", None, True),
        ("mistral-large-2411", "hosted", None, True),
        ("gemini-2.0-flash-001", "hosted", None, True),
        ("llama3-8b-8192", "hosted", None, False),
        ("gpt-4o", "hosted", None, False),
        ("model.safetensors", "file", None, None),
    ],
)
def test_what_is_pinned(ref: str, kind: str, revision: str | None, expected: object) -> None:
    assert is_pinned(reference(ref, 1, kind=kind, revision=revision)) is expected


def test_routes_used_are_through_runtimes_and_vendors_that_the_code_names(joined: Joined) -> None:
    qwen = card(joined, "huggingface:Qwen/Qwen2.5-7B")
    assert joined.runtimes == ("vllm",)
    assert {(r.runtime, r.designer.id) for r in qwen.routes_used} == {("runtime:vllm", "nvidia")}
    assert qwen.vendors == ("amd", "nvidia")


def test_lock_in_is_the_mean_of_its_terms(joined: Joined) -> None:
    terms = {t.name: t.share for t in joined.lock.terms}
    # of two lines on accelerators one is tied; of four models one is hosted; Llama has one vendor
    assert terms == {"tied_lines": 1 / 2, "hosted_models": 1 / 4, "few_vendors": 1.0}
    assert joined.lock.score == pytest.approx((0.5 + 0.25 + 1) / 3)


def test_without_data_the_score_is_unknown_and_not_zero() -> None:
    empty = replace(AUDIT, models=(), weak=(), infrastructure=(), unknown=())
    lock = join(empty, Small()).lock
    assert lock.score is None
    assert all(term.share is None and term.of for term in lock.terms)


def test_what_blocks_a_vendor(joined: Joined) -> None:
    nvidia = next(b for b in joined.blocks if b.vendor.id == "nvidia")
    assert nvidia.tied == ("deploy/x.yaml:2",)
    assert nvidia.switch == ("requirements.txt:1",)
    assert nvidia.models == ("huggingface:somebody/Llama-chat",)
    assert nvidia.unknown == ("huggingface:nobody/nothing",)


def test_the_document_fits_its_schema_and_is_the_same_twice(joined: Joined) -> None:
    report = judge(joined, Policy(), TODAY)
    content = document(joined, report)
    jsonschema.Draft202012Validator(audit_schema()).validate(json.loads(json_text(content)))
    again = document(join(AUDIT, Small(), name="tree"), report)
    assert json_text(again) == json_text(content)
    assert digest(again) == digest(content)
    names = {m["canonical"]: m for m in content["models"]}
    assert names["huggingface:somebody/Llama-chat"]["roots"] == ["huggingface:meta/Llama"]
    assert content["summary"]["countries"]["unknown"] == 1
    assert sum(content["summary"]["countries"].values()) == content["summary"]["models_used"]


def test_without_an_atlas_everything_is_still_listed() -> None:
    content = document(join(AUDIT))
    assert {m["maker"] for m in content["models"]} == {"unknown"}
    jsonschema.Draft202012Validator(audit_schema()).validate(content)


def test_a_baseline_hides_what_it_holds_in_the_same_file(joined: Joined) -> None:
    bill = read_bom(json_text(document(joined)), "old.json")
    more = replace(
        AUDIT,
        models=(*AUDIT.models, reference("Qwen/Qwen2.5-7B", 2, file="app/new.py")),
        infrastructure=(*AUDIT.infrastructure, line("toolchain:cuda", 3)),
    )
    keys = {m: canonical(m.kind, m.ref, m.operator) for m in (*more.models, *more.weak)}
    left = only_new(more, bill, keys)
    # aliases are in no bill, so they are always new, and never a dependency
    assert [(m.ref, m.file) for m in left.models if not m.alias] == [
        ("Qwen/Qwen2.5-7B", "app/new.py")
    ]
    assert [i.component for i in left.infrastructure] == ["toolchain:cuda"]


def test_bills_of_other_tools_are_read() -> None:
    cyclonedx = {
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [
            {"type": "machine-learning-model", "name": "Qwen2.5-7B", "group": "Qwen",
             "version": "1"},
            {"type": "library", "name": "vllm", "version": "0.6.3",
             "purl": "pkg:pypi/vllm@0.6.3"},
        ],
    }  # fmt: skip
    spdx = {
        "spdxVersion": "SPDX-2.3",
        "packages": [{"name": "vllm", "versionInfo": "0.7.0", "externalRefs": [
            {"referenceType": "purl", "referenceLocator": "pkg:pypi/vllm@0.7.0"}]}],
    }  # fmt: skip
    one = read_bom(json.dumps(cyclonedx), "a")
    other = read_bom(json.dumps(spdx), "b")
    found = difference(one, other)
    assert [item.key for item in found.removed] == ["huggingface:Qwen/Qwen2.5-7B"]
    assert [(c.key, c.before, c.after) for c in found.changed] == [
        ("package:vllm", "0.6.3", "0.7.0")
    ]
    assert not found.added


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"bomFormat": "other"}'])
def test_what_is_no_bill_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_bom(text, "x.json")


def test_hostile_bills_are_read_without_a_crash() -> None:
    parts: dict[str, object] = {"type": "library", "name": "x"}
    for _ in range(250):
        parts = {"type": "library", "name": "x", "components": [parts]}
    bill = {"bomFormat": "CycloneDX", "components": [parts, 3, None, {"evidence": []}]}
    assert read_bom(json.dumps(bill), "x").items
    assert read_bom('{"schema": "underlay/audit/1", "models": 3}', "x").items == {}
    assert KNOWN


def test_a_name_of_a_maker_s_own_scheme_tells_the_maker_and_no_more() -> None:
    unknown = reference("gpt-9-turbo", 1, kind="hosted", operator="openai")
    joined = join(replace(AUDIT, models=(unknown,), weak=()), Small())
    (only,) = joined.cards
    assert only.facts is None
    assert (only.maker.id, only.maker.country) == ("openai", "US")
    assert "by the name alone" in only.reason
    assert only.licence is None
    assert only.openness == "unknown"
