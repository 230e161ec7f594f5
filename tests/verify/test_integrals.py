"""Integrals in formulas of certificates: values by mpmath, and what must be refused."""

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import formulas, growth, integrals, parity, rectangles
from mfcheck.verify.formulas import evaluate, iv
from mfcheck.verify.reading import effort
from mfcheck.verify.reals import REALS


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 2 * 32 + 100


def enclosed(formula: str, **inputs: str) -> tuple[mpmath.mpf, mpmath.mpf]:
    names = {name: iv.mpf(text) for name, text in inputs.items()}
    value = evaluate(formula, names, REALS)
    return mpmath.mpf(value.a), mpmath.mpf(value.b)


def mean(f: Callable[[Any], Any], cuts: tuple[float, ...] = ()) -> Any:
    """Another quadrature: tanh-sinh of mpmath between cuts."""
    ends = sorted([*range(-14, 15, 2), *cuts])
    with mpmath.workdps(25):
        scale = mpmath.sqrt(2 * mpmath.pi)
        return mpmath.quad(lambda x: f(x) * mpmath.exp(-x * x / 2) / scale, ends)


def gelu(x: Any) -> Any:
    return x * (1 + mpmath.erf(x / mpmath.sqrt(2))) / 2


MEANS: list[tuple[str, Callable[[Any], Any], tuple[float, ...]]] = [
    ("x**4", lambda x: x**4, ()),
    ("tanh(x)**2", lambda x: mpmath.tanh(x) ** 2, ()),
    ("(1-tanh(3*x)**2)**2", lambda x: mpmath.sech(3 * x) ** 4, ()),
    ("exp(x/2)*cos(x)", lambda x: mpmath.exp(x / 2) * mpmath.cos(x), ()),
    ("log(1+exp(x))", lambda x: mpmath.log(1 + mpmath.exp(x)), ()),
    ("(x*(1+erf(x/sqrt(2)))/2)**2", lambda x: gelu(x) ** 2, ()),
    ("atan(x)*x", lambda x: mpmath.atan(x) * x, ()),
    ("1/sqrt(1+x**2)", lambda x: 1 / mpmath.sqrt(1 + x * x), ()),
    ("(1+x**2)**(-3/2)", lambda x: (1 + x * x) ** -1.5, ()),
    ("(2+sin(x))**(1/3)", lambda x: mpmath.cbrt(2 + mpmath.sin(x)), ()),
    ("max(x,0)**3", lambda x: max(x, 0) ** 3, (0.0,)),
    ("max(x,-x)", abs, (0.0,)),
    ("min(1,max(-1,x))**2", lambda x: min(1, max(-1, x)) ** 2, (-1.0, 1.0)),
    ("exp(-x**2)", lambda x: mpmath.exp(-x * x), ()),
    ("exp(-max(x,-x))", lambda x: mpmath.exp(-abs(x)), (0.0,)),
    ("1/(-1-x**2)", lambda x: -1 / (1 + x * x), ()),
    ("min(x**2, 4)", lambda x: min(x * x, 4), (-2.0, 2.0)),
    ("x/(3+tanh(x))", lambda x: x / (3 + mpmath.tanh(x)), ()),
]


@pytest.mark.parametrize(("body", "f", "cuts"), MEANS, ids=[body for body, *_ in MEANS])
def test_means_against_another_quadrature(
    body: str, f: Callable[[Any], Any], cuts: tuple[float, ...]
) -> None:
    low, high = enclosed(f"normal(x, {body})")
    value = mean(f, cuts)
    assert low <= value <= high
    assert high - low < 1e-8


INTEGRALS = [
    ("integral(x, 0, 1, x**3)", "1/4"),
    ("integral(x, 0, pi/2, cos(x))", "1"),
    ("integral(x, 0, 1, sqrt(x))", "2/3"),
    ("integral(x, 1, 2, 1/x) - log(2)", "0"),
    ("integral(x, 2, 0, x)", "-2"),
    ("integral(t, 0, 1, exp(a*t)) - (exp(a)-1)/a", "0"),
    ("integral(x, -1, 1, max(x, 0))", "1/2"),
]


