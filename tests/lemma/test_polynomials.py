"""Signs of polynomials on boxes: against values at many points, and against false neighbours of true statements."""

import itertools
import random

import pytest
from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts
from mfcheck.lemma.polynomials.box import Side
from mfcheck.lemma.polynomials.cells import Condition
from mfcheck.lemma.polynomials.sign import decided, nonnegative, positive

NAMES = ("x", "y", "z")
CONTEXT = fmpq_mpoly_ctx.get(NAMES, "lex")
X, Y, Z = CONTEXT.gens()
TOUCHING = {
    "motzkin": (X**4 * Y**2 + X**2 * Y**4 + 1 - 3 * X**2 * Y**2, (-2, 2)),
    "robinson": (
        X**6 + Y**6 + 1 - X**4 * Y**2 - X**4 - X**2 * Y**4 - Y**4 - X**2 - Y**2 + 3 * X**2 * Y**2,
        (-2, 2),
    ),
    "schur": (X * (X - Y) * (X - Z) + Y * (Y - X) * (Y - Z) + Z * (Z - X) * (Z - Y), (0, 1)),
    "means": (X**3 + Y**3 + Z**3 - 3 * X * Y * Z, (0, None)),
    "gram": (1 + 2 * X * Y * Z - X**2 - Y**2 - Z**2, (fmpq(-1, 2), fmpq(1, 2))),
    "choi-lam": (X**4 * Y**2 + Y**4 * Z**2 + Z**4 * X**2 - 3 * X**2 * Y**2 * Z**2, (None, None)),
    "rosenbrock": ((1 - X) ** 2 + 100 * (Y - X**2) ** 2, (-2, 2)),
    "bilinear": ((1 - X) * (1 - Y) * (1 - Z) - 1 + X + Y + Z, (0, 1)),
}
"""Known to be nowhere negative on these sides, and zero somewhere."""


def sides(low: object, high: object) -> tuple[Side, ...]:
    ends = [None if v is None else fmpq(v) for v in (low, high)]
    return (Side(*ends, low is not None, high is not None),) * 3


def found(p: fmpq_mpoly, box: tuple[Side, ...]) -> list[fmpq] | None:
    """Return a point at which a polynomial is negative, if one is found."""
    point = decided(p, box)
    return point if isinstance(point, list) else None


def drawn(draw: random.Random, variables: int, degree: int, count: int) -> fmpq_mpoly:
    """Return a random polynomial of a few terms."""
    p = CONTEXT.constant(draw.randint(-3, 3))
    for _ in range(count):
        exponents = [draw.randint(0, degree) if k < variables else 0 for k in range(3)]
        p += CONTEXT.from_dict({tuple(exponents): fmpq(draw.randint(-5, 5), draw.randint(1, 3))})
    return p


@pytest.mark.parametrize("name", sorted(TOUCHING))
def test_what_touches_zero_is_nowhere_negative_and_a_little_less_is(name):
    p, ends = TOUCHING[name]
    box = sides(*ends)
    assert nonnegative(p, box)
    assert not positive(p, box)
    for part in (100, 10**6, 10**12):
        less = p - fmpq(1, part)
        assert not nonnegative(less, box)
        point = found(less, box)
        assert point is None or less(*point) < 0
    assert found(p - fmpq(1, 100), box) is not None


@pytest.mark.parametrize("seed", range(150))
def test_random_polynomials_against_their_values(seed):
    draw = random.Random(seed)
    variables = draw.choice((1, 2, 2, 3))
    p = drawn(draw, variables, draw.choice((1, 2, 3)), draw.randint(2, 5))
    if draw.random() < 0.5:  # a value that is not negative by more than a little, if at all
        p = p**2 * draw.choice((CONTEXT.constant(1), X + 2, Y**2 + 1)) - fmpq(
            draw.choice((0, 0, 1)), 50
        )
    box = tuple(_side(draw) for _ in range(3))
    said, point = nonnegative(p, box), found(p, box)
    if point is not None:
        assert not said
        assert p(*point) < 0
        assert all(_inside(v, s) for v, s in zip(point, box, strict=True))
    values = [
        p(*q)
        for q in itertools.product(
            *[_grid(s) for s in box[:variables]], *[[fmpq(0)]] * (3 - variables)
        )
    ]
    assert not (said and min(values) < 0)
    assert not (positive(p, box) and min(values) <= 0)


