"""Infinite-width values from two widths: replicates at both, the correction 1/N removed or bounded."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import overload

import numpy as np

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.networks.maps import Array
from mfcheck.statistics import extrapolated, mean_of

Named = Mapping[str, Array]
Measure = Callable[[int, np.random.Generator, int], Array]
NamedMeasure = Callable[[int, np.random.Generator, int], Named]


@overload
def at_widths(
    measure: Measure,
    widths: Sequence[int],
    replicates: int,
    rng: np.random.Generator,
    *,
    logs: bool = False,
    constant: float | None = None,
) -> Estimate: ...


@overload
def at_widths(
    measure: NamedMeasure,
    widths: Sequence[int],
    replicates: int,
    rng: np.random.Generator,
    *,
    logs: bool | Collection[str] = False,
    constant: float | Mapping[str, float] | None = None,
) -> dict[str, Estimate]: ...


def at_widths(
    measure: Measure | NamedMeasure,
    widths: Sequence[int],
    replicates: int,
    rng: np.random.Generator,
    *,
    logs: bool | Collection[str] = False,
    constant: float | Mapping[str, float] | None = None,
) -> Estimate | dict[str, Estimate]:
    """Return estimates of the limits of infinite width, one for each quantity that a simulation measures.

    Without `constant` the term B/N is removed with the help of the smaller width, and a bias stays for the next order.
    With it nothing is removed: the value is that of the largest width with the bias `constant / N`, in absolute units.

    Args:
        measure: from a width, a generator and a number of replicates to independent replicate values, shape
            (replicates,), or to such arrays by name. Replicates are drawn in one call, so that they can be batched.
        widths: two widths, the second at least twice the first; one is enough if `constant` is given.
        replicates: number of nets at each width.
        rng: source of randomness; each width has a stream of its own.
        logs: quantities (or all) whose logarithm of the mean is estimated and extrapolated: products of many factors
            have corrections that multiply. What is typical and not expected is measured as a mean of logarithms: then
            let `measure` return logarithms.
        constant: C of the bias C/N, for all or by name; names that it lacks are extrapolated.

    Raises:
        InputError: widths that do not allow it, or values whose mean has no logarithm.
    """
    _check_widths(widths, constant is not None and not isinstance(constant, Mapping))
    used = sorted(widths)[-2:]
    streams = zip(used, rng.spawn(len(used)), strict=True)
    found = limits(
        {n: _named(measure(n, own, replicates)) for n, own in streams},
        logs=logs,
        constant=constant,
    )
    return found[""] if set(found) == {""} else found


def limits(
    samples: Mapping[int, Named],
    *,
    logs: bool | Collection[str] = False,
    constant: float | Mapping[str, float] | None = None,
) -> dict[str, Estimate]:
    """Return estimates of the limits of infinite width from replicate values by name at each of two widths.

    Args:
        samples: by width, such as `Trial.at_sizes` gives them.
        logs: as in `at_widths`.
        constant: as in `at_widths`.

    Raises:
        InputError: widths that do not allow it, or values whose mean has no logarithm.
    """
    _check_widths(list(samples), constant is not None and not isinstance(constant, Mapping))
    used = sorted(samples)
    result = {}
    for name in samples[used[-1]]:
        in_logs = logs if isinstance(logs, bool) else name in logs
        rows = [samples[n][name] for n in used]
        result[name] = _limit(used, rows, in_logs, _constant_of(constant, name))
    return result


@overload
def chunked(measure: Measure, nets: int) -> Measure: ...


@overload
def chunked(measure: NamedMeasure, nets: int) -> NamedMeasure: ...


def chunked(measure: Measure | NamedMeasure, nets: int) -> Measure | NamedMeasure:
    """Return the same measurement, made on at most `nets` networks at a time, so that memory stays bounded.

    A net of width N and depth L holds `8 L N^2` bytes of weights as long as gradients are wanted.
    """

    def whole(width: int, rng: np.random.Generator, replicates: int) -> dict[str, Array]:
        sizes = [min(nets, replicates - start) for start in range(0, replicates, nets)]
        parts = [_named(measure(width, rng, size)) for size in sizes]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def either(width: int, rng: np.random.Generator, replicates: int) -> Array | Named:
        values = whole(width, rng, replicates)
        return values.get("", values)

    return either  # type: ignore[return-value]


def log_of(estimate: Estimate) -> Estimate:
    """Return the logarithm of a positive estimate; the interval is the longer side of the exact image.

    Raises:
        InputError: zero is within its error.
    """
    relative = estimate.error / estimate.value if estimate.value > 0 else math.inf
    if relative >= 1:
        raise InputError(
            "the error reaches zero, so that there is no logarithm: take more replicates"
        )
    error = -math.log1p(-relative)
    share = estimate.bias / estimate.error if estimate.error else 0.0
    return estimate.but(value=math.log(estimate.value), error=error, bias=error * share)


def exp_of(estimate: Estimate) -> Estimate:
    """Return the number whose logarithm was estimated; the interval is the longer side of the exact image."""
    value = math.exp(estimate.value)
    error, bias = (value * math.expm1(part) for part in (estimate.error, estimate.bias))
    return estimate.but(value=value, error=error, bias=bias)


def _limit(
    widths: Sequence[int], rows: Sequence[Array], in_logs: bool, c: float | None
) -> Estimate:
    if c is not None:
        found = mean_of(rows[-1])
        found = log_of(found) if in_logs else found
        bias = abs(c) / widths[-1]
        return found.but(error=found.error + bias, bias=bias)
    if len(widths) < 2:
        raise InputError("extrapolation needs two widths")
    estimates = [mean_of(row) for row in rows]
    return extrapolated(widths, [log_of(e) for e in estimates] if in_logs else estimates)


def _named(values: Array | Named) -> Named:
    return values if isinstance(values, Mapping) else {"": values}


def _constant_of(constant: float | Mapping[str, float] | None, name: str) -> float | None:
    return constant.get(name) if isinstance(constant, Mapping) else constant


def _check_widths(widths: Sequence[int], single: bool) -> None:
    """Refuse widths from which the limit cannot be estimated."""
    ordered = sorted(widths)
    if not ordered or ordered[0] < 1:
        raise InputError("a width is a positive number")
    if not single and (len(ordered) < 2 or ordered[-1] < 2 * ordered[-2]):
        raise InputError("extrapolation needs two widths, the second at least twice the first")
