import mpmath as mp
import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck.errors import InputError
from mfcheck.gaussian import hermite
from mfcheck.gaussian.hermite import (
    MAX_COUNT,
    coefficients,
    hermite_coefficients,
    partial_sums,
    tail_sums,
    totals,
)
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation

TANH_SQUARES = arb("0.519975745663948623531815773545 +/- 1e-29")


def accurate_digits(values: list[arb]) -> float:
    """Digits of the least accurate value that does not vanish."""
    return min(
        -float((v.rad() / abs(v.mid())).log()) / 2.302585 for v in values if not v.contains(0)
    )


def test_two_hundred_coefficients_of_tanh() -> None:
    mu = hermite_coefficients(LIBRARY["tanh"], 200, 30)
    assert len(mu) == 200
    assert accurate_digits(mu) >= 30
    assert all(mu[r].is_zero() for r in range(0, 200, 2))
    assert not any(mu[r].contains(0) for r in range(1, 200, 2))
    with ctx.workprec(150):
        rest = totals(LIBRARY["tanh"], 35).minus(mu).plain
        assert (partial_sums(mu).plain + rest).overlaps(TANH_SQUARES)


@pytest.mark.parametrize("name", LIBRARY)
def test_coefficients_agree_with_mpmath(name: str) -> None:
    mu = hermite_coefficients(LIBRARY[name], 12, 18)
    code = sp.lambdify(X, LIBRARY[name].expr, "mpmath")
    with mp.workdps(25):
        for r in (0, 1, 6, 11):
            scale = mp.mpf(2) ** (-mp.mpf(r) / 2) / mp.sqrt(mp.factorial(r))
            reference = mp.quad(
                lambda t, r=r, scale=scale: (
                    code(mp.sqrt(2) * t) * mp.hermite(r, t / mp.sqrt(2)) * scale * mp.npdf(t)
                ),
                [-14, -5, -1, 1, 5, 14],
            )
            with ctx.workprec(100):
                assert abs(mu[r] - arb(mp.nstr(reference, 25))) < 1e-17


@pytest.mark.parametrize("name", [*LIBRARY, "relu", "abs(x-1/3)", "tanh(5*x)", "exp(x/3)*cos(x)"])
def test_two_precisions_overlap_and_keep_the_promise(name: str) -> None:
    low, high = (hermite_coefficients(activation(name), 30, digits) for digits in (8, 20))
    assert all(a.overlaps(b) for a, b in zip(low, high, strict=True))
    for r, value in enumerate(high):
        nearby = max(float(abs(m.mid())) for m in high[max(0, r - 1) : r + 2])
        assert float(value.rad()) <= max(1e-20 * nearby, 1e-40)


def test_a_wrong_coefficient_is_caught_by_the_totals() -> None:
    """Parseval's identity with a certified tail tells one coefficient off by 1e-12 apart."""
    mu = hermite_coefficients(LIBRARY["erf"], 300, 30)
    with ctx.workprec(150):
        total = totals(LIBRARY["erf"], 30).linear
        # mu_r^2 <= (4/5)^r for erf, so the terms left out are below 1e-20.
        rest = arb(0, 1e-20)
        assert total.overlaps(partial_sums(mu).linear + rest)
        wrong = [m * (1 + arb(10) ** -12) if r == 7 else m for r, m in enumerate(mu)]
        assert not total.overlaps(partial_sums(wrong).linear + rest)


@pytest.mark.parametrize("name", ["erf", "sin", "gelu", "sigmoid", "exp(x)", "x**3-x"])
def test_totals_and_tails_agree_with_long_sums(name: str) -> None:
    """All three weights: for these activations 400 terms leave less than 1e-25."""
    subject = activation(name)
    mu = coefficients(subject, 400, 45)
    tail = tail_sums(subject, 10, 25)
    with ctx.workprec(200):
        whole, total = partial_sums(mu), totals(subject, 25)
        head = partial_sums(mu[:10])
        for weight in ("plain", "linear", "quadratic"):
            rest = arb(0, 1e-20)
            assert (getattr(whole, weight) + rest).overlaps(getattr(total, weight))
            later = getattr(whole, weight) - getattr(head, weight)
            assert (later + rest).overlaps(getattr(tail, weight))
            assert getattr(tail, weight).rad() < 1e-20


def test_a_wrong_weight_is_caught() -> None:
    """`E[phi^2 + 2 phi'^2 + phi''^2]` in place of `3 phi'^2` is not the sum of `(1+r)^2 mu_r^2`."""
    total = totals(LIBRARY["erf"], 20)
    wrong = total.quadratic - (total.linear - total.plain)
    whole = partial_sums(coefficients(LIBRARY["erf"], 300, 30)).quadratic
    assert total.quadratic.overlaps(whole + arb(0, 1e-15))
    assert not wrong.overlaps(whole + arb(0, 1e-15))


def test_kinks_and_jumps_make_sums_diverge() -> None:
    relu, step = totals(activation("relu"), 15), totals(activation("step"), 15)
    assert relu.plain.contains(1)
    assert relu.linear.contains(2)
    assert relu.quadratic == arb.pos_inf()
    assert step.plain.overlaps(arb(1) / 2)
    assert step.linear == arb.pos_inf()
    squared = totals(activation("relu(x)**2"), 15)
    assert squared.quadratic.is_finite()


def test_tail_of_relu_against_closed_form() -> None:
    """Arc-cosine kernel: A1(1) = 2, so the linear tail is 2 less the first terms."""
    tail = tail_sums(activation("relu"), 5, 15)
    exact = 2 - (
        arb(1) / arb.pi() + 2 * arb(0.5) + 3 * arb(1) / (2 * arb.pi()) + 5 / (24 * arb.pi())
    )
    assert tail.linear.overlaps(exact)
    assert tail_sums(activation("relu"), 0, 15).plain.contains(1)


def test_giving_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hermite, "_ATTEMPTS", 1)
    with pytest.raises(InputError, match="out of reach"):
        hermite_coefficients(LIBRARY["tanh"], 150, 20)


def test_constant_and_linear() -> None:
    assert hermite_coefficients(Activation("one", sp.Integer(1)), 3, 10) == [1, 0, 0]
    assert hermite_coefficients(Activation("x", X), 1, 10)[0].is_zero()


@pytest.mark.parametrize(
    ("count", "digits"), [(0, 10), (-1, 10), (MAX_COUNT + 1, 10), (5, 0), (5, 5000)]
)
def test_out_of_range(count: int, digits: int) -> None:
    with pytest.raises(InputError):
        hermite_coefficients(LIBRARY["tanh"], count, digits)


@pytest.mark.parametrize("text", ["exp(x**2)", "exp(x**4)"])
def test_growth_beyond_the_gaussian_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        hermite_coefficients(activation(text), 5, 10)
