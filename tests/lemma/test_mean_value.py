"""Lipschitz bounds by the mean value theorem: true ones with a certificate, false ones refuted beside a steep place."""

import json

import pytest

from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts

TRUE = ("certified", "proved")

LIPSCHITZ = [
    ("abs(tanh(x) - tanh(y)) <= {}*abs(x - y)", "x, y real", "1", "0.99"),
    ("abs(sigmoid(x) - sigmoid(y)) <= {}*abs(x - y)", "x, y real", "1/4", "0.249"),
    ("abs(gelu(x) - gelu(y)) <= {}*abs(x - y)", "x, y real", "1.13", "1.12"),
    ("abs(silu(x) - silu(y)) <= {}*abs(x - y)", "x, y real", "1.1", "1.09"),
    ("abs(exp(-x) - exp(-y)) <= {}*abs(x - y)", "x, y >= 0", "1", "0.99"),
    ("abs(log(x) - log(y)) <= {}*abs(x - y)", "x, y >= 1", "1", "0.99"),
    ("abs(sqrt(x) - sqrt(y)) <= {}*abs(x - y)", "x, y >= 1", "1/2", "0.49"),
    ("abs(sigmoid(x + y) - sigmoid(u + v)) <= {}*(abs(x - u) + abs(y - v))", "x, y, u, v real", "1/4", "0.24"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "domain", "right", "wrong"), LIPSCHITZ, ids=lambda v: str(v)[:36])
def test_a_constant_and_a_smaller_one(text, domain, right, wrong):
    answer = check(text.format(right), [domain], seconds=40, certify=True)
    assert answer.verdict in TRUE
    other = check(text.format(wrong), [domain], seconds=20)
    assert other.verdict not in TRUE
    assert "u" in text or other.verdict == "refuted"
    assert answer.certificate is not None
    assert accepts(answer.certificate)
    assert not accepts({**answer.certificate, "statement": text.format(wrong)})
    written = json.dumps(answer.certificate)
    if "mean value theorem in x" in written:
        other = written.replace("mean value theorem in x", "mean value theorem in z")
        assert not accepts(json.loads(other))


@pytest.mark.parametrize(
    ("text", "domain", "where"),
    [
        # The slope is small where both points may be, not between them.
        ("abs(1/x - 1/y) <= abs(x - y)", "x, y real", "x**2 >= 1 and y**2 >= 0.01"),
        ("abs(tanh(10*x) - tanh(10*y)) <= abs(x - y)", "x, y real", "x**2 >= 1/4 and y**2 >= 1/4"),
        ("abs(exp(-x) - exp(-y)) <= abs(x - y)", "x >= 0; y >= -1", ""),
        ("abs(sign(x) - sign(y)) <= abs(x - y)", "x, y real", ""),
        ("abs(log(x) - log(y)) <= abs(x - y)", "x >= 1; y > 0", ""),
        # The left side is not zero where the right one is.
        ("abs(tanh(x) - tanh(y + 1)) <= abs(x - y)", "x, y real", ""),
        ("abs(sin(x) - sin(y)) <= abs(x - 2*y)", "x, y real", ""),
        ("abs(cbrt(x) - cbrt(y)) <= abs(x - y)", "x, y real", ""),
    ],
)
def test_what_is_false_is_not_certified(text, domain, where):
    found = check(text, [domain], where=[where] if where else [], seconds=3)
    assert found.verdict not in TRUE