def _side(draw: random.Random) -> Side:
    low, high = draw.choice(((-2, 2), (0, 1), (1, 3), (0, None), (None, 1), (None, None), (-1, 4)))
    ends = [None if v is None else fmpq(v) for v in (low, high)]
    return Side(
        *ends, low is not None and draw.random() < 0.7, high is not None and draw.random() < 0.7
    )


def _inside(v: fmpq, s: Side) -> bool:
    above = s.low is None or v > s.low or (s.low_closed and v == s.low)
    return above and (s.high is None or v < s.high or (s.high_closed and v == s.high))


def _grid(s: Side) -> list[fmpq]:
    low = s.low if s.low is not None else (s.high or fmpq(0)) - 6
    high = s.high if s.high is not None else (s.low or fmpq(0)) + 6
    found = [low + (high - low) * fmpq(k, 12) for k in range(13)]
    return [v for v in found if _inside(v, s)]


@pytest.mark.parametrize(
    ("text", "domain", "verdict"),
    [
        ("x/(1+y) + y/(1+x) <= 1 + x*y", "x, y in [0, 1]", "certified"),
        ("x/(1+y) + y/(1+x) <= 0.999 + x*y", "x, y in [0, 1]", "refuted"),
        ("x**4*y**2 + x**2*y**4 + 1 >= 3*x**2*y**2", "x, y real", "certified"),
        ("x**4*y**2 + x**2*y**4 + 1 >= 3.001*x**2*y**2", "x, y real", "refuted"),
        ("x**4*y**2 + x**2*y**4 + 1 > 3*x**2*y**2", "x, y in [-2, 2]", "refuted"),
        ("x/(y+z) + y/(x+z) + z/(x+y) >= 3/2", "x, y, z in [1, 2]", "certified"),
        ("x/(y+z) + y/(x+z) + z/(x+y) >= 1.501", "x, y, z in [1, 2]", "refuted"),
        ("1/(x - y)**2 > 0", "x, y in [0, 1]", "undefined"),
        ("x*y > 0", "x, y in (0, 1]", "certified"),
        ("x*y > 0", "x, y in [0, 1]", "refuted"),
        ("x**2 + y**2 > 0", "x, y in [0, 1]", "refuted"),
        ("x**2 + y**2 - x*y > 0", "x, y in (0, 1]", "certified"),
        ("1/(x + y) >= 1/2", "x, y in (0, 1]", "certified"),
    ],
)
def test_statements(text, domain, verdict):
    assert check(text, [domain]).verdict == verdict


@pytest.mark.parametrize(
    ("text", "domain", "where", "verdict"),
    [
        ("x*y >= a*y + b*x - a*b", "a, b, x, y in [0, 2]", ["a <= x", "b <= y"], "certified"),
        ("x*y >= a*y + b*x - 0.99*a*b", "a, b, x, y in [0, 2]", ["a <= x", "b <= y"], "refuted"),
        ("x*y*z <= 1/27", "x, y, z in [0, 1]", ["x + y + z <= 1"], "certified"),
        ("x*y*z <= 0.037", "x, y, z in [0, 1]", ["x + y + z <= 1"], "refuted"),
        ("x + y <= 1.415", "x, y real", ["x**2 + y**2 <= 1"], "certified"),
        ("x + y <= 1.414", "x, y real", ["x**2 + y**2 <= 1"], "refuted"),
        ("x*y <= 1/2", "x, y real", ["x**2 + y**2 <= 1"], "certified"),
        ("x - y + z < 2", "x, y, z real", ["x**2 + y**2 + z**2 < 1"], "certified"),
        ("x - y + z < 1.73", "x, y, z real", ["x**2 + y**2 + z**2 < 1"], "refuted"),
        ("x >= 1", "x, y in [0, 1]", ["x + y >= 2"], "certified"),
        ("x >= 2", "x, y in [0, 1]", ["x + y >= 2"], "refuted"),
        ("x >= 2", "x, y real", ["-(x - 1)**2 - y**2 >= 0"], "refuted"),  # one point alone
        (
            "x**2 >= 4",
            "x, y in [0, 3]",
            ["x**2*(x - 2) >= 0"],
            "refuted",
        ),  # x = 0 apart from x >= 2
        ("y > 0", "x, y in [0, 1]", ["x > y", "y >= x"], "vacuous"),
        ("sin(x)**4 + cos(x)**4 >= 1/2", "x real", [], "certified"),
        ("sin(x)**4 + cos(x)**4 >= 0.501", "x real", [], "refuted"),
        ("2 + cos(x) + cos(y)*sin(x) > 0", "x, y real", [], "certified"),
        ("(a*cos(x) + b*sin(x))**2 <= a**2 + b**2", "a, b, x real", [], "certified"),
    ],
)
def test_conditions_and_circles(text, domain, where, verdict):
    assert check(text, [domain], where=where).verdict == verdict


