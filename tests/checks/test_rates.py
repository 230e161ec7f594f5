"""Checks of exponents: one quantity or several, equal or at most, with a slow correction, with heavy tails."""

import numpy as np
import pytest
import sympy as sp

from mfcheck.checks import Growth, Kind, Question, Setting, no_faster, rate
from mfcheck.checks.rates import Growing
from mfcheck.claims import Budget, Context, Evidence
from mfcheck.claims.setting import setting_of
from mfcheck.errors import InputError

X = np.array([10.0, 20.0, 40.0, 80.0, 160.0, 320.0])
d = sp.Symbol("d")
SETTING: Setting = setting_of(())


def run(found: Growing, order: sp.Expr, **options: object) -> Evidence:
    check = rate("r", "order", lambda _: found, x_label="x", y_label="y", **options)  # type: ignore[arg-type]
    assert check.kind is Kind.SIMULATED
    return check.run(Context(SETTING, Budget.QUICK, 0, "r", {"order": order}))


def power(exponent: float, label: str = "", **where: int) -> Growth:
    symbols = {sp.Symbol(name): value for name, value in where.items()}
    return Growth(X, X**exponent, 1e-9 * X**exponent, label, symbols)


def test_one_quantity_and_its_symbols() -> None:
    y = X**-1.5
    assert run((X, y, 1e-9 * y), -d / 2, where={d: 3}).passed is True
    assert run((X, y, 1e-9 * y), -d / 2, where={d: 5}).passed is False


def test_each_of_several_has_its_own_exponent() -> None:
    both = [power(-1.0, "two", d=2), power(-1.5, "three", d=3)]
    found = run(both, -d / 2)
    assert (found.passed, found.cases) == (True, 12)
    labels = [curve.label for curve in found.plots[0].curves]
    assert labels == ["two: measured", "two: slope -1", "three: measured", "three: slope -1.5"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_one_that_is_off_decides(place: int) -> None:
    three = [power(-1.0, name) for name in "abc"]
    three[place] = power(-0.4, "off")
    found = run(three, sp.Integer(-1))
    assert found.passed is False
    assert found.lhs.value == pytest.approx(-0.4)  # type: ignore[union-attr]
    assert found.reason.startswith("off: ")


def test_at_most() -> None:
    for exponent, passed in ((-2.0, True), (-1.0, True), (-0.5, False)):
        assert run([power(exponent)], sp.Integer(-1), relation="<=").passed is passed
    assert run([power(-2.0)], sp.Integer(-1)).passed is False


@pytest.mark.parametrize(("stated", "passed"), [(-1, True), (-2, None), (-8, False)])
def test_at_most_needs_no_resolution_beyond_its_error(stated: int, passed: bool | None) -> None:
    """Over a short range an error of five per cent leaves the exponent -2 open by about a half."""
    x = np.array([1.0, 1.1, 1.2])
    found = run((x, x**-2.0, 0.05 * x**-2.0), sp.Integer(stated), relation="<=")
    assert found.lhs.error > 0.2  # type: ignore[union-attr]
    assert found.passed is passed
    assert run((x, x**-2.0, 0.05 * x**-2.0), sp.Integer(-2)).passed is None


def test_a_slow_correction_is_fitted() -> None:
    """A straight line through x^-1 (1 + x^(-1/2)) has slope -1.07 here."""
    y = X**-1 * (1 + X**-0.5)
    found = run((X, y, 1e-14 * y), sp.Integer(-1), correction=-0.5)
    assert found.passed is True
    assert abs(found.lhs.value + 1) < 0.01  # type: ignore[union-attr]
    assert abs(np.polyfit(np.log(X), np.log(y), 1)[0] + 1) > 0.05
    assert run((X, y, 1e-14 * y), sp.Rational(-6, 5), correction=-0.5).passed is False


def test_geometric_means_where_tails_are_heavy() -> None:
    """Values x^(-1/2) exp(3 xi): means of 400 are off by half of themselves, geometric ones by 15 per cent."""
    rng = np.random.default_rng(0)
    samples = X**-0.5 * np.exp(
        3 * rng.standard_normal((4000, 1)) + 0.3 * rng.standard_normal((4000, 6))
    )
    found = run((X, samples), -sp.Rational(1, 2), typical=True)
    shown = np.array(found.plots[0].curves[0].y)
    assert found.passed is True
    assert shown * X**0.5 == pytest.approx(1, abs=0.2)
    assert run((X, samples), sp.Integer(-1), typical=True).passed is False


def test_without_a_quantity_it_is_open() -> None:
    assert run([], sp.Integer(1)).passed is None


def test_what_replicates_have_in_common_moves_an_exponent_only_where_it_changes() -> None:
    """One factor for all replicates of a place shifts no exponent, a factor of the place does and is allowed for."""
    rng = np.random.default_rng(0)
    samples = X**-1 * (1 + 0.01 * rng.standard_normal((16, len(X))))
    alike, growing = np.full(len(X), 0.05), np.linspace(0, 0.3, len(X))
    for common in (alike, growing):
        found = run((X, samples, common * X**-1), sp.Integer(-1))
        assert found.passed is True
        drawn = found.plots[0].curves[0].error
        assert drawn is not None
        assert np.all(np.array(drawn) > common * X**-1)
    errors = [run((X, samples, c * X**-1), sp.Integer(-1)).error for c in (alike, growing)]
    plain = run((X, samples), sp.Integer(-1)).error
    assert errors[0] == pytest.approx(plain, rel=0.1)
    assert errors[1] > errors[0] + 0.02  # type: ignore[operator]


def test_orders_of_formulas_are_compared_exactly() -> None:
    n, c = sp.symbols("n c", positive=True)

    def answer(small: sp.Expr, large: sp.Expr) -> Evidence:
        check = no_faster(
            "orders",
            ["f"],
            lambda context: (context["f"], large),
            n,
            domain="every c",
            reason="it is of order {}",
            question=Question.FOLLOWS,
        )
        assert (check.kind, check.question) == (Kind.EXACT, Question.FOLLOWS)
        return check.run(Context(SETTING, Budget.QUICK, 0, "orders", {"f": small}))

    assert answer(c * sp.sqrt(n), n).passed is True
    assert answer(c * n, 3 * n + 1).passed is True
    found = answer(c * n ** sp.Rational(3, 2), n)
    assert found.passed is False
    assert found.reason == "it is of order $n^{3/2}$"
    assert found.rhs == "$n^{1}$"
    with pytest.raises(InputError, match="could not be derived"):
        answer(sp.sin(n), n)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("replicates", [False, True])
def test_what_is_no_finite_number_decides_nothing(bad: float, replicates: bool) -> None:
    y = X**-1.0
    values = np.tile(y, (20, 1)) if replicates else y.copy()
    values[..., 2] = bad
    found = run([power(-1.0, "good"), Growth(X, values, label="bad")], sp.Integer(-1))
    assert found.passed is None
    assert found.reason == "bad: y is not a finite number at x = 40"
    assert [curve.label for curve in found.plots[0].curves][:1] == ["good: measured"]


def test_a_geometric_mean_needs_positive_values() -> None:
    values = np.tile(X**-1.0, (20, 1))
    values[3, 1] = -1.0
    found = run([Growth(X, values)], sp.Integer(-1), typical=True)
    assert (found.passed, found.reason) == (None, "y is not a finite positive number at x = 20")


def test_a_correction_is_not_silently_left_out_for_replicates() -> None:
    with pytest.raises(InputError, match="without replicates"):
        run([Growth(X, np.tile(X**-1.0, (20, 1)))], sp.Integer(-1), correction=-0.5)
