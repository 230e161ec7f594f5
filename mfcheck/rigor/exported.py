"""How much of a certificate can be put to Rocq, from its form alone."""

import ast
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from math import ceil, log2
from typing import Any, Literal

from mfcheck.rigor.planes import is_planar
from mfcheck.verify.formulas import parse

Exports = Literal["whole", "part", "none"]
_KNOWN = frozenset(("exp", "log", "sqrt", "sin", "cos", "atan", "tanh", "max", "min"))
_CORNERS = frozenset(("max", "min"))
_LIPSCHITZ = _KNOWN - _CORNERS
_IN_MEANS = frozenset(("tanh", "max", "min"))
_COUNTED = _LIPSCHITZ | {"erf"}
_VALUED = _KNOWN | {"erf", "sum"}
_PARTLY = frozenset(("lambda_min", "counterexample", "separation", "code_bound"))
_POINTS, _MOST_FACTORS = 64, 12
MOST_BITS = 46
"""Of accuracy of the values of a system, in the floats of the machine."""
SEPARATED: Mapping[str, str] = {"tanh": "tanh(sqrt(2)*u)"}
"""Activations whose Hermite coefficients Rocq encloses, at sqrt2 u as a formula."""
MOST_POINTS = 1000
"""In a certificate of separation that Rocq covers as a whole."""


def exports(certificate: Mapping[str, Any]) -> Exports:
    """Return how much of an accepted certificate `mfcheck export --rocq` can write, from its form alone.

    `whole`: every step; `part`: some are taken for granted there, such as the entries of a kernel matrix, and theorems
    that are cited; `none`: nothing. Whether Rocq accepts the file is seen by `mfcheck verify --rocq` alone.
    """
    kind, claim = certificate["kind"], certificate["claim"]
    if kind == "bundle":
        found = {exports(part["certificate"]) for part in claim["parts"]}
        return found.pop() if len(found) == 1 else "part"
    if kind == "inequality":
        tree, cut = parse(claim["formula"]), "cuts" in certificate["witness"]
        return "whole" if not cut and (valued(tree) or _covered(tree, _KNOWN)) else "part"
    if kind == "half_line":
        return "whole" if _covered(parse(claim["formula"]), _KNOWN, means=False) else "part"
    if kind == "root":
        known = valued(parse(claim["formula"])) or _continuous(claim["formula"], claim["variable"])
        return "whole" if known else "part"
    if kind == "zeros":
        return "whole" if _counted(claim) else "part"
    if kind == "system":
        return "whole" if _solved(claim, certificate["witness"]) else "none"
    if kind == "recursion":
        return "whole" if correlation(claim) else "none"
    if kind == "code_bound" and certificate["witness"]["method"] == "delsarte":
        return "whole"
    if kind == "separation":
        return "whole" if claim["activation"] in SEPARATED and claim["n"] <= MOST_POINTS else "part"
    known = kind in _PARTLY and len(claim.get("points", ())) <= _POINTS
    return "part" if known else "none"


def valued(node: ast.AST) -> bool:
    """Whether a formula has only sums and functions whose values Rocq computes."""
    functions = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return all(isinstance(f, ast.Name) and f.id in _VALUED for f in functions)


def _covered(node: ast.AST, known: frozenset[str], means: bool = True) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
            return means and _in_mean(body, bound, exps=True)
        case ast.Call(func=ast.Name(id="pair"), args=[ast.Name(id=bound), c, f, g]):
            return (
                means and _covered(c, _KNOWN, False) and _in_pair(f, bound) and _in_pair(g, bound)
            )
        case ast.Call(func=ast.Name(id="series"), args=[ast.Name(id=bound), body]):
            return means and _smooth_in_mean(body, bound)
        case ast.Call(func=ast.Name(id="integral"), args=[_, low, high, body]):
            simple = all(_covered(x, _LIPSCHITZ, False) for x in (low, high, body))
            return means and (simple or is_planar(ast.unparse(node)))
        case ast.Call(func=ast.Name(id=name)) if name not in known:
            return False
    return all(_covered(inner, known, means) for inner in ast.iter_child_nodes(node))