@pytest.mark.parametrize(("formula", "value"), INTEGRALS)
def test_definite_integrals_with_known_values(formula: str, value: str) -> None:
    low, high = enclosed(formula, a="0.7")
    exact = mpmath.mpf(Fraction(value).numerator) / Fraction(value).denominator
    assert low <= exact <= high
    assert high - low < 1e-8


@given(
    st.fractions(-3, 3, max_denominator=9),
    st.fractions(Fraction(1, 5), 4, max_denominator=9),
    st.sampled_from(["tanh", "erf", "atan", "sin"]),
)
@settings(max_examples=12, deadline=None)
def test_means_of_shifted_and_scaled_activations(
    shift: Fraction, scale: Fraction, name: str
) -> None:
    effort.start()
    a, b = (f"({x.numerator}/{x.denominator})" for x in (scale, shift))
    low, high = enclosed(f"normal(z, {name}({a}*z+{b}))")
    f = getattr(mpmath, name)
    value = mean(lambda z: f(mpmath.mpf(scale.numerator) / scale.denominator * z + shift * 1.0))
    assert low - 1e-15 <= value <= high + 1e-15
    assert high - low < 1e-7


def test_inputs_that_vary_vary_the_integral() -> None:
    names = {"q": iv.mpf(["1", "1.1"])}
    value = evaluate("normal(x, tanh(sqrt(q)*x)**2)", names, REALS)
    for q in (1.0, 1.05, 1.1):
        one = mean(lambda x, q=q: mpmath.tanh(mpmath.sqrt(q) * x) ** 2)
        assert mpmath.mpf(value.a) <= one <= mpmath.mpf(value.b)


# --- what has no value -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "normal(x, exp(x**2/2))",
        "normal(x, exp(exp(x)))",
        "normal(x, 1/x)",
        "normal(x, log(x))",
        "normal(x, sqrt(x))",
        "normal(x, (x-5)**(1/2))",
        "normal(x, x**x)",
        "normal(x, 1/(1+x))",
        "normal(x, 1/(x**2-400))",
        "normal(x, log(2+sin(x)-1))",
        "normal(x, (2+x**2)**sin(x))",
        "normal(x, 2**(x**3))",
        "normal(x, (1+x**2)**2000)",
        "normal(x, (x-1)**(1/3))",
        "integral(x, 1, 2, x**2000)",
        "integral(x, -1, 1, 1/x)",
        "integral(x, 0, 1, 1/(3*x-1))",
        "integral(x, 0, 1, log(x))",
        "integral(x, -1, 1, sqrt(x))",
    ],
)
def test_what_is_not_seen_to_exist_is_refused(formula: str) -> None:
    with pytest.raises((verify.UnprovedError, verify.MalformedError)):
        enclosed(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "normal(q, q)",
        "normal(pi, 1)",
        "normal(exp, 1)",
        "normal(2, 1)",
        "normal(x)",
        "normal(x, x, x)",
        "normal(x, y)",
        "integral(x, 0, x)",
        "integral(x, 0, x, 1)",
        "integral(x, 0, 1)",
        "normal(x, x) + x",
        "normal(normal, normal)",
    ],
)
def test_names_are_bound_in_their_own_body_alone(formula: str) -> None:
    with pytest.raises(verify.MalformedError):
        enclosed(formula, q="1")


def test_a_mean_may_grow_but_not_like_the_density() -> None:
    low, high = enclosed("normal(x, exp(3*x))")
    assert low <= mpmath.exp(4.5) <= high
    with pytest.raises(verify.UnprovedError, match="grow too fast"):
        enclosed("normal(x, exp(70*x))")


