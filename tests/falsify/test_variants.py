import sympy as sp

from mfcheck import load_paper
from mfcheck.claims import PlantedError
from mfcheck.falsify import variants as v
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck.symbolic.identity import difference

n, beta = sp.symbols("n beta", positive=True)
k = sp.Symbol("k", integer=True, nonnegative=True)
x = sp.Symbol("x", real=True)
FORMULA = beta * s1(x) * (1 + k) / n
ALL = (
    v.scaled(2, sp.Rational(1, 2)),
    v.sign(),
    v.powers(beta, 1, -1, sp.Rational(1, 2), sp.Rational(-1, 2)),
    v.dropped(n, -1),
    v.shifted(k, 1, -1),
    v.derivative("slope", s1, s2),
)


def test_each_variant_changes_one_thing() -> None:
    errors = v.of_identity("f", FORMULA, *ALL, checks=["check"])
    found = {e.id: e.replace["f"] for e in errors}
    assert found == {
        "f-times-2": 2 * FORMULA,
        "f-times-1-over-2": FORMULA / 2,
        "f-negated": -FORMULA,
        "f-beta-power-1": beta * FORMULA,
        "f-beta-power-minus-1": FORMULA / beta,
        "f-beta-power-1-over-2": sp.sqrt(beta) * FORMULA,
        "f-beta-power-minus-1-over-2": FORMULA / sp.sqrt(beta),
        "f-no-n": n * FORMULA,
        "f-no-root-n": sp.sqrt(n) * FORMULA,
        "f-k-shifted-1": FORMULA.subs(k, k + 1),
        "f-k-shifted-minus-1": beta * s1(x) * k / n,
        "f-slope": beta * s2(x) * (1 + k) / n,
    }
    assert {e.kind for e in errors} < set(v.KINDS)
    assert all(e.why_false and e.rejected_by == ("check",) for e in errors)


def test_what_changes_nothing_is_no_variant() -> None:
    zero = v.of_identity("f", sp.Integer(0), *ALL)
    assert zero == ()
    assert v.of_identity("f", beta, v.shifted(k, 1), v.derivative("d", s0, s1)) == ()
    hidden = sp.cos(k * sp.pi) ** 2  # equal to one for every integer k
    assert v.of_identity("f", hidden, v.shifted(k, 1)) == ()


def test_matrix_formulas_can_be_scaled() -> None:
    M = sp.MatrixSymbol("M", 2, 2)
    errors = v.of_identity("f", M, v.scaled(2), v.sign())
    assert [e.replace["f"] for e in errors] == [2 * M, -M]


def test_orders_and_attained_bounds() -> None:
    orders = v.of_order("order", sp.Integer(-2), sp.Rational(1, 2), -1, why="Exact.")
    assert [e.replace["order"] for e in orders] == [sp.Rational(-3, 2), -3]
    bounds = v.of_attained("bound", beta, v.dropped(n, 1), why="At {n} = 2.")
    assert [e.replace["bound"] for e in bounds] == [beta / n, beta / sp.sqrt(n)]
    assert [e.kind for e in bounds] == [v.DROPPED_N, v.DROPPED_ROOT]
    assert bounds[0].why_false.startswith("At {n} = 2. This is the attained value with")


def test_equal_variants_are_planted_once() -> None:
    (double,) = v.of_identity("f", beta, v.scaled(2), checks=["a"])
    by_hand = PlantedError("hand", v.SCALED, {"f": 2 * beta}, "why", ("a", "b"))
    weaker = PlantedError("weak", v.SCALED, {"f": 2 * beta}, "why", ("b",))
    assert v.merged((by_hand,), (double,)) == (by_hand,)
    assert v.merged((weaker,), (double,)) == (weaker, double)
    anywhere = v.of_identity("f", beta, v.scaled(2))
    assert v.merged(anywhere, (double,)) == anywhere


def test_every_planted_error_differs_from_the_formula_and_says_why() -> None:
    for claim in load_paper("scaled-resnets").claims:
        for error in claim.planted:
            stated = claim.reading(error.reading).formulas
            assert error.why_false
            assert any(_differ(error.replace[name], stated[name]) for name in error.replace)


def _differ(variant: sp.Basic, stated: sp.Basic) -> bool:
    hard = (sp.Derivative, sp.betainc_regularized, sp.Max, sp.Min, sp.oo)
    plain = isinstance(variant, sp.Expr) and not isinstance(variant, sp.MatrixExpr)
    if plain and not (variant - stated).has(*hard):
        return bool(difference(variant, stated) != 0)
    return bool(variant != stated)
