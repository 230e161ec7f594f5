"""Integrands compared, means of squares bounded: what holds is proved, what fails by a digit is not."""

import json
import math

import numpy as np
import pytest
from flint import ctx

from mfcheck.lemma import check
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.certificate import accepts
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.gaussians import simplified
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Range
from mfcheck.lemma.prove.means import above, below
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.signs import POSITIVE
from mfcheck.lemma.terms import NORMAL, num, sub, substitute, var

TRUE = ("certified", "proved")
Z = "z ~ N(0,1)"

PAIRS = [
    # Poincare's inequality, whole line of scales, shifts.
    ("Var[tanh(s*z)] <= {}*s**2*E[(1 - tanh(s*z)**2)**2]", "s real", "1", "0.99"),
    ("Var[softplus(s*z)] <= {}*s**2*E[sigmoid(s*z)**2]", "s real", "1", "0.99"),
    ("Var[erf(s*z)] <= {}*4*s**2/pi*E[exp(-2*s**2*z**2)]", "s real", "1", "0.99"),
    ("Var[tanh(m + z)] <= {}*E[(1 - tanh(m + z)**2)**2]", "m real", "1", "0.9"),
    ("Var[sigmoid(m + s*z)] <= {}*s**2*E[(sigmoid(m + s*z)*(1 - sigmoid(m + s*z)))**2]", "m, s real", "1", "0.9"),
    # Means rise with the scale.
    ("{}*E[softplus(s*z)] <= E[softplus(t*z)]", "s >= 0; t >= s", "1", "1.001"),
    ("E[1 - tanh(t*z)**2] <= {}*E[1 - tanh(s*z)**2]", "s >= 0; t >= s", "1", "0.999"),
    # |w| as what the integrand is compared with.
    ("E[logcosh(s*z)] <= {}*s*sqrt(2/pi)", "s >= 0", "1", "0.98"),
    # The mean of a size against the root of the mean square.
    ("E[abs(tanh(s*z))] <= {}*sqrt(E[tanh(s*z)**2])", "s > 0", "1", "0.79"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "domain", "right", "wrong"), PAIRS, ids=lambda v: str(v)[:40])
def test_true_and_false_by_a_digit(text, domain, right, wrong):
    assert check(text.format(right), [domain, Z], seconds=30).verdict in TRUE
    assert check(text.format(wrong), [domain, Z], seconds=3).verdict not in TRUE


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        # The slope of a jump is not seen by the derivative.
        ("Var[sign(z)] <= E[d(sign(z), z)**2]", ""),
        ("Var[step(z)] <= E[d(step(z), z)**2]", ""),
        ("Var[sign(z + m)] <= 0", "m real"),
        ("Var[tanh(s*z)] <= s*E[(1 - tanh(s*z)**2)**2]", "s >= 0"),
        ("E[tanh(s*z)**2] <= 0.999", "s real"),
        ("E[tanh(t*z)**2] <= E[tanh(s*z)**2]", "s >= 0; t >= s"),
    ],
)
def test_what_is_false_is_not_certified(text, domain):
    assert check(text, [d for d in (domain, Z) if d], seconds=2).verdict not in TRUE


def mean(f):
    """Return `E f(z)` by the trapezoidal rule on a fine grid."""
    x = np.linspace(-12, 12, 24001)
    return float(np.sum(f(x) * np.exp(-x * x / 2)) * (x[1] - x[0]) / math.sqrt(2 * math.pi))


FUNCTIONS = {
    "tanh(_w)": np.tanh,
    "tanh(_w + 1)": lambda x: np.tanh(x + 1),
    "abs(_w)": np.abs,
    "max(_w, 0)": lambda x: np.maximum(x, 0),
    "log(1 + exp(_w))": lambda x: np.logaddexp(0, x),
    "sin(2*_w)": lambda x: np.sin(2 * x),
    "_w**2 + _w": lambda x: x * x + x,
    "3*_w + 1": lambda x: 3 * x + 1,
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_the_mean_of_a_square_lies_between_its_bounds(text):
    f = substitute(Reader({"w": var("w")}).expression(text.replace("_w", "w")), {"w": var(NORMAL)})
    with ctx.workprec(96), long_series():
        low, high = (Program([simplified(t, {})], ())(())[0] for t in (below(f), above(f)))
    true = mean(lambda x: FUNCTIONS[text](x) ** 2)
    assert float(low.upper()) <= true + 1e-7
    assert float(high.lower()) >= true - 1e-7


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Var[tanh(s*z)] <= s**2*E[(1 - tanh(s*z)**2)**2]", "s real"),
        ("E[logcosh(s*z)] <= s*sqrt(2/pi)", "s >= 0"),
        ("E[abs(tanh(s*z))] <= sqrt(E[tanh(s*z)**2])", "s >= 0"),
    ],
)
def test_certificates_are_accepted_and_prove_nothing_else(text, domain):
    certificate = check(text, [domain, Z], seconds=30, certify=True).certificate
    assert certificate is not None
    assert accepts(certificate)
    for changed in (
        text.replace("<=", "<= 0.98*", 1),
        text.replace("<=", "<= -0.001 +", 1),
        text.replace("<=", ">=", 1),
    ):
        assert not accepts({**certificate, "statement": changed})
    written = json.dumps(certificate)
    for old in ("integrands compared", "Poincare's", "squares of both sides", "at its"):
        if old in written:
            assert not accepts(json.loads(written.replace(old, "Bessel's")))


X = Range()
SIGNS = [
    ("1 - tanh(x)**2", {"x": X}, True),
    ("1 - tanh(x)", {"x": X}, True),
    ("1 - sin(x)**2", {"x": X}, False),
    ("2 - sin(x) - cos(x)", {"x": X}, False),
    ("2 - sin(x) - erf(x)", {"x": X}, True),
    ("1 - 2*tanh(x)**2", {"x": X}, False),
    ("1 + tanh(x)**3", {"x": X}, True),
    ("1 - exp(-x)", {"x": Range(num(0))}, True),
    ("1 - exp(-x)", {"x": Range(num(0), None, True, False)}, False),
    ("1 - tanh(x)*x", {"x": X}, False),
]


@pytest.mark.parametrize(("text", "ranges", "positive"), SIGNS)
def test_signs_by_the_sizes_of_bounded_parts(text, ranges, positive):
    t = Reader({n: var(n) for n in ranges}).expression(text)
    plain = Plain(ranges)
    assert (plain.signs(t) == POSITIVE) == positive
    assert (plain.signs(sub(num(0), t)) == POSITIVE) is False