def test_what_lies_beyond_the_panels_is_counted() -> None:
    """The bound of the tail against the tail itself, for growth of all kinds."""
    for power, rate, size in ((0, 0, 1), (2, 0, 1), (0, 1, 5), (3, 2, 1)):
        f = growth.Growth(iv.mpf(size), Fraction(power), Fraction(rate))
        place, rest = growth.beyond(f, 20)

        def tail(x: Any, p: int = power, r: int = rate, s: int = size) -> Any:
            bell = mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
            return s * (1 + x) ** p * mpmath.exp(r * x) * bell

        value = 2 * mpmath.quad(tail, [place, place + 2, place + 8, place + 30])
        assert value <= mpmath.mpf(rest.b)
        assert mpmath.mpf(rest.b) <= 2.0**-20


@pytest.mark.parametrize("n", [2, 8, 14, 20])
def test_the_rule_is_that_of_gauss(n: int) -> None:
    iv.prec = 300
    rule = integrals.rule(n, 300)
    assert len(rule) == n
    for power in range(2 * n):
        total = sum((w * x**power for x, w in rule), iv.mpf(0))
        exact = iv.mpf(0 if power % 2 else 2) / (power + 1)
        assert 0 in total - exact
        assert total.delta < 1e-40
    past = sum((w * x ** (2 * n) for x, w in rule), iv.mpf(0)) - iv.mpf(2) / (2 * n + 1)
    assert 0 not in past


def test_the_bound_of_the_tail_enters_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """With panels up to 2 alone, 0.2615 of E x^2 = 1 is beyond; the bound of that has to be in the answer."""
    monkeypatch.setattr(integrals, "beyond", lambda *_: (2, iv.mpf("0.27")))
    for body in ("x**2", "x**2+x"):  # by halves, and as a whole
        low, high = enclosed(f"normal(x, {body})")
        assert low <= 1 <= high
        assert 0.53 < high - low < 0.55


@pytest.mark.parametrize(
    "formula",
    ["integral(x, 3, 7, exp(x)/x)", "integral(x, 2, 1, x**3)", "normal(x, tanh(x/2)+x)"],
)
def test_bounds_off_the_line_hold_what_is_summed_on_it(
    formula: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    over = integrals._Integrand.over

    def recorded(self: Any, a: Fraction, b: Fraction) -> Any:
        seen.append((self, a, b))
        return over(self, a, b)

    monkeypatch.setattr(integrals._Integrand, "over", recorded)
    enclosed(formula)
    for integrand, a, b in seen[:8]:
        for share in (Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)):
            x = formulas.exact(a + share * (b - a))
            value = integrand.value(x)
            around = integrand.around(x, rectangles.real(x)).re
            assert 0 in value - around
            on_panel = integrand.around(integrals.hull(a, b), integrals.ellipse(a, b))
            assert abs(value).a <= on_panel.size()


def test_a_rule_of_many_nodes_is_paid_for() -> None:
    effort.start(200 * 68**2 - 1)
    iv.prec = 2 * 256 + 100
    with pytest.raises(verify.MalformedError, match="too much work"):
        enclosed("integral(x, 0, 1, x)")


# --- rectangles --------------------------------------------------------------------------------------------------

COMPLEX = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "atan": mpmath.atan,
}
BODIES = [*(f"{name}(z)" for name in COMPLEX), "z**5", "z**(-3)", "1/z", "z**(1/3)", "z*z-3/z"]


@given(
    st.sampled_from(BODIES),
    st.floats(-3, 3),
    st.floats(0, 1.4),
    st.floats(0.01, 0.6),
    st.floats(0.01, 0.5),
)
@settings(max_examples=300, deadline=None)
def test_a_rectangle_holds_the_values_at_its_points(
    body: str, x: float, y: float, dx: float, dy: float
) -> None:
    iv.prec = 164
    box = rectangles.Rectangle(iv.mpf([x - dx, x + dx]), iv.mpf([y - dy, y + dy]))
    try:
        found = evaluate(body, {"z": box}, rectangles.rectangles(iter([])))
    except verify.UnprovedError:
        return
    for s in (-1, -0.3, 0, 0.6, 1):
        for t in (-1, -0.4, 0, 0.5, 1):
            z = mpmath.mpc(x + s * dx * 0.999, y + t * dy * 0.999)
            value = mpmath.mpmathify(eval_complex(body, z))
            assert mpmath.mpf(found.re.a) - 1e-12 <= value.real <= mpmath.mpf(found.re.b) + 1e-12
            assert mpmath.mpf(found.im.a) - 1e-12 <= value.imag <= mpmath.mpf(found.im.b) + 1e-12


