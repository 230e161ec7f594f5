"""Cauchy weights in ball arithmetic."""

from functools import lru_cache

from flint import acb, acb_series, arb, ctx

from mfcheck.checks import Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, exact
from mfcheck_proofs.heavy_tails.stable import TANH, log_fixed_point

# --- alpha = 1 in balls ----------------------------------------------------------------------------------------------


def cauchy_mean(at: arb, digits: int, slope: bool) -> arb:
    """Enclose E tanh(q |z|) = (2/pi) int_0^oo tanh(qy/2)/(1 + y^2) dy, z Cauchy of scale 1/2; or E sech(qz)^2.

    y = e^t; the ends of the integral are bounded by hand. Below 1e-30 the expansion of C3 is used, whose rest is between
    0 and q^3 (1 + log(1/q))/pi, and 0 <= 1 - E sech^2 <= E tanh.
    """
    with ctx.workdps(digits + 25):
        if at < arb(10) ** -30:
            rest = at * at * (1 - at.log())
            value = at / arb.pi() * (cauchy_constant(digits + 15) - at.log() + rest.union(arb(0)))
            return 1 - value.union(arb(0)) if slope else value
        low, high = arb(-3 * (digits + 15)), arb(3 * (digits + 15))
        end = (high / at).log()

        def integrand(t: acb, _analytic: bool) -> acb:
            y = t.exp()
            x = acb(at) * y / 2
            return (1 / x.cosh() ** 2 if slope else x.tanh()) * y / (1 + y * y)

        unit = arb(10) ** -(digits + 10)
        floor = unit if slope else unit * at.abs_lower().min(arb(1))
        middle = acb.integral(integrand, acb(low), acb(end.mid()), abs_tol=floor, rel_tol=unit, eval_limit=400_000).real
        start = low.exp() if slope else at * (2 * low).exp() / 4
        rest = (1 / end.mid().exp()).atan()
        far = 4 * (-high + 1).exp()
        outside = rest * arb(0, far.upper()) if slope else rest * (1 - far.union(arb(0)))
        return 2 / arb.pi() * (middle + start.union(arb(0)) + outside)


def cauchy_map(setting: Setting, digits: int) -> arb:
    """Enclose V(q)/sigma_w at alpha = 1."""
    with ctx.workdps(digits + 25):
        return cauchy_mean(exact(setting["q"]), digits, False)


def cauchy_constant(digits: int) -> arb:
    """Enclose C = log pi - log(2)/3 - 6 zeta'(2)/pi^2."""
    with ctx.workdps(digits + 15):
        slope = acb_series([2, 1], prec=2).zeta()[1].real
        return arb.pi().log() - arb(2).log() / 3 - 6 * slope / arb.pi() ** 2


def is_cauchy(setting: Setting) -> bool:
    """Return whether weights are Cauchy and the activation is tanh."""
    return setting["alpha"] == 1 and setting.activation.expr == TANH.expr


@lru_cache(maxsize=64)
def certified_fixed_point(setting: Setting, digits: int) -> arb:
    """Enclose q* at alpha = 1 for tanh: V(q)/q falls, so a change of sign of V - q encloses the only fixed point."""
    with ctx.workdps(digits + 20):
        weight, bias = exact(setting["sigma_w"]), exact(setting["sigma_b"])
        try:
            start, _, slope = log_fixed_point(setting)
            at = arb(start)
        except InputError:
            at = cauchy_constant(digits) - arb.pi() / weight
            slope = float((-weight / arb.pi()).mid())
        for _ in range(2 + digits // 5):
            value = at.exp()
            gap = ((weight * cauchy_mean(value, digits + 8, False) + bias) / value).log()
            at = (at - gap / slope).mid()
            if abs(gap / slope) < arb(10) ** -(digits + 3):
                break
        ends = [(at + sign * arb(10) ** -(digits + 2)).exp() for sign in (-1, 1)]
        orders = [compare(weight * cauchy_mean(x, digits + 8, False) + bias, x) for x in ends]
        if orders != [">", "<"]:
            raise InputError("the fixed point could not be enclosed to so many digits")
        return ends[0].union(ends[1])
