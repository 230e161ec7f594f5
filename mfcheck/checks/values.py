"""Values of formulas in a setting: symbols of parameters and constants get their values, `E[...]` its enclosure."""

from collections.abc import Mapping

import sympy as sp
from flint import arb, ctx

from mfcheck.claims.model import Context, Paper
from mfcheck.claims.setting import Setting
from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.graph import ConstantGraph, constant_graph
from mfcheck.errors import InputError
from mfcheck.gaussian import enclosed as enclosed_formula
from mfcheck.rigor.ball import Exact

DIGITS = 20
Where = Mapping[sp.Symbol, arb | Exact]

_graphs: dict[int, ConstantGraph] = {}


def ball(
    context: Context,
    formula: str | sp.Expr,
    where: Where | None = None,
    digits: int = DIGITS,
    setting: Setting | None = None,
) -> arb:
    """Enclose a formula of the reading under test, or any other.

    Args:
        context: of the check.
        formula: its name in the reading, or a SymPy expression.
        where: values of symbols that are neither parameters nor constants of the paper, or in place of these.
        digits: accuracy of the constants and expectations that enter.
        setting: in which; the one under review if None.

    Raises:
        InputError: a constant or an expectation does not exist in this setting, or a symbol has no value.
    """
    expr = context[formula] if isinstance(formula, str) else formula
    return evaluate(expr, context.paper, setting or context.setting, where, digits)


def evaluate(
    expr: sp.Expr,
    paper: Paper | None,
    setting: Setting,
    where: Where | None = None,
    digits: int = DIGITS,
) -> arb:
    """Enclose an expression in a setting; arguments and errors as for `ball`."""
    known: dict[sp.Symbol, arb | Exact] = {}
    with ctx.workdps(digits + 15):
        for symbol in sorted(sp.sympify(expr).free_symbols, key=str):
            if where is not None and symbol in where:
                known[symbol] = where[symbol]
            elif (found := _of_paper(symbol, paper, setting, digits)) is not None:
                known[symbol] = found
        activation = setting.activation if setting.has_activation else None
        return enclosed_formula(sp.sympify(expr), known, activation, digits)


def _of_paper(
    symbol: sp.Symbol, paper: Paper | None, setting: Setting, digits: int
) -> arb | Exact | None:
    if paper is None:
        return None
    for parameter in paper.parameters:
        if parameter.symbol == symbol:
            return setting[parameter.name]
    constant = next((c for c in paper.constants if c.symbol == symbol), None)
    if constant is None:
        return None
    graph = _graphs.setdefault(id(paper), constant_graph(paper))
    return enclose_constant(graph, setting, constant.id, digits)


def number(context: Context, formula: str | sp.Expr, where: Where | None = None) -> float:
    """Return a formula in double precision; arguments and errors as for `ball`.

    Raises:
        InputError: also where the value is not finite.
    """
    value = ball(context, formula, where)
    if not value.is_finite():
        raise InputError(f"{formula} has no finite value in this setting")
    return float(value.mid())
