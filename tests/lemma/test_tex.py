import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.lemma.asked import Lemma, answer, question
from mfcheck.lemma.tex.ranges import plain_declaration
from mfcheck.lemma.tex.source import macros, marked
from mfcheck.lemma.tex.tokens import Macro
from mfcheck.lemma.tex.translate import is_tex, reading, reading_and_declarations

NAMES = ("x", "y", "s", "z", "a", "b", "n", "alpha", "lam", "u", "v", "C", "d", "x_1")


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\ln(1+x) \ge x - \frac{x^2}{2}", "log(1 + x) >= x - x**2/2"),
        (r"$|x - y|^2 \le 2x^2 + 2y^2$.", "abs(x - y)**2 <= 2*x**2 + 2*y**2"),
        (
            r"\mathbb{E}\left[\tanh^2(sz)\right] \le \frac{s^2}{1+s^2}",
            "E[tanh(s*z)**2] <= s**2/(1 + s**2)",
        ),
        (r"\operatorname{Var}[z] = 1", "Var[z] = 1"),
        (r"x(1-x) \le \tfrac14", "x*(1 - x) <= 1/4"),
        (r"e^{-x^2/2} \le 1", "exp(-x**2/2) <= 1"),
        (r"\sqrt[3]{x} = x^{1/3}", "cbrt(x) = x**(1/3)"),
        (r"\sqrt[5]{1+x} \ge \sqrt{x}", "(1 + x)**(1/5) >= sqrt(x)"),
        (r"\sin x\cos x \le \frac12", "sin(x)*cos(x) <= 1/2"),
        (r"\log_2 x < x", "log(x)/log(2) < x"),
        (r"\lambda x_{1} \leq \lvert\alpha\rvert + 2|x|", "lam*x_1 <= abs(alpha) + 2*abs(x)"),
        (r"\exp\left(-\frac{x}{2}\right) > 0 \implies x = 1", "exp(-x/2) > 0 implies x = 1"),
        (r"for some C: |x| \le C s^{4}", "for some C: abs(x) <= C*s**4"),
        (r"\max\{x, y\} \ge \frac{x+y}{2}", "max(x, y) >= (x + y)/2"),
        (r"\langle u,v \rangle \le \|u\|\cdot\|v\|", "dot(u, v) <= norm(u)*norm(v)"),
        (r"a - (b - x) = a - b + x", "a - (b - x) = a - b + x"),
        (r"a/b/x = \frac{a}{b x}", "a/b/x = a/(b*x)"),
        (r"-x^2 \le -(x+y)(x-y)", "-x**2 <= -(x + y)*(x - y)"),
        (r"\bigl|x\bigr| \ge 0", "abs(x) >= 0"),
        (r"\hat{x}_1 = \mathrm{e}^{x}", "x_hat_1 = exp(x)"),
        (r"\operatorname{sgn}(x) \ne 2\pi", "sign(x) != 2*pi"),
        (r"\left(1+\frac{x}{n}\right)^n \le e^x", "(1 + x/n)**n <= exp(x)"),
        (r"0 < x \leqslant 1 \land y > 0", "0 < x <= 1 and y > 0"),
    ],
)
def test_what_leaves_nothing_to_guess_is_read(tex: str, plain: str) -> None:
    assert reading(tex, NAMES) == plain


