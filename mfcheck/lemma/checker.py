"""Checks that the recorded arguments of a proof in one variable cover its domain, each argument made anew. Trusted.

A piece has `kind`, exact ends `low` and `high`, the `goal` it shows, and `detail`, numbers separated by commas that
start with the working precision in bits:

- `point`: the statement is decided at one exact point (no detail);
- `box`: order of the Taylor form (0: plain enclosure), over `[low, high]`;
- `face`: side (1 or -1), root of the chart, order of the model, over the interval next to an end, the end left out;
- `log`: side, start, chart ("exp", "1" or "2"): `x = end + way exp(-t)` or `end + way t^-k` for `t >= start`;
- `germ`, `falling`, `beyond`, `exponential`, `infinity`: side, start, kind: from `start` to infinity.

The search is not trusted: it may record whatever it likes. What is accepted here is a proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.formula import TRUE, Formula, transform
from mfcheck.lemma.models import Face
from mfcheck.lemma.pieces import Box, Edge, Falling, Point, Tail, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, constant_ball, ordered
from mfcheck.lemma.prove.identity import is_identity
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.resolved import resolved
from mfcheck.lemma.terms import Term

_TAILS = frozenset(("germ", "falling", "beyond", "exponential", "infinity"))


@dataclass(frozen=True)
class _Part:
    """A piece with its ends as terms; None is infinite."""

    kind: str
    low: Term | None
    high: Term | None
    detail: tuple[str, ...]


def goal_is_covered(problem: Problem, goal: Formula, pieces: Sequence[Mapping[str, str]]) -> bool:
    """Say whether the pieces for a goal cover the domain without a gap."""
    (name,) = problem.ranges
    r = problem.ranges[name]
    if Plain(problem.ranges, problem.hypotheses).holds(goal) or is_identity(goal, problem.ranges):
        return True
    points = [p for p in map(_part, pieces) if p.kind == "point" and p.low is not None]
    inner = [
        p.low for p in points if p.low is not None and _decided(problem, goal, Point({name: p.low}))
    ]
    if not all(any(e is q for q in inner) for e in _closed_ends(r)):
        return False
    cuts = _sorted([q for q in inner if _strictly_inside(q, r)])
    ends: list[Term | None] = [r.low, *cuts, r.high]
    return all(_between(problem, goal, a, b, pieces) for a, b in pairwise(ends))


def _closed_ends(r: Range) -> list[Term]:
    found = [r.low] if r.low is not None and r.low_closed else []
    return found + ([r.high] if r.high is not None and r.high_closed else [])


def _strictly_inside(p: Term, r: Range) -> bool:
    return (r.low is None or ordered(r.low, p) == 1) and (r.high is None or ordered(p, r.high) == 1)


def _sorted(points: list[Term]) -> list[Term]:
    distinct: list[Term] = []
    for p in points:
        k = 0
        while k < len(distinct) and ordered(distinct[k], p) == 1:
            k += 1
        if k == len(distinct) or ordered(p, distinct[k]) == 1:
            distinct.insert(k, p)
    return distinct


def _between(
    problem: Problem,
    goal: Formula,
    a: Term | None,
    b: Term | None,
    pieces: Sequence[Mapping[str, str]],
) -> bool:
    """Say whether the open interval from a to b is covered."""
    (name,) = problem.ranges
    ranges = {name: Range(a, b)}
    plain = Plain(ranges)
    smooth = transform(goal, lambda t: resolved(t, plain))
    if smooth == TRUE or plain.holds(smooth) or is_identity(smooth, ranges):
        return True
    parts = [_part(p) for p in pieces if p["goal"] == str(smooth)]
    here, reached = a, a is None
    while parts:
        step = next((p for p in parts if _starts_by(p, here, a)), None)
        if step is None:
            return False
        parts.remove(step)
        if not _is_further(step.high, here):
            continue
        if not _argument_holds(problem, smooth, step, a, b):
            return False
        here, reached = step.high, True
        if here is None or (b is not None and (here is b or ordered(b, here) in (0, 1))):
            return reached
    return False


def _starts_by(p: _Part, here: Term | None, a: Term | None) -> bool:
    """Say whether a piece begins no later than the place that is reached."""
    if p.kind == "point":
        return False
    if here is None:
        return p.low is None
    if p.low is None or p.low is here:
        return p.low is not None or a is None
    return ordered(p.low, here) in (0, 1)


def _is_further(high: Term | None, here: Term | None) -> bool:
    return high is None or here is None or ordered(here, high) == 1


def _part(p: Mapping[str, str]) -> _Part:
    return _Part(p["kind"], _end(p["low"]), _end(p["high"]), tuple(p["detail"].split(",")))


def _end(text: str) -> Term | None:
    return None if text in ("inf", "-inf") else Reader({}).expression(text)


def _decided(problem: Problem, goal: Formula, place: Box | Edge | Tail | Falling | Point) -> bool:
    if holds(goal, place) is True:
        return True
    return any(holds(h, place) is False for h in problem.hypotheses)


def _argument_holds(
    problem: Problem, goal: Formula, p: _Part, a: Term | None, b: Term | None
) -> bool:
    """Make the argument of one piece anew."""
    prec = int(p.detail[0])
    if not 32 <= prec <= 4096:
        return False
    with ctx.workprec(prec):
        place = _place(problem, p, a, b)
        return place is not None and _decided(problem, goal, place)


def _place(
    problem: Problem, p: _Part, a: Term | None, b: Term | None
) -> Box | Edge | Tail | Falling | None:
    (name,) = problem.ranges
    if p.kind in _TAILS:
        return _tail(name, p)
    if p.low is None or p.high is None:
        return None
    low, high = constant_ball(p.low), constant_ball(p.high)
    if p.kind == "box":
        box = Box((name,), (low,), (high,), {})
        box.order = int(p.detail[1])
        return box if box.order == 0 or 2 <= box.order <= 60 else None
    way = int(p.detail[1])
    end = a if way > 0 else b
    if end is None or (p.low if way > 0 else p.high) is not end or way not in (1, -1):
        return None
    if p.kind == "face":
        root, order = int(p.detail[2]), int(p.detail[3])
        width = (high - low).upper()
        return Edge(
            Face(name, end, way, width if root == 1 else width.root(root).upper(), root, order)
        )
    if p.kind == "log":
        tail = Tail(name, int(p.detail[2]), way, end, p.detail[3])
        return tail if tail.reach > high - low else None
    return None


def _tail(name: str, p: _Part) -> Box | Edge | Tail | Falling | None:
    """Return the place of a half-line; its finite end must not lie before `start`."""
    way, start, kind = int(p.detail[1]), int(p.detail[2]), p.kind
    end = p.low if way > 0 else p.high
    if (
        way not in (1, -1)
        or start < 8
        or end is None
        or ordered(terms.num(start), terms.scale(way, end)) == -1
    ):
        return None
    if kind == "germ":
        return Tail(name, start, way)
    if kind == "falling":
        return Falling(name, start, way)
    if kind == "infinity":
        root = int(p.detail[4])
        width = arb(1) / start
        width = width if root == 1 else width.root(root).upper()
        return Edge(Face(name, None, way, width, root, 8 if root == 1 else 10))
    if kind == "beyond":
        low, high = (arb(start), arb.pos_inf()) if way > 0 else (arb.neg_inf(), arb(-start))
        return Box((name,), (low,), (high,), {})
    chart = (start.bit_length() - 1) * 69 // 100
    return Tail(name, chart, way, None, "exp") if chart >= 8 and start & (start - 1) == 0 else None
