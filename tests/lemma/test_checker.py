import copy

import pytest

from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts

STATEMENTS = [
    ("log(1 + x) >= x - x**2/2", ["x >= 0"]),
    ("x*exp(1 - x) <= 1", ["x real"]),
    ("log(x) <= x - 1", ["x > 0"]),
    ("sin(x)/x >= 2/pi", ["x in (0, pi/2]"]),
    ("abs(exp(x) - 1) <= exp(abs(x)) - 1", ["x real"]),
    ("cosh(x) <= exp(x**2/2)", ["x real"]),
    ("E[tanh(s*z)**2] <= s**2", ["s in [0,3]; z ~ N(0,1)"]),
    ("Phi(-x) <= phi(x)/x", ["x > 0"]),
    ("x*log(x) >= -1/e", ["x in (0, 2)"]),
]


def line(certificate):
    """Return the pieces of a certificate in one variable."""
    ((case),) = certificate["proof"]["cases"]
    return case["line"]


def with_line(certificate, pieces, **changes):
    """Return a certificate with other pieces, and other values where given."""
    return {**certificate, "proof": {"cases": [{"line": pieces}]}, **changes}


@pytest.mark.parametrize(("text", "domain"), STATEMENTS)
def test_certificates_are_accepted(text, domain):
    answer = check(text, domain, seconds=20, certify=True)
    assert answer.verdict == "certified"
    assert accepts(answer.certificate)


@pytest.mark.parametrize(("text", "domain"), STATEMENTS[:4])
def test_a_certificate_without_its_widest_part_is_rejected(text, domain):
    certificate = copy.deepcopy(dict(check(text, domain, seconds=20).certificate))
    points = [p for p in line(certificate) if p["kind"] == "point"]
    assert not accepts(with_line(certificate, points))


@pytest.mark.parametrize(
    ("text", "domain", "other"),
    [
        ("log(1 + x) >= x - x**2/2", ["x >= 0"], "log(1 + x) >= x - x**2/2.1"),
        ("log(x) <= x - 1", ["x > 0"], "log(x) <= x - 1.01"),
        ("cosh(x) <= exp(x**2/2)", ["x real"], "cosh(x) <= exp(x**2/2.01)"),
    ],
)
def test_a_certificate_of_another_statement_is_rejected(text, domain, other):
    certificate = dict(check(text, domain, seconds=20).certificate)
    false = str(check(other, domain).reading)
    true = str(check(text, domain).reading)
    pieces = [{**p, "goal": p["goal"].replace(true, false)} for p in line(certificate)]
    assert not accepts(with_line(certificate, pieces, statement=other))


ALTERED = ["0", "-1", "", "x", "1/0", "inf", "-inf", "zzz", "99999999999"]


@pytest.mark.parametrize(("text", "domain"), [STATEMENTS[0], STATEMENTS[3]])
def test_every_kind_of_piece_is_needed(text, domain):
    certificate = dict(check(text, domain, seconds=20).certificate)
    pieces = line(certificate)
    assert accepts(certificate)
    for gone in pieces:
        if gone["kind"] != "point":
            rest = [p for p in pieces if p != gone]
            assert not accepts(with_line(certificate, rest)), gone


@pytest.mark.parametrize(("text", "domain"), [STATEMENTS[0], STATEMENTS[3]])
@pytest.mark.parametrize("field", ["low", "high", "detail", "kind"])
def test_an_altered_certificate_raises_nothing_and_proves_no_more(text, domain, field):
    certificate = dict(check(text, domain, seconds=20).certificate)
    false = text.replace("/2", "/3") if "log" in text else text.replace("2/pi", "0.637")
    reading = str(check(false, domain, seconds=0.01).reading)
    known = line(certificate)
    for k, piece in enumerate(known):
        for other in ALTERED:
            value = f"96,{other},{other}" if field == "detail" else other
            pieces = [*known[:k], {**piece, field: value}, *known[k + 1 :]]
            accepts(with_line(certificate, pieces))
            wrong = [{**p, "goal": reading} for p in pieces]
            assert not accepts(with_line(certificate, wrong, statement=false))


@pytest.mark.parametrize("missing", ["statement", "domain", "where", "proof", "format"])
def test_a_certificate_without_a_part_is_rejected(missing):
    certificate = dict(check(*STATEMENTS[0], seconds=20).certificate)
    del certificate[missing]
    assert not accepts(certificate)


def test_an_expectation_that_may_not_exist_is_not_accepted():
    false = {
        "format": "mfcheck-lemma/2",
        "statement": "s >= 0*E[exp(z**2)]",
        "domain": ["s >= 0; z ~ N(0,1)"],
        "where": [],
    }
    assert not accepts(with_line(false, []))
    assert accepts(with_line({**false, "statement": "s >= 0*E[exp(z)]"}, []))