@pytest.mark.parametrize(
    ("tex", "at", "words"),
    [
        (r"\log x y \le 1", "y", "belong to the argument"),
        (r"\log x^2 \le 1", "^", "belong to the argument"),
        (r"\log x / y \le 1", "/", "belong to the argument"),
        (r"\log\log x \le 1", r"\log", "how far"),
        (r"\sin(x)^2 \le 1", "^", "of the value"),
        (r"\sin^{-1} x \le 1", r"\sin", "inverse"),
        (r"1/2x \le 1", "x", "below the stroke"),
        (r"2\frac12 \ge 1", r"\frac", "sum or product"),
        (r"x2 \ge 1", "2", "number after a factor"),
        (r"|x|y|z| \le 1", "|z", "open or close"),
        (r"||x|| \ge 0", "||x", "norm"),
        (r"x^10 \le 1", "10", "first digit"),
        (r"x^2^3 \ge 0", "^3", "two exponents"),
        (r"{x+y}z \le 1", "{", "not seen on paper"),
        (r"\frac{d}{dx} \le 1", r"\frac", "derivative"),
        (r"\frac{d x}{d y} \le 1", r"\frac", "derivative"),
        (r"f(x) \le 1", "f", "function"),
        (r"\sigma(x) \le 1", r"\sigma", "function"),
        (r"exp(x) \ge 1", "exp", "a word, or a product"),
        (r"\frac{x}{y}^2 \ge 1", "^", "of which part"),
        (r"\sin^2(x)^2 \ge 1", "^", "of the value"),
        (r"x' \ge 0", "'", "prime"),
        (r"x! \ge 0", "!", "factorial"),
        (r"\pm x \le 1", r"\pm", "two statements"),
        (r"x \approx 1", r"\approx", "without guessing"),
        (r"\sum_k k \ge 0", r"\sum", "limits"),
        (r"\mathbb{E}_w[w] \ge 0", "w", "declare w"),
        (r"\mathbb{P}(x) \ge 0", r"\mathbb", "letters"),
        (r"\le 1", r"\le", "left side"),
        (r"x \ge 0, y \ge 0", ",", "without guessing"),
        (r"x > 1 \Rightarrow x > 0 \Rightarrow x > -1", r"\Rightarrow x > -1", "two arrows"),
        (r"x) \le 1", ")", "closed but not opened"),
        (r"\left(x \le 1", r"\le ", "expected"),
        (r"(x \right) \le 1", r"\right", "expected"),
        (r"\foo{x} \ge 1", r"\foo", "without guessing"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_place(
    tex: str, at: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        reading(tex, NAMES)
    reason, shown, caret = str(caught.value).split("\n")
    assert words in reason
    assert shown[caret.index("^") :].startswith(at)


@pytest.mark.parametrize("tex", ["", "$$", "{", "}", r"\left", r"\sqrt", "x_", "x^", r"\mathrm{"])
def test_fragments_are_refused(tex: str) -> None:
    with pytest.raises(InputError):
        reading(tex, NAMES)


PIECES = [
    r"\frac",
    r"\left(",
    r"\right)",
    r"\log",
    r"\sqrt",
    r"\mathbb{E}",
    r"\lvert",
    r"\le",
    "{",
    "}",
    "^",
    "_",
]


@given(
    st.lists(
        st.sampled_from([*PIECES, "x", "2", "|", "(", ")", "[", "]", "+", "/", " "]), max_size=14
    )
)
def test_nothing_but_a_refusal_comes_of_broken_tex(pieces: list[str]) -> None:
    try:
        found = reading("".join(pieces), NAMES)
    except InputError:
        return
    assert not is_tex(found)


def test_a_long_formula_shows_the_place_in_80_columns() -> None:
    with pytest.raises(InputError) as caught:
        reading(" + ".join(["x"] * 200) + r" \foo " + " + x" * 100, NAMES)
    _, shown, caret = str(caught.value).split("\n")
    assert max(len(shown), len(caret)) <= 80
    assert shown[caret.index("^") :].startswith(r"\foo")


def test_what_is_nested_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="too deeply nested"):
        reading("(" * 2000 + "x" + ")" * 2000 + " = 0", NAMES)


def test_declarations_may_be_tex() -> None:
    assert plain_declaration(r"\lambda \ge 0").split() == ["lam", ">=", "0"]
    assert plain_declaration(r"$z \sim \mathcal{N}(0,1)$").split() == ["z", "~", "N(0,1)"]
    with pytest.raises(InputError, match="no meaning in a declaration"):
        plain_declaration(r"\foo > 0")


def test_definitions_tell_values_from_products() -> None:
    lemma = Lemma("a", r"\sigma(x) \le \sigma(2x)", ("x >= 0",), (), ("sigma(t) = tanh(t)",))
    assert question(lemma).text == "(tanh(x)) <= (tanh((2*x)))"
    assert answer(lemma).verdict == "certified"


PAPER = r"""
\documentclass{article} % mfcheck is not called here
\newcommand{\R}{\mathbb{R}}
\newcommand{\half}{\frac{1}{2}}
\newcommand{\abs}[1]{\left|#1\right|}
\DeclareMathOperator{\ReLU}{ReLU}
\begin{document}
We have $a = b$ and $\ln(1+x) \le x$. % mfcheck: x >= 0; id: log; expect: certified
% $x \le 0$ % this one is a comment
\begin{equation}
  \abs{\sin x} \le \abs{x} \label{eq:sine}
\end{equation} % mfcheck: x real
\begin{align}
  e^x &\ge 1 + x \\ % mfcheck: x real
  \half x^2 &\ge x - \half, % mfcheck: x real
\end{align}
\[
  x^2 \le 1 % mfcheck: x real; where: abs(x) <= 1; expect: certified
\]
50\% of $\ReLU(x) \ge x$ % mfcheck: x real
\begin{verbatim}
$x$ % mfcheck: x real
\end{verbatim}
\end{document}
"""


def test_comments_make_statements_of_formulas_with_their_lines() -> None:
    found = marked(PAPER)
    assert [(m.line, m.label) for m in found] == [
        (8, None),
        (11, "eq:sine"),
        (14, None),
        (15, None),
        (18, None),
        (20, None),
    ]
    known = macros(PAPER)
    assert [reading(m.formula, ("x",), (), known) for m in found] == [
        "log(1 + x) <= x",
        "abs(sin(x)) <= abs(x)",
        "exp(x) >= 1 + x",
        "1/2*x**2 >= x - 1/2",
        "x**2 <= 1",
        "relu(x) >= x",
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("% mfcheck: x >= 0\n", "line 1: no formula before"),
        ("$x$\n\n\n% mfcheck: x >= 0\n", "line 4: no formula right before"),
        ("\\begin{align}\na &= b \\\\ c &= d\n\\end{align} % mfcheck: a real", "line 3: which row"),
    ],
)
def test_a_comment_without_its_formula_is_refused(source: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        marked(source)


def test_a_macro_without_end_is_refused() -> None:
    known = {r"\a": Macro(r"\b"), r"\b": Macro(r"\a")}
    with pytest.raises(InputError, match="does not end"):
        reading(r"\a \ge 0", (), (), known)


Made = tuple[str, int, Fraction]
"""TeX, the strength of its outermost operation (1 sum, 2 product, 3 power, 4 atom), its value at x = 3/2, y = -5."""

VALUES = {
    "x": Fraction(3, 2),
    "y": Fraction(-5),
    "2": Fraction(2),
    "7": Fraction(7),
    "0.5": Fraction(1, 2),
}


def _in(made: Made, strength: int) -> str:
    return made[0] if made[1] >= strength else rf"\left({made[0]}\right)"


def _combined(inner: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: (f"{p[0][0]}+{_in(p[1], 2)}", 1, p[0][2] + p[1][2])),
        pairs.map(lambda p: (f"{p[0][0]}-{_in(p[1], 2)}", 1, p[0][2] - p[1][2])),
        inner.map(lambda a: (f"-{_in(a, 2)}", 1, -a[2])),
        pairs.map(lambda p: (rf"{_in(p[0], 2)} \cdot {_in(p[1], 3)}", 2, p[0][2] * p[1][2])),
        pairs.map(lambda p: (rf"\left({p[0][0]}\right) ({p[1][0]})", 2, p[0][2] * p[1][2])),
        pairs.filter(lambda p: p[1][2] != 0).map(
            lambda p: (rf"\frac{{{p[0][0]}}}{{{p[1][0]}}}", 2, p[0][2] / p[1][2])
        ),
        inner.map(lambda a: (f"{_in(a, 4)}^{{2}}", 3, a[2] ** 2)),
        inner.map(lambda a: (rf"\left|{a[0]}\right|", 4, abs(a[2]))),
        inner.map(lambda a: (rf"\lvert {a[0]} \rvert", 4, abs(a[2]))),
    )


TREES = st.recursive(
    st.sampled_from([(k, 4, v) for k, v in VALUES.items()]), _combined, max_leaves=9
)


def _value(text: str) -> Fraction:
    """Evaluate a reading in fractions."""
    exact = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r"Fraction('\1')", text)
    return Fraction(eval(exact, {"Fraction": Fraction, "abs": abs, **VALUES}))  # noqa: S307


@given(TREES)
def test_what_is_read_has_the_value_of_what_was_written(made: Made) -> None:
    left, _, right = reading(f"{made[0]} \\le 0", ("x", "y")).partition(" <= ")
    assert right == "0"
    assert _value(left) == made[2]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\|u+v\|_2 \le \|u\|_2", "norm(u + v) <= norm(u)"),
        (r"\langle u, v\rangle \le \|u\|\,\|v\|", "dot(u, v) <= norm(u)*norm(v)"),
        (r"u^\top v \le 1", "dot(u, v) <= 1"),
        (r"u^{\top} A v \le 1", "dot(u, A*v) <= 1"),
        (r"\mathrm{Var}(\sin z) \le 1", "Var[sin(z)] <= 1"),
        (r"\mathbb{E}_z[\sin^2 z] \le 1", "E[sin(z)**2] <= 1"),
        (r"\sum_{k=1}^{10} \frac{1}{k^2} \le 2", "sum(1/k**2; k, 1, 10) <= 2"),
        (r"\int_0^1 e^{-t}\,dt \le 1", "int(exp(-t); t, 0, 1) <= 1"),
        (r"\int_0^{x} (1+t)\,dt \ge x", "int(1 + t; t, 0, x) >= x"),
        (r"\sup_{x \in (0,5]} x e^{-x} \le 1", "sup(x*exp(-x); x in ( 0 , 5 ]) <= 1"),
        (r"\lambda_{\max}(A) \le \operatorname{tr}(A)", "lambda_max(A) <= trace(A)"),
        (r"\lambda_{\min}\left(A\right) \ge 0", "lambda_min(A) >= 0"),
        (r"\lfloor x \rfloor \le x", "floor(x) <= x"),
        (r"\begin{align*} x &\le 1 \end{align*}", "x <= 1"),
    ],
)
def test_arrays_and_ranges(text, read):
    assert reading(text, ("u", "v", "A", "x", "z", "k")) == read


