"""What the makers of certificates write is accepted by the checker, and what cannot be certified is refused."""

import json
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
import sympy as sp
from flint import arb, arb_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.kernels.separation import separation_bound
from mfcheck.rigor import certificate
from mfcheck.rigor.codes import n_max
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import LIBRARY
from mfcheck.verify import MAX_PARTS, Verdict, verify

Points = list[list[Fraction]]
SQUARE: Points = [[Fraction(x), Fraction(y)] for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))]


def enclosed(points: Points, activation: str = "sin", order: int = 1) -> SmallestEigenvalue:
    kernel = DualKernel(LIBRARY[activation], 30)
    return certified_lambda_min(kernel.value(half_gram(points), order), 40)


def checked(data: certificate.Certificate) -> Verdict:
    return verify(certificate.dumps(data))


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=1, max_size=6),
    st.sampled_from(["A", "G2", "K"]),
    st.integers(3, 10),
)
def test_random_points(rows: list[tuple[int, ...]], kernel: str, digits: int) -> None:
    points = [[Fraction(x, 7) for x in row] for row in rows if any(row)]
    if not points:
        return
    found = enclosed(points, "sin", ("A", "G2", "K").index(kernel))
    if found.lower < 1e-14:
        return
    verdict = checked(certificate.lambda_min(points, "sin", found, kernel, digits=digits))
    assert verdict.status == "accepted", verdict.reason


def test_bounds_are_rounded_outwards_and_close() -> None:
    found = enclosed(SQUARE)
    claim = certificate.lambda_min(SQUARE, "sin", found, digits=6)["claim"]
    assert arb(claim["lower"]) < found.lower
    assert found.upper < arb(claim["upper"])
    assert float(Fraction(claim["upper"]) / Fraction(claim["lower"])) < 1 + 5e-5


def test_largest_inner_product_may_be_claimed_too() -> None:
    found = enclosed(SQUARE)
    assert (
        checked(certificate.lambda_min(SQUARE, "sin", found, C_max=Fraction(1, 100))).status
        == "accepted"
    )
    assert (
        checked(certificate.lambda_min(SQUARE, "sin", found, C_max=Fraction(-1, 100))).status
        == "rejected"
    )


def test_slowly_falling_coefficients_use_all_that_the_checker_takes() -> None:
    assert certificate._terms("isru", 1.0, 30) == 600
    assert certificate._terms("sin", 0.5, 8) == 100


def test_negative_eigenvalues_are_rounded_outwards() -> None:
    found = certified_lambda_min(arb_mat([[0, 1], [1, 0]]))
    assert (
        Fraction(certificate._widened(found.lower, False, 5))
        < -1
        < Fraction(certificate._widened(found.upper, True, 5))
    )


def test_counterexample() -> None:
    found = enclosed(SQUARE, "cos")
    half = Fraction(1, 2)
    data = certificate.counterexample(SQUARE, "cos", found, 2 * half, half)
    assert checked(data).status == "accepted"
    assert "no lower bound" in data["statement"]
    for candidate, C_max in ((Fraction(1, 10**6), half), (2 * half, 2 * half)):
        with pytest.raises(InputError, match="no counterexample"):
            certificate.counterexample(SQUARE, "cos", found, candidate, C_max)


@pytest.mark.parametrize(("n", "C_max"), [(1, "0"), (2, "1/2"), (5, "1/10"), (4, "-1/4")])
def test_separation(n: int, C_max: str) -> None:
    bound = separation_bound(LIBRARY["sin"], n, C_max)
    data = certificate.separation("sin", n, Fraction(C_max), bound)
    assert checked(data).status == "accepted"
    assert arb(data["claim"]["lower"]) < bound


def test_separation_without_content_is_refused() -> None:
    with pytest.raises(InputError, match="not positive"):
        certificate.separation("sin", 5, Fraction(1, 2), arb(0, 1))


@pytest.mark.parametrize(
    ("d", "C"),
    [(2, "1/2"), (2, "0.99"), (3, "0.5"), (3, "-1/3"), (5, "1/5"), (9, "0.99"), (24, "1/2")],
)
def test_code_bounds(d: int, C: str) -> None:
    found = n_max(d, C)
    data = certificate.code_bound(found)
    assert checked(data).status == "accepted"
    assert found.bound <= Fraction(data["claim"]["upper"]) < found.n_max + 1


