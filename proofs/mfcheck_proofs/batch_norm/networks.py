"""Random networks with batch normalisation, exact gradients through mean and variance."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from mfcheck.checks import Context, Estimate
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.networks import (
    BatchNorm,
    Chain,
    Network,
    at_widths,
    chunked,
    covariances,
    dense,
    log_gradient_norms,
    pointwise,
)
from mfcheck.symbolic.activation import Activation, activation
from mfcheck_proofs.batch_norm.gegenbauer import Array

# --- random networks -------------------------------------------------------------------------------------------------


def trained(act: Activation, batch: int, depth: int) -> Callable[[int, np.random.Generator, int], Mapping[str, Array]]:
    """Return the measurement of q, mu and of the rate over the middle layers, from a width, a generator and a number."""
    first, last = max(3, depth // 5), depth - max(2, depth // 10)

    def measure(width: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
        def block() -> Chain:
            return Chain([BatchNorm(), pointwise(act), dense(rng, nets, width, sigma_w=1.0)])

        trace = Network([block() for _ in range(depth)]).run(rng.standard_normal((nets, width, batch)))
        logs = log_gradient_norms(trace, rng.standard_normal((nets, width, batch)), whole_batch=True)
        inside = np.arange(first, last + 1)
        slope = np.polyfit(inside, logs[inside], 1)[0]
        late = covariances(trace.states[first:]).mean(axis=0)
        q = np.trace(late, axis1=1, axis2=2) / batch
        off = (late.sum(axis=(1, 2)) - batch * q) / (batch * (batch - 1))
        return {"q": q, "mu": q - off, "rate": np.exp(-slope)}

    return chunked(measure, 4)


@lru_cache(maxsize=8)
def simulated(act: Activation, batch: int, seed: int, nets: int) -> dict[str, Estimate]:
    """Q, mu and rate from networks of widths 80 and 200, 20 layers."""
    return at_widths(trained(act, batch, 20), (80, 200), nets, stream(seed, f"networks {act.name} {batch}"))


def networks(name: str, act: str = "") -> Callable[[Context], Estimate]:
    """One of these numbers, in the setting or for another activation."""

    def measure(context: Context) -> Estimate:
        chosen = activation(act) if act else context.setting.activation
        if context.setting.integer("batch") > 64:
            raise InputError("networks are drawn for batch <= 64")
        nets = context.budget.pick(24, 60, 240)
        return simulated(chosen, context.setting.integer("batch"), context.seed, nets)[name]

    return measure


DRAWN = "random networks of widths 80 and 200, 20 layers, the correction 1/N removed"
