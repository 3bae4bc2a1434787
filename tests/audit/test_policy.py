"""A policy allows, denies and excepts; what it can't know is a finding of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from tests.audit.small_atlas import AUDIT, Small

from underlay.audit.join import join
from underlay.audit.knowledge import Party
from underlay.audit.policy import RULES, Policy, Report, fails, judge, read_policy
from underlay.errors import BadValueError, UnknownNameError, UnreadableError

TODAY = dt.date(2026, 11, 21)
JOINED = join(AUDIT, Small(), name="tree")


def judged(text: str) -> Report:
    return judge(JOINED, read_policy(text), TODAY)


def subjects(report: Report, rule: str) -> list[tuple[str, str]]:
    return [(f.subject, f.level) for f in report.findings if f.rule == rule]


def test_a_denied_country_is_an_error_and_an_unknown_one_a_warning() -> None:
    report = judged('[policy]\ndenied-countries = ["CN"]')
    assert subjects(report, "country") == [
        ("huggingface:Qwen/Qwen2.5-7B", "error"),
        ("huggingface:nobody/nothing", "warning"),
    ]


def test_unknown_can_be_denied_like_a_country() -> None:
    report = judged('[policy]\nallowed-countries = ["US", "CN"]\nunknown = "error"')
    assert subjects(report, "country") == [("huggingface:nobody/nothing", "error")]


def test_tests_and_aliases_are_not_judged() -> None:
    report = judged('[policy]\ndenied-countries = ["US"]')
    assert "openai:gpt-3.5-turbo" not in {f.subject for f in report.findings}
    assert not [f for f in report.findings if f.file.startswith("tests/")]


def test_licences_by_class_and_conflicts() -> None:
    report = judged('[policy]\nallowed-licences = ["osi"]')
    assert subjects(report, "licence") == [("huggingface:nobody/nothing", "warning")]
    assert subjects(report, "licence-conflict") == [("huggingface:somebody/Llama-chat", "warning")]


def test_flags_of_loading() -> None:
    report = judged('[policy]\n[policy.levels]\npickle = "error"\nremote-code = "off"')
    assert subjects(report, "pickle") == [("huggingface:somebody/Llama-chat", "error")]
    assert subjects(report, "remote-code") == []


def test_tied_lines_and_vendors() -> None:
    report = judged('[policy]\nmax-tied-lines = 0\nmin-accelerator-vendors = 2\n'
                    'denied-vendors = ["openai"]')  # fmt: skip
    assert subjects(report, "tied-lines") == [("vendor:nvidia", "error")]
    assert subjects(report, "vendor") == [("service:openai", "error")]
    assert subjects(report, "accelerator-vendors") == [
        ("huggingface:somebody/Llama-chat", "error"),
        ("huggingface:nobody/nothing", "warning"),
    ]
    assert subjects(judged("[policy]\nmax-tied-lines = 1"), "tied-lines") == []


@pytest.mark.parametrize(("months", "count"), [(1, 0), (2, 1), (6, 1), (0, 0)])
def test_a_hosted_model_must_live(months: int, count: int) -> None:
    # it ends on 2027-01-10, a month and twenty days on
    report = judged(f"[policy]\nmin-months-to-live = {months}")
    assert len(subjects(report, "end-of-life")) == count


def test_an_exception_covers_until_its_end_and_then_is_a_finding() -> None:
    rule = '[policy]\ndenied-countries = ["CN"]\n[[ignore]]\nrule = "country"\n'
    rule += 'subject = "huggingface:Qwen/*"\nreason = "reviewed"\nexpires = '
    alive = judged(rule + "2027-01-01")
    assert "huggingface:Qwen/Qwen2.5-7B" not in dict(subjects(alive, "country"))
    assert [f.subject for f in alive.ignored] == ["huggingface:Qwen/Qwen2.5-7B"]
    ended = judged(rule + "2026-11-20")
    assert "huggingface:Qwen/Qwen2.5-7B" in dict(subjects(ended, "country"))
    assert [f.level for f in ended.findings if f.rule == "ignore-expired"] == ["error"]


def test_an_exception_that_covers_nothing_is_said() -> None:
    text = '[[ignore]]\nrule = "country"\nreason = "once"\nexpires = 2027-01-01'
    assert [f.rule for f in judged(text).findings if f.level == "warning"].count(
        "ignore-unused"
    ) == 1


def test_what_fails() -> None:
    report = judged('[policy]\ndenied-countries = ["CN"]')
    assert fails(report, ["error"])
    assert fails(report, ["country"])
    assert fails(report, ["pinned"])
    assert not fails(report, ["tied-lines"])
    assert not fails(judge(JOINED, Policy(), TODAY), ["error"])
    assert fails(judge(JOINED, Policy(), TODAY), ["note"])
    with pytest.raises(UnknownNameError, match="contry"):
        fails(Report(()), ["contry"])


def test_fingerprints_do_not_change_when_lines_move() -> None:
    first = {f.fingerprint for f in judge(JOINED, Policy(), TODAY).findings}
    assert len(first) == len(judge(JOINED, Policy(), TODAY).findings)
    assert first == {f.fingerprint for f in judge(JOINED, Policy(), TODAY).findings}


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("[policy", UnreadableError, "not TOML"),
        ("[polcy]", UnknownNameError, "polcy"),
        ('[policy]\ndenied-country = ["CN"]', UnknownNameError, "denied-country"),
        ('[policy]\ndenied-countries = "CN"', BadValueError, "denied-countries"),
        ('[policy]\ndenied-countries = ["China"]', BadValueError, "China"),
        ('[policy]\nallowed-licences = ["mit"]', UnknownNameError, "mit"),
        ("[policy]\nmax-tied-lines = -1", BadValueError, "max-tied-lines"),
        ("[policy]\npinned = 1", BadValueError, "pinned"),
        ('[policy]\nroles = ["used"]', UnknownNameError, "used"),
        ('[policy.levels]\npickled = "error"', UnknownNameError, "pickled"),
        ('[policy.levels]\npickle = "fatal"', BadValueError, "fatal"),
        ("policy = 3", BadValueError, "policy"),
        ('[[ignore]]\nrule = "country"\nexpires = 2027-01-01', BadValueError, "ignore"),
        ('[[ignore]]\nrule = "contry"\nreason = "x"\nexpires = 2027-01-01', UnknownNameError,
         "contry"),
        ('[[ignore]]\nrule = "country"\nreason = "x"\nexpires = "soon"', BadValueError, "soon"),
        ('[[ignore]]\nrule = "country"\nreason = ""\nexpires = 2027-01-01', BadValueError,
         "reason"),
    ],
)  # fmt: skip
def test_a_bad_policy_is_refused_in_one_sentence(
    text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        read_policy(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_near_key_is_named() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read_policy('[policy]\ndenied-country = ["CN"]')
    assert "`denied-countries`" in caught.value.hint


def test_every_rule_has_words() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.doc.endswith(".") and rule.help for rule in RULES)


def test_a_base_of_another_maker_counts_like_the_model_s_own() -> None:
    card = next(c for c in JOINED.cards if c.canonical == "huggingface:somebody/Llama-chat")
    assert card.facts is not None
    base = replace(card.facts.ancestors[0], maker=Party("alibaba", "Alibaba", "CN"))
    changed = replace(card, facts=replace(card.facts, ancestors=(base,)))
    joined = replace(JOINED, cards=(changed,))
    policy = read_policy('[policy]\ndenied-countries = ["US", "CN"]')
    found = [f for f in judge(joined, policy, TODAY).findings if f.rule == "country"]
    assert len(found) == 2  # its maker is of the one, its base of the other
    assert len({f.fingerprint for f in found}) == 2
    spared = replace(policy, roots_too=False)
    found = [f for f in judge(joined, spared, TODAY).findings if f.rule == "country"]
    assert len(found) == 1
