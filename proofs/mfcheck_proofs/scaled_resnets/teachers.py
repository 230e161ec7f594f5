"""Which targets keep `y^T G2^-1 K G2^-1 y` bounded as n grows: the hypothesis that repairs Theorem 6's chain."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims import Context, Curve, Estimate, Evidence, Note
from mfcheck.claims.compare import order_evidence, slope
from mfcheck.rigor.dual import DualKernel
from mfcheck.rigor.hermite import hermite_coefficients
from mfcheck.symbolic.activation import Activation

Array = NDArray[np.float64]
DIMENSION = 10
TERMS = 120
RESOLUTION = 0.1


def _linear(x: Array, rng: np.random.Generator) -> Array:
    y: Array = x @ rng.standard_normal(x.shape[1]) / np.sqrt(x.shape[1])
    return y


def _neuron(x: Array, rng: np.random.Generator) -> Array:
    y: Array = np.tanh(x @ rng.standard_normal(x.shape[1]) + rng.standard_normal())
    return y


def _random_features(x: Array, rng: np.random.Generator) -> Array:
    w = rng.standard_normal((x.shape[1], 50))
    y: Array = np.tanh(x @ w + rng.standard_normal(50)) @ rng.standard_normal(50) / np.sqrt(50)
    return y


def _sign(x: Array, rng: np.random.Generator) -> Array:
    return np.where(_linear(x, rng) >= 0, 1.0, -1.0)


def _random_labels(x: Array, rng: np.random.Generator) -> Array:
    return rng.choice([-1.0, 1.0], size=len(x))


Teacher = Callable[[Array, np.random.Generator], Array]
TEACHERS: Mapping[str, Teacher] = MappingProxyType(
    {
        "linear": _linear,
        "single neuron": _neuron,
        "smooth random features": _random_features,
        "sign of a linear map": _sign,
        "random labels": _random_labels,
    }
)
"""Targets `y(x)`, labels of n points given at once; the first three are of the form that Theorem 6 assumes."""


@lru_cache(maxsize=16)
def _series(activation: Activation) -> tuple[Array, Array]:
    """mu_r^2 in double precision, and the sums of (1+r) mu_r^2 and (1+r)^2 mu_r^2 over all r."""
    kernel = DualKernel(activation, 15)
    squares = [float((m * m).mid()) for m in hermite_coefficients(activation, TERMS, 15)]
    return np.array(squares), np.array([float(kernel.total(k).mid()) for k in (1, 2)])


def quadratic_forms(activation: Activation, X: Array, Y: Array) -> Array:
    """Return (1/2) y^T G2^-1 K G2^-1 y for each column y of Y, shape (n, k), in double precision.

    Off the diagonal the series of the kernels is cut after 120 terms; the diagonal is exact.
    """
    squares, totals = _series(activation)
    c = np.clip((1 + X @ X.T) / 2, 0, 1)
    r = np.arange(len(squares))
    G2 = np.polynomial.polynomial.polyval(c, (1 + r) * squares)
    K = np.polynomial.polynomial.polyval(c, (1 + r) ** 2 * squares)
    np.fill_diagonal(G2, totals[0])
    np.fill_diagonal(K, totals[1])
    Q = np.linalg.solve(G2, Y)
    forms: Array = np.sum(Q * (K @ Q), axis=0) / 2
    return forms


def complexities(context: Context, sizes: Array, repeats: int) -> Array:
    """Return (2 Q/n)^(1/2), Q the quadratic form, shape (repeats, teachers, sizes): beta cancels."""
    rng = context.rng()
    found = np.empty((repeats, len(TEACHERS), len(sizes)))
    for i in range(repeats):
        X = rng.standard_normal((int(sizes[-1]), DIMENSION))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        Y = np.array([teacher(X, rng) for teacher in TEACHERS.values()]).T
        for k, size in enumerate(map(int, sizes)):
            forms = quadratic_forms(context.setting.activation, X[:size], Y[:size])
            found[i, :, k] = np.sqrt(2 * forms / size)
    return found


def teacher_rate(context: Context) -> Evidence:
    """Fitted exponent in n of the leading order of the complexity, for a linear teacher; other targets beside it."""
    if not DualKernel(context.setting.activation, 15).total(2).is_finite():
        return Evidence(
            passed=None, cases=0, reason=r"$K$ is infinite: $\sigma_0''$ is not square-integrable"
        )
    sizes = np.array([32.0, 64, 128, 256, 512, 1024][: context.budget.pick(3, 5, 6)])
    repeats = context.budget.pick(4, 6, 16)
    found = complexities(context, sizes, repeats)
    mean, linear = found.mean(axis=0), found[:, 0]
    error = 3 * (linear / linear[:, -1:]).std(axis=0, ddof=1) / np.sqrt(repeats) * mean[0]
    evidence = order_evidence(
        sizes,
        mean[0],
        error,
        float(context["rate"]),
        id="teacher-rate",
        x_label="$n$",
        y_label="leading order of the Rademacher complexity",
        domain=rf"linear teacher, {repeats} draws of uniform points, $d = {DIMENSION}$, seed {context.seed}",
    )
    fitted = slope(sizes, mean[0], error, linear)
    passed = _falls(fitted, float(context["rate"]))
    reason = "" if passed else f"fitted exponent {fitted.value:.3f} +- {fitted.error:.3f}"
    others = tuple(
        Curve(
            label=name,
            x=tuple(map(float, sizes)),
            y=tuple(map(float, mean[k])),
            error=tuple(map(float, 3 * found[:, k].std(axis=0, ddof=1) / np.sqrt(repeats))),
            style="points",
        )
        for k, name in enumerate(TEACHERS)
        if k
    )
    plot = evidence.plots[0]
    plots = (plot.model_copy(update={"curves": (*plot.curves, *others)}),)
    notes = (_note(sizes, found),) if passed else ()
    changes = {"passed": passed, "reason": reason, "lhs": fitted, "error": fitted.error}
    return evidence.model_copy(update={"plots": plots, "notes": notes, **changes})


def _falls(fitted: Estimate, rate: float) -> bool | None:
    """Whether the complexity falls like n^rate or faster; at finite n an exponent is known to a tenth at best."""
    limit = rate + RESOLUTION
    if fitted.value + fitted.error <= limit:
        return True
    return False if fitted.value - fitted.error > limit else None


def _note(sizes: Array, found: Array) -> Note:
    exponents = []
    for k, name in enumerate(TEACHERS):
        mean = found[:, k].mean(axis=0)
        fitted = slope(sizes, mean, np.zeros(len(sizes)), found[:, k])
        exponents.append(f"{name} {fitted.value:.2f} ± {fitted.error:.2f}")
    return Note(
        id="theorem-6-teachers",
        severity="major",
        text=(
            r"With the leading order of the $\mathrm{KL}$ as radius, the complexity goes like a power of $n$ that "
            rf"depends on the target (uniform points, $d = {DIMENSION}$, $n \le {int(sizes[-1])}$): "
            rf"{'; '.join(exponents)}. An exponent fitted at these $n$ is not the limit: on the circle the quadratic "
            r"form of one neuron settles ($\tanh$, $y = \tanh(2x_1 + \frac12)$: at 22.5 from $n = 32$ on), at larger "
            r"$n$ the steeper the neuron. But not all targets that Theorem 6 assumes meet the extra hypothesis: with "
            r"probabilities proportional to $k^{-3.2}$ on the neurons $\tanh(kx_1)$, $k \ge 1$, $\tau_y$ has a finite "
            "second moment, and the form grows faster than every power of $n$ (5.3, 12, 51, 320 at $n = 16, 24, 32, "
            "40$)."
        ),
    )