def _in_mean(node: ast.AST, bound: str, whole_divisors: bool = False, exps: bool = False) -> bool:
    """Whether a part of a mean is a polynomial in the variable, tanh, max, min, exp of what is bounded, and numbers."""
    if not _varies(node, bound):
        return _covered(node, _KNOWN, means=False)
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = _whole(right) and _small(right)
            return power and _in_mean(left, bound, whole_divisors, exps)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            if _varies(right, bound) or (whole_divisors and not _whole(right)):
                return False
        case ast.Call(func=ast.Name(id=name), args=args):
            known = name in _IN_MEANS or (name == "exp" and exps and _growth(args[0], bound) == 0)
            return known and all(_in_mean(a, bound, whole_divisors, exps) for a in args)
    return all(
        _in_mean(inner, bound, whole_divisors, exps)
        for inner in ast.iter_child_nodes(node)
        if isinstance(inner, ast.expr)
    )


def _growth(node: ast.AST, bound: str) -> int:
    """The power of the variable that bounds a part of a mean, 0 for tanh and exp."""
    match node:
        case ast.Name(id=name):
            return int(name == bound)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as power)):
            return power * _growth(left, bound)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _growth(left, bound) + _growth(right, bound)
        case ast.Call(func=ast.Name(id="tanh" | "exp")):
            return 0
    return max((_growth(inner, bound) for inner in ast.iter_child_nodes(node)), default=0)


def _smooth_in_mean(
    node: ast.AST, bound: str, whole_divisors: bool = False, exps: bool = False
) -> bool:
    """As in a mean, without corners."""
    corners = (n for n in ast.walk(node) if _varies(n, bound) and _is_call(n, _CORNERS))
    return not any(corners) and _in_mean(node, bound, whole_divisors, exps)


def _in_pair(node: ast.expr, bound: str) -> bool:
    """As in a mean, or a step at zero."""
    factors = step_factors(node, bound)
    if factors is None:
        return _in_mean(node, bound)
    return all(_covered(factor, _KNOWN, means=False) for factor in factors)


def step_factors(node: ast.expr, bound: str) -> list[ast.expr] | None:
    """What is before a variable in a step at zero, above zero by its form; `None` if a formula is no such step."""
    match node:
        case ast.Call(func=ast.Name(id="step"), args=[ast.Name(id=name)]) if name == bound:
            return []
        case ast.Call(
            func=ast.Name(id="step"), args=[ast.BinOp(left=left, op=ast.Mult(), right=right)]
        ):
            for inner, factor in ((left, right), (right, left)):
                if isinstance(inner, ast.Name) and inner.id == bound and _above_zero(factor, bound):
                    return [factor]
    return None


def _above_zero(node: ast.expr, bound: str) -> bool:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value > 0
        case ast.Call(func=ast.Name(id="exp" | "sqrt")):
            return not _varies(node, bound)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return _above_zero(left, bound) and _above_zero(right, bound)
    return False


def _continuous(formula: str, variable: str) -> bool:
    """Whether Rocq gets a proof that a formula is Lipschitz in a variable."""
    tree = parse(formula)
    return _covered(tree, _KNOWN) and _lipschitz(tree, variable)


def _lipschitz(node: ast.AST, variable: str) -> bool:
    if not _varies(node, variable):
        return True
    match node:
        case ast.BinOp(op=ast.Pow(), right=right) if not _whole(right):
            return False
        case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
            return _in_mean(body, bound, whole_divisors=True)
        case ast.Call(func=ast.Name(id="pair"), args=[_, c, f, g]):
            varies = _calls(node, "step") or _varies(f, variable) or _varies(g, variable)
            return not varies and _lipschitz(c, variable)
        case ast.Call(func=ast.Name(id="integral"), args=[_, low, high, body]):
            ends = [end for end in (low, high) if _varies(end, variable)]
            return len(ends) == 1 and isinstance(ends[0], ast.Name) and not _varies(body, variable)
        case ast.Call(func=ast.Name(id=name)) if name not in _LIPSCHITZ:
            return False
    return all(_lipschitz(inner, variable) for inner in ast.iter_child_nodes(node))


def correlation(claim: Mapping[str, Any]) -> str | None:
    """The state x of a recursion that moves as `x + a*(arc1(x) - x)`, a without states, with all others behind it.

    The others follow by sums and products of states, arc0(x), arc1(x) and what has no state, which alone may divide.
    """
    steps, values = claim["steps"], claim["values"].values()
    numbers = (*claim["constants"].values(), *claim["start"].values())
    if not all(_covered(parse(text), _KNOWN, means=False) for text in numbers):
        return None
    for name, text in steps.items():
        others = [parse(step) for state, step in steps.items() if state != name]
        if (
            _moves(parse(text), name, steps)
            and all(_follows(node, name, steps) for node in others)
            and all(_follows(parse(value["formula"]), None, steps) for value in values)
        ):
            return str(name)
    return None


