"""Recursions in certificates: against mpmath in high precision, and forgeries."""

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import balls, recursions
from mfcheck.verify.balls import Arcs, compiled
from mfcheck.verify.formulas import evaluate, iv
from mfcheck.verify.slopes import slope

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "certificates" / "accept"
ARCS: Json = json.loads((FOLDER / "recursion-arc-cosines.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 120


def verdict(claim: Json, witness: Json) -> verify.Verdict:
    return verify.verify(json.dumps(certificate.make("recursion", claim, witness)))


def arc0(x: Any) -> Any:
    return 1 - mpmath.acos(x) / mpmath.pi


def arc1(x: Any) -> Any:
    return (mpmath.sqrt(1 - x * x) + (mpmath.pi - mpmath.acos(x)) * x) / mpmath.pi


def layers(u: str, a: Any, depth: int) -> Any:
    """The kernel of a residual ReLU network."""
    rho, total = mpmath.mpf(Fraction(u).numerator) / Fraction(u).denominator, mpmath.mpf(0)
    for _ in range(depth):
        factor, term = 1 - a + a * arc0(rho), (arc1(rho) + rho * arc0(rho)) / 2
        rho, total = rho + a * (arc1(rho) - rho), factor * total + term
    return total / depth


@pytest.mark.parametrize("u", ["-99/100", "-1/2", "0", "9/10", "9999/10000"])
@pytest.mark.parametrize(("share", "depth"), [("1/2", 300), ("1/(1+sqrt(300))", 300), ("1", 40)])
def test_kernels_of_many_layers(u: str, share: str, depth: int) -> None:
    with mpmath.workdps(40):
        a = mpmath.mpf(eval(share, {"sqrt": mpmath.sqrt}))  # noqa: S307
        value = layers(u, a, depth)
        ends = [mpmath.nstr(value + side * mpmath.mpf(10) ** -14, 20) for side in (-1, 1)]
        above = mpmath.nstr(value + mpmath.mpf(10) ** -13, 20)
    claim = copy.deepcopy(ARCS["claim"])
    claim |= {"constants": {"a": share}, "start": {"rho": u, "S": "0"}}
    asked = {"after": depth, "formula": f"S/{depth}"}
    claim["values"] = {"r": {**asked, "lower": ends[0], "upper": ends[1]}}
    assert verdict(claim, ARCS["witness"]).status == "accepted"
    claim["values"] = {"r": {**asked, "lower": ends[1], "upper": above}}
    assert verdict(claim, ARCS["witness"]).status == "rejected"


@pytest.mark.parametrize(
    ("step", "start", "f"),
    [
        ("x/2 + 1/x", "1", lambda x: x / 2 + 1 / x),
        ("-x**3/4 + pi/4 - x", "1/3", lambda x: -(x**3) / 4 + mpmath.pi / 4 - x),
        ("sqrt(2 + x)", "0", lambda x: mpmath.sqrt(2 + x)),
        ("tanh(x)*0.9 + 0.1", "2", lambda x: mpmath.tanh(x) * mpmath.mpf(9) / 10 + 0.1),
        ("1/(1 + exp(-x))", "0.5", lambda x: 1 / (1 + mpmath.exp(-x))),
    ],
)
def test_other_steps(step: str, start: str, f: Callable[[Any], Any]) -> None:
    with mpmath.workdps(40):
        x = mpmath.mpf(Fraction(start).numerator) / Fraction(start).denominator
        if step.startswith("tanh"):
            f = lambda x: mpmath.tanh(x) * mpmath.mpf("0.9") + mpmath.mpf("0.1")  # noqa: E731
        for _ in range(12):
            x = f(x)
        ends = [mpmath.nstr(x + side * mpmath.mpf(10) ** -12, 20) for side in (-1, 1)]
    value = {"after": 12, "formula": "x", "lower": ends[0], "upper": ends[1]}
    claim = {"constants": {}, "start": {"x": start}, "steps": {"x": step}, "values": {"x": value}}
    assert verdict(claim, {"bits": 100, "slopes": {}}).status == "accepted"


def test_errors_grow_by_the_slope_alone() -> None:
    """x -> 2x - x^2 tends to 1; in plain balls the two terms add their errors."""
    value = {"after": 20, "formula": "x", "lower": "0.999999999999", "upper": "1.000000000001"}
    claim = {
        "constants": {},
        "start": {"x": "1/3"},
        "steps": {"x": "2*x - x**2"},
        "values": {"x": value},
    }
    slopes = {"x": ["1/4", "1.01", "3/2"]}
    assert verdict(claim, {"bits": 64, "slopes": slopes}).status == "accepted"
    for bad in (["1/4", "1.01", "7/5"], ["1/2", "1.01", "1"], ["1/4", "0.99", "3/2"]):
        assert verdict(claim, {"bits": 64, "slopes": {"x": bad}}).status == "rejected"
    assert verdict(claim, {"bits": 64, "slopes": {}}).status == "rejected"


# --- balls ----------------------------------------------------------------------------------------------------

NUMBERS = st.fractions(min_value=-1, max_value=1, max_denominator=10**6)
NEAR_ENDS = st.builds(
    lambda k, side: side * (1 - Fraction(1, 10**k)), st.integers(1, 12), st.sampled_from([-1, 1])
)


@given(
    st.one_of(NUMBERS, NEAR_ENDS),
    st.sampled_from([0, 1, 1000, 10**9]),
    st.sampled_from([64, 96, 128]),
)
@settings(max_examples=200, deadline=None)
def test_arc_cosine_functions_of_balls(x: Fraction, radius: int, bits: int) -> None:
    one = 1 << bits
    middle = round(x * one)
    if abs(middle) + radius >= one:
        return
    try:
        found = Arcs.of(bits).at((middle, radius))
    except verify.UnprovedError:
        assert bits == 64
        assert 1 - abs(x) < Fraction(1, 10**6)
        return
    with mpmath.workprec(bits + 60):
        for y in (middle - radius, middle, middle + radius):
            place = mpmath.mpf(y) / one
            for f, (value, error) in zip((arc0, arc1), found, strict=True):
                assert abs(f(place) * one - value) <= error
        if radius == 0 and 1 - abs(x) > Fraction(1, 10):
            assert max(error for _, error in found) < max(10**4, 2 ** (bits - 104))


@pytest.mark.parametrize(("x", "values"), [(1, (1, 1)), (-1, (0, 0))])
def test_arc_cosine_functions_at_the_ends(x: int, values: tuple[int, int]) -> None:
    found = Arcs.of(80).at((x << 80, 0))
    for (middle, error), value in zip(found, values, strict=True):
        assert abs(middle - (value << 80)) <= error < 100
    for ball in ((x << 80, 1), (0, (1 << 80) + 1), (x * ((1 << 80) - 1), 1)):
        with pytest.raises(verify.UnprovedError):
            Arcs.of(80).at(ball)


@pytest.mark.parametrize("a", [1 << 64, (1 << 64) - 1, 1 - (1 << 64), (1 << 64) - 40])
def test_angles_near_the_ends_are_right_or_refused(a: int) -> None:
    try:
        theta, error = Arcs.of(64).angle(a)
    except verify.UnprovedError:
        assert abs(a) < 1 << 64
        return
    with mpmath.workprec(200):
        assert abs(mpmath.acos(mpmath.mpf(a) / 2**64) * 2**64 - theta) <= error + 1


@pytest.mark.parametrize("name", ["arc0", "arc1"])
def test_arc_cosine_functions_of_intervals(name: str) -> None:
    f = {"arc0": arc0, "arc1": arc1}[name]
    for low, high in (
        (-1, 1),
        (-1, Fraction(-1, 2)),
        (Fraction(1, 3), Fraction(1, 2)),
        (1, 1),
        (0, 0),
    ):
        x = iv.mpf(
            [
                iv.mpf(Fraction(low).numerator) / Fraction(low).denominator,
                iv.mpf(Fraction(high).numerator) / Fraction(high).denominator,
            ]
        )
        value = evaluate(f"{name}(x)", {"x": iv.mpf([x.a, x.b])})
        with mpmath.workdps(40):
            ends = [f(mpmath.mpf(y.numerator) / y.denominator) for y in map(Fraction, (low, high))]
            assert mpmath.mpf(value.a) <= ends[0] + mpmath.mpf(10) ** -30
            assert mpmath.mpf(value.b) >= ends[1] - mpmath.mpf(10) ** -30
            assert (
                mpmath.mpf(value.b) - mpmath.mpf(value.a)
                < ends[1] - ends[0] + mpmath.mpf(10) ** -25
            )
    for text in ("arc0(1.5)", "arc1(-1.5)", "arc0(1+1e-9)"):
        with pytest.raises(verify.UnprovedError):
            evaluate(text, {})


@pytest.mark.parametrize("text", ["arc0(x)", "arc1(x)", "arc1(x/2)*arc0(x)"])
def test_slopes_of_arc_cosine_functions(text: str) -> None:
    derivative = slope(text, "x")
    with mpmath.workdps(30):
        for x in (-0.9, -0.2, 0.4, 0.8):
            f = lambda y: eval(text, {"arc0": arc0, "arc1": arc1, "x": y})  # noqa: E731, S307
            value = evaluate(derivative, {"x": iv.mpf(x)})
            assert abs(mpmath.mpf(value.mid) - mpmath.diff(f, mpmath.mpf(x))) < 1e-9


@given(
    st.lists(st.fractions(-5, 5, max_denominator=1000), min_size=2, max_size=2),
    st.lists(st.integers(0, 10**6), min_size=2, max_size=2),
    st.sampled_from(["x+y", "x-y", "x*y", "x/y", "-x", "sqrt(x)", "x**3", "x*(y-1/3)"]),
)
@settings(max_examples=300, deadline=None)
def test_operations_of_balls_hold_all_values(
    x: list[Fraction], radii: list[int], text: str
) -> None:
    bits = 70
    middles = [round(v * 2**bits) for v in x]
    code, price = compiled(text, bits, ("x", "y"))
    assert price > 0
    try:
        middle, radius = code(dict(zip("xy", zip(middles, radii, strict=True), strict=True)))
    except verify.UnprovedError:
        low = abs(middles[1]) <= radii[1] if "/y" in text else middles[0] < radii[0]
        assert low
        assert text in ("x/y", "sqrt(x)")
        return
    with mpmath.workdps(60):
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                a, b = (
                    mpmath.mpf(m + k * r) / 2**bits
                    for m, k, r in zip(middles, (i, j), radii, strict=True)
                )
                names = {"x": a, "y": b, "sqrt": mpmath.sqrt}
                third = text.replace("1/3", "third")
                value = eval(third, {**names, "third": mpmath.mpf(1) / 3})  # noqa: S307
                assert abs(value * 2**bits - middle) <= radius + mpmath.mpf(10) ** -20


@given(
    st.lists(st.fractions(-5, 5, max_denominator=1000), min_size=2, max_size=2),
    st.lists(st.integers(0, 2**72), min_size=2, max_size=2),
    st.sampled_from(["x*y", "x/y", "sqrt(x)", "x**2*y"]),
)
@settings(max_examples=300, deadline=None)
def test_operations_of_wide_balls_hold_the_values_at_their_ends(
    x: list[Fraction], radii: list[int], text: str
) -> None:
    """Radii as large as the middles: the second order counts. In fractions, and by squares for the root."""
    bits = 70
    balls = [(round(v * 2**bits), r) for v, r in zip(x, radii, strict=True)]
    try:
        middle, radius = compiled(text, bits, ("x", "y"))[0](dict(zip("xy", balls, strict=True)))
    except verify.UnprovedError:
        return
    for i in (-1, 1):
        for j in (-1, 1):
            a, b = (Fraction(m + k * r, 2**bits) for (m, r), k in zip(balls, (i, j), strict=True))
            low, high = Fraction(middle - radius, 2**bits), Fraction(middle + radius, 2**bits)
            if text == "sqrt(x)":
                assert max(low, Fraction(0)) ** 2 <= a <= high**2
            else:
                value = {"x*y": a * b, "x**2*y": a * a * b}.get(text)
                assert low <= (a / b if value is None else value) <= high


def test_a_radius_is_multiplied_by_the_slope() -> None:
    """1/2 give or take 1/16 under `x -> 2x - x^2`, at both ends in fractions; 2^61 units are an eighth."""
    step = recursions._Step(compiled("2*x - x**2", 64, ("x",))[0], Fraction(3, 2), 2**62, 2**64)
    middle, radius = step.next("x", {"x": (2**63, 2**60)})
    for x in (Fraction(1, 2) - Fraction(1, 16), Fraction(1, 2) + Fraction(1, 16)):
        value = (2 * x - x * x) * 2**64
        assert middle - radius <= value <= middle + radius
    assert radius < 2**61


def test_the_slope_is_that_of_the_whole_interval() -> None:
    """`x -> x^2/4` on [0, 4] has slopes up to 2; those of its first sixteenth are below 1/4."""
    for slope_bound, status in (("1/4", "rejected"), ("2", "accepted")):
        claim = {
            "constants": {},
            "start": {"x": "2"},
            "steps": {"x": "x**2/4"},
            "values": {"end": {"after": 2, "formula": "x", "lower": "0.24", "upper": "0.26"}},
        }
        witness = {"bits": 64, "slopes": {"x": ["0", "4", slope_bound]}}
        data = certificate.make("recursion", claim, witness)
        assert verify.verify(json.dumps(data)).status == status


# --- what must be refused -----------------------------------------------------------------------------------


def claimed(**changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["claim"].update(changes)


def hinted(**changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["witness"].update(changes)


def value(name: str, **changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["claim"]["values"][name].update(changes)


def stepped(**changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["claim"]["steps"].update(changes)


FACTOR, TERM = "(1 - a + a*arc0(rho))*S", "(arc1(rho) + rho*arc0(rho))/2"
REJECTED: dict[str, Callable[[Json], Any]] = {
    "lower, by a unit of the sixth digit": value("r_100", lower="0.286773"),
    "upper, by a unit of the sixth digit": value("r_100", upper="0.286772"),
    "one step less": value("r_100", after=99),
    "one step more": value("r_100", after=101),
    "no step": value("r_1", after=0),
    "another depth in the mean": value("r_100", formula="S/99"),
    "another state": value("r_100", formula="rho"),
    "half the share": claimed(constants={"a": "1/4"}),
    "another cosine": claimed(start={"rho": "1/3", "S": "0"}),
    "another first sum": claimed(start={"rho": "1/2", "S": "1"}),
    "the factor dropped": stepped(S=f"S + {TERM}"),
    "the share squared": stepped(rho="rho + a**2*(arc1(rho) - rho)"),
    "the factor of the other order": stepped(S=f"(1 - a + a*arc1(rho))*S + {TERM}"),
    "the term doubled": stepped(S=f"{FACTOR} + arc1(rho) + rho*arc0(rho)"),
    "the sign of a step": stepped(rho="rho - a*(arc1(rho) - rho)"),
    "a slope that is too small": hinted(slopes={"rho": ["-1", "1", "99/100"]}),
    "a slope of zero": hinted(slopes={"rho": ["-1", "1", "0"]}),
    "an interval that is left": hinted(slopes={"rho": ["-1", "3/4", "1"]}),
    "an interval elsewhere": hinted(slopes={"rho": ["3/4", "1", "1"]}),
    "an interval beyond the domain": hinted(slopes={"rho": ["-1", "2", "1"]}),
    "a cosine above one": claimed(start={"rho": "3/2", "S": "0"}),
    "a division by zero": stepped(S="1/S"),
    "a root of what is negative": stepped(S="sqrt(S - 1)"),
    "a state that explodes": stepped(S="(S + 3)**16"),
    "a value without bound": value("r_100", formula="1/(S - S)"),
    "a constant that does not exist": claimed(constants={"a": "log(-1)"}),
}
MALFORMED: dict[str, Callable[[Json], Any]] = {
    "a state without a step": lambda c: c["claim"]["steps"].pop("S"),
    "a step without a state": lambda c: c["claim"]["start"].pop("S"),
    "no state": claimed(start={}, steps={}),
    "no value": claimed(values={}),
    "a value that is a text": claimed(values={"r": "1/2"}),
    "a value without an upper bound": lambda c: c["claim"]["values"]["r_1"].pop("upper"),
    "a value with another key": value("r_1", note="1"),
    "a negative number of steps": value("r_1", after=-1),
    "too many steps": value("r_1", after=20_001),
    "a number of steps that is a text": value("r_1", after="1"),
    "true steps": value("r_1", after=True),
    "a bound in words": value("r_1", lower="low"),
    "a constant that is a state": claimed(constants={"a": "1/2", "S": "1"}),
    "a name of no state": stepped(S="S + T"),
    "a name of no state in a value": value("r_1", formula="T"),
    "a start that needs a state": claimed(start={"rho": "S", "S": "0"}),
    "an integral in a step": stepped(S="normal(t, t*S)"),
    "a maximum in a step": stepped(S="max(S, 1)"),
    "a large exponent": stepped(S="S**17"),
    "an exponent that is no whole number": stepped(S="S**(1/2)"),
    "a step that is a list": stepped(S=["S"]),
    "a slope of no state": hinted(slopes={"x": ["-1", "1", "1"]}),
    "a slope with two numbers": hinted(slopes={"rho": ["-1", "1"]}),
    "a slope that is a text": hinted(slopes={"rho": "1"}),
    "a negative slope": hinted(slopes={"rho": ["-1", "1", "-1"]}),
    "a slope of two states": hinted(slopes={"S": ["-1", "1000", "1"]}),
    "an interval that is a point": hinted(slopes={"rho": ["1/2", "1/2", "1"]}),
    "few bits": hinted(bits=10),
    "many bits": hinted(bits=129),
    "a name of a function": claimed(
        start={"rho": "1/2", "arc0": "0"}, steps={"rho": "rho", "arc0": "rho"}
    ),
    "names with a space": claimed(values={"r 1": ARCS["claim"]["values"]["r_1"]}),
    "too many states": claimed(
        start={f"x{k}": "0" for k in range(9)}, steps={f"x{k}": "0" for k in range(9)}
    ),
}


@pytest.mark.parametrize(
    ("edits", "status"), [(REJECTED, "rejected"), (MALFORMED, "malformed")], ids=["false", "form"]
)
def test_forgeries(
    forgeries: Callable[..., None], edits: dict[str, Callable[[Json], Any]], status: str
) -> None:
    forgeries(ARCS, edits, status)


def test_what_is_said() -> None:
    assert verify.statement("recursion", ARCS["claim"]) == (
        "with a = 1/2, from rho = 1/2, S = 0 on, each step setting rho -> rho + a*(arc1(rho) - rho), "
        "S -> (1 - a + a*arc0(rho))*S + (arc1(rho) + rho*arc0(rho))/2 at once: "
        "(r_1) 0.47116 <= S <= 0.47117 after 1 steps; (r_100) 0.28677 <= S/100 <= 0.28678 after 100 steps"
    )


@pytest.mark.parametrize(
    "step", ["exp(x)*0", "*".join(["x"] * 1900), "(" * 40 + "x" + ")**16" * 40]
)
def test_work_ends_in_a_limit(step: str) -> None:
    value = {"after": 20_000, "formula": "x", "lower": "0", "upper": "1"}
    claim = {
        "constants": {},
        "start": {f"x{k}" if k else "x": "3" for k in range(8)},
        "steps": {f"x{k}" if k else "x": step for k in range(8)},
        "values": {"x": value},
    }
    found = verdict(claim, {"bits": 128, "slopes": {}})
    assert found.status in ("rejected", "malformed")


def test_a_value_serves_in_a_later_part() -> None:
    gap = certificate.inequality("r - 1/4", {"r": "run.r_100"}, "0.0367", "0.0369", digits=8)
    assert (
        verify.verify(json.dumps(certificate.bundle({"run": ARCS, "gap": gap}))).status
        == "accepted"
    )


def test_planted_slack_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sine and cosine are known to some units; without them bounds would be sharper than the truth."""
    monkeypatch.setattr(balls, "_SLACK", 0)
    one, outside = 1 << 64, 0
    with mpmath.workprec(160):
        for k in range(1, 400):
            a = k * one // 401
            try:
                theta, error = Arcs.of(64).angle(a)
            except ZeroDivisionError:
                continue
            outside += abs(mpmath.acos(mpmath.mpf(a) / one) * one - theta) > max(error - 3, 0)
    assert outside > 0


def test_what_only_sums_make_large_is_refused_before_roots_of_it_take_time() -> None:
    """Roots of numbers of a hundred thousand bits would take an hour."""
    steps = {"x": "+".join(["x"] * 60), "y": "+".join(["sqrt(x)"] * 200)}
    value = {"after": 20_000, "formula": "0*y", "lower": "0", "upper": "0"}
    claim = {"constants": {}, "start": {"x": "1", "y": "1"}, "steps": steps, "values": {"v": value}}
    found = verdict(claim, {"bits": 64, "slopes": {}})
    assert (found.status, found.reason) == ("rejected", "a value of absurd size")
