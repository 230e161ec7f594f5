"""Least squares by a measure on ramps, with a penalty on its total variation, between two bounds by weak duality.

Minimise `(1/2M)|f(x) - y|^2 + lam |c|` over signed measures c on the circle of directions, where
`f(x) = int (cos phi x + sin phi)_+ dc(phi)`; the minimiser is piecewise linear with few knots. The dual maximises
`-u.y - (M/2)|u|^2` under `|p_u| <= lam` in every direction, with `p_u` as in `mfcheck.rigor.ramps`: at the maximum
`f = y + M u` at the data, and c sits where `|p_u| = lam`. Directions are exchanged as in Bredies and Pikkarainen,
Inverse problems in spaces of measures, ESAIM: COCV 19 (2013).
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray
from scipy.optimize import nnls

from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.ramps import Ball, Place, Ramps, Sector, within

Array = NDArray[np.float64]
Points = tuple[Fraction, ...]
_ROUNDS = 200
_VIOLATION, _SETTLED = 1e-12, 1e-7
_WEIGHT = 1e-9


@dataclass(frozen=True)
class RampLasso:
    """The solution.

    Attributes:
        value: the minimum, between a dual and a primal bound.
        u: dual variables, near the optimum (no guarantee).
        weights: masses of c, without a guarantee.
        directions: of the masses, as unit vectors `(cos phi, sin phi)`.
    """

    value: arb
    u: tuple[arb, ...]
    weights: tuple[arb, ...]
    directions: tuple[Ball, ...]

    def knots(self) -> list[float]:
        """Return the places of the knots in order, once for both orientations; constants have none."""
        found: list[float] = []
        steep = [(a, b) for a, b in self.directions if abs(float(a.mid())) > 1e-12]
        for place in sorted(float((-b / a).mid()) for a, b in steep):
            if not found or place - found[-1] > 1e-9 * (1 + abs(place)):
                found.append(place)
        return found

    def prediction(self, x: Fraction) -> arb:
        """Return f(x)."""
        masses = zip(self.weights, self.directions, strict=True)
        return sum((c * (a * exact(x) + b).max(arb(0)) for c, (a, b) in masses), arb(0))


@lru_cache(maxsize=64)
def ramp_lasso(x: Points, y: Points, lam: Fraction, digits: int) -> RampLasso:
    """Solve by exchange of directions, polish by Newton's method where they touch, and bound from both sides.

    Nothing is assumed about which directions touch: any dual point, shrunk until it is admissible, bounds the
    minimum from below, and the function found from above.

    Args:
        x: distinct points, M of them.
        y: their labels.
        lam: penalty, above zero.
        digits: accuracy to which the bounds are aimed.

    Raises:
        InputError: the exchange does not settle.
    """
    ramps, M = Ramps(x), len(y)
    places, near, masses = _exchange(ramps, y, float(lam))
    with ctx.workdps(2 * digits + 30):
        u, mu = _polished(ramps, places, y, exact(lam), near, masses)
        lower = dual_bound(ramps, u, y, exact(lam))
        weights = tuple(-m * place.sign for m, place in zip(mu, places, strict=True))
        directions = tuple(ramps.direction(place, u) for place in places)
        found = RampLasso(lower, tuple(u), weights, directions)
        misfit = sum((found.prediction(a) - exact(b)) ** 2 for a, b in zip(x, y, strict=True))
        upper = misfit / (2 * M) + exact(lam) * sum((abs(c) for c in weights), arb(0))
        return replace(found, value=lower.union(upper))


def dual_bound(ramps: Ramps, u: list[arb], y: Points, lam: arb) -> arb:
    """Enclose the dual value at a point, shrunk until it is admissible for certain: it is at most the minimum."""
    top = ramps.largest(u)
    share = arb(1) if top <= lam else (lam / top).lower().min(arb(1))
    shrunk = zip((a * share for a in u), map(exact, y), strict=True)
    return sum((-a * b - arb(len(y)) / 2 * a * a for a, b in shrunk), arb(0))


# --- the exchange, in double precision -------------------------------------------------------------------------------


def _exchange(ramps: Ramps, y: Points, lam: float) -> tuple[list[Place], Array, Array]:
    """Project -y/M on the dual set: solve with finitely many directions, add those violated, until none is.

    Returns the places with a weight, u and the weights.
    """
    points, target = np.array(ramps.x, dtype=float), -np.array(y, dtype=float) / len(y)
    rows: list[Array] = []
    places: list[Place] = []

    def add(sector: Sector, direction: tuple[float, float], inside: bool) -> None:
        row, on = np.zeros(len(points)), list(sector.active)
        row[on] = (direction[0] * points[on] + direction[1]) / np.hypot(*direction)
        rows.extend((row, -row))
        places.extend(Place(sector, inside, sign) for sign in (1, -1))

    for sector in ramps.sectors:
        add(sector, sector.floats[0], False)
    for _ in range(_ROUNDS):
        C = np.array(rows)
        z, mu = nearest(C, lam - C @ target)
        u, worst = target + z, 0.0
        for sector in ramps.sectors:
            v = _linear(sector, points, u)
            excess, side = np.hypot(*v) / lam - 1, within(sector.floats, v)
            if side and excess > _VIOLATION:
                worst = max(worst, excess)
                add(sector, (side * v[0], side * v[1]), True)
        if worst == 0.0:
            break
    else:
        if worst > _SETTLED:
            raise InputError("the fit of a measure on ramps does not settle on these data")
    merged: dict[Place, float] = {}
    for place, weight in zip(places, mu, strict=False):
        merged[place] = merged.get(place, 0.0) + float(weight)
    scale = max(float(np.max(np.abs(target))), 1e-300)
    kept = {place: m for place, m in merged.items() if m > _WEIGHT * scale}
    return list(kept), u, np.array(list(kept.values()))


def _linear(sector: Sector, points: Array, u: Array) -> tuple[float, float]:
    on = list(sector.active)
    return float(u[on] @ points[on]), float(u[on].sum())


def nearest(C: Array, room: Array) -> tuple[Array, Array]:
    """Return the shortest z with `C z <= room`, and multipliers mu >= 0 with `z = -C^T mu`, in double precision.

    Problem LDP of Lawson and Hanson, Solving Least Squares Problems, chapter 23, for constraints that can be met.

    Args:
        C: shape (k, n).
        room: shape (k,).
    """
    if np.all(room >= 0):
        return np.zeros(C.shape[1]), np.zeros(len(C))
    scale = float(np.max(np.abs(room)))
    E = np.vstack([-C.T, -room[None, :] / scale])
    f = np.zeros(len(E))
    f[-1] = 1
    weights, _ = nnls(E, f, maxiter=100 * E.shape[1])
    r = E @ weights - f
    return -r[:-1] / r[-1] * scale, -weights / r[-1] * scale


# --- Newton's method, at the working precision -----------------------------------------------------------------------


def _polished(
    ramps: Ramps, places: list[Place], y: Points, lam: arb, near: Array, masses: Array
) -> tuple[list[arb], list[arb]]:
    """Solve `y + M u + sum_k mu_k grad g_k = 0`, `g_k = lam`, with g_k the signed p at the place k."""
    M, K = len(y), len(places)
    u, mu = [arb(float(a)) for a in near], [arb(float(M * m)) for m in masses]
    if not places:
        return [-exact(b) / M for b in y], []
    for _ in range(2 + ctx.prec.bit_length()):
        J, R = _conditions(ramps, places, y, lam, u, mu)
        try:
            step = J.mid().solve(arb_mat(M + K, 1, [r.mid() for r in R])).entries()
        except ZeroDivisionError:
            break
        if not all(s.is_finite() for s in step):
            break
        u = [(a - s).mid() for a, s in zip(u, step[:M], strict=True)]
        mu = [(a - s).mid() for a, s in zip(mu, step[M:], strict=True)]
    return u, mu


def _conditions(
    ramps: Ramps, places: list[Place], y: Points, lam: arb, u: list[arb], mu: list[arb]
) -> tuple[arb_mat, list[arb]]:
    """Return the matrix and the left sides of the equations of `_polished`."""
    x, M, K = [exact(a) for a in ramps.x], len(y), len(places)
    J = [[arb(M) if i == j else arb(0) for j in range(M + K)] for i in range(M + K)]
    R = [exact(b) + M * a for a, b in zip(u, y, strict=True)] + [-lam] * K
    for k, place in enumerate(places):
        # Places in both orientations can depend on each other; this picks one solution and costs 12 digits a step.
        J[M + k][M + k] = -(arb(2) ** -40)
        a, b = ramps.direction(place, u)
        on = place.sector.active
        row = {i: place.sign * (a * x[i] + b) for i in on}
        size = sum((u[i] * row[i] for i in on), arb(0))
        R[M + k] = R[M + k] + size
        for i in on:
            R[i] = R[i] + mu[k] * row[i]
            J[i][M + k] = J[M + k][i] = row[i]
            for j in on if place.inside else ():
                J[i][j] = J[i][j] + mu[k] * (x[i] * x[j] + 1 - row[i] * row[j]) / size
    return arb_mat(J), R


# --- what is certain -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Knots:
    """What is certain of the minimiser.

    Attributes:
        u: the dual optimum.
        places: of all knots, in order.
        off_data: how many of them are at no point.
    """

    u: tuple[arb, ...]
    places: tuple[arb, ...]
    off_data: int


@lru_cache(maxsize=64)
def enclosed_knots(x: Points, y: Points, lam: Fraction, digits: int = 30) -> Knots:
    """Enclose the knots of the minimiser; arguments as in `ramp_lasso`.

    By strong concavity the dual optimum lies within `sqrt(2 gap/M)` of an admissible point. Directions with `|p| < lam`
    there carry nothing; the weights of the others solve linear equations, since predictions are `y + M u`.

    Raises:
        InputError: the directions that may touch are too many or too close to tell.
    """
    found, ramps, M = ramp_lasso(x, y, lam, digits), Ramps(x), len(y)
    with ctx.workdps(2 * digits + 30):
        bound, top = exact(lam), ramps.largest(found.u)
        shrunk = abs(1 - (bound / top).min(arb(1))) if top > 0 else arb(0)
        gap = 2 * found.value.rad()
        near = (2 * gap / M).sqrt() + shrunk * sum((abs(a) for a in found.u), arb(0))
        u = tuple(a + arb(0, near.upper()) for a in found.u)
        places = ramps.reaching(u, bound)
        if len(places) > M:
            raise InputError("more directions may touch than there are data: knots are not certain")
        directions = [ramps.direction(place, u) for place in places]
        _require_weights(
            ramps, places, directions, [exact(b) + M * a for a, b in zip(u, y, strict=True)]
        )
        knots = _told_apart(places, directions)
        off = sum(inside and not any(at.overlaps(exact(p)) for p in x) for at, inside in knots)
        return Knots(u, tuple(sorted((at for at, _ in knots), key=lambda at: float(at.mid()))), off)


def _require_weights(
    ramps: Ramps, places: list[Place], directions: list[Ball], predictions: list[arb]
) -> None:
    """Refuse directions of which one may carry no weight, by the normal equations of the predictions."""
    rows = [
        [a * exact(p) + b if i in place.sector.active else arb(0) for i, p in enumerate(ramps.x)]
        for place, (a, b) in zip(places, directions, strict=True)
    ]
    if not rows:
        return
    G = arb_mat(rows)
    try:
        weights = (G * G.transpose()).solve(G * arb_mat([[f] for f in predictions])).entries()
    except ZeroDivisionError:
        raise InputError("directions that touch are too close to tell apart") from None
    if any(w.contains(0) for w in weights):
        raise InputError("a weight may be zero: the knots are not certain")


def _told_apart(places: list[Place], directions: list[Ball]) -> list[tuple[arb, bool]]:
    """Return each knot, and whether it lies within a sector; both orientations at a point are one, constants none."""
    knots: list[tuple[arb, bool]] = []
    for place, (a, b) in zip(places, directions, strict=True):
        if a.contains(0):
            continue
        same = [inside for other, inside in knots if other.overlaps(-b / a)]
        if any(same) or (same and place.inside):
            raise InputError("two knots are too close to tell apart")
        if not same:
            knots.append((-b / a, place.inside))
    return knots