def test_inequality_of_a_formula() -> None:
    x, y = sp.symbols("x y", positive=True)
    formula = (
        sp.Max(x, sp.Abs(y - 3)) * sp.exp(-x / 2) + sp.E + sp.Min(x, sp.pi) ** sp.Rational(3, 2)
    )
    inputs = {"x": Fraction(1, 3), "y": ("0.5", "0.6")}
    low, high = (float(formula.subs({x: sp.Rational(1, 3), y: v})) for v in (0.6, 0.5))
    data = certificate.inequality(formula, inputs, str(low - 1e-6), str(high + 1e-6))
    assert checked(data).status == "accepted", checked(data).reason
    wrong = certificate.inequality(formula, inputs, str(low + 1e-3))
    assert checked(wrong).status == "rejected"


def test_inequality_with_kernels() -> None:
    c, A1 = sp.Symbol("c"), sp.Function("A1")
    data = certificate.inequality(
        A1(1) - A1(c), {"c": "3/4"}, lower="0.1", activation="sin", digits=10
    )
    assert checked(data).status == "accepted"


def test_bundle_passes_numbers_on() -> None:
    ratio = certificate.inequality("1/l**2", {"l": "lambda_0"}, upper="1000")
    parts = {"lambda_0": certificate.lambda_min(SQUARE, "sin", enclosed(SQUARE)), "ratio": ratio}
    assert checked(certificate.bundle(parts)).status == "accepted"
    assert checked(ratio).status == "malformed"  # alone, the name has no value
    for wrong in ({}, {f"p{i}": ratio for i in range(MAX_PARTS + 1)}):
        with pytest.raises(InputError, match="a bundle has"):
            certificate.bundle(wrong)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    data = certificate.code_bound(n_max(8, "1/2"))
    certificate.write(data, path)
    assert json.loads(path.read_text(encoding="utf-8")) == data
    assert verify(path).status == "accepted"


def test_formulas_outside_the_grammar_are_refused() -> None:
    x = sp.Symbol("x")
    for formula in (sp.gamma(x), sp.Sum(x, (x, 1, sp.oo)), sp.Piecewise((x, x > 0), (0, True))):
        with pytest.raises(InputError, match="no certificate for a formula"):
            certificate.formula_text(formula)
    for formula in (0.1 * x, sp.sin(x + 0.5), sp.Max(x, sp.Float("0.1")), x**0.5):
        with pytest.raises(InputError, match="is a float, not an exact number"):
            certificate.formula_text(formula)
    with pytest.raises(InputError, match="lower or an upper"):
        certificate.inequality("x", {"x": 1})


def test_points_as_formulas() -> None:
    points = [["cos(pi/5)", "sin(pi/5)"], ["1", "0"], ["-sqrt(2)", "1/3"]]
    numbers = [[Fraction(str(sp.N(sp.sympify(x), 25))) for x in row] for row in points]
    data = certificate.lambda_min(points, "sin", enclosed(numbers))
    assert checked(data).status == "accepted"


def test_one_point_and_coincident_points() -> None:
    one: Points = [[Fraction(3), Fraction(4)]]
    assert checked(certificate.lambda_min(one, "cos", enclosed(one, "cos"))).status == "accepted"
    two = one * 2
    with pytest.raises(InputError, match="differ from zero"):
        certificate.lambda_min(two, "cos", enclosed(two, "cos"))


