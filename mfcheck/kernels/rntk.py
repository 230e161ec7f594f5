"""Residual and fully connected neural tangent kernels of any depth, in double precision (2403.04545, Section 3)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.kernels.arccos import Cosine, gap, k0, k1

Array = NDArray[np.float64]

MAX_DEPTH = 10**7


def check_depth(depth: int) -> int:
    """Return the depth.

    Raises:
        InputError: not a whole number between 1 and `MAX_DEPTH`.
    """
    if depth != int(depth) or not 1 <= depth <= MAX_DEPTH:
        raise InputError(f"the depth must be a whole number from 1 to {MAX_DEPTH}, got {depth}")
    return int(depth)


def mixing(alpha: float) -> float:
    """Return `a = alpha^2 / (1 + alpha^2)`, the share of the residual branch in the next correlation.

    Raises:
        InputError: alpha is negative, infinite or not a number.
    """
    if not (math.isfinite(alpha) and alpha >= 0):
        raise InputError(f"alpha must be a finite number >= 0, got {alpha}")
    return alpha**2 / (1 + alpha**2)


def rntk(x: Cosine, depth: int, alpha: float) -> Array:
    """Return the normalised residual kernel r_L(u), r_L(1) = 1; shape of the cosines.

    Raises:
        InputError: depth below 1, or alpha negative or not finite.
    """
    return np.asarray(rntk_at_depths(x, (depth,), alpha)[0])


def rntk_at_depths(x: Cosine, depths: Sequence[int], alpha: float) -> Array:
    """Return the kernels of one alpha at increasing depths, in one pass; shape (depths, *cosines).

    With `R_l = (1 - a (1 - k0)) R_(l-1) + (k1 + rho k0)/2`, all at rho_(l-1), `r_L = R_L / L`. Carried is the deficit
    `l - R_l`, so that `1 - r_L` keeps its digits near u = 1.

    Raises:
        InputError: depths below 1 or not increasing, or alpha negative or not finite.
    """
    a = mixing(alpha)
    wanted = [check_depth(depth) for depth in depths]
    if sorted(set(wanted)) != wanted:
        raise InputError("depths must be increasing")
    found, deficit, done = [], np.zeros_like(x.v), 0
    for depth in wanted:
        for layer in range(done, depth):
            k0_missing, step = x.angle / np.pi, gap(x)
            term_missing = x.v + (x.u * k0_missing - step) / 2
            deficit = deficit + (a * k0_missing * (layer - deficit) + term_missing)
            x = Cosine(x.v - a * step, x.w + a * step)
        found.append(1 - deficit / depth)
        done = depth
    return np.array(found)


def correlation(x: Cosine, depth: int, alpha: float) -> Cosine:
    """Return the correlation rho_L of the last hidden states.

    Raises:
        InputError: depth below 1, or alpha negative or not finite.
    """
    a = mixing(alpha)
    for _ in range(check_depth(depth)):
        step = a * gap(x)
        x = Cosine(x.v - step, x.w + step)
    return x


def all_layers(x: Cosine, depth: int, alpha: float) -> Array:
    """Return the kernel of a network whose first and last layers are trained too, divided by its value at u = 1.

    It is `(rho_L + u B_1 + 2 a L r_L) / (2 (1 + a L))` with `B_1 = d rho_L/du`; shape of the cosines.

    Raises:
        InputError: depth below 1, or alpha negative or not finite.
    """
    a, product, at = mixing(alpha), np.ones_like(x.v), x
    for _ in range(check_depth(depth)):
        product = product * (1 - a * at.angle / np.pi)
        at = correlation(at, 1, alpha)
    whole = at.u + x.u * product + 2 * a * depth * rntk(x, depth, alpha)
    return np.asarray(whole / (2 * (1 + a * depth)))


def fully_connected(x: Cosine, depth: int) -> Array:
    """Return the kernel of a fully connected ReLU network with `depth` hidden layers, divided by its value at u = 1.

    `Theta_l = Theta_(l-1) k0 + k1`, both at the correlation of layer l-1, `Theta_0 = u`; r_1 is the case of depth 1.

    Raises:
        InputError: depth below 1.
    """
    total = x.u
    for _ in range(check_depth(depth)):
        total = total * k0(x) + k1(x)
        step = gap(x)
        x = Cosine(x.v - step, x.w + step)
    return total / (depth + 1)
