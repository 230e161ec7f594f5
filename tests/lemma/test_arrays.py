"""Vectors and matrices: proofs by norms and cosines or entries, exact counterexamples, draws with their confidence."""

import math
from fractions import Fraction

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import check, draws
from mfcheck.lemma.statement import read


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("lambda_min(gram(u, v)) >= 1 - abs(dot(u, v))", "u, v unit(3)"),
        ("trace(A) <= 3*lambda_max(A)", "A symmetric(3)"),
        ("trace(A) <= 2*lambda_max(A)", "A symmetric(2)"),
        ("lambda_max(A) <= trace(A)", "A psd(3)"),
        ("lambda_min(gram(u, v, w)) >= 0", "u, v, w vector(2)"),
        ("logsumexp(u) >= u[1]", "u vector(2)"),
    ],
)
def test_proved_without_draws(text, declared):
    assert check(text, [declared]).verdict in ("certified", "proved")


def numbers_of(text):
    return [
        float(Fraction(x))
        for x in text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    ]


def test_more_vectors_than_dimensions_are_refuted_by_rational_unit_vectors():
    answer = check("dot(u,v) + dot(v,w) + dot(u,w) >= -1.4", ["u, v, w unit(2)"])
    assert answer.verdict == "refuted"
    u, v, w = (
        [Fraction(x) for x in answer.counterexample[n].strip("()").split(",")] for n in "uvw"
    )
    assert all(sum(x * x for x in a) == 1 for a in (u, v, w))
    total = sum(sum(x * y for x, y in zip(a, b, strict=True)) for a, b in ((u, v), (v, w), (u, w)))
    assert total < Fraction(-14, 10)
    low, high = map(Fraction, answer.sides["left"])
    assert low <= total <= high


@pytest.mark.slow
def test_a_wrong_constant_of_softmax_is_refuted_and_the_right_one_supported():
    wrong = check("norm(softmax(u) - softmax(v)) <= norm(u - v)/3", ["u, v vector(3)"])
    assert wrong.verdict == "refuted"
    u, v = (np.array(numbers_of(wrong.counterexample[n])) for n in "uv")
    p, q = (np.exp(x) / np.exp(x).sum() for x in (u, v))
    assert np.linalg.norm(p - q) > np.linalg.norm(u - v) / 3
    assert float(Fraction(wrong.sides["left"][0])) == pytest.approx(np.linalg.norm(p - q), rel=1e-9)
    right = check("norm(softmax(u) - softmax(v)) <= norm(u - v)/2", ["u, v vector(3)"], seconds=8)
    assert right.verdict == "supported"
    assert "95% confidence" in right.reason
    assert "no proof" in right.reason


def test_eigenvalues_at_a_counterexample_are_those_of_the_matrices():
    answer = check("lambda_min(A + B) <= lambda_min(A) + lambda_min(B)", ["A, B symmetric(3)"])
    assert answer.verdict == "refuted"
    a, b = (np.array(numbers_of(answer.counterexample[n])).reshape(3, 3) for n in "AB")
    left = np.linalg.eigvalsh(a + b)[0]
    right = np.linalg.eigvalsh(a)[0] + np.linalg.eigvalsh(b)[0]
    assert left > right
    assert float(Fraction(answer.sides["left"][0])) == pytest.approx(left, rel=1e-9)
    assert float(Fraction(answer.sides["right"][1])) == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("lambda_min(A + B) >= lambda_min(A) + lambda_min(B)", "A, B symmetric(3)"),
        ("norm(a + b + c + f) <= norm(a) + norm(b) + norm(c) + norm(f)", "a, b, c, f vector(3)"),
        ("norm(A*u)**2 <= trace(transpose(A)*A)*norm(u)**2", "A matrix(2, 3); u vector(3)"),
        ("norm(relu(u) - relu(v)) <= norm(u - v)", "u, v vector(4)"),
        ("lambda_max(gram(u, v)) <= norm(u)**2 + norm(v)**2", "u, v vector(5)"),
    ],
)
def test_true_statements_are_not_refuted(text, declared):
    assert check(text, [declared], seconds=3).verdict in ("supported", "certified", "proved")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("norm(a + b + c + f) < norm(a) + norm(b) + norm(c) + norm(f)", "a, b, c, f vector(3)"),
        ("lambda_max(A) <= trace(A)", "A symmetric(3)"),
        ("norm(A*u) <= lambda_max(A)*norm(u)", "A symmetric(3); u vector(3)"),
        ("norm(u)**2 >= u[1]**2 + u[2]**2 + u[3]**2 + 1/100", "u vector(3)"),
        ("lambda_min(gram(u, v, w)) >= 1 - 2*s", "u, v, w unit(4); s in [0, 1/2]"),
    ],
)
def test_false_statements_are_refuted(text, declared):
    assert check(text, [declared], seconds=8).verdict == "refuted"


