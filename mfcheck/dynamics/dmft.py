"""Gradient descent on a linear classifier: on drawn data, and the process of one sample of its mean-field theory.

Samples are `x = c v/sqrt(d) + sqrt(spread) z` with labels c, v and z standard Gaussian in R^d, `ratio d` of them; the
weights follow `w <- w - step [ridge w + sum Lambda'(c r) c x/sqrt(d)]`, r = w.x/sqrt(d), from a start of squared norm
`start d` that is orthogonal to v. In the limit of large d at a fixed number of steps a sample sees

    h' = -(ridge + shift) h - sqrt(spread) Lambda' + memory * h + xi,    c r = sqrt(spread) h + m (1 + sqrt(spread) h0),

with Gaussian noise xi of covariance `ratio spread <Lambda' Lambda'>`, `shift = ratio spread <Lambda''>`, and the memory
`ratio spread` times the response of `<Lambda'>` to an earlier shift of r.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Loss = Callable[[Array], tuple[Array, Array, Array]]
"""From c r to the loss, its slope and its curvature."""


def square(r: Array) -> tuple[Array, Array, Array]:
    """(1 - r)^2/2."""
    return (r - 1) ** 2 / 2, r - 1, np.ones_like(r)


def logistic(r: Array) -> tuple[Array, Array, Array]:
    """log(1 + exp(-r))."""
    share = special.expit(-r)
    return -special.log_expit(r), -share, share * (1 - share)


@dataclass(frozen=True)
class Descent:
    """Full-batch gradient descent on the mixture, see the module.

    Attributes:
        ratio: samples per dimension.
        spread: variance within a cluster.
        ridge: in the gradient.
        step: of the descent.
        start: squared norm of the start over d.
        memory: factor of the memory; 1 for the equations as they stand, as are the next two.
        own: factor of what a sample does to itself.
        extra: factor of the shift.
    """

    ratio: float
    spread: float
    ridge: float
    step: float
    start: float
    memory: float = 1.0
    own: float = 1.0
    extra: float = 1.0


def drawn_descent(
    rule: Descent,
    loss: Loss,
    d: int,
    marks: Sequence[int],
    rng: np.random.Generator,
    batch: float = 1.0,
) -> Array:
    """Take the steps once, on data drawn in dimension d; the last three attributes of the rule play no part.

    Labels are absorbed in the samples, and v is the first axis times sqrt(d), which changes averages by 1/d at most. A
    sample is in a batch with probability `batch`, independently of all else.

    Returns:
        the overlap m, the squared norm C and the mean loss over all samples after so many steps, shape (3, marks).
    """
    A = rng.standard_normal((round(rule.ratio * d), d))
    A *= np.sqrt(rule.spread / d)
    A[:, 0] += 1 / np.sqrt(d)
    w = rng.standard_normal(d)
    w[0] = 0
    w *= np.sqrt(rule.start * d) / np.linalg.norm(w)
    found = np.empty((3, len(marks)))
    for t in range(max(marks) + 1):
        paid, force, _ = loss(A @ w)
        for k in [k for k, mark in enumerate(marks) if mark == t]:
            found[:, k] = w[0] / np.sqrt(d), w @ w / d, np.mean(paid)
        if batch < 1:
            force *= rng.random(len(force)) < batch
        w = w - rule.step * (rule.ridge * w + A.T @ force)
    return found


def sample_process(
    rule: Descent, loss: Loss, steps: int, size: int, rng: np.random.Generator
) -> Array:
    """Solve the equations once; return the overlap m, the squared norm C and the mean loss, shape (3, steps + 1).

    Averages are over `size` samples, so that results scatter like `size^-1/2` and have a bias of order `1/size`. The
    response of a sample to a shift of its field at each earlier step is followed along its trajectory.
    """
    ratio, spread, ridge, step = rule.ratio, rule.spread, rule.ridge, rule.step
    root, h0 = math.sqrt(spread), rng.standard_normal(size)
    h = math.sqrt(rule.start) * rng.standard_normal((1, size))
    response = np.zeros((steps + 1, steps + 1, size))
    MR, MC, G = np.zeros((3, steps + 1, steps + 1))
    S, m, shift = np.ones(steps + 1), np.zeros(steps + 1), np.zeros(steps + 1)
    forces, xi = list[Array](), list[Array]()
    found = np.empty((3, steps + 1))
    for t in range(steps + 1):
        paid, force, curve = loss(root * h[t] + m[t] * (1 + root * h0))
        forces.append(force)
        products = np.array([np.mean(force * past) for past in forces])
        MC[t, : t + 1] = MC[: t + 1, t] = ratio * spread * products
        MR[t, :t] = rule.memory * ratio * spread * root * (response[t, :t] @ curve) / size
        shift[t] = rule.extra * ratio * spread * float(np.mean(curve))
        found[:, t] = m[t], rule.start * S[t] ** 2 + G[t] @ MC @ G[t] + m[t] ** 2, np.mean(paid)
        if t == steps:
            break
        xi.append(_next_noise(MC[: t + 1, : t + 1], xi, rng, size))
        keep, past = 1 - step * (ridge + shift[t]), MR[t, :t]
        h = np.vstack([h, keep * h[t] + step * (past @ h[:t] + xi[t] - rule.own * root * force)])
        kick = np.eye(steps + 1)[t]
        seen = root * response[t] - kick[:, None]
        pulled = np.tensordot(past, response[:t], axes=1)
        response[t + 1] = keep * response[t] + step * (pulled - rule.own * root * curve * seen)
        G[t + 1] = keep * G[t] + step * (past @ G[:t] + kick)
        S[t + 1] = keep * S[t] + step * past @ S[:t]
        pull = ratio * float(np.mean((1 + root * h0) * force))
        m[t + 1] = (1 - step * ridge) * m[t] - step * pull
    return found


def _next_noise(
    covariance: Array, before: Sequence[Array], rng: np.random.Generator, size: int
) -> Array:
    """Gaussian noise with this covariance, its earlier values given."""
    t = len(before)
    fresh = rng.standard_normal(size)
    if not t:
        return np.asarray(math.sqrt(covariance[0, 0]) * fresh)
    weights = np.linalg.lstsq(covariance[:t, :t], covariance[:t, t], rcond=1e-12)[0]
    rest = max(covariance[t, t] - weights @ covariance[:t, t], 0.0)
    return np.asarray(weights @ np.array(before) + math.sqrt(rest) * fresh)
