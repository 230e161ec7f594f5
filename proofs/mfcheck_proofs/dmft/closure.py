"""The setting, stable steps, the closed equations in ball arithmetic, their ridge limit, and the constants."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.checks import Context, Setting, constant, evaluate, parameter, setting_of
from mfcheck.errors import InputError
from mfcheck.gaussian import mp_multiplied, mp_resolvent, spiked_edge
from mfcheck.rigor.ball import enclose, exact

Array = NDArray[np.float64]
Vector = list[arb]

ALPHA = parameter("alpha", 2, "samples per dimension n/d", above=0, most=10_000)
DELTA = parameter("delta", "1/2", "variance Delta within a cluster", above=0)
LAM = parameter("lam", "1/10", "ridge in the gradient", least=0)
ETA = parameter("eta", "1/10", "step", above=0)
R0 = parameter("r0", "1/4", "squared norm of the start over d", least=0)
BATCH = parameter("batch", 1, "probability b that a sample is in a batch", above=0, most=1)
STEPS = parameter("steps", 20, "number of steps", least=0, most=2000, integer=True)
PARAMETERS = (ALPHA, DELTA, LAM, ETA, R0, BATCH, STEPS)
PATH = tuple(p.name for p in PARAMETERS)
DEFAULT = setting_of(PARAMETERS)
alpha, delta, lam, eta, r0, b, _ = (x.symbol for x in PARAMETERS)

# --- which steps are stable ------------------------------------------------------------------------------------------


def validate(setting: Setting) -> None:
    """Refuse steps for which the weights, or their variance over batches, blow up."""
    ratio, spread, ridge, step, batch = (setting.number(n) for n in ("alpha", "delta", "lam", "eta", "batch"))
    top = ridge + batch * spiked_edge(ratio, spread, ratio + spread)
    if step * top > 2:
        raise InputError(f"the steps blow up: eta must be at most 2/(lam + batch * largest eigenvalue) = {2 / top:.6g}")
    t = np.pi * (np.arange(400) + 0.5) / 400
    x = 1 + ratio + 2 * math.sqrt(ratio) * np.cos(t)
    kept = (1 - step * (ridge + batch * spread * x)) ** 2
    weight = ratio * np.sin(t) ** 2 / x / 200
    growth = step**2 * batch * (1 - batch) / ratio * float(np.sum(weight * (spread * x) ** 2 / (1 - kept)))
    if batch < 1 and not growth < 1:
        raise InputError(f"the variance over batches grows by {growth:.3g} in each generation: eta must be smaller")


# --- the closure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What the closure takes from the reading under test.

    Attributes:
        rank: squared length of the spike.
        overlap: factor from the spike's amplitude to m.
        noise: variance of a sample's presence.
        scale: factor of the sum over samples.
    """

    rank: sp.Expr = alpha + delta
    overlap: sp.Expr = sp.sqrt(alpha) / (alpha + delta)
    noise: sp.Expr = b * (1 - b)
    scale: sp.Expr = sp.S.One

    @classmethod
    def of(cls, context: Context) -> "Rule":
        """The right rule with what the reading states."""
        return replace(cls(), **{name: context[name] for name in cls.__annotations__ if name in context.formulas})


@dataclass(frozen=True)
class State:
    """Overlap m, norm C and mean squared residual rho after some steps."""

    m: arb
    c: arb
    rho: arb

    def shown(self) -> dict[str, arb]:
        """Return overlap, norm and training loss by the names of the final quantities."""
        return {"m": self.m, "c": self.c, "train": self.rho / 2}


def _dot(v: Vector, w: Vector) -> arb:
    return sum((a * c for a, c in zip(v, w, strict=False)), arb(0))


def _lost_in_a_step(setting: Setting) -> float:
    """Return about how many bits a step may lose: radii grow by the row sums of its matrix in absolute values."""
    ratio, spread, ridge, step = (setting.number(name) for name in ("alpha", "delta", "lam", "eta"))
    mean_step = step * setting.number("batch")
    growth = abs(1 - step * ridge) + mean_step * spread * (1 + math.sqrt(ratio)) ** 2
    return 0.1 + math.log2(max(1.0, growth))


