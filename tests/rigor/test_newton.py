import pytest
import sympy as sp
from flint import arb, ctx
from mpmath import mp

from mfcheck.errors import InputError
from mfcheck.rigor.newton import solve_system

x, y, a = sp.symbols("x y a", real=True)


def test_a_circle_and_a_line_meet_where_algebra_says() -> None:
    root = solve_system([x**2 + y**2 - a, x - y], [x, y], [1.0, 1.2], {a: 3}, digits=30)
    with ctx.workdps(60):
        exact = (arb(3) / 2).sqrt()
        for value in root.values:
            assert value.overlaps(exact)
            assert value.rad() < arb(10) ** -28


def test_transcendental_equations_agree_with_another_solver() -> None:
    root = solve_system([sp.exp(x) - 2 - sp.sin(y), x * y - sp.Rational(1, 3)], [x, y], [0.8, 0.4])
    with mp.workdps(40):
        found = mp.findroot(
            lambda u, v: [mp.exp(u) - 2 - mp.sin(v), u * v - mp.mpf(1) / 3], (0.8, 0.4)
        )
        for value, other in zip(root.values, found, strict=True):
            assert abs(mp.mpf(value.mid().str(40, radius=False)) - other) < mp.mpf(10) ** -15


@pytest.mark.parametrize(
    "equations", [[(x - 1) ** 2, y], [x**2 + 1, y], [sp.Abs(x) + 1 + y**2, y - 1]]
)
def test_double_or_absent_solutions_are_refused(equations: list[sp.Expr]) -> None:
    with pytest.raises(InputError):
        solve_system(equations, [x, y], [0.9, 0.1])


def test_two_roots_that_no_box_tells_apart_are_not_one() -> None:
    """The roots are 10^-30 and -10^-30, nearer than the smallest box that is tried."""
    with pytest.raises(InputError, match="no box around the solution"):
        solve_system([x**2 - sp.Rational(1, 10**60)], [x], [1e-30])
