"""The limit of zero temperature: a group lasso over the directions of knots, between two bounds by weak duality.

Minimise `(1/2M)|f - y|^2 + lam sum_k |c_k|` over `f(x) = sum_k c_k (cos phi_k x + sin phi_k)_+`; the dual maximises
`-u.y - (M/2)|u|^2` subject to `|p_u| <= lam` in every direction.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray
from scipy.optimize import nnls

from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck_proofs.relu_knots.gibbs import Arc, arcs_of, largest, norm

Array = NDArray[np.float64]
_ROUNDS = 200
_VIOLATION = 1e-12
_WEIGHT = 1e-9
_CLOSE = 1e-5


@dataclass(frozen=True)
class Touch:
    """A direction in which p_u = sign lam: the first end of an arc, or the maximum within it."""

    arc: Arc
    inside: bool
    sign: int


@dataclass(frozen=True)
class Lasso:
    """The solution.

    Attributes:
        value: between a dual and a primal bound.
        u: dual variables, near the optimum (no guarantee).
        weights: c_k of the knots, and their directions `(cos phi, sin phi)`; without a guarantee.
    """

    value: arb
    u: tuple[arb, ...]
    weights: tuple[arb, ...]
    directions: tuple[tuple[arb, arb], ...]
    touches: tuple[Touch, ...]

    def knots(self) -> list[float]:
        """Return the places of the knots in order, once for both orientations; constants have none."""
        found: list[float] = []
        for place in sorted(float((-b / a).mid()) for a, b in self.directions if abs(float(a.mid())) > 1e-12):
            if not found or place - found[-1] > 1e-9 * (1 + abs(place)):
                found.append(place)
        return found

    def prediction(self, x: Fraction) -> arb:
        """Return f(x) of the solution found."""
        return sum(
            (c * (a * exact(x) + b).max(arb(0)) for c, (a, b) in zip(self.weights, self.directions, strict=True)),
            arb(0),
        )


@lru_cache(maxsize=64)
def lasso(x: tuple[Fraction, ...], y: tuple[Fraction, ...], lam: Fraction, digits: int) -> Lasso:
    """Solve by exchange of directions, polish by Newton's method on the touching conditions, and bound from both sides.

    Raises:
        InputError: the exchange does not settle.
    """
    arcs = arcs_of(x)
    touches, u0, weights = _exchange(arcs, x, y, float(lam))
    with ctx.workdps(2 * digits + 30):
        u, mu = _polish(touches, x, y, lam, u0, weights)
        top, bound = largest(arcs, x, u), exact(lam)
        share = arb(1) if top <= bound else (bound / top).lower().min(arb(1))
        feasible = [a * share for a in u]
        M = len(y)
        lower = sum((-a * exact(b) - arb(M) / 2 * a * a for a, b in zip(feasible, y, strict=True)), arb(0))
        directions = tuple(_direction(t, x, u) for t in touches)
        c = tuple(-m * t.sign for m, t in zip(mu, touches, strict=True))
        found = Lasso(lower, tuple(u), c, directions, tuple(touches))
        misfit = sum(((found.prediction(a) - exact(b)) ** 2 for a, b in zip(x, y, strict=True)), arb(0))
        upper = misfit / (2 * M) + bound * sum((abs(k) for k in c), arb(0))
        return Lasso(lower.union(upper), tuple(u), c, directions, tuple(touches))


def _exchange(
    arcs: tuple[Arc, ...], x: tuple[Fraction, ...], y: tuple[Fraction, ...], lam: float
) -> tuple[list[Touch], Array, Array]:
    """Project -y/M on the dual set: solve with finitely many directions, add those violated, until none is."""
    points, target = np.array(x, dtype=float), -np.array(y, dtype=float) / len(y)
    rows: list[Array] = []
    touches: list[Touch] = []

    def add(arc: Arc, direction: Array, inside: bool) -> None:
        for sign in (1, -1):
            rows.append(sign * _active(arc, points, direction))
            touches.append(Touch(arc, inside, sign))

    for arc in arcs:
        end = np.array(arc.first, dtype=float)
        add(arc, end / np.linalg.norm(end), False)
    for _ in range(_ROUNDS):
        C = np.array(rows)
        z, mu = _nearest(C, lam - C @ target)
        u = target + z
        worst = 0.0
        for arc in arcs:
            peak = _peak(arc, points, u)
            if peak is not None and np.linalg.norm(peak) > lam * (1 + _VIOLATION):
                worst = max(worst, float(np.linalg.norm(peak)) / lam - 1)
                add(arc, peak / np.linalg.norm(peak), True)
        if worst == 0.0:
            break
    else:
        if worst > 1e-7:
            raise InputError("the lasso of zero temperature does not settle on these data")
    merged: dict[Touch, float] = {}
    for near, weight in zip(touches, mu, strict=False):
        touch = _at_end(near, arcs, points, u)
        merged[touch] = merged.get(touch, 0.0) + float(weight)
    scale = max(float(np.max(np.abs(target))), 1e-300)
    kept = {t: m for t, m in merged.items() if m > _WEIGHT * scale}
    return list(kept), u, np.array(list(kept.values()))


def _active(arc: Arc, points: Array, direction: Array) -> Array:
    """Return `(cos phi x_i + sin phi)_+` of the data active on the arc."""
    row = np.zeros(len(points))
    on = list(arc.active)
    row[on] = direction[0] * points[on] + direction[1]
    return row


def _peak(arc: Arc, points: Array, u: Array) -> Array | None:
    """Return (A, B) where |p| has its maximum within the arc, else None."""
    on = list(arc.active)
    v = np.array([float(u[on] @ points[on]), float(u[on].sum())])
    (c, d), (e, f) = (tuple(map(float, end)) for end in (arc.first, arc.last))
    left, right = c * v[1] - d * v[0], v[0] * f - v[1] * e
    if left > 0 and right > 0:
        return v
    # p has its minimum there: the direction is the opposite one.
    return -v if left < 0 and right < 0 else None


def _at_end(touch: Touch, arcs: tuple[Arc, ...], points: Array, u: Array) -> Touch:
    """Return the touch at the end of its arc if it lies there to the accuracy of the exchange."""
    if not touch.inside:
        return touch
    on = list(touch.arc.active)
    v = np.array([float(u[on] @ points[on]), float(u[on].sum())])
    for arc in (touch.arc, arcs[(arcs.index(touch.arc) + 1) % len(arcs)]):
        end = np.array(arc.first, dtype=float)
        if abs(end[0] * v[1] - end[1] * v[0]) < _CLOSE * np.linalg.norm(end) * np.linalg.norm(v):
            return Touch(arc, False, touch.sign)
    return touch


def _nearest(C: Array, room: Array) -> tuple[Array, Array]:
    """Return the shortest z with `C z <= room`, and multipliers with `z = -C^T mu`: Lawson and Hanson's problem LDP."""
    if np.all(room >= 0):
        return np.zeros(C.shape[1]), np.zeros(len(C))
    scale = float(np.max(np.abs(room)))
    E = np.vstack([-C.T, -room[None, :] / scale])
    f = np.zeros(len(E))
    f[-1] = 1
    weights, _ = nnls(E, f, maxiter=100 * E.shape[1])
    r = E @ weights - f
    return -r[:-1] / r[-1] * scale, -weights / r[-1] * scale