@pytest.mark.parametrize(
    ("text", "read", "said"),
    [
        (r"\forall x \ge 0: x \le 1", "x <= 1", ["x >= 0"]),
        (r"\forall x \in [0,1], x(1-x) \le 1", "x*(1 - x) <= 1", ["x in [0,1]"]),
        (r"\forall x, y \in [0,1], xy \le 1", "x*y <= 1", ["x, y in [0,1]"]),
        (r"x \le 1 \quad \forall x \in [0, \tfrac12)", "x <= 1", ["x in [0, 1/2)"]),
        (r"x \le 1 \text{ for all } x \in \mathbb{R}.", "x <= 1", ["x real"]),
        (r"\forall u \in \mathbb{R}^3: \|u\| \ge 0", "norm(u) >= 0", ["u vector(3)"]),
        (r"\mathbb{E}_{z\sim N(0,1)}[\tanh(sz)] \le s", "E[tanh(s*z)] <= s", ["z ~ N(0,1)"]),
        (
            r"\mathbb{E}_{z\sim\mathcal{N}(0,1)}[z] \le \mathbb{E}_{z\sim N(0,1)}[z^2]",
            "E[z] <= E[z**2]",
            ["z ~ N(0,1)"],
        ),
    ],
)
def test_what_a_formula_declares(text, read, said):
    found, declared = reading_and_declarations(text, ("s",))
    assert found == read
    assert [" ".join(d.split()) for d in declared] == said


