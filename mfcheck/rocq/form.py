"""The form of a claim, before anything of it is written: what has no meaning for the checker gets no text of Rocq.

Rocq's functions are total and its names are others, so that a lemma about what is no formula could well be proved.
"""

import ast
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from mfcheck.verify.formulas import BINDERS, FUNCTIONS, parse
from mfcheck.verify.inequalities import read_box
from mfcheck.verify.reading import NAME, bounds, need, number

Json: TypeAlias = dict[str, Any]
Known: TypeAlias = Mapping[str, tuple[Fraction, Fraction]]

_INFINITE = "inf"
_ARGUMENTS = {"normal": 2, "integral": 4, "pair": 4, "series": 2, "sum": 4}
_INSIDE = {"normal": (1,), "integral": (3,), "pair": (2, 3), "series": (1,), "sum": (3,)}
"""The arguments that see the name that a call binds."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_MANY = ("max", "min")
_KERNELS = ("A", "A1", "A2")
_METHODS = ("delsarte", "circle", "rankin", "volume")


def require_form(kind: str, claim: Json, witness: Json, known: Known) -> None:
    """Require of a claim what the checker requires of its form.

    Args:
        kind: of the certificate.
        claim: with the keys of its kind.
        witness: with the keys of its kind.
        known: bounds of the numbers that earlier parts of a bundle name.

    Raises:
        MalformedError: a name, a number, a formula, or a range is none.
    """
    match kind:
        case "inequality" | "root" | "zeros" | "half_line":
            _require_scalar(kind, claim, known)
        case "system":
            _require_system(claim, known)
        case "recursion":
            _require_recursion(claim)
        case "code_bound":
            _require_code(claim, witness["method"])
        case "separation":
            need(claim["n"] >= 1 and -1 <= number(claim["C_max"]) < 1, "n or C_max out of range")
            number(claim["lower"])
        case "lambda_min" | "counterexample":
            _require_points(claim)


def _require_scalar(kind: str, claim: Json, known: Known) -> None:
    """The inputs, the variable if there is one, the bounds, the formula."""
    names = set(read_box(claim["inputs"], known))
    if kind != "inequality":
        name = claim["variable"]
        need(name not in names, "a variable that is an input")
        names |= set(read_box({name: "0"}, {}))
    if kind in ("inequality", "half_line"):
        bounds(claim)
    elif claim["upper"] != _INFINITE or kind == "root":
        need(number(claim["lower"]) <= number(claim["upper"]), "the ends of the variable")
    if kind == "half_line":
        number(claim["start"])
    kernels = _KERNELS if "activation" in claim else ()
    require_formula(claim["formula"], names, kernels)


def _require_system(claim: Json, known: Known) -> None:
    box, inputs = read_box(claim["unknowns"], {}), read_box(claim["inputs"], known)
    need(1 <= len(box) == len(claim["equations"]), "as many equations as unknowns")
    need(not set(box) & set(inputs), "an unknown that is an input")
    need(all(low < high for low, high in box.values()), "the box of the unknowns is empty inside")
    for text in claim["equations"]:
        require_formula(text, {*box, *inputs})


def _require_recursion(claim: Json) -> None:
    states, constants = set(claim["start"]), set(claim["constants"])
    read_box(dict.fromkeys((*states, *constants), "0"), {})
    need(states == set(claim["steps"]), "states, and a step of each")
    need(not states & constants, "a constant that is a state")
    need(all(map(NAME.fullmatch, claim["values"])), "name of a value")
    for text in claim["constants"].values():
        require_formula(text, ())
    for text in claim["start"].values():
        require_formula(text, constants)
    for text in (*claim["steps"].values(), *(x["formula"] for x in claim["values"].values())):
        require_formula(text, states | constants)


def _require_code(claim: Json, method: str) -> None:
    """Each method has its range: beyond it, what it cites is not true."""
    d, cosine = claim["dimension"], number(claim["cosine"])
    need(method in _METHODS, "unknown method")
    need(d >= 1 and -1 <= cosine < 1 <= number(claim["upper"]), "dimension, cosine or bound")
    need(method != "circle" or d == 2, "a circle is in dimension 2")
    need(method != "rankin" or d == 1 or cosine <= 0, "Rankin's bound is for cosines up to 0")
    need(method not in ("volume", "delsarte") or d >= 2, "a dimension of 2 or more")


def _require_points(claim: Json) -> None:
    bounds(claim)
    rows, d = claim["points"], claim["dimension"]
    need(d >= 1 and len(rows) >= 1, "a dimension or points")
    need(all(isinstance(row, list) and len(row) == d for row in rows), "points of the dimension")
    need("C_max" not in claim or number(claim["C_max"]) < 1, "C_max is not below 1")
    for row in rows:
        for text in row:
            require_formula(text, ())


def require_formula(text: Any, names: Collection[str], kernels: Collection[str] = ()) -> None:
    """Require that a text is a formula in some names, with every function called as it is to be.

    Raises:
        MalformedError: it is none.
    """
    need(isinstance(text, str), "not a formula")
    _require(text.strip(), parse(text), frozenset(names), frozenset(kernels))


def _require(text: str, node: ast.expr, names: frozenset[str], kernels: Collection[str]) -> None:
    inner: list[ast.expr] = []
    match node:
        case ast.Constant():
            number(ast.get_source_segment(text, node))
        case ast.Name(id=name):
            need(name in names or name == "pi", f"unknown name {name[:60]}")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = [operand]
        case ast.BinOp(left=left, op=op, right=right):
            need(isinstance(op, _OPERATORS), "an operator of no formula")
            inner = [left, right]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in BINDERS:
            _require_binder(text, name, args, names, kernels)
        case ast.Call(func=ast.Name(id=name), args=[_, *more] as args, keywords=[]):
            need(name in FUNCTIONS or name in kernels, f"{name[:60]} is not a function")
            need(not more or name in _MANY, f"{name} takes one argument")
            inner = args
        case _:
            need(False, "outside the grammar of formulas")
    for part in inner:
        _require(text, part, names, kernels)


def _require_binder(
    text: str, name: str, args: list[ast.expr], names: frozenset[str], kernels: Collection[str]
) -> None:
    """A call that binds a new name in some of its arguments."""
    need(len(args) == _ARGUMENTS[name], f"{name} takes {_ARGUMENTS[name]} arguments")
    bound = args[0].id if isinstance(args[0], ast.Name) else ""
    taken = {*names, *kernels, *FUNCTIONS, *BINDERS, "pi"}
    need(bool(NAME.fullmatch(bound)) and bound not in taken, "a name that is bound is to be new")
    if name == "sum":
        need(all(isinstance(end, ast.Constant) for end in args[1:3]), "the ends of a sum")
        first, last = (number(ast.get_source_segment(text, end)) for end in args[1:3])
        need(first.denominator == last.denominator == 1, "the ends of a sum are whole numbers")
        need(first <= last, "a sum has a term")
    for place, part in enumerate(args[1:], start=1):
        inside = names | {bound} if place in _INSIDE[name] else names
        _require(text, part, inside, kernels)
