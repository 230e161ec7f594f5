"""A realistic review, and strategies for hostile ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from mfcheck.claims.audit import AssumptionRecord, AuditRecord, SurveyRecord
from mfcheck.claims.record import (
    CheckRecord,
    ClaimRecord,
    ConstantRecord,
    ConstantsRecord,
    Curve,
    Estimate,
    Finding,
    Interval,
    Plot,
    PowerRecord,
    ReadingRecord,
    Review,
    SimulationRecord,
)
from mfcheck.claims.verdict import Kind, Question, Scope, Verdict

SAMPLE = json.loads(Path(__file__).with_name("sample.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def review() -> Review:
    return Review.model_validate(SAMPLE["review"])


@pytest.fixture(scope="session")
def audited(review: Review) -> Review:
    """The review with an audit of each answer, a survey, and a need beyond an assumption."""
    claim, assumption = review.claims[0], review.assumptions[0]
    answers = [
        AuditRecord(
            id=f"regime-{answer}.{joint}",
            regime=f"regime-{answer}",
            text=rf"$n \to \infty$, {answer} here",
            index="n",
            assumptions=(assumption.id,),
            claims=(claim.id,),
            joint=joint,
            answer=answer,
            kind=None if answer == "unknown" else Kind.CERTIFIED,
            reason=f"reason of {answer}",
            setting=review.setting if answer == "witness" else None,
            evidence=(claim.checks[0].id, "check-elsewhere"),
            met_at=(2, 4),
            beyond=8 if answer == "none" else None,
            certificate=f"certificates/{answer}.json" if answer == "none" else None,
            reproduce=f"mfcheck check audit-{answer}",
        )
        for answer, joint in (("witness", True), ("none", True), ("unknown", True), ("none", False))
    ]
    survey = (SurveyRecord(name="relu", met=False, reason=r"$\sigma_0''$ does not exist"),)
    beyond = {r"a bound of $\sigma_0'''$": ("C_KL", "theorem-5")}
    first = assumption.but(survey=survey, beyond=beyond)
    assumptions = (first, *review.assumptions[1:])
    return review.but(audits=tuple(answers), assumptions=assumptions)


@pytest.fixture(scope="session")
def power() -> PowerRecord:
    return PowerRecord.model_validate(SAMPLE["power"])


@pytest.fixture(scope="session")
def simulation() -> SimulationRecord:
    return SimulationRecord.model_validate(SAMPLE["simulation"])


@pytest.fixture(scope="session")
def constants(review: Review) -> ConstantsRecord:
    return ConstantsRecord(paper=review.paper, setting=review.setting, constants=review.constants)


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$x$ and $y_1$",
    "$\\frac{1}{$",
    "a | b\n\n# heading\n\n- item",
    "[link](javascript:alert(1)) ![img](http://example.org/x.png)",
    "`code` ``` *bold* _it_ ~~no~~ \\(x\\) \\[y\\] $",
    "[bold red]markup[/] \x1b[31mred\x1b[0m \x07",
    "\udcff\u202egnp.exe\u2066",
    "λ_min ≥ 0 — ∫ 🙂 漢字 \x00",
    "",
    "   ",
)


TEXT = st.sampled_from(PAYLOADS) | st.text(max_size=30)
FLOAT = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    (0.0, 1.0, -1.0, 1e-300, 1e300, 5e-324, 1.7e308)
)
ENCLOSURE = st.tuples(FLOAT, FLOAT).map(
    lambda ends: Interval(lower=repr(min(ends)), upper=repr(max(ends)))
)
VALUE = st.one_of(
    st.none(),
    TEXT,
    st.builds(Estimate, value=FLOAT, error=FLOAT.map(abs)),
    ENCLOSURE,
)


def _tuples(inner: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(inner, max_size=most).map(tuple)


@st.composite
def _curves(draw: st.DrawFn) -> Curve:
    number = draw(st.integers(0, 4) | st.just(60))
    numbers = st.lists(FLOAT, min_size=number, max_size=number).map(tuple)
    errors = st.lists(FLOAT.map(abs), min_size=number, max_size=number).map(tuple)
    return Curve(
        label=draw(TEXT),
        x=draw(numbers),
        y=draw(numbers),
        error=draw(st.none() | errors),
        style=draw(st.sampled_from(("line", "points", "bound"))),
    )


PLOT = st.builds(
    Plot,
    id=TEXT,
    title=TEXT,
    x_label=TEXT,
    y_label=TEXT,
    x_log=st.booleans(),
    y_log=st.booleans(),
    curves=_tuples(_curves()),
)
CHECK = st.builds(
    CheckRecord,
    id=TEXT,
    kind=st.sampled_from(Kind),
    reading=TEXT | st.just("stated"),
    question=st.sampled_from(Question),
    passed=st.sampled_from((True, False, None)),
    scope=st.sampled_from(Scope),
    lhs=VALUE,
    rhs=VALUE,
    slack=st.none() | FLOAT,
    error=st.none() | FLOAT,
    cases=st.integers(0, 10**9),
    domain=TEXT,
    reason=TEXT,
    crashed=st.booleans(),
    seconds=FLOAT.map(abs),
    seed=st.integers(0, 2**64),
    certificate=st.none() | TEXT,
    plots=_tuples(PLOT, 1),
)
READING = st.builds(
    ReadingRecord,
    id=TEXT | st.just("stated"),
    text=TEXT,
    verdict=st.sampled_from(Verdict),
    because=TEXT,
    formulas=st.dictionaries(TEXT, TEXT, max_size=2),
)
CLAIM = st.builds(
    ClaimRecord,
    id=TEXT,
    title=TEXT,
    statement=TEXT,
    source=TEXT,
    assumptions=_tuples(TEXT),
    verdict=st.sampled_from(Verdict),
    readings=_tuples(READING),
    checks=_tuples(CHECK),
)
FINDING = st.builds(
    Finding,
    id=TEXT,
    severity=st.sampled_from(("major", "minor", "remark")),
    claim=TEXT,
    text=TEXT,
    evidence=_tuples(TEXT),
    reproduce=TEXT,
)
ASSUMPTION = st.builds(
    AssumptionRecord,
    id=TEXT,
    title=TEXT,
    statement=TEXT,
    source=TEXT,
    met=st.sampled_from((True, False, None)),
    reason=TEXT,
    survey=_tuples(
        st.builds(SurveyRecord, name=TEXT, met=st.sampled_from((True, False, None)), reason=TEXT), 1
    ),
    beyond=st.dictionaries(TEXT, _tuples(TEXT), max_size=1),
)
SETTING = st.one_of(
    st.dictionaries(
        TEXT, st.recursive(TEXT | FLOAT | st.none(), st.lists, max_leaves=4), max_size=3
    ),
    st.builds(
        dict,
        origin=TEXT,
        activation=TEXT,
        sha256=st.none() | TEXT,
        points=st.lists(st.lists(TEXT, max_size=3), max_size=3) | TEXT,
        labels=st.lists(TEXT, max_size=3) | TEXT,
        parameters=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
)
AUDIT = st.builds(
    AuditRecord,
    id=TEXT,
    regime=TEXT,
    text=TEXT,
    index=TEXT,
    assumptions=_tuples(TEXT),
    claims=_tuples(TEXT),
    joint=st.booleans(),
    answer=st.sampled_from(("witness", "none", "unknown")),
    kind=st.none() | st.sampled_from(Kind),
    reason=TEXT,
    met_at=_tuples(st.integers()),
    beyond=st.none() | st.integers(),
    setting=st.none() | SETTING,
    defect=st.booleans(),
    evidence=_tuples(TEXT, 1),
    certificate=st.none() | TEXT,
    reproduce=TEXT,
)
CONSTANT = st.builds(
    ConstantRecord,
    id=TEXT,
    latex=TEXT,
    formula=TEXT,
    value=ENCLOSURE,
    evidence=TEXT,
    depends_on=_tuples(TEXT),
    source=TEXT,
    needs=TEXT,
    orders=st.dictionaries(TEXT, TEXT, max_size=2),
)


REVIEW = st.builds(
    Review,
    mfcheck=TEXT,
    paper=TEXT,
    title=TEXT,
    source=TEXT,
    seed=st.integers(0, 2**64),
    budget=TEXT,
    setting=SETTING,
    versions=st.dictionaries(TEXT, TEXT, max_size=2),
    complete=st.booleans(),
    missing=_tuples(TEXT),
    assumptions=_tuples(ASSUMPTION, 1),
    claims=_tuples(CLAIM),
    findings=_tuples(FINDING),
    constants=_tuples(CONSTANT),
    references=_tuples(TEXT),
    audits=_tuples(AUDIT, 1),
)


@st.composite
def _reviews(draw: st.DrawFn) -> Review:
    # Hypothesis refuses to write out a strategy of this size; a function has a short name.
    return draw(REVIEW)


@pytest.fixture(scope="session")
def hostile() -> st.SearchStrategy[Review]:
    """Reviews whose every string may be an attack, and whose every number may be extreme."""
    return _reviews()


@pytest.fixture(scope="session")
def plots() -> st.SearchStrategy[Plot]:
    return PLOT


@pytest.fixture(scope="session")
def hostile_text() -> st.SearchStrategy[str]:
    return TEXT
