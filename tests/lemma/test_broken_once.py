"""Kinds of statements that were answered wrongly once: each must never be again."""

import time

import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import check

Z = "z ~ N(0,1)"
SURE = ("certified", "proved")


def verdict(text, *declared, where=(), seconds=3.0):
    return str(check(text, declared, where=where, seconds=seconds).verdict)


@pytest.mark.parametrize(
    "text",
    [
        "d(E[sign(s + z)], s) = 0",
        "d(d(E[relu(s + z)], s), s) = 0",
        "d(d(E[abs(s + z)], s), s) = 0",
        "d(d(E[abs(s + z)], s), s) = d(E[sign(2*s + z)], s)",
    ],
)
def test_a_jump_that_moves_has_a_slope(text):
    assert verdict(text, "s real", Z) not in SURE


@pytest.mark.parametrize("bound", ["1/sqrt(2*pi) + s/2", "1/sqrt(2*pi) + s/2 + s**2/20"])
def test_the_second_derivative_of_a_smoothed_kink_is_not_zero(bound):
    # E relu(s + z) = s Phi(s) + phi(s) bends upwards: 1/sqrt(2 pi) + s/2 + s^2/(2 sqrt(2 pi)) - ...
    assert verdict(f"E[relu(s + z)] <= {bound}", "s in [0,1]", Z) == "refuted"


def test_wide_parameters_of_a_kink_stop_in_time():
    start = time.monotonic()
    verdict("E[relu(s + z)] >= 1/sqrt(2*pi) + s/2", "s in [0,1]", Z, seconds=1.0)
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    "text",
    [
        "E[exp(z**2)] - E[exp(z**2)] = 0",
        "0*E[exp(z**2)] = 0",
        "E[exp(z**2)] - E[exp(z**2)] = 1",
        "E[exp(exp(z))] = E[exp(exp(z))]",
        "E[1/(1 + z)] = E[1/(1 + z)]",
        "E[log(abs(z))] = E[log(abs(z))]",
    ],
)
def test_an_expectation_that_may_not_exist_is_not_cancelled(text):
    assert verdict(text, Z) not in (*SURE, "refuted")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("E[exp(s*z)] = exp(s**2/2)", "s real"),
        ("E[exp(-s*z**2)] = E[exp(-s*z**2)]", "s >= 0"),
        ("E[1/(s + z**2)] = E[1/(s + z**2)]", "s > 0"),
        ("E[log(1 + exp(s*z))] = E[softplus(s*z)]", "s real"),
        ("E[z*log(1 + z**2)] = E[z*log(1 + z**2)]", "s real"),
    ],
)
def test_expectations_that_exist_are_compared(text, declared):
    assert verdict(text, declared, Z) in SURE


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("E[z**2] = -1", ["z ~ N(0,-1)"]),
        ("E[z*w] = 2", ["z, w ~ N(0,[[1,2],[2,1]])"]),
        ("E[z*w] = 2", ["z, w ~ N(0,[[1,2],[0,5]])"]),
        ("E[z*w] = 0", ["z, w ~ N(0,[[0,1],[1,5]])"]),
        ("E[u*v] = -3/4", ["u, v, w ~ N(0,[[1,-3/4,-3/4],[-3/4,1,-3/4],[-3/4,-3/4,1]])"]),
    ],
)
def test_a_law_that_does_not_exist_is_refused(text, declared):
    with pytest.raises(InputError):
        check(text, declared)


def test_a_law_that_exists_for_some_parameters_only():
    assert verdict("E[z**2] = v", "v real", "z ~ N(0,v)") not in SURE
    assert verdict("E[z**2] = v", "v >= 0", "z ~ N(0,v)") in SURE
    assert verdict("E[z*w] = c", "c real", "z, w ~ N(0,[[1,c],[c,1]])") not in SURE
    assert verdict("E[z*w] = c", "c in [-1,1]", "z, w ~ N(0,[[1,c],[c,1]])") in SURE


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("z**2 >= 0", []),
        ("E[sqrt(z)**2] = 0", ["z >= 0"]),
        ("z > 0 implies E[sqrt(z)**2] = 0", []),
    ],
)
def test_a_random_name_outside_expectations_is_refused(text, where):
    with pytest.raises(InputError, match="random"):
        check(text, [Z], where=where)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("d(sqrt(x), x) > 0", "x >= 0"),
        ("d(cbrt(x), x) > 0", "x real"),
        ("d(sign(x), x) = 0", "x real"),
        ("d(abs(x), x) = sign(x)", "x real"),
        ("d(abs(x), x)**2 = 1", "x real"),
        ("d(max(x, 1), x) >= 0", "x real"),
    ],
)
def test_a_derivative_that_may_not_exist_decides_nothing(text, declared):
    assert verdict(text, declared) == "inconclusive"


def test_a_derivative_away_from_the_kink():
    assert verdict("d(abs(x), x)**2 = 1", "x real", where=["x != 0"]) in SURE
    assert verdict("d(sqrt(x), x) > 0", "x > 0") in SURE


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("(-1)**n <= 1", "n integer >= 0"),
        ("(1 - x)**n >= 1 - n*x", "x in [0,1]; n integer >= 1"),
        ("x**p <= 1", "x in [0,1]; p > 0"),
    ],
)
def test_a_power_that_is_defined_is_not_called_undefined(text, declared):
    assert verdict(text, declared, seconds=1.0) not in ("undefined", "refuted")


