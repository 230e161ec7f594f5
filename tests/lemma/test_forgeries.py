"""Pieces of true proofs, altered and mixed, that claim to show whatever is asked: none proves a false statement."""

import json
import random

import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts

STATEMENTS = [
    ("log(1 + x) >= x - x**2/2", "x >= 0", "log(1 + x) >= x - x**2/2.02"),
    ("log(1 + x) >= x - x**2/2", "x >= 0", "log(1 + x) > x - x**2/2"),
    ("exp(x) >= 1 + x", "x real", "exp(x) >= 1 + 1.001*x"),
    ("exp(x) >= 1 + x", "x real", "exp(x) > 1 + x"),
    ("x*exp(1 - x) <= 1", "x real", "x*exp(1 - x) <= 0.9999999"),
    ("sin(x)/x >= 2/pi", "x in (0, pi/2]", "sin(x)/x >= 0.6367"),
    ("log(x) <= x - 1", "x > 0", "log(x) <= x - 1.0001"),
    ("Phi(-x) <= phi(x)/x", "x > 0", "Phi(-x) <= 0.99*phi(x)/x"),
    ("erfc(x) < 2", "x real", "erfc(x) <= 2 - 10**(-30)"),
]
FIELDS = ("low", "high", "detail", "kind")


class Anything(str):
    """A goal that is equal to every goal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


@pytest.fixture(scope="module")
def proofs():
    """Return the pieces of each true statement."""
    found = {}
    for text, domain, _ in STATEMENTS:
        certificate = json.loads(json.dumps(check(text, [domain], seconds=20).certificate))
        assert accepts(certificate)
        ((case),) = certificate["proof"]["cases"]
        found[text] = (certificate, case["line"])
    return found


@pytest.mark.parametrize("seed", range(len(STATEMENTS)))
def test_mixed_pieces_prove_nothing_false(proofs, seed):
    draw = random.Random(seed)
    text, _, false = STATEMENTS[seed]
    certificate, own = proofs[text]
    pool = [p for _, line in proofs.values() for p in line]
    values = {
        f: sorted({p[f] for p in pool} | ({"inf", "-inf"} if f in FIELDS[:2] else set()))
        for f in FIELDS
    }
    for _ in range(40):
        pieces = [dict(p) for p in own]
        for _ in range(draw.randint(0, 4)):
            field = draw.choice(FIELDS)
            draw.choice(pieces)[field] = draw.choice(values[field])
        pieces += [dict(p) for p in draw.sample(pool, 3)]
        pieces += [{f: draw.choice(values[f]) for f in FIELDS} for _ in range(3)]
        forged = [{**p, "goal": Anything("")} for p in pieces]
        try:
            accepted = accepts(
                {**certificate, "statement": false, "proof": {"cases": [{"line": forged}]}}
            )
        except InputError:
            accepted = False
        assert not accepted, pieces


def test_the_same_pieces_prove_what_is_true(proofs):
    for certificate, own in proofs.values():
        goals = [{**p, "goal": Anything("")} for p in own]
        assert accepts({**certificate, "proof": {"cases": [{"line": goals}]}})
