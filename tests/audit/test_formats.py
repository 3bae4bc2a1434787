"""Every format fits its schema, and is the same on a second run."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_python_model import load_data
from tests.audit.small_atlas import AUDIT, Small, reference

from underlay.audit.baseline import read_bom
from underlay.audit.document import digest, document
from underlay.audit.formats.cyclonedx import cyclonedx
from underlay.audit.formats.names import component_purl, is_spdx_id, model_purl, reference_id
from underlay.audit.formats.outline import audit_outline
from underlay.audit.formats.plain import markdown, text
from underlay.audit.formats.sarif import sarif
from underlay.audit.formats.spdx import spdx
from underlay.audit.join import join
from underlay.audit.policy import RULES, Policy, judge
from underlay.report.audit_page import audit_page

if TYPE_CHECKING:
    from collections.abc import Callable

MOMENT = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
HOSTILE = "a\x1b[2J<script>alert(1)</script>|`x`\nnext"


def made(audit: object = AUDIT) -> dict[str, str]:
    joined = join(audit, Small(), name="tree")  # type: ignore[arg-type]
    report = judge(joined, Policy(), MOMENT.date())
    serial = digest(document(joined, report))
    outline = audit_outline(joined, report)
    return {
        "text": text(outline),
        "md": markdown(outline),
        "html": audit_page(outline, version="1.0"),
        "1.6": cyclonedx(joined, version="1.6", tool="1.0", serial=serial, moment=MOMENT),
        "1.7": cyclonedx(joined, version="1.7", tool="1.0", serial=serial, moment=None),
        "spdx": spdx(joined, tool="1.0", serial=serial, moment=MOMENT),
        "sarif": sarif(joined, report, tool="1.0"),
    }


@pytest.fixture(scope="module")
def formats() -> dict[str, str]:
    return made()


def test_each_is_the_same_twice(formats: dict[str, str]) -> None:
    assert made() == formats


@pytest.mark.parametrize(("name", "version"), [("1.6", "V1_6"), ("1.7", "V1_7")])
def test_cyclonedx_fits_its_schema(formats: dict[str, str], name: str, version: str) -> None:
    validator = JsonStrictValidator(SchemaVersion[version])
    assert validator.validate_str(formats[name]) is None
    assert json.loads(formats[name])["specVersion"] == name


def test_cyclonedx_tells_supplier_lineage_licence_and_places(formats: dict[str, str]) -> None:
    bill = json.loads(formats["1.6"])
    models = {c["name"]: c for c in bill["components"] if c["type"] == "machine-learning-model"}
    assert set(models) == {"Qwen2.5-7B", "Llama-chat", "gpt-4o", "nothing"}  # the alias is none
    llama = models["Llama-chat"]
    assert llama["manufacturer"]["address"]["country"] == "US"
    assert llama["supplier"]["name"] == "somebody"
    ancestor = llama["pedigree"]["ancestors"][0]
    assert ancestor["licenses"][0]["license"]["name"] == "LicenseRef-llama3.1"
    assert llama["licenses"][0]["license"]["id"] == "Apache-2.0"
    assert llama["modelCard"]["considerations"]["technicalLimitations"]
    assert [(o["location"], o["line"]) for o in llama["evidence"]["occurrences"]] == [
        ("app/main.py", 4)
    ]
    assert models["Qwen2.5-7B"]["purl"] == "pkg:huggingface/Qwen/Qwen2.5-7B@abc1234"
    assert bill["metadata"]["timestamp"] == "2026-11-21T12:00:00Z"
    assert "timestamp" not in json.loads(formats["1.7"])["metadata"]


def test_spdx_is_read_back_by_its_own_bindings(formats: dict[str, str]) -> None:
    content = json.loads(formats["spdx"])
    _, objects = load_data(content)
    assert len(list(objects.foreach())) > 20
    packages = [e for e in content["@graph"] if e["type"] == "ai_AIPackage"]
    assert {p["name"] for p in packages} == {
        "Qwen/Qwen2.5-7B", "somebody/Llama-chat", "gpt-4o", "nobody/nothing", "meta/Llama",
    }  # fmt: skip
    for package in packages:
        kinds = [
            e["relationshipType"]
            for e in content["@graph"]
            if e["type"] == "Relationship" and e["from"] == package["spdxId"]
        ]
        # what the AI profile asks: exactly one of each
        assert kinds.count("hasDeclaredLicense") == 1
        assert kinds.count("hasConcludedLicense") == 1
        assert package["suppliedBy"]
    ids = [e["spdxId"] for e in content["@graph"] if "spdxId" in e]
    assert len(set(ids)) == len(ids)


def test_sarif_has_the_shape_that_code_scanning_reads(formats: dict[str, str]) -> None:
    (run,) = json.loads(formats["sarif"])["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {f"underlay/{rule.id}" for rule in RULES} == {rule["id"] for rule in rules}
    for rule in rules:
        assert rule["help"]["markdown"].startswith(rule["shortDescription"]["text"])
        assert rule["properties"]["problem.severity"] in ("error", "warning", "recommendation")
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["underlay/v1"]
        assert result["level"] in ("error", "warning", "note")  # each is shown as a problem
        (place,) = result["locations"]  # without one, the whole log is refused
        where = place["physicalLocation"]
        assert not where["artifactLocation"]["uri"].startswith(("/", "."))
        assert where.get("region", {"startLine": 1})["startLine"] >= 1


def test_sarif_tells_what_is_no_problem_beside_the_results(formats: dict[str, str]) -> None:
    (run,) = json.loads(formats["sarif"])["runs"]
    known = [entry["id"] for entry in run["tool"]["driver"]["notifications"]]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert {"underlay/model", "underlay/alias", "underlay/unresolved"} <= {
        note["descriptor"]["id"] for note in notes
    }
    for note in notes:
        assert known[note["descriptor"]["index"]] == note["descriptor"]["id"]
        assert note["message"]["text"]
        assert note["level"] == "none"


def test_sarif_places_are_the_repository_s(formats: dict[str, str]) -> None:
    joined = join(AUDIT, Small(), name="tree")
    report = judge(joined, Policy(), MOMENT.date())
    log = json.loads(sarif(joined, report, tool="1.0", within="services/chat"))
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in log["runs"][0]["results"]
    ]
    assert uris
    assert all(uri.startswith("services/chat/") for uri in uris)
    assert sarif(joined, report, tool="1.0", within=".") == formats["sarif"]


@pytest.mark.parametrize("name", ["1.6", "1.7", "spdx"])
def test_a_bill_of_ours_is_read_back(formats: dict[str, str], name: str) -> None:
    keys = set(read_bom(formats[name], "x").items)
    assert {
        ("model", "huggingface:Qwen/Qwen2.5-7B"), ("model", "openai:gpt-4o"),
        ("infrastructure", "package:vllm"), ("infrastructure", "service:openai"),
    } <= keys  # fmt: skip


def test_text_is_narrow_and_in_order(formats: dict[str, str]) -> None:
    lines = formats["text"].splitlines()
    assert max(map(len, lines)) < 100
    parts = ["ABOVE", "BELOW", "BETWEEN", "POLICY", "WHAT THIS CAN'T SAY"]
    places = [next(i for i, x in enumerate(lines) if x.startswith(part)) for part in parts]
    assert places == sorted(places)


def test_the_page_loads_and_runs_nothing(formats: dict[str, str]) -> None:
    page = formats["html"]
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http" not in page.partition("<body")[2]


def test_hostile_names_stay_words() -> None:
    bad = reference(HOSTILE, 3, kind="local", file=HOSTILE)
    found = made(replace(AUDIT, models=(bad,), weak=()))
    assert "\x1b" not in found["text"] + found["md"] + found["html"]
    assert "<script" not in found["html"]
    assert "<script" not in found["md"]
    for version, schema in (("1.6", SchemaVersion.V1_6), ("1.7", SchemaVersion.V1_7)):
        assert JsonStrictValidator(schema).validate_str(found[version]) is None
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for run in json.loads(found["sarif"])["runs"]
        for result in (*run["results"], *run["invocations"][0]["toolExecutionNotifications"])
        for place in result.get("locations", ())
    ]
    assert all(uri.isascii() and " " not in uri and "<" not in uri for uri in uris)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: model_purl("huggingface:gpt2", None), "pkg:huggingface/gpt2"),
        (lambda: model_purl("openai:gpt-4o", None), None),
        (lambda: component_purl("package:jax[cuda12]", "0.4"), "pkg:pypi/jax@0.4"),
        (lambda: component_purl("npm:@ai-sdk/openai", None), "pkg:npm/%40ai-sdk/openai"),
        (lambda: component_purl("toolchain:cuda", "12"), None),
    ],
)
def test_package_urls(make: Callable[[], object], expected: str | None) -> None:
    found = make()
    assert (None if found is None else str(found)) == expected


def test_ids_of_licences_and_references() -> None:
    assert is_spdx_id("MIT")
    assert not is_spdx_id("LicenseRef-llama3")
    assert not is_spdx_id("MIT OR Apache-2.0")
    assert reference_id("a", "x y") != reference_id("a", "x-y")
