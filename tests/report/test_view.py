from mfcheck.claims.record import Review
from mfcheck.claims.verdict import RULES, Verdict
from mfcheck.report import view


def test_findings_come_gravest_first(review: Review) -> None:
    shuffled = tuple(reversed(review.findings))
    groups = view.by_severity(shuffled)
    assert [severity for severity, _ in groups] == ["major", "minor", "remark"]
    assert sum(len(group) for _, group in groups) == len(review.findings)
    assert view.by_severity(()) == []


def test_slack_is_sorted_and_only_of_inequalities(review: Review) -> None:
    slacks = [item.check.slack for item in view.with_slack(review)]
    assert slacks == sorted(s for s in slacks if s is not None)
    assert len(slacks) == 6


def test_evidence_of_an_unknown_check_is_only_its_name(review: Review) -> None:
    known, unknown = view.evidence(review, ["lemma4.rankin", "nowhere"])
    assert known[1] is not None
    assert known[1].claim.id == "lemma4"
    assert unknown == ("nowhere", None)


def test_every_verdict_has_a_sign_and_every_rule_a_place() -> None:
    assert set(view.SYMBOLS) == set(Verdict)
    assert len(set(view.SYMBOLS.values())) == len(Verdict)
    shown = [condition for _, conditions in view.meanings() for condition in conditions]
    assert sorted(shown) == sorted(rule.condition for rule in RULES)


def test_words_for_answers(review: Review) -> None:
    answers = {item.check.id: view.answer(item.check) for item in view.located(review)}
    assert answers["lemma4.rankin"] == "yes"
    assert answers["lemma4.circle-witness"] == "no"
    assert answers["theorem6.search"] == "crashed"
    undecided = review.claims[0].checks[0].but(passed=None)
    assert view.answer(undecided) == "undecided"
    assert [view.met(v) for v in (True, False, None)] == ["met", "not met", "undecided"]


def test_a_check_without_time_is_no_crashed_one(review: Review) -> None:
    crashed = next(c for claim in review.claims for c in claim.checks if c.crashed)
    late = crashed.but(reason="ended by its time limit, 2 s: --check-seconds gives it more")
    assert (view.answer(late), late.late, crashed.late) == ("timed-out", True, False)


def test_checks_behind_a_verdict_are_those_that_deny_it(review: Review) -> None:
    rate = review.claims[3]
    stated, repaired = rate.readings
    assert [c.id for c in view.behind(rate, stated)] == ["theorem6.composition"]
    assert [c.id for c in view.behind(rate, repaired)] == ["theorem6.random-labels"]


def test_the_setting_is_shown_in_one_order() -> None:
    lines = view.plain_setting({"z": [1, 2], "d": 3, "n": 4, "sha256": None, "points": [["1"]]})
    assert lines == [("n", "4"), ("d", "3"), ("z", "1, 2")]


def test_rows_of_data() -> None:
    assert view.rows({"points": [["1", "0"]], "labels": ["1/2"]}) == [(["1", "0"], "1/2")]
    assert view.rows({"points": [["1"], ["2"]], "labels": "x"}) == [(["1"], ""), (["2"], "")]
    assert view.rows({"points": "no"}) == []
    assert view.rows({}) == []


def test_the_sentence_counts(review: Review) -> None:
    assert view.sentence(review) == (
        "4 claims reviewed by 10 checks; verdicts: 2 supported, 1 refuted, 1 gap; 4 findings."
    )