def test_a_quotient_by_a_norm_that_may_vanish_is_undefined():
    answer = check("norm(softmax(u))/norm(u) >= 0", ["u vector(3)"])
    assert answer.verdict == "undefined"
    assert answer.counterexample["u"] == "(0, 0, 0)"


def test_the_same_statement_gets_the_same_answer():
    asked = ("norm(relu(u)) <= norm(u)", ["u vector(9)"])
    assert check(*asked, seconds=30).reason == check(*asked, seconds=30).reason


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("bits", [0, 3, 16])
def test_rational_unit_vectors_have_length_one_and_the_right_direction(n, bits):
    rng = np.random.default_rng(n)
    for _ in range(20):
        d = rng.normal(size=n)
        u = draws.rational_unit(list(d), bits)
        assert sum(x * x for x in u) == 1
        if bits == 16:
            assert np.allclose(np.array(u, dtype=float), d / np.linalg.norm(d), atol=1e-4)


def test_the_share_of_counterexamples_is_bounded_by_the_rule_of_three():
    found = draws.Search(counts={"true": 299})
    assert "at most 1 % of" in draws.confidence_words(found)
    assert math.isclose(1 - 0.05 ** (1 / 299), 3 / 299, rel_tol=0.01)


def test_draws_have_no_law_without_hypotheses_met():
    answer = check("norm(relu(u)) <= 1", ["u vector(3)"], where=["norm(u) <= 1/10**9"], seconds=2)
    assert answer.verdict in ("inconclusive", "certified", "supported")
    statement = read("norm(relu(u)) <= 1", ["u vector(3)"], ["norm(u) <= 1/10**9"])
    assert draws.search(statement, 1).point is None


@pytest.mark.parametrize(
    ("text", "declared", "said"),
    [
        ("u[4] <= 1", "u unit(3)", "entries are counted 1 to 3"),
        ("A**2 >= 0", "A symmetric(3)", "A is an array"),
        ("A <= 1", "A psd(2)", "A is an array"),
        ("norm(u) <= A", "u vector(2); A matrix(2, 2)", "A is an array"),
        ("u*v <= 1", "u, v vector(2)", "u is an array"),
        ("u <= 1", "u unit(3)", "u is an array"),
        ("norm(A) <= 1", "A symmetric(3)", "norm is for vectors"),
        ("lambda_max(A) <= 1", "A matrix(2, 2)", "symmetric matrices"),
        ("dot(u, v) <= 1", "u unit(3); v unit(4)", "different sizes"),
        ("trace(A) >= 0", "A matrix(2, 3)", "square"),
        ("norm(u + 1) >= 0", "u vector(3)", "a vector or a matrix"),
        ("norm(u) >= 0", "u vector(99); v vector(99)", "at most 100"),
        ("norm(u) >= 0", "u vector(2, 3)", "one size"),
    ],
)
def test_bad_arrays_are_refused_with_their_place(text, declared, said):
    with pytest.raises(InputError, match=said):
        check(text, [declared]) if "99" not in declared else read(text, [declared], entries=True)


def test_three_unit_vectors_in_the_plane_reach_but_do_not_pass_their_bound():
    bound = -1.5
    angles = [2 * math.pi * k / 3 for k in range(3)]
    best = sum(math.cos(a - b) for a in angles for b in angles if a < b)
    assert best == pytest.approx(bound)
    answer = check("dot(u,v) + dot(v,w) + dot(u,w) >= -3/2", ["u, v, w unit(2)"], seconds=3)
    assert answer.verdict in ("supported", "certified")