def test_a_power_that_is_not_defined_is():
    assert verdict("x**x >= 0.69", "x >= 0") == "undefined"


@pytest.mark.parametrize(
    ("text", "declared", "where", "word", "value"),
    [
        # A greatest constant, not a least one.
        ("for some C: C*x <= 0", ["x >= 0"], [], "greatest", 0.0),
        ("for some C: C <= x**2 + 1", ["x real"], [], "greatest", 1.0),
        ("for some C: exp(x) >= C*x", ["x >= 0"], [], "greatest", 2.718281828459045),
        ("for some C: sin(x)/x >= C", ["x in (0, pi/2]"], [], "greatest", 0.6366197723675814),
        # Whole numbers only: between 1 and 2 the left side is larger.
        ("for some C: n*(3 - n) <= C", ["n integer >= 0"], [], "least", 2.0),
        # Hypotheses that are no ranges.
        ("for some C: x <= C", ["x real"], ["x**2 + x <= 1"], "least", 0.6180339887498949),
    ],
)
def test_the_best_constant_is_bounded_on_the_right_side(text, declared, where, word, value):
    answer = check(text, declared, where=where, seconds=10)
    assert answer.verdict in SURE
    assert answer.best is not None
    assert f"the {word} one" in answer.best
    low, high = (float(x) for x in answer.best.split("[")[1].split("]")[0].split(","))
    assert low <= value + 1e-9
    assert high >= value - 1e-9
    assert high - low < 1e-4


def test_no_least_constant_is_claimed_where_the_coefficient_changes_sign():
    answer = check("for some C: C*x >= x**2", ["x in [-1,1]"], seconds=2)
    assert answer.verdict == "inconclusive"
    assert answer.best is None


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("u[1] <= u_1", "u_1 real; u vector(3)"),
        ("x <= x__angle", "x, x__angle real"),
        ("norm(u) = 1", "u unit(0)"),
    ],
)
def test_names_of_the_prover_are_refused(text, declared):
    with pytest.raises(InputError):
        check(text, [declared])


def test_no_whole_number_between():
    assert verdict("n > 5", "n integer", where=["n > 3.2", "n < 3.8"]) == "vacuous"
    assert verdict("n = 4", "n integer", where=["n > 3.2", "n < 4.8"]) in SURE
    assert verdict("n > 4", "n integer", where=["n > 3.2", "n < 4.8"]) == "refuted"


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("sqrt(x**2) = x", "x real"),
        ("not x > 0", "x real"),
        ("x**2 > 1 implies x > 1", "x real"),
        ("x <= 10**7", "x real"),
        ("n**2 > n", "n integer"),
        ("n/m != 1/2", "n, m integer >= 1"),
        ("x**2 = y**2 implies x = y", "x, y real"),
        ("norm(u + v) < norm(u) + norm(v)", "u, v vector(2)"),
    ],
)
def test_plain_counterexamples_are_found(text, declared):
    assert verdict(text, declared, seconds=1.0) == "refuted"


@pytest.mark.parametrize(
    ("text", "declared", "where"),
    [
        # A step has slope zero and is no constant: each hypothesis holds on a part of the domain.
        ("1 < x", "x > 0", ["sign(x) == x"]),
        ("not (x <= x)", "x > 0", ["sign(x*x) > x"]),
        ("2*x <= x or x - 2 >= min(x, 0)", "x in [-1,2]", ["sign(x) > x"]),
        ("(2 - x <= x and abs(x) <= sign(x)) implies 2*x + 1 <= x", "x real", ["sign(x) >= x"]),
        ("E[cos(sign(z))] = 1", Z, []),
        ("E[exp(step(z))] <= 1.01", Z, []),
    ],
)
def test_a_step_is_no_constant(text, declared, where):
    assert verdict(text, declared, where=where) == "refuted"


@pytest.mark.parametrize("text", ["lgamma(x + 1) = lgamma(x) + log(x)", "lgamma(x) >= -0.122"])
def test_a_function_without_a_known_slope_is_no_crash(text):
    assert verdict(text, "x > 0", seconds=1.0) not in ("refuted", "undefined", "vacuous")


def test_a_kink_that_the_gaussian_does_not_smooth():
    # E |s z| = |s| sqrt(2/pi) has no derivative at 0.
    assert verdict("d(E[abs(s*z)], s)**2 <= 2/pi", "s real", Z, seconds=1.0) not in (
        *SURE,
        "refuted",
    )
    assert verdict("d(E[abs(s*z)], s)**2 >= 1/100", "s in [0,1]", Z, seconds=1.0) != "refuted"
    assert verdict("d(E[abs(s + z)], s) = E[sign(s + z)]", "s real", Z) in SURE


def test_a_kink_under_parameters_about_zero_stops_in_time():
    start = time.monotonic()
    verdict("E[abs(s*z)*tanh(z)] >= -0.01", "s in [0,2]", Z, seconds=0.5)
    assert time.monotonic() - start < 20