@pytest.mark.parametrize(
    ("points", "activation", "kernel", "message"),
    [
        (SQUARE, "relu", "G2", "'relu'"),
        (SQUARE, "sin", "G1", "unknown kernel"),
        ([], "sin", "G2", "1 to 256"),
        (SQUARE * 100, "sin", "G2", "1 to 256"),
        ([*SQUARE[:3], [0, 0]], "sin", "G2", "point is zero"),
    ],
)
def test_what_has_no_certificate(
    points: Points, activation: str, kernel: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        certificate.lambda_min(points, activation, enclosed(SQUARE), kernel)


def test_accuracy_beyond_the_checker_is_refused() -> None:
    with pytest.raises(InputError, match="at most 256 bits"):
        certificate.lambda_min(SQUARE, "sin", enclosed(SQUARE), digits=80)


def test_every_library_activation_is_supported() -> None:
    assert all(certificate.supports(name) for name in LIBRARY)
    assert not certificate.supports("relu")


def test_a_certificate_is_required_to_be_accepted() -> None:
    good = certificate.inequality("x - sin(x)", {"x": ("0", "1")}, "0", bisect=4)
    assert certificate.require_accepted(good) == "0 <= x - sin(x) for x in [0, 1]"
    false = certificate.inequality("1", {}, "2")
    for bad, reason in (
        (false, "rejected: the lower bound is not proved"),
        ({**good, "sha256": ""}, "malformed: the SHA-256 does not fit the claim"),
        ({}, "malformed: certificate lacks format, kind, statement, claim, witness, sha256"),
        ({"a": object()}, "malformed: no JSON (TypeError)"),
        ({"a": float("nan")}, "malformed: no JSON (ValueError)"),
    ):
        with pytest.raises(certificate.CertificateError) as raised:
            certificate.require_accepted(bad)
        assert str(raised.value) == f"the certificate is {reason}"
    deep: dict[str, object] = {}
    for _ in range(200_000):
        deep = {"a": deep}
    with pytest.raises(certificate.CertificateError, match="malformed"):
        certificate.require_accepted(deep)


def test_json_of_any_origin_is_read_safely(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"a": [0.5, NaN, 1]}', encoding="utf-8")
    assert certificate.read_json(file)["a"][0] == 0.5
    for text in ("[" * 100_000, "[" * 65 + "]" * 65, '{"a": 1, "a": 2}', "{", "\x1b"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"run\.json: not readable as JSON: ") as raised:
            certificate.read_json(file)
        assert str(raised.value).isprintable()
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not readable"):
        certificate.read_json(file)
    with pytest.raises(InputError, match=r"cannot read '.*none\.json': No such file or directory"):
        certificate.read_json(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("expr", "lower", "upper"),
    [
        # arccos(1/3) = 1.2309594173..., arcsin(1/3) = 0.3398369094...
        (1 - sp.acos(X_ := sp.Symbol("t")) / sp.pi, "0.60817", "0.60818"),
        (2 * sp.acos(X_) ** 2, "3.03052", "3.03053"),
        (3 - 2 * sp.asin(X_), "2.32032", "2.32033"),
        (sp.asin(X_) ** 2 / sp.acos(X_), "0.09382", "0.09383"),
    ],
)
def test_inverse_functions_are_written_in_parentheses(
    expr: sp.Expr, lower: str, upper: str
) -> None:
    data = certificate.inequality(expr, {"t": "1/3"}, lower, upper)
    assert verify(certificate.dumps(data)).status == "accepted"


@pytest.mark.parametrize(
    "name",
    ["sinh", "cosh", "coth", "sech", "csch", "asinh", "acosh", "atanh", "cot", "sec", "csc", "tan"],
)
def test_functions_that_the_checker_lacks_are_written_by_others(name: str) -> None:
    """By mpmath, at a number below and one above 1, inside of a power and of a product."""
    t = sp.Symbol("t")
    for place in (
        ("5/3",) if name == "acosh" else ("2/7", "-2/7") if name == "atanh" else ("2/7", "-5/3")
    ):
        x = mpmath.mpf(Fraction(place).numerator) / Fraction(place).denominator
        value = 3 - 2 * getattr(mpmath, name)(x) ** 3 * x
        lower, upper = (mpmath.nstr(value + d, 14) for d in (-1e-9, 1e-9))
        data = certificate.inequality(
            3 - 2 * getattr(sp, name)(t) ** 3 * t, {"t": place}, lower, upper
        )
        assert verify(certificate.dumps(data)).status == "accepted"
        false = certificate.inequality(
            3 - 2 * getattr(sp, name)(t) ** 3 * t, {"t": place}, upper, mpmath.nstr(value + 1, 14)
        )
        assert verify(certificate.dumps(false)).status == "rejected"


def test_a_mean_of_a_hyperbolic_function_has_a_certificate() -> None:
    """E cosh(xi/2) = exp(1/8)."""
    mean = certificate.normal(certificate.XI, sp.cosh(certificate.XI / 2))
    data = certificate.inequality(mean, {}, "1.13314845", "1.13314846", digits=12)
    assert verify(certificate.dumps(data)).status == "accepted"
