"""Long recursions of a few numbers: compiled in floats, enclosed in balls."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from flint import arb
from numba import types
from numpy.typing import ArrayLike

from mfcheck.errors import InputError
from mfcheck.networks.maps import Array

Step = Callable[[Array, int], None]


def iterate(step: Step, start: ArrayLike, marks: Sequence[int]) -> Array:
    """Return the states of a recursion after the given numbers of layers, shape (len(marks), k).

    The step is compiled once and kept in numba's cache; a million steps of a few operations take some 10 ms then.

    Args:
        step: a plain function at the top level of a module, which numba can compile: it changes the state, float64
            array of shape (k,), in place, given the number of the layer. Near a fixed point c = 1 let its state be
            1 - c. Parameters belong into the state, as entries that do not change: a closure is compiled anew.
        start: state before the first layer, shape (k,).
        marks: rising numbers of layers; layers count from 1.

    Raises:
        InputError: marks that do not rise.
    """
    state = np.atleast_1d(np.array(start, dtype=np.float64))
    order = np.asarray(marks, dtype=np.int64)
    if np.any(np.diff(order) < 0) or np.any(order < 0):
        raise InputError("the marks of a recursion rise")
    out = np.empty((len(order), len(state)))
    _loop()(state, order, out, _compiled(step))
    return out


def iterate_balls(step: Callable[[arb], arb], start: arb, marks: Sequence[int]) -> list[arb]:
    """Return enclosures of a scalar recursion after the given numbers of layers.

    Both ends of the enclosure are followed separately, so that its width is governed by the slope of the map and not by
    how often the state occurs in its formula. Precision is the context's.

    Args:
        step: a map that increases on the range of the trajectory; this is the caller's to know, and not checked.
        start: enclosure of the start.
        marks: rising numbers of layers, up to some 1e4.

    Raises:
        InputError: marks that do not rise.
    """
    if any(b < a for a, b in zip((0, *marks), marks, strict=False)):
        raise InputError("the marks of a recursion rise")
    low, high = start.lower(), start.upper()
    found, layer = [], 0
    for mark in marks:
        while layer < mark:
            low, high = step(low).lower(), step(high).upper()
            layer += 1
        found.append(low.union(high))
    return found


def relu_gap(state: Array, layer: int) -> None:  # noqa: ARG001
    """Step `e = 1 - c` of the normalised rectifier: `e' = e - s (sin t - t cos t) / pi`, `cos t = c`.

    The share s is 1, or the second entry of the state: beside a skip connection that multiplies the second moment by
    1 + B a layer, it is B/(1 + B).
    """
    e = state[0]
    t = 2 * math.asin(math.sqrt(e / 2))
    if t < 0.5:
        # The difference would cancel; the next term of its series is below 1e-17 of the first.
        s = t * t
        tail = 1 - s / 54 * (1 - s / 88 * (1 - s / 130 * (1 - s / 180)))
        drop = t * s / 3 * (1 - s / 10 * (1 - s / 28 * tail))
    else:
        drop = math.sin(t) - t * math.cos(t)
    share = state[1] if len(state) > 1 else 1.0
    state[0] = e - share * drop / math.pi


def _iterate(state, marks, out, step):  # type: ignore[no-untyped-def]
    layer = 0
    for i in range(len(marks)):
        while layer < marks[i]:
            layer += 1
            step(state, layer)
        out[i] = state


def _step_type() -> Any:
    return types.void(types.float64[::1], types.int64)


@lru_cache(maxsize=1)
def _loop() -> Any:
    """Return the compiled loop, which takes any step: compiled at first use, not at import."""
    step = types.FunctionType(_step_type())
    signature = types.void(types.float64[::1], types.int64[::1], types.float64[:, ::1], step)
    return numba.njit(signature, cache=True)(_iterate)


@lru_cache(maxsize=64)
def _compiled(step: Step) -> Any:
    return numba.njit(_step_type(), cache=True)(step)