def _direction(touch: Touch, x: tuple[Fraction, ...], u: list[arb]) -> tuple[arb, arb]:
    if touch.inside:
        A, B = (touch.sign * k for k in touch.arc.linear(x, u))
    else:
        A, B = (exact(k) for k in touch.arc.first)
    length = norm(A, B)
    return (A / length, B / length)


def _polish(
    touches: list[Touch], x: tuple[Fraction, ...], y: tuple[Fraction, ...], lam: Fraction, u0: Array, weights: Array
) -> tuple[list[arb], list[arb]]:
    """Newton's method for `y + M u + sum_k mu_k grad g_k = 0`, `g_k = lam`, g_k the signed p in the direction k."""
    M, K = len(y), len(touches)
    u, mu = [arb(float(a)) for a in u0], [arb(float(M * m)) for m in weights]
    if not touches:
        return [-exact(b) / M for b in y], []
    for _ in range(2 + ctx.prec.bit_length()):
        J = [[arb(M) if i == j else arb(0) for j in range(M + K)] for i in range(M + K)]
        R = [exact(b) + M * a for a, b in zip(u, y, strict=True)] + [arb(0)] * K
        for i in range(M, M + K):
            # Touches in both orientations can depend on each other; this picks one solution and costs 12 digits a step.
            J[i][i] = -(arb(2) ** -40)
        for k, touch in enumerate(touches):
            direction = _direction(touch, x, u)
            on = touch.arc.active
            row = {i: touch.sign * (direction[0] * exact(x[i]) + direction[1]) for i in on}
            R[M + k] = sum((u[i] * row[i] for i in on), arb(0)) - exact(lam)
            size = sum((u[i] * row[i] for i in on), arb(0))
            for i in on:
                R[i] = R[i] + mu[k] * row[i]
                J[i][M + k] = J[M + k][i] = row[i]
                for j in on if touch.inside else ():
                    curved = (exact(x[i]) * exact(x[j]) + 1 - row[i] * row[j]) / size
                    J[i][j] = J[i][j] + mu[k] * curved
        try:
            step = arb_mat(J).mid().solve(arb_mat(M + K, 1, [r.mid() for r in R])).entries()
        except ZeroDivisionError:
            break
        if not all(s.is_finite() for s in step):
            break
        u = [(a - s).mid() for a, s in zip(u, step[:M], strict=True)]
        mu = [(a - s).mid() for a, s in zip(mu, step[M:], strict=True)]
    return u, mu