def eval_complex(body: str, z: Any) -> Any:
    name = body.split("(", maxsplit=1)[0]
    if name in COMPLEX:
        return COMPLEX[name](z)
    return {
        "z**5": lambda: z**5,
        "z**(-3)": lambda: z**-3,
        "1/z": lambda: 1 / z,
        "z**(1/3)": lambda: mpmath.exp(mpmath.log(z) / 3),
        "z*z-3/z": lambda: z * z - 3 / z,
    }[body]()


@pytest.mark.parametrize(
    ("body", "x", "y"),
    [
        ("tanh(z)", 0.0, 1.6),
        ("1/z", 0.0, 0.0),
        ("log(z)", -1.0, 0.0),
        ("sqrt(z)", 0.0, 0.0),
        ("atan(z)", 0.0, 1.0),
        ("z**z", 1.0, 0.5),
        ("z**2000", 1.0, 0.0),
        ("normal(x, x*z)", 1.0, 0.0),
    ],
)
def test_singular_points_are_refused(body: str, x: float, y: float) -> None:
    box = rectangles.Rectangle(iv.mpf([x - 0.1, x + 0.1]), iv.mpf([y - 0.1, y + 0.1]))
    with pytest.raises(verify.UnprovedError):
        evaluate(body, {"z": box}, rectangles.rectangles(iter([])))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("max(0, x)", -1, 1),
        ("min(x, x**2)", 0, 2),
        ("step(x)", -1, 1),
        ("step(x)", -1, 0),
        ("step(max(0, x-1/2)-1/8)", 0, 1),
    ],
)
def test_what_changes_on_a_part_of_the_line_has_no_continuation(
    text: str, low: int, high: int
) -> None:
    iv.prec = 164
    with pytest.raises(verify.UnprovedError):
        evaluate(text, {"x": iv.mpf([low, high])}, rectangles.decided([]))


def test_continuations_are_those_from_the_part_of_the_line() -> None:
    """At -1/2, in the rectangle: x**2 and not max(x, 0)**2, as x is the largest on [0, 1]; and so on, by hand."""
    iv.prec = 164
    here, there = iv.mpf([0, 1]), rectangles.real(iv.mpf(-0.5))
    cases = {
        "max(x, 0)**2": 0.25,
        "max(-x, 0)**2": 0,
        "min(x, 0) + 3*max(1, 2, x)": 6,
        "step(x)*x": -0.5,
        "step(-x-1)*x": 0,
        "max(x, 0) - min(x, 2) + step(x+1)": 1,
    }
    for text, value in cases.items():
        reader = formulas.Reader(text, {}, formulas.INTERVALS)
        found = integrals.continued(reader, "x", formulas.parse(text), here, there)
        assert value in found.re
        assert found.re.delta < 1e-9


# --- parity ------------------------------------------------------------------------------------------------------

FORMS = {
    "x": -1,
    "x**2": 1,
    "x**3": -1,
    "x**(-3)": -1,
    "x**(-2)": 1,
    "x**(1/2)": 0,
    "x**x": 0,
    "2**x": 0,
    "2**(x**2)": 1,
    "(x**2+1)**(-3/2)": 1,
    "x+x**3": -1,
    "x+1": 0,
    "x-x**2": 0,
    "1-x**2": 1,
    "-x": -1,
    "-x**2": 1,
    "x*x": 1,
    "x/(1+x**2)": -1,
    "1/x": -1,
    "a*x": -1,
    "tanh(a*x)**2": 1,
    "tanh(x+a)**2": 0,
    "sin(x**2)": 1,
    "cos(x**3)": 1,
    "cos(x+1)": 0,
    "erf(atan(x))": -1,
    "exp(x)": 0,
    "exp(-x**2/2)": 1,
    "log(1+exp(x))": 0,
    "sqrt(1+x**2)*x": -1,
    "max(x, -x)": 0,
    "max(x**2, 1)": 1,
    "min(x, 1)": 0,
    "pi*x": -1,
}


