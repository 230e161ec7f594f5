import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import check


def verdict(text, *declared, **more):
    return str(check(text, declared, **more).verdict)


def test_a_decimal_is_that_decimal_and_no_float():
    tight = "abs(cos(x) - 1 + 0.4999999999999999999825*x**2) <= 1e-6*x**2 + 1e-24"
    assert verdict(tight, "abs(x) <= 1/1024") == "certified"
    assert verdict("0.1 + 0.2 = 0.3") == "proved"
    assert verdict("0.4999999999999999999825 < 1/2") != "refuted"


def test_an_overflow_is_no_certainty():
    assert verdict("exp(exp(exp(x))) > exp(exp(exp(x))) + 1", "x in [10, 20]") != "certified"
    assert verdict("-exp(exp(exp(x))) > 0", "x in [10, 20]") != "certified"


def test_an_exact_end_is_not_rounded_outwards():
    assert verdict("1/x >= 1", "x in (0, 1]") == "certified"
    assert verdict("log(x) <= 0", "x in (0, 1]") == "certified"
    assert verdict("sqrt(x) >= x", "x in [0, 1]") == "certified"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("1/x > 0", "x >= 0"),
        ("log(x) <= x", "x >= 0"),
        ("sqrt(x - 1) >= 0", "x in [0, 2]"),
        ("1/(x**2 - 2) < 5", "x in [1, 2]"),
        ("1/(x**3 - x - 1) > -100", "x in [0, 3]"),
    ],
)
def test_an_undefined_point_is_not_left_out(text, domain):
    assert verdict(text, domain) == "undefined"


def test_contradictory_hypotheses_are_vacuous():
    assert verdict("x < x", "x > 1; x < 0") == "vacuous"
    assert verdict("x > 5", "x real", where=["x**2 + 1 < 0"]) == "vacuous"


@pytest.mark.parametrize(
    ("text", "domain", "part"),
    [
        ("x <= y", ("x real",), "y is not declared"),
        ("x/0 <= 1", ("x real",), "division by zero"),
        ("2 + 2", (), "no comparison"),
        ("(x <= 1", ("x real",), "bracket"),
        ("__import__('os') <= x", ("x real",), "character outside"),
        ("x.real <= 1", ("x real",), "this cannot be read"),
        ("x^2 >= 0", ("x real",), "**"),
        ("x >= 0", ("x",), "say what x is"),
    ],
)
def test_bad_input_is_one_clear_error(text, domain, part):
    with pytest.raises(InputError) as found:
        check(text, domain)
    assert part in str(found.value) or "only numbers" in str(found.value)


def test_the_caret_stands_under_the_place():
    with pytest.raises(InputError) as found:
        check("x + foo(x) <= 1", ["x real"])
    _, text, caret = str(found.value).splitlines()
    assert text[caret.index("^") :].startswith("foo")


def test_a_kink_between_arguments_that_do_not_vary_after_all():
    text = "max(min(y/3, max(2, x)), abs(max(y, x))) {}"
    box = ("x in [-1, 0]", "y in [-2, 1]")
    assert verdict(text.format(">= 0.001"), *box) == "refuted"  # 0 at x = y = 0
    assert verdict(text.format("> -0.001"), *box) == "certified"
    assert verdict(text.format("<= 0.999"), *box) == "refuted"  # 1 at x = -1, y = -2


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("x**n >= 0", "x in [-1, 1]; n integer >= 2"),  # -1/8 at x = -1/2, n = 3
        ("x**n >= 0", "x in [-1, -1/2]; n integer >= 2"),
        ("x**n <= 1", "x in [-2, 1]; n integer >= 1"),  # 4 at x = -2, n = 2
        ("x**(2*n + 1) >= 0", "x real; n integer >= 0"),
        ("x**n = abs(x)**n", "x in [-1, 1]; n integer >= 1"),
        ("(x - y)**n >= 0", "x, y in [0, 1]; n integer >= 1"),
        ("x**n*y**n >= 0", "x, y in [-1, 1]; n integer >= 1"),
        ("x**n*y**n >= 0", "x in [0, 1]; y in [-1, 1]; n integer >= 1"),
        ("(1 + x)**n >= 1 + n*x", "x >= -4; n integer >= 1"),  # -27 and -8 at x = -4, n = 3
        ("x**s >= 0", "x in [-1, 1]; s >= 1"),
    ],
)
def test_powers_of_what_may_be_negative_are_not_those_of_what_is_positive(text, domain):
    assert verdict(text, domain, seconds=1) not in ("certified", "proved", "supported")


def test_powers_of_what_is_seen_not_to_be_negative():
    assert verdict("(x - y)**n >= 0", "x in [1, 2]; y in [0, 1]; n integer >= 1") == "certified"
    assert verdict("(x - y)**s >= 0", "x, y real; s > 0", where=["x >= y"]) == "certified"


@pytest.mark.parametrize(
    ("text", "domain", "where", "names"),
    [
        ("(x + y)**a >= x**a + y**a + 1/1000000", "x, y >= 0; a >= 1", (), "axy"),
        ("x >= 3", "x, y real", ("x <= y",), "xy"),
        ("E[relu(s*z)] <= a*s", "s >= 0; a real; z ~ N(0, 1)", (), "as"),
        ("1/(x - a) >= b", "x, a, b real", (), "abx"),
        ("int(t*x; t, 0, 1) >= 3", "x, y real", (), "x"),
    ],
)
def test_a_counterexample_has_a_value_for_every_number_that_the_statement_speaks_of(
    text, domain, where, names
):
    answer = check(text, [domain], where=where)
    assert answer.verdict in ("refuted", "undefined")
    assert "".join(sorted(answer.counterexample)) == names
    assert all(
        f"{name} = {value}" in answer.reason for name, value in answer.counterexample.items()
    )
