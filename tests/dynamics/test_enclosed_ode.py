from collections.abc import Callable

import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.ode import (
    System,
    covariance,
    sensitivity,
    solve,
    with_covariance,
    with_sensitivity,
)
from mfcheck.dynamics.overlaps import evolve, rule
from mfcheck.errors import InputError

x, y, a, b, t = sp.symbols("x y a b t")


def narrow(ball: arb, digits: int) -> bool:
    return bool(ball.rad() < arb(10) ** -digits * (1 + abs(ball.mid())))


CLOSED: list[tuple[sp.Expr, sp.Expr, Callable[[arb], arb]]] = [
    (-x, sp.Integer(1), lambda s: (-s).exp()),
    (x * (1 - x), sp.Rational(1, 10), lambda s: s.exp() / (9 + s.exp())),
    (x**2, sp.Rational(1, 4), lambda s: 1 / (4 - s)),
    (1 / x, sp.Integer(1), lambda s: (1 + 2 * s).sqrt()),
    (-(x**11), sp.Integer(1), lambda s: 1 / (1 + 10 * s).root(10)),
    (sp.sqrt(x), sp.Integer(1), lambda s: (1 + s / 2) ** 2),
    (sp.exp(-x), sp.Integer(0), lambda s: (1 + s).log()),
    (1 + x**2, sp.Integer(0), lambda s: s.tan()),
    (sp.cos(x) ** 2, sp.Integer(0), lambda s: s.atan()),
    (1 / sp.cosh(x), sp.Integer(0), lambda s: s.asinh()),
    (1 - sp.tanh(x) ** 2 + sp.tanh(x) ** 2, sp.Integer(0), lambda s: s),
    (2 * t * x, sp.Integer(1), lambda s: (s * s).exp()),
    (sp.pi * sp.cos(sp.pi * t), sp.Integer(0), lambda s: (arb.pi() * s).sin()),
    (x ** sp.Rational(3, 2), sp.Integer(1), lambda s: 1 / (1 - s / 2) ** 2),
    (x ** sp.Rational(1, 3), sp.Integer(1), lambda s: (1 + 2 * s / 3) ** (arb(3) / 2)),
]


@pytest.mark.parametrize("index", range(len(CLOSED)))
def test_encloses_closed_forms(index: int) -> None:
    right, start, closed = CLOSED[index]
    found = enclosed_ode(System((x,), (right,), (start,), t), ["1/4", "5/4"])
    with ctx.workprec(256):
        for (ball,), time in zip(found, (arb(1) / 4, arb(5) / 4), strict=True):
            assert ball.contains(closed(time).mid())
            assert ball.overlaps(closed(time))
            assert narrow(ball, 25)


@pytest.mark.parametrize(("order", "prec"), [(3, 64), (8, 64), (15, 128), (40, 300)])
def test_encloses_at_any_order_and_precision(order: int, prec: int) -> None:
    circle = System((x, y), (y, -x), (1, 0))
    ((ball, _),) = enclosed_ode(circle, [sp.Rational(1, 8)], order=order, prec=prec)
    with ctx.workprec(400):
        assert ball.contains((arb(1) / 8).cos().mid())


def test_wide_parameters_give_all_solutions() -> None:
    ((ball,),) = enclosed_ode(System((x,), (-a * x,), (1,)), [1], {a: arb(1, 0.01)})
    for rate in (0.99, 0.995, 1.0, 1.01):
        assert ball.contains((-arb(rate)).exp().mid())
    assert ball.rad() < 0.05


def test_quantities_and_conservation() -> None:
    found = enclosed_ode(System((x, y), (y, -x), (a, 0)), [1, 20], {a: "3"}, [x**2 + y**2, x * t])
    for row in found:
        assert row[0].contains(9)
        assert narrow(row[0], 20)


def test_sensitivity_and_covariance() -> None:
    logistic = with_sensitivity(System((x,), (a * x * (1 - x),), (b,)), (a, b))
    ((da, db),) = enclosed_ode(
        logistic, [2], {a: 1, b: "1/10"}, [sensitivity(x, a), sensitivity(x, b)]
    )
    with ctx.workprec(256):
        grown = arb(2).exp()
        below = (9 + grown) ** 2 / 100
        assert db.overlaps(grown / below)
        assert da.overlaps(2 * grown * arb(9) / 100 / below)
        assert narrow(db, 25)
    decay = System((x,), (-x,), (1,))
    both = with_covariance(decay, sp.Matrix([[3]]), sp.zeros(1))
    ((spread,),) = enclosed_ode(both, [1], None, [covariance(x, x, both)])
    with ctx.workprec(256):
        assert spread.overlaps(arb(3) / 2 * (1 - arb(-2).exp()))
        assert narrow(spread, 25)