def _moves(node: ast.expr, name: str, states: Collection[str]) -> bool:
    match node:
        case ast.BinOp(
            left=ast.Name(id=first),
            op=ast.Add(),
            right=ast.BinOp(
                left=share,
                op=ast.Mult(),
                right=ast.BinOp(
                    left=ast.Call(func=ast.Name(id="arc1"), args=[ast.Name(id=second)]),
                    op=ast.Sub(),
                    right=ast.Name(id=third),
                ),
            ),
        ):
            same = first == second == third == name
            return same and _free(share, states) and _covered(share, _KNOWN, means=False)
    return False


def _follows(node: ast.expr, moving: str | None, states: Collection[str]) -> bool:
    if _free(node, states):
        return _covered(node, _KNOWN, means=False)
    match node:
        case ast.Name():
            return True
        case ast.UnaryOp(operand=operand):
            return _follows(operand, moving, states)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return all(_follows(side, moving, states) for side in (left, right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _free(right, states) and all(
                _follows(side, moving, states) for side in (left, right)
            )
        case ast.Call(func=ast.Name(id="arc0" | "arc1"), args=[ast.Name(id=name)]):
            return name == moving
    return False


def _free(node: ast.AST, states: Collection[str]) -> bool:
    return not any(_varies(node, state) for state in states)


def _counted(claim: Mapping[str, Any]) -> bool:
    """Whether Rocq counts zeros: the formula has a derivative there, and its domains are plain."""
    tree, name = parse(claim["formula"]), claim["variable"]
    return _differentiable(tree, name) and not (claim["upper"] == "inf" and _calls(tree, "erf"))


def _differentiable(node: ast.AST, variable: str) -> bool:
    if not _varies(node, variable):
        return _covered(node, _KNOWN, means=False)
    match node:
        case ast.BinOp(op=ast.Pow(), right=right) if not (_whole(right) and _small(right)):
            return False
        case ast.BinOp(op=ast.Div(), right=right) if not _plain(right):
            return False
        case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
            return _smooth_in_mean(body, bound, whole_divisors=True, exps=True)
        case ast.Call(func=ast.Name(id=name), args=args):
            return (
                name in _COUNTED
                and (name not in ("log", "sqrt") or _plain(args[0]))
                and all(_differentiable(inner, variable) for inner in args)
            )
    return all(_differentiable(inner, variable) for inner in ast.iter_child_nodes(node))


def _solved(claim: Mapping[str, Any], witness: Mapping[str, Any]) -> bool:
    """Whether Rocq proves that a system has one solution: equations with slopes, and a box that is not too small."""
    enough = bits_of_system(claim, witness) <= MOST_BITS
    return enough and all(_in_system(parse(text)) for text in claim["equations"])


def bits_of_system(claim: Mapping[str, Any], witness: Mapping[str, Any]) -> int:
    """The accuracy that values at the middle of a box need, for its size and for that of the approximate inverse."""
    size = max(sum(abs(Fraction(x)) for x in row) for row in witness["inverse"])
    box = (Fraction(high) - Fraction(low) for low, high in claim["unknowns"].values())
    return max(16, ceil(log2(max(size, Fraction(1, 2**16)) / (min(box) / 2))) + 4)


def _in_system(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="pi"):
            return False
        case ast.BinOp(op=ast.Pow(), right=right) if not (_whole(right) and _small(right)):
            return False
        case ast.BinOp(op=ast.Div(), right=right) if not _plain(right):
            return False
        case ast.Call(func=ast.Name(id="normal"), args=[ast.Name(id=bound), body]):
            smooth = _smooth_in_mean(body, bound, whole_divisors=True, exps=True)
            return smooth and all(map(_in_system, _without(body, bound)))
        case ast.Call(func=ast.Name(id=name), args=args):
            known = name in _LIPSCHITZ and (name not in ("log", "sqrt") or _plain(args[0]))
            return known and all(map(_in_system, args))
    return all(map(_in_system, ast.iter_child_nodes(node)))


def _without(node: ast.expr, bound: str) -> Iterator[ast.expr]:
    """The largest parts of a formula that have not a variable."""
    if not _varies(node, bound):
        yield node
        return
    inner = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for part in inner:
        if isinstance(part, ast.expr):
            yield from _without(part, bound)


def _plain(node: ast.AST) -> bool:
    """Whether Rocq decides the sign of a part by its values alone."""
    return not (_calls(node, "normal") or _calls(node, "erf"))


def _calls(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _is_call(node: ast.AST, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _small(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in range(_MOST_FACTORS + 1)


def _varies(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _whole(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)