@lru_cache(maxsize=64)
def closure(setting: Setting, digits: int, rule: Rule = Rule()) -> tuple[State, ...]:
    """Enclose the state after 0, 1, ..., `steps` steps.

    Without noise the weights are a part of the start, `v = g(J)^t e_1`, and a part along the spike, W; residuals of
    earlier steps, drawn at random, add their own decay.
    """
    bits = int(3.33 * digits + _lost_in_a_step(setting) * setting.integer("steps")) + 96
    with ctx.workprec(bits):
        given = {p.symbol: exact(setting[p.name]) for p in PARAMETERS}
        ratio, spread, ridge, step, start, batch, _ = given.values()
        rank, overlap, noise, scale = (
            enclose(e, given, bits) for e in (rule.rank, rule.overlap, rule.noise, rule.scale)
        )
        root, mean_step = ratio.sqrt(), step * batch * scale
        v, W = [arb(1)], [arb(0)]
        drawn: list[tuple[arb, arb]] = []
        states: list[State] = []
        for _ in range(setting.integer("steps") + 1):
            Jv, JW = mp_multiplied(v, ratio, root), mp_multiplied(W, ratio, root)
            amplitude = mean_step * rank * W[0]
            left = root - amplitude
            own, shared = _dot(v, Jv), _dot(W, JW)
            c = start * _dot(v, v) + mean_step**2 * rank * _dot(W, W)
            rho = (left**2 + spread * (start * own + mean_step**2 * rank * shared)) / ratio
            past = list(zip(states, reversed(drawn), strict=True))
            factor = step**2 * scale**2 * noise
            c += factor * sum((s.rho * one for s, (one, _) in past), arb(0))
            rho += factor / ratio * sum((s.rho * two for s, (_, two) in past), arb(0))
            states.append(State(overlap * amplitude, c, rho))
            drawn.append((spread * own, spread**2 * _dot(Jv, Jv)))
            decay = mean_step * spread
            v = [(1 - step * ridge) * a - decay * j for a, j in zip([*v, arb(0)], Jv, strict=True)]
            W = [(1 - step * ridge) * a - decay * j for a, j in zip([*W, arb(0)], JW, strict=True)]
            W[0] += left
        return tuple(states)


def error_of(m: arb, c: arb, spread: arb) -> arb:
    """The test error at an overlap and a norm."""
    return (m / (2 * spread * c).sqrt()).erfc() / 2


def last_of(name: str) -> Callable[[Setting, int], arb]:
    """Return the leaf of one quantity after the steps of the setting."""

    def value(setting: Setting, digits: int) -> arb:
        validate(setting)
        state = closure(setting, digits)[-1]
        with ctx.workdps(digits + 15):
            if name == "test":
                if not state.c > 0:
                    raise InputError(
                        "the start is zero and no step was taken: r0 must be positive, or steps at least 1"
                    )
                return error_of(state.m, state.c, exact(setting["delta"]))
            return state.shown()[name]

    return value


# --- the ridge limit -------------------------------------------------------------------------------------------------

shift = lam / delta
STIELTJES = mp_resolvent(shift, alpha)
"""Average of 1/(lam/Delta + x)."""
K1 = STIELTJES / delta
K2 = STIELTJES * (1 + STIELTJES) / (2 * shift * STIELTJES + shift + alpha - 1) / delta**2
F_RIDGE = sp.sqrt(alpha) / (1 + (alpha + delta) * K1)
M_RIDGE = sp.sqrt(alpha) * (sp.sqrt(alpha) - F_RIDGE) / (alpha + delta)
C_RIDGE = F_RIDGE**2 * (alpha + delta) * K2
TEST_RIDGE = sp.erfc(M_RIDGE / sp.sqrt(2 * delta * C_RIDGE)) / 2


def _ridge(expr: sp.Expr) -> Callable[[Setting, int], arb]:
    def value(setting: Setting, digits: int) -> arb:
        if setting["lam"] == 0 and setting["alpha"] <= 1:
            raise InputError("lam must be positive for alpha <= 1: the limit depends on the start otherwise")
        return evaluate(
            expr, None, setting, {alpha: setting["alpha"], delta: setting["delta"], lam: setting["lam"]}, digits
        )

    return value


LIMIT = ("alpha", "delta", "lam")
CONSTANTS = (
    constant("m_t", last_of("m"), "overlap m after the steps", source="C3, C4", uses=[n for n in PATH if n != "r0"]),
    constant("c_t", last_of("c"), "squared norm C after the steps", source="C3, C4", uses=PATH),
    constant("train_t", last_of("train"), "mean of (r - c)^2/2", source="C4", uses=PATH),
    constant("test_t", last_of("test"), "test error after the steps", source="C2", uses=PATH),
    constant("m_ridge", _ridge(M_RIDGE), "overlap at the ridge solution", source="C5", uses=LIMIT),
    constant("c_ridge", _ridge(C_RIDGE), "squared norm at the ridge solution", source="C5", uses=LIMIT),
    constant("test_ridge", _ridge(TEST_RIDGE), "test error of the ridge solution", source="C5", uses=LIMIT),
)