@pytest.mark.parametrize(("formula", "sign"), FORMS.items())
def test_parity_by_form(formula: str, sign: int) -> None:
    names = {"x": parity.VARIABLE, "a": parity.EVEN}
    assert evaluate(formula, names, parity.PARITY).sign == sign
    if sign:
        left, right = (
            evaluate(formula, {"x": iv.mpf(x), "a": iv.mpf("0.3")}, REALS) for x in ("0.7", "-0.7")
        )
        assert 0 in left - sign * right
        assert 0 not in left + sign * right


# --- growth ------------------------------------------------------------------------------------------------------


@given(st.sampled_from([body for body, *_ in MEANS]), st.floats(-30, 30))
@settings(max_examples=200, deadline=None)
def test_a_formula_stays_below_its_growth(body: str, x: float) -> None:
    effort.start()
    f = evaluate(body, {"x": growth.VARIABLE}, growth.GROWTH)
    value = evaluate(body, {"x": iv.mpf(x)}, REALS)
    scale = (1 + abs(iv.mpf(x))) ** iv.mpf(float(f.power))
    most = f.size * scale * iv.exp(iv.mpf(float(f.rate)) * abs(iv.mpf(x)))
    assert abs(value).a <= most.b * (1 + 1e-12)
    assert f.low is None or f.low.a <= value.b
    assert f.high is None or value.a <= f.high.b


@pytest.mark.parametrize(
    "body",
    ["1+x**4", "x**4+1", "x+exp(2*x)", "exp(2*x)-x", "tanh(x)-x**3", "max(1, x**5)", "x*exp(x)+1"],
)
def test_the_faster_of_two_terms_counts(body: str) -> None:
    f = evaluate(body, {"x": growth.VARIABLE}, growth.GROWTH)
    for x in (-25, -3, 0, 4, 30):
        value = evaluate(body, {"x": iv.mpf(x)}, REALS)
        scale = iv.mpf(1 + abs(x)) ** int(f.power) * iv.exp(iv.mpf(float(f.rate)) * abs(x))
        assert abs(value).a <= (f.size * scale).b * (1 + 1e-12)


# --- certificates ------------------------------------------------------------------------------------------------


def verdict(kind: str, claim: dict[str, Any], bits: int = 40) -> verify.Verdict:
    data = certificate.make(kind, claim, {"bits": bits})
    return verify.verify(json.dumps(data))


def test_a_bound_that_is_one_digit_too_sharp_is_rejected() -> None:
    claim = {"formula": "normal(x, tanh(x)**2)", "inputs": {}}
    good = {"lower": "0.3942944903", "upper": "0.3942944904"}  # 0.39429449039784...
    assert verdict("inequality", {**claim, **good}).status == "accepted"
    for bad in ({"lower": "0.3942944904"}, {"upper": "0.3942944903"}):
        assert verdict("inequality", {**claim, **bad}).status == "rejected"


def test_an_integral_of_what_is_expanded_is_open_and_not_wrong() -> None:
    """Taylor series do not enter integrals: halving alone has to do."""
    data = certificate.inequality(
        "normal(x, tanh(a*x)**2)", {"a": ("0", "1")}, lower="-0.01", bisect=3
    )
    assert verify.verify(json.dumps(data)).status == "accepted"
    data = certificate.inequality(
        "normal(x, tanh(a*x)**2)", {"a": ("0", "1")}, lower="0.001", bisect=3
    )
    assert verify.verify(json.dumps(data)).status == "rejected"
