"""The audit of the mean-field paper: answers, and the mathematics behind its witnesses and proofs."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims import Data, Setting
from mfcheck.errors import InputError
from mfcheck.points.laws import collide
from mfcheck.rigor import certificate
from mfcheck.run.audit import audit, regimes, rejection
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck.verify import verify
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets import regimes as audited
from mfcheck_proofs.scaled_resnets.assumptions import (
    PAIR,
    SAMPLE,
    at_most,
    beyond_assumption_3,
    data_on_sphere,
    library,
    smooth_activation,
)
from mfcheck_proofs.scaled_resnets.leaves import code_size, cosine_bound

DEFAULT = paper.default
ANSWERS = {
    "one-setting": "witness",
    "depth-grows": "witness",
    "n-grows-separation-shrinks": "witness",
    "beta-above-threshold": "witness",
    "beta-grows": "witness",
    "n-grows-separation-fixed": "none",
    "n-grows-form-bounded": "unknown",
    "independent-samples": "none",
    "beta-below-threshold": "witness",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    found = {}
    for regime in regimes(paper.claims).values():
        for answer in audit(paper, regime, DEFAULT, 0):
            found[answer.record.id] = answer.record.answer
            assert not answer.record.defect
            if answer.certificate is not None:
                assert verify(certificate.dumps(answer.certificate)).status == "accepted"
    return found


def test_the_answers_at_the_default_setting(answers: dict[str, str]) -> None:
    assert set(ANSWERS) == set(regimes(paper.claims))
    together = "assumption-1.assumption-2.assumption-3"
    found = {id: answers.get(f"{id}.{together}") for id in ANSWERS if id != "depth-grows"}
    assert found == {id: answer for id, answer in ANSWERS.items() if id != "depth-grows"}
    assert answers["depth-grows.assumption-3"] == "witness"


def test_separation_alone_is_what_cannot_be_met(answers: dict[str, str]) -> None:
    for regime in ("n-grows-separation-fixed", "independent-samples"):
        alone = [answers[f"{regime}.assumption-{k}"] for k in (1, 2, 3)]
        assert alone == ["none", "witness", "witness"]


@pytest.mark.parametrize("name", ["softplus", "abs(x)", "x**2"])
def test_other_activations_change_no_answer_into_a_false_one(name: str) -> None:
    setting = replace(DEFAULT, activation=activation(name))
    smooth = smooth_activation(setting).met is True
    for regime in (audited.ABOVE, audited.SHRINKING, audited.LARGE_BETA):
        joint = next(a.record for a in audit(paper, regime, setting, 0) if a.record.joint)
        if joint.answer == "witness":
            assert joint.setting is not None
            used = replace(setting, activation=activation(joint.setting["activation"]))
            assert smooth_activation(used).met is True
        else:
            assert (joint.answer, smooth) == ("unknown", False)


# --- witnesses -------------------------------------------------------------------------------------------------------


def test_points_of_the_circle_are_distinct_unit_points() -> None:
    data = audited.circle(DEFAULT, 40).data
    assert (data.n, data.d, data.repeated) == (40, DEFAULT.data.d, None)
    assert all(sum(v * v for v in row) == 1 for row in data.points)
    closest = max(
        sum(a * b for a, b in zip(x, y, strict=True)) for x, y in combinations(data.points, 2)
    )
    assert Fraction(999, 1000) < closest < 1
    assert not rejection(audited.any_circle(DEFAULT))


def test_one_dimension_has_two_points() -> None:
    line = replace(
        DEFAULT, data=Data(((Fraction(1),), (Fraction(-1),)), (Fraction(1), Fraction(0)))
    )
    with pytest.raises(InputError, match="two points"):
        audited.circle(line, 3)


def test_repeated_points_are_found_exactly() -> None:
    def rows(*points: tuple[Fraction, ...]) -> Setting:
        return replace(DEFAULT, data=Data(points, (Fraction(1),) * len(points)))

    one, tiny = Fraction(1), Fraction(1, 10**30)
    assert rows((one, one), (-one, -one), (2 * one, 2 * one)).data.repeated == (0, 2)
    assert rows((one, Fraction(0)), (one, tiny)).data.repeated is None
    assert data_on_sphere(rows((one, one), (2 * one, 2 * one))).met is False


def test_beta_beside_the_threshold_is_decided_in_balls() -> None:
    large, small = audited.large_beta(DEFAULT, 0), audited.small_beta(DEFAULT, 0)
    assert audited.above_threshold(DEFAULT, large).met is True
    assert audited.above_threshold(DEFAULT, small).met is False
    assert audited.below_threshold(DEFAULT, small).met is True
    assert audited.below_threshold(DEFAULT, large).met is False
    nearly = large.with_values(beta=large["beta"] - 2)
    assert audited.above_threshold(DEFAULT, nearly).met is False


@pytest.mark.parametrize("assumption", paper.assumptions, ids=lambda a: a.id)
def test_an_assumption_reads_no_more_than_it_says(assumption: object) -> None:
    reads = set(assumption.reads)  # type: ignore[attr-defined]
    start = DEFAULT
    other = audited.circle(start, 7)
    changes = {
        "points": replace(start, data=replace(other.data, labels=start.data.labels[:1] * 7)),
        "activation": replace(start, activation=LIBRARY["gelu"]),
        **{p.name: start.with_values(**{p.name: 2 * start[p.name]}) for p in paper.parameters},
    }
    for part, changed in changes.items():
        if part not in reads:
            assert assumption.holds(changed) == assumption.holds(start)  # type: ignore[attr-defined]


# --- every law -------------------------------------------------------------------------------------------------------


@st.composite
def laws(draw: st.DrawFn) -> tuple[int, np.random.Generator, str]:
    d = draw(st.sampled_from((2, 3, 4)))
    kind = draw(st.sampled_from(("uniform", "cap", "clusters", "atoms")))
    return d, np.random.default_rng(draw(st.integers(0, 2**32))), kind


def samples(d: int, rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    raw = rng.standard_normal((*shape, d))
    if kind == "cap":
        raw += 2 * np.eye(d)[0]
    if kind in ("clusters", "atoms"):
        centres = rng.standard_normal((9, d))
        raw = centres[rng.integers(9, size=shape)] + (0.1 * raw if kind == "clusters" else 0)
    return np.asarray(raw / np.linalg.norm(raw, axis=-1, keepdims=True))


@given(
    laws(),
    st.sampled_from((Fraction(0), Fraction(1, 2), Fraction(4, 5))),
    st.sampled_from((2, 3, 5)),
)
@settings(max_examples=25)
def test_samples_of_any_law_are_separated_no_more_often_than_bounded(
    law: tuple[int, np.random.Generator, str], cosine: Fraction, number: int
) -> None:
    d, rng, kind = law
    points = samples(d, rng, kind, (4000, number))
    gram = points @ points.swapaxes(1, 2)
    above = np.triu(np.ones((number, number), dtype=bool), 1)
    share = float(np.mean(np.all(gram[:, above] <= float(cosine) - 1e-9, axis=1)))
    bound = float(at_most(SAMPLE, code_size(d, cosine).n_max, number))
    assert share <= bound + 5 * np.sqrt(bound * (1 - bound) / 4000) + 1e-12


def test_the_uniform_law_on_an_optimal_code_attains_the_bounds() -> None:
    for d in (2, 3, 4):
        size = code_size(d, Fraction(0)).n_max
        assert size == 2 * d
        assert at_most(PAIR, size) == Fraction(1, 2 * d)
        assert at_most(SAMPLE, size) == 1 - at_most(PAIR, size)
        assert at_most(SAMPLE, size, size + 1) == 0


def test_the_number_of_samples_that_are_rarely_separated() -> None:
    for size in (1, 2, 8, 100):
        n = collide(size)
        assert at_most(SAMPLE, size, n) < Fraction(1, 2)
        assert n == 2 or at_most(SAMPLE, size, n - 1) >= Fraction(1, 2)


def test_the_proofs_about_data_carry_the_bound_of_their_words() -> None:
    for make in (audited.crowded, audited.collisions):
        proof = make(DEFAULT)
        assert proof.assumptions == ("assumption-1",)
        assert proof.certificate is not None
        assert proof.certificate["claim"]["cosine"] == str(cosine_bound(DEFAULT))
        assert Fraction(proof.certificate["claim"]["upper"]) < 9
    assert audited.crowded(DEFAULT).beyond == 8


# --- activations -----------------------------------------------------------------------------------------------------


def test_the_survey_of_the_library() -> None:
    found = library()
    assert set(found) == set(LIBRARY)
    assert all(answer.met for answer in found.values())
    unbounded = {name for name, answer in found.items() if r"\infty" in answer.reason}
    assert unbounded == {"gelu", "silu", "softplus"}


def test_what_is_needed_beyond_assumption_3_exists() -> None:
    known = {c.id for c in paper.claims} | {c.id for c in paper.constants}
    needed = beyond_assumption_3()
    third, bounded = (set(ids) for ids in needed.values())
    assert third | bounded <= known
    assert {"C_KL", "theorem-5-kl-tau"} <= third
    assert {"rademacher", "theorem-6-rademacher"} <= bounded
    assert "r_max" not in third | bounded