@pytest.mark.parametrize(
    "text",
    [
        r"\sum_{k=1}^{3} k + 1 \le 9",
        r"\sum_k k \le 9",
        r"\int_0^1 t \le 1",
        r"\int t dt \le 1",
        r"\sup_x x \le 1",
        r"\sup_{x \in [0,1]} x - 1 \le 1",
        r"\|u\|_1 \le 1",
        r"u^\top \le 1",
        r"\mathbb{E}_{z}[z] \le 1",
        r"\mathbb{E}_{z \sim U(0,1)}[z] \le 1",
        r"\forall x x \le 1",
        r"\lfloor x \le 1",
        r"|x|y|z| \le 1",
        r"\begin{align} x &\le 1 \\ y &\le 1 \end{align}",
    ],
)
def test_ranges_that_leave_something_open_are_refused(text):
    with pytest.raises(InputError):
        reading(text, ("u", "x", "k", "t"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\frac{d}{dx}(\tanh(x)) \le 1", "d(tanh(x), x) <= 1"),
        (r"\frac{d^2}{dx^2}\left(x^4\right) \ge 0", "d(d(x**4, x), x) >= 0"),
        (r"\left|\frac{\partial}{\partial x}\tanh(x y)\right| \le |y|", "abs(d(tanh(x*y), x)) <= abs(y)"),
        (r"\frac{d}{d\lambda}(\exp(\lambda)) \ge 0", "d(exp(lam), lam) >= 0"),
        (r"f'(x) \le 1", "d(f(x), x) <= 1"),
        (r"f^{\prime\prime}(x) \le 1", "d(d(f(x), x), x) <= 1"),
        (r"\tanh''(x) \le 1", "d(d(tanh(x), x), x) <= 1"),
    ],
)  # fmt: skip
def test_derivatives(text, read):
    assert reading(text, {"x", "y", "lam"}, {"f"}) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"\frac{d}{dx} x^2 \le 1", "how far"),
        (r"\frac{d}{dx}(x)^2 \le 1", "power"),
        (r"\frac{d^2}{dx}(x) \le 1", "orders"),
        (r"\frac{df}{dx} \le 1", "brackets"),
        (r"f'(2x) \le 1", "declared name"),
        (r"f'(x)^2 \le 1", "power"),
        (r"x' \le 1", "prime"),
    ],
)
def test_derivatives_with_two_readings_are_refused(text, said):
    with pytest.raises(InputError, match=said) as caught:
        reading(text, {"x", "y"}, {"f"})
    assert str(caught.value).splitlines()[-1].strip() == "^"


def test_a_fraction_with_a_declared_d_is_no_derivative():
    with pytest.raises(InputError):
        reading(r"\frac{d}{dx}(x) \le 1", {"x", "d"})
