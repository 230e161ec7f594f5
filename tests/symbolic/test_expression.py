import contextlib
import time

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.symbolic import expression
from mfcheck.symbolic.expression import FUNCTIONS, MAX_LENGTH, parse

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", x),
        (" 0.1 ", sp.Rational(1, 10)),
        ("1e-3*x", x / 1000),
        (".5 + 2.", sp.Rational(5, 2)),
        ("-x**2", -(x**2)),
        ("(-x)**3", -(x**3)),
        ("2**-1", sp.Rational(1, 2)),
        ("+x/3 - 1", x / 3 - 1),
        ("pi*x + e + E", sp.pi * x + 2 * sp.E),
        ("E**x", sp.exp(x)),
        ("ln(1+x**2)", sp.log(1 + x**2)),
        ("arctan(x)", sp.atan(x)),
        ("sqrt(x**2)", sp.Abs(x)),
        ("relu(x)", sp.Max(0, x)),
        ("step(x)", sp.Heaviside(x)),
    ],
)
def test_reads_the_grammar(text: str, expected: sp.Expr) -> None:
    assert parse(text) == expected


def test_numbers_are_exact() -> None:
    assert parse("0.1") + parse("0.2") == parse("0.3")


def test_other_variables() -> None:
    c, n = sp.symbols("c n", real=True)
    assert parse("c**2/n", ("c", "n")) == c**2 / n


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "syntax"),
        ("   ", "syntax"),
        ("2x", "syntax"),
        ("x\n+1", "character"),
        ("1if", "syntax"),
        ("(" * 500, "syntax"),
        ("x^2", r"\*\*"),
        ("y", "unknown name"),
        ("__import__", "unknown name"),
        ("__import__('os')", "character"),
        ("x.real", "only"),
        ("x if x else x", "only"),
        ("(x, x)", "only"),
        ("exp()", "one argument"),
        ("exp(x, x)", "one argument"),
        ("exp(*x)", "only"),
        ("exp", "needs an argument"),
        ("eval(x)", "unknown function"),
        ("sofplus(x)", "unknown function 'sofplus'; did you mean softplus"),
        ("maximum(x, 0)", "unknown function 'maximum'; did you mean max"),
        ("max(x)", r"max takes two arguments, as in max\(0, x\)"),
        ("LeakyReLU(x)", r"takes two arguments, as in leakyrelu\(x, 0.01\)"),
        ("np.tanh(x)", r"write tanh\(...\), without a module before it"),
        ("torch.nn.ReLU", r"write relu\(...\), without a module before it"),
        ("lambda x: tanh(x)", "write the expression in x alone, without lambda"),
        ("(exp)(x)(x)", "only"),
        ("x//2", "operator"),
        ("True", "not a decimal number"),
        ("None", "not a decimal number"),
        ("1j", "not a decimal number"),
        ("0x1f", "not a decimal number"),
        ("1_000", "not a decimal number"),
        ("1e400", "too large"),
        ("exp(1000)", "too large"),
        ("exp(exp(exp(exp(9))))", "too large"),
        ("1/0", "division by zero"),
        ("x/(x-x)", "division by zero"),
        ("0**0", "not positive"),
        ("0**(0-x**2)", "not positive"),
        ("sqrt(-1)", "not a real number"),
        ("log(0)", "not a real number"),
        ("log(-2)*x", "not a real number"),
        ("tan(pi/2)", "not a real number"),
        ("9**9**9", "exponent"),
        ("x**101", "exponent"),
        ("((x**64)**64)", "exponent"),
        ("exp(log(2)*10**50)", "exponent"),
        ("2**(10**50*log(3)/log(2))", "exponent"),
        ("2**(x+10**9)*2**(-x)", "exponent"),
        ("((9**99)**99)**99", "too large"),
        ("tanh(" * 9 + "x" + ")" * 9, "inside one another"),
        ("+".join("x" * 200), "parts"),
    ],
)
def test_refuses_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_refuses_long_text() -> None:
    with pytest.raises(InputError, match="too long"):
        parse("x" * (MAX_LENGTH + 1))


def test_a_failure_inside_sympy_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> sp.Expr:
        raise OverflowError

    monkeypatch.setattr(expression._Reader, "combine", fails)
    with pytest.raises(InputError, match="cannot be formed"):
        parse("1+x")


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="x0123456789.+-*/()eEpi sqrtloganh_,'\\", max_size=40))
def test_any_text_is_read_or_refused_quickly(text: str) -> None:
    start = time.perf_counter()
    with contextlib.suppress(InputError):
        assert parse(text).free_symbols <= {x}
    assert time.perf_counter() - start < 5


_LEAVES = st.sampled_from(["x", "1", "0.25", "pi", "x**2"])
_TEXTS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=60)
@given(_TEXTS)
def test_agrees_with_sympy_on_trusted_text(text: str) -> None:
    """The generator writes the text, so SymPy's own reader is safe here, and independent."""
    names = {**FUNCTIONS, "x": x, "pi": sp.pi}
    try:
        value = parse(text)
    except InputError:
        return
    difference = value - sp.sympify(text, locals=names, rational=True)
    assert difference == 0 or abs(difference.subs(x, sp.Rational(3, 7)).evalf(20)) < 1e-12
