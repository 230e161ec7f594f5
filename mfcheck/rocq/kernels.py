"""Separation: lambda_min of the kernel matrix of all separated points, from Hermite coefficients that Rocq encloses."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isqrt, log2

from mfcheck.rigor.exported import MOST_POINTS, SEPARATED
from mfcheck.rocq import exact
from mfcheck.rocq.enclosures import Json, spectrum
from mfcheck.rocq.means import Mean, boxed, fraction, listed, outward, read_mean
from mfcheck.rocq.scalars import Part
from mfcheck.verify.kernels import order

_NEAR = 4
"""Beyond this number of standard deviations panels are twice as wide."""
_MOST_TERMS, _LEAST_ROOM = 64, Fraction(1, 2**48)


@dataclass(frozen=True)
class Plan:
    """How many coefficients are summed, what their sum exceeds the bound by, a lower bound of all weights together."""

    terms: int
    room: Fraction
    total: Fraction


def separation(name: str, claim: Json, witness: Json) -> Part:
    """Return a lemma for lambda_min of the kernel matrices of all points of the claim.

    Where Rocq cannot enclose the Hermite coefficients, or too many of them are needed for the bound, the lemma is about
    the sum that bounds lambda_min alone.
    """
    if claim["activation"] not in SEPARATED or claim["n"] > MOST_POINTS:
        return exact.separation(name, claim, witness)
    plan = _plan(claim, witness)
    if plan.room < _LEAST_ROOM or plan.terms > _MOST_TERMS:
        return exact.separation(name, claim, witness)
    mean = read_mean(f"normal(u, {SEPARATED[claim['activation']]})", {})
    return Part(_lemma(name, claim, mean, plan), ())


def _plan(claim: Json, witness: Json) -> Plan:
    """The fewest coefficients that leave half of the room that all of the checker's leave."""
    n, c, k = claim["n"], (1 + Fraction(claim["C_max"])) / 2, order(claim)
    function, unit = spectrum(claim, witness), Fraction(1, 2 ** witness["bits"])
    weights = [max(0, low) * unit for low, _ in function.weights]
    total = sum(weights, max(0, function.rest[0]) * unit)
    factor = Fraction(isqrt((n * n // 4) << 200) + 1, 2**100) if n > 1 else Fraction(0)
    rooms, found, left = [], -Fraction(claim["lower"]), total
    for weight in weights:
        share = max(Fraction(0), 1 - factor)
        rooms.append(found + (share * left if k <= 1 else 0))
        found, left = found + share * weight, left - weight
        factor = Fraction(ceil(factor * c * 2**100), 2**100)
    least = max(rooms) / 2
    terms = next(count for count, room in enumerate(rooms) if room >= min(least, max(rooms)))
    return Plan(terms, rooms[terms], total)


def _lemma(name: str, claim: Json, mean: Mean, plan: Plan) -> str:
    n, k = claim["n"], order(claim)
    C, lower = Fraction(claim["C_max"]), Fraction(claim["lower"])
    bits = max(20, 8 + ceil(-log2(plan.room)))
    pairs = [outward(source, {}, bits + 24) for source in mean.sources]
    steep = max(3, isqrt(plan.terms))
    scale, panels = _panels(mean, [max(map(abs, pair)) for pair in pairs], steep, bits)
    degree = 16 if bits <= 32 else 24 if bits <= 48 else 32
    low = Fraction(floor((plan.total - plan.room / 8) * 2**bits), 2**bits)
    inner, apart = (
        "sum d (fun i => x a i * x b i)",
        f"forall a b, (a < {n})%nat -> (b < {n})%nat -> ",
    )
    return (
        f"Lemma {name}_lower : forall (d : nat) (x : nat -> nat -> R),\n"
        f"  (forall a, (a < {n})%nat -> sum d (fun i => x a i * x a i) = 1) ->\n"
        f"  ({apart}a <> b -> {inner} <= ({C.numerator}) / {C.denominator}) ->\n"
        f"  (forall r, has_mean (fun u => {mean.function} u * (Pairs.he r u / sqrt (INR (fact r))))) /\\\n"
        f"  exists M : nat -> nat -> R,\n"
        f"  ({apart}is_series (fun r => INR (S r) ^ {k} * Coefficient {mean.function} r ^ 2 *\n"
        f"    ((1 + {inner}) / 2) ^ r) (M a b)) /\\\n"
        f"  forall v, ({lower.numerator}) / {lower.denominator} * sum {n} (fun a => v a * v a) <= form {n} M v.\n"
        f"Proof.\n"
        f"  refine (Kernels.separated (F.PtoP {bits + 30 + plan.terms}) (F.PtoP 40) {boxed(pairs)}\n"
        f"    {mean.term} {degree} {plan.terms} {steep} {scale}\n"
        f"    ({panels[0]}) {listed(f'({x})%Z' for x in panels[1:])} {k} {n} {fraction(C)} {fraction(lower)}\n"
        f"    {fraction(low)} {fraction(low + 1)}\n"
        f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(mean.parameters)} _).\n"
        f"  repeat (apply List.Forall2_cons || apply List.Forall2_nil); unfold boxed; cbn [fst snd];\n"
        f"    first [lra | split; interval with (i_prec {bits + 60})].\nQed.\n"
    )


def _panels(mean: Mean, sizes: list[Fraction], steep: int, bits: int) -> tuple[int, list[int]]:
    """The ends of the panels, times a whole number, and that number."""
    scale, growth = mean.panels(sizes), steep + mean.growth
    reach = growth + 1 + isqrt(growth**2 + ceil(1.4 * (bits + 8)))
    half = [*range(_NEAR * scale), *range(_NEAR * scale, reach * scale + 1, 2)]
    return scale, [-x for x in reversed(half[1:])] + half
