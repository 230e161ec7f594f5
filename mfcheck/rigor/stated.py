"""What a certificate comes to: the parts of a bundle on which no later one rests, in words and as numbers."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from mfcheck.rigor.certificate import Certificate
from mfcheck.verify import BINDERS, MalformedError, UnprovedError, printable
from mfcheck.verify.formulas import evaluate, fixed, iv
from mfcheck.verify.inequalities import intervals, read_box
from mfcheck.verify.reading import effort

Range = tuple[Fraction, Fraction]
MOST = 600
"""Characters of a statement in a report."""


def conclusions(certificate: Certificate) -> list[Certificate]:
    """Return the certificate itself, or the parts of a bundle that are no input of another."""
    if certificate["kind"] != "bundle":
        return [certificate]
    parts = certificate["claim"]["parts"]
    used = {
        value.split(".")[0]
        for part in parts
        for value in part["certificate"]["claim"].get("inputs", {}).values()
        if isinstance(value, str)
    }
    return [part["certificate"] for part in parts if part["name"] not in used]


def words(certificate: Certificate) -> str:
    """Return what the certificate states, in the checker's words; of a bundle its conclusions, cut where it is long."""
    ends = conclusions(certificate)
    text = "; ".join(printable(str(end["statement"])) for end in ends)
    if certificate["kind"] == "bundle":
        others = len(certificate["claim"]["parts"]) - len(ends)
        text += f"; with {others} more parts before" if others else ""
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def unrelated(certificate: Certificate, lhs: Range, rhs: Range) -> bool:
    """Whether a certificate speaks of other numbers than both sides of a comparison.

    Each conclusion is a bound of a formula. Its value is related to the sides if it may be one of them, their
    difference or their quotient, and so are bounds if a side is half of their distance (a formula is so far at most
    from the middle). What is no bound of a formula, or has no value here, is not judged: then the answer is no.
    """
    known = _candidates(lhs, rhs)
    stated = _stated(certificate)
    values = [_value(end, stated) for end in conclusions(certificate)]
    found = [value for value in values if value is not None]
    return (
        bool(found)
        and len(found) == len(values)
        and not any(_meet(value, one) for value in found for one in known)
        and not any(_meet(((b - a) / 2,) * 2, side) for a, b in found for side in (lhs, rhs))
    )


def _meet(x: Range, y: Range) -> bool:
    return x[0] <= y[1] and y[0] <= x[1]


def _candidates(lhs: Range, rhs: Range) -> list[Range]:
    (a, b), (c, d) = lhs, rhs
    found = [lhs, rhs, (a - d, b - c), (c - b, d - a)]
    for (p, q), (r, s) in ((lhs, rhs), (rhs, lhs)):
        if r > 0 or s < 0:
            ends = [x / y for x in (p, q) for y in (r, s)]
            found.append((min(ends), max(ends)))
    return [*found, *((-y, -x) for x, y in found)]


def _value(end: Certificate, known: Mapping[str, Range]) -> Range | None:
    """Return bounds of the formula of an inequality: both that it states, or else its values; None if that is open."""
    claim = end["claim"]
    if end["kind"] != "inequality":
        return None
    if {"lower", "upper"} <= set(claim):
        return Fraction(claim["lower"]), Fraction(claim["upper"])
    if "activation" in claim or any(f"{name}(" in claim["formula"] for name in BINDERS):
        return None  # not again: it was worked out to be accepted
    effort.start()
    try:
        iv.prec = 100
        found = evaluate(claim["formula"], intervals(read_box(claim["inputs"], known)))
        low, high = fixed(found, 100)
    except (UnprovedError, MalformedError):
        return None
    return Fraction(low, 2**100), Fraction(high, 2**100)


def _stated(whole: Certificate) -> dict[str, Range]:
    """Return the bounds that parts of a bundle state of numbers, by name."""
    found: dict[str, Range] = {}
    for name, claim in _claims(whole):
        rows = {name: claim} if {"lower", "upper"} <= set(claim) else {}
        rows |= {f"{name}.{x}": row for x, row in claim.get("values", {}).items()}
        ends = {key: (row.get("lower"), row.get("upper")) for key, row in rows.items()}
        ends |= {f"{name}.{x}": tuple(row) for x, row in claim.get("unknowns", {}).items()}
        for key, (low, high) in ends.items():
            if low is not None and high not in (None, "inf"):
                found[key] = Fraction(low), Fraction(high)
    return found


def _claims(whole: Certificate) -> Iterable[tuple[str, Certificate]]:
    parts: Sequence[Certificate] = whole["claim"]["parts"] if whole["kind"] == "bundle" else []
    return [(part["name"], part["certificate"]["claim"]) for part in parts]
