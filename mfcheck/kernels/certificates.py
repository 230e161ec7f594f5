"""Certificates of residual ReLU kernels: the recursion over the layers, and the limit at gamma = 1/2.

With `arc0` and `arc1` for k0 and k1, a layer takes rho to `rho + a (k1 - rho)`, the sum S of `mfcheck.kernels.rntk` to
`(1 - a + a k0) S + (k1 + rho k0)/2`, and the product B of the slopes to `(1 - a + a k0) B`.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import arb, ctx

from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.pairs import PREC, Pair
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import decimal_text, endpoints
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.certified_recursions import recursion

_FACTOR = "(1 - a + a*arc0(rho))"
STEPS = {
    "rho": "rho + a*(arc1(rho) - rho)",
    "S": f"{_FACTOR}*S + (arc1(rho) + rho*arc0(rho))/2",
}
PRODUCT = {"B": f"{_FACTOR}*B"}
_DIGITS = 10


def share(depth: int, gamma: Fraction) -> str:
    """Return `a = 1/(1 + L^(2 gamma))`, for alpha = L^-gamma."""
    return f"1/(1 + {depth}**({2 * gamma}))" if gamma else "1/2"


def layers(u: Fraction, depths: Sequence[int], gamma: Fraction) -> dict[int, Certificate]:
    """Return certificates that enclose r_L(u) at the depths, under the names `r_L`: one of all where alpha is one."""
    groups = [list(depths)] if not gamma else [[depth] for depth in depths]
    found: dict[int, Certificate] = {}
    for group in groups:
        made = recursion(
            {"a": share(max(group), gamma)},
            {"rho": str(u), "S": "0"},
            STEPS,
            {f"r_{L}": (L, f"S/{L}", Pair(u, L, gamma).kernel) for L in group},
            {"rho": (-1, 1, 1)},
            _DIGITS,
        )
        found |= dict.fromkeys(group, made)
    return found


def all_layers(u: Fraction, depth: int, gamma: Fraction) -> Certificate:
    """Return the certificate that encloses the kernel with all layers trained, under the name `all`."""
    return recursion(
        {"a": share(depth, gamma)},
        {"rho": str(u), "S": "0", "B": "1"},
        STEPS | PRODUCT,
        {
            "all": (
                depth,
                f"(rho + {u}*B + 2*a*S)/(2*(1 + {depth}*a))",
                Pair(u, depth, gamma).all_layers,
            )
        },
        {"rho": (-1, 1, 1)},
        _DIGITS,
    )


def one_layer(u: Fraction) -> str:
    """Return r_1(u) as a formula of certificates."""
    return f"(arc1({u}) + {u}*arc0({u}))/2"


def largest(
    rows: Mapping[int, tuple[Fraction, Fraction]],
    cosines: Sequence[Fraction],
    gamma: Fraction,
    others: Mapping[Fraction, str],
) -> dict[str, Certificate]:
    """Return parts which state that the largest |r_L(u) - other(u)| is, at each depth, within half a unit of a number.

    Args:
        rows: number and unit by depth.
        cosines: values of u.
        gamma: exponent of alpha = L^-gamma.
        others: formula by cosine.
    """
    parts: dict[str, Certificate] = {}
    names: dict[tuple[Fraction, int], str] = {}
    for k, u in enumerate(cosines):
        made = layers(u, list(rows), gamma)
        for depth, part in made.items():
            name = f"run_{k}" if not gamma else f"run_{k}_{depth}"
            parts[name] = part
            names[u, depth] = f"{name}.r_{depth}"
    for depth, (stated, unit) in rows.items():
        sides = [f"x{k} - {others[u]}, {others[u]} - x{k}" for k, u in enumerate(cosines)]
        lower, upper = str(stated - unit / 2), str(stated + unit / 2)
        inputs = {f"x{k}": names[u, depth] for k, u in enumerate(cosines)}
        parts[f"row_{depth}"] = certificate.inequality(
            f"max({', '.join(sides)})", inputs, lower, upper, digits=_DIGITS
        )
    return parts


# --- the limit at gamma = 1/2 ------------------------------------------------------------------------------

_GAP = "(sin({t}) - {t}*cos({t}))/pi"
_HALF_TERM = "((sin(t) + (pi - t)*cos(t))/pi + cos(t)*(1 - t/pi))/2"


def limit(u: Fraction, name: str) -> tuple[dict[str, Certificate], str, str]:
    """Return the part that the angle at time 1 solves its equation, the limit R(1) as a formula in it, and its name.

    The angle x at time 1 has `int_x^acos(u) sin/GAP = 1`, and `R(1) = GAP(x) int_x^acos(u) HALF_TERM sin/GAP^2`.
    """
    start, gap = f"pi*(1 - arc0({u}))", _GAP.format(t="t")
    with ctx.workprec(PREC):
        lower, upper = _around(limit_kernel(u).angle)
    angle = certificate.root(
        f"integral(t, x, {start}, sin(t)/({gap})) - 1", "x", lower, upper, digits=_DIGITS + 2
    )
    formula = f"{_GAP.format(t='x')}*integral(t, x, {start}, {_HALF_TERM}*sin(t)/({gap})**2)"
    return {name: angle}, formula, name


def _around(value: arb) -> tuple[str, str]:
    ends = endpoints(value)
    assert ends is not None
    room = Fraction(1, 10**_DIGITS)
    return decimal_text(ends[0] - room, 15, up=False), decimal_text(ends[1] + room, 15, up=True)