@pytest.mark.parametrize("text", ["1 + cos(x) > 0", "2*(1 + cos(x)) + sin(x)**2 > 0"])
def test_the_point_that_a_chart_of_the_circle_misses_counts(text):
    assert check(text, ["x real"]).verdict in ("refuted", "inconclusive")


@pytest.mark.parametrize(
    ("text", "false", "domain", "where"),
    [
        ("x**2 + y**2 >= 2*x*y", "x**2 + y**2 >= 2.001*x*y", "x, y real", []),
        ("x*y*z <= 1/27", "x*y*z <= 0.037", "x, y, z in [0, 1]", ["x + y + z <= 1"]),
        ("x + y <= 1.415", "x + y <= 1.414", "x, y real", ["x**2 + y**2 <= 1"]),
        ("sin(x)**4 + cos(x)**4 >= 1/2", "sin(x)**4 + cos(x)**4 > 1/2", "x real", []),
        ("x/(1+y) + y/(1+x) <= 1", "x/(1+y) + y/(1+x) < 1", "x, y in [0, 1]", []),
    ],
)
def test_a_certificate_is_of_its_statement_alone(text, false, domain, where):
    answer = check(text, [domain], where=where, certify=True)
    assert answer.certificate is not None
    certificate = dict(answer.certificate)
    assert accepts(certificate)
    assert not accepts({**certificate, "statement": false})
    for k in range(len(where)):
        assert not accepts({**certificate, "where": where[:k] + where[k + 1 :]})


@pytest.mark.parametrize(
    "where", [["y*(1 - y) > 1/10"], ["y*(1 - y) > 1/10", "x + y < 3"], ["y*(1 - y) >= 1/10"]]
)
def test_a_square_that_vanishes_at_a_sample_hides_no_sign(where):
    assert (
        check("(x - 1/2)**2*(y - 1/2) >= 0", ["x, y in [0, 1]"], where=where).verdict == "refuted"
    )


@pytest.mark.parametrize("seed", range(120))
def test_random_polynomials_under_conditions_against_their_values(seed):
    draw = random.Random(1000 + seed)
    wrong_under_conditions(draw)


def wrong_under_conditions(draw: random.Random) -> None:
    """Draw a polynomial, a box and conditions; nothing may be said that a point of a grid contradicts."""
    variables = draw.choice((2, 2, 3))
    p = drawn(draw, variables, 2, draw.randint(1, 3))
    for _ in range(draw.randint(0, 2)):
        p *= drawn(draw, variables, 1, 2) ** draw.choice((1, 2))
    box = tuple(_side(draw) for _ in range(3))
    conditions = []
    for _ in range(draw.randint(1, 2)):
        kind = draw.choice(("line", "open", "disc"))
        line = drawn(draw, variables, 1, 1) + sum(draw.randint(-2, 2) * g for g in (X, Y))
        if kind == "disc":
            g = draw.randint(1, 6) - draw.randint(1, 2) * X**2 - draw.randint(1, 2) * Y**2
            conditions.append(Condition(g, True))
        elif line.total_degree() == 1 and kind == "line":
            conditions.append(Condition(line, True))
        else:
            g = drawn(draw, variables, 2, 3) * draw.choice(
                (CONTEXT.constant(1), (X - 1) ** 2, line)
            )
            if not g.is_zero():
                conditions.append(Condition(g))
    said = decided(p, box, conditions)
    sure = positive(p, box, conditions)
    grid = itertools.product(*[_grid(s) for s in box[:variables]], *[[fmpq(0)]] * (3 - variables))
    values = [p(*q) for q in grid if all(c.holds(list(q)) for c in conditions)]
    assert not (said is True and min(values, default=0) < 0)
    assert not (sure and min(values, default=1) <= 0)
    if isinstance(said, list):
        assert p(*said) < 0
        assert all(c.holds(said) for c in conditions)


def test_conditions_without_a_point_of_the_box_decide_nothing():
    assert decided(Y - 2, sides(0, 1), [Condition(X + Y + Z - 5, True)]) is None
    assert check("y >= 2", ["x, y, z in [0, 1]"], where=["x + y + z >= 5"]).verdict == "vacuous"