def test_three_layer_output_and_its_rival_in_floats() -> None:
    names = sp.symbols("p1 p2 q1 q2 k11 k12 k21 k22")
    p, q, K = sp.Matrix(names[:2]), sp.Matrix(names[2:4]), sp.Matrix(2, 2, names[4:])
    Ga = sp.Matrix([[sp.Rational(4, 3), 1], [1, 1]])
    Gw = sp.Matrix([[sp.Rational(1, 3), sp.Rational(1, 2)], [sp.Rational(1, 2), 1]])
    u = (p.T * Ga * K * Gw * q)[0]
    right = [*((1 - u) * K * Gw * q), *((1 - u) * K.T * Ga * p), *((1 - u) * p * q.T)]
    system = System(names, tuple(right), (1, 0, 1, 0, 0, 0, 0, sp.Rational(1, 2)))
    ((ball,),) = enclosed_ode(system, [1], quantities=[u])
    assert narrow(ball, 20)
    assert abs(ball - arb("0.8768083064048 +/- 1e-13")) < arb("3e-13")
    estimate = solve(system, [1]).final(u)
    assert abs(ball - estimate.value) <= estimate.error


@pytest.mark.parametrize(
    ("right", "start", "time"),
    [
        (x**2, 1, 2),
        (sp.sqrt(x), 0, 1),
        (-1 / x, 1, 1),
        (sp.log(x) - 1, 1, 2),
        (sp.sin(x) / x, 0, 1),
    ],
)
def test_what_cannot_be_justified_is_refused(right: sp.Expr, start: int, time: int) -> None:
    """Solutions that blow up, that are not unique, that leave the domain, or start where there is no series."""
    with pytest.raises(InputError, match=r"cannot be enclosed"):
        enclosed_ode(System((x,), (right,), (start,)), [time])


def test_refusals() -> None:
    with pytest.raises(InputError, match="decrease"):
        enclosed_ode(System((x,), (x,), (1,)), [1, 0])
    with pytest.raises(InputError, match="no value"):
        enclosed_ode(System((x,), (a * x,), (1,)), [1])
    with pytest.raises(InputError, match="no series"):
        enclosed_ode(System((x,), (sp.gamma(x),), (1,)), [1])
    assert ctx.cap == 10


def test_moments_of_a_two_layer_network() -> None:
    """The closed form of the limit, 20 digits from another source, lies within."""
    A, m, B = sp.symbols("A m B")
    v = sp.Rational(5, 4) * (sp.Rational(3, 2) - m)
    system = System(
        (A, m, B), (2 * m * v, (A + B) * v, 2 * m * v), (sp.Rational(1, 3), sp.Rational(1, 2), sp.Rational(4, 3))
    )  # fmt: skip
    (found,) = enclosed_ode(system, [1])
    expected = ("1.1104041797593149785", "1.4659321872930642579", "2.1104041797593149785")
    with ctx.workprec(256):
        for ball, text in zip(found, expected, strict=True):
            assert abs(ball - arb(text)) < arb("1e-19")
            assert narrow(ball, 25)


def test_order_parameters_of_one_student_and_one_teacher() -> None:
    """Arcsines and roots: the full equations of `overlaps` at p = k = 1, teacher norm 1."""
    q, r = sp.symbols("q r")

    def i3(c11: sp.Expr, c12: sp.Expr, c13: sp.Expr, c23: sp.Expr, c33: sp.Expr) -> sp.Expr:
        own = 1 + c11
        return 2 / sp.pi * (c23 * own - c12 * c13) / (own * sp.sqrt(own * (1 + c33) - c13**2))

    def i4(u: sp.Expr, v: sp.Expr, joint: sp.Expr, first: sp.Expr, second: sp.Expr) -> sp.Expr:
        """Derivatives both at the student, values at units of covariances u, v with it."""
        L4 = (1 + q) ** 2 - q**2
        L0 = L4 * joint - 2 * u * v * (1 + q) + 2 * q * u * v
        sizes = [
            L4 * (1 + c) - 2 * w**2 * (1 + q) + 2 * q * w**2 for c, w in ((first, u), (second, v))
        ]
        return 4 / (sp.pi**2 * sp.sqrt(L4)) * sp.asin(L0 / sp.sqrt(sizes[0] * sizes[1]))

    pull = i3(q, r, q, r, q) - i3(q, r, r, 1, 1)
    own = i3(q, q, q, q, q) - i3(q, q, r, r, 1)
    bracket = i4(q, q, q, q, q) - 2 * i4(q, r, r, q, 1) + i4(r, r, 1, 1, 1)
    label = 2 / sp.pi / sp.sqrt((1 + q) ** 2 - q**2) / 1000
    system = System((q, r), (-2 * own + bracket + label, -pull), (1, sp.Rational(1, 5)))
    ((Q, M),) = enclosed_ode(system, ["1/4"], order=20, prec=160)
    floats = evolve(1, 0.2, 1, rule(1, 1, 1, 1e-3), 1e-3, [250], "rk4")
    for ball, value in ((Q, floats.Q[0, 0, 0]), (M, floats.M[0, 0, 0])):
        assert narrow(ball, 12)
        assert abs(ball - float(value)) < arb("1e-12")