@dataclass(frozen=True)
class Certain:
    """What is certain of the solution: the dual optimum in balls, and the weight of each direction that can carry one."""

    u: tuple[arb, ...]
    knots: tuple[arb, ...]
    off_data: int


@lru_cache(maxsize=64)
def certain(x: tuple[Fraction, ...], y: tuple[Fraction, ...], lam: Fraction, digits: int = 30) -> Certain:
    """Enclose the knots of the solution.

    By strong concavity the dual optimum lies within `sqrt(2 gap/M)` of an admissible point. Directions with `|p| < lam`
    there carry nothing; the weights of the others solve linear equations, since predictions are `y + M u`.

    Raises:
        InputError: the directions that may touch are too many or too close to tell.
    """
    found = lasso(x, y, lam, digits)
    arcs, M, bound = arcs_of(x), len(y), exact(lam)
    with ctx.workdps(2 * digits + 30):
        top = largest(arcs, x, list(found.u))
        shrink = abs(1 - (bound / top).min(arb(1))) if top > 0 else arb(0)
        near = (2 * found.value.rad() * 2 / M).sqrt() + shrink * sum((abs(a) for a in found.u), arb(0))
        u = [a + arb(0, near.upper()) for a in found.u]
        open_touches = _may_touch(arcs, x, u, bound)
        directions = [_direction(t, x, u) for t in open_touches]
        K = len(directions)
        if K > M:
            raise InputError("more directions may touch than there are data: the knots are not certain")
        G = arb_mat(
            M,
            K,
            [
                (a * exact(p) + b) if i in t.arc.active else arb(0)
                for i, p in enumerate(x)
                for t, (a, b) in zip(open_touches, directions, strict=True)
            ],
        )
        f = arb_mat(M, 1, [exact(b) + M * a for a, b in zip(u, y, strict=True)])
        if K == 0:
            return Certain(tuple(u), (), 0)
        try:
            weights = (G.transpose() * G).solve(G.transpose() * f).entries()
        except ZeroDivisionError:
            raise InputError("directions that touch are too close to tell apart") from None
        if any(w.contains(0) for w in weights):
            raise InputError("a weight may be zero: the knots are not certain")
        knots: list[tuple[arb, bool]] = []
        for touch, (a, b) in zip(open_touches, directions, strict=True):
            place = -b / a
            if a.contains(0):
                continue
            same = [inside for other, inside in knots if place.overlaps(other)]
            if any(same) or (same and touch.inside):
                raise InputError("two knots are too close to tell apart")
            if not same:
                knots.append((place, touch.inside))
        off = sum(inside and not any(place.overlaps(exact(p)) for p in x) for place, inside in knots)
        places = [place for place, _ in knots]
        return Certain(tuple(u), tuple(sorted(places, key=lambda p: float(p.mid()))), off)


def _may_touch(arcs: tuple[Arc, ...], x: tuple[Fraction, ...], u: list[arb], lam: arb) -> list[Touch]:
    """Return all directions in which `|p| < lam` is not certain, for any u in the box."""
    found = []
    for arc in arcs:
        A, B = arc.linear(x, u)
        (c, d), (e, f) = ((exact(k), exact(m)) for k, m in (arc.first, arc.last))
        end, peak = (A * c + B * d) / norm(c, d), norm(A, B)
        if not abs(end) < lam:
            found.append(Touch(arc, False, 1 if end > 0 else -1))
        inside = [c * B - d * A, A * f - B * e]
        outside = (inside[0] > 0 and inside[1] < 0) or (inside[0] < 0 and inside[1] > 0)
        if not peak < lam and not outside:
            found.append(Touch(arc, True, 1 if inside[0] > 0 else -1))
    return found
