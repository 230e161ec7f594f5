"""Inequalities on boxes that Rocq cuts in halves, with slopes: for erf and sums, and for several inputs (`cuts.v`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from mfcheck.rocq import scalars, values
from mfcheck.rocq.enclosures import Json, square_under_erf, valued_between
from mfcheck.rocq.formula import rational
from mfcheck.rocq.hints import hints_of
from mfcheck.rocq.means import Ends, listed
from mfcheck.rocq.scalars import Known, Part, quantified
from mfcheck.verify import UnprovedError
from mfcheck.verify.slopes import slope

_BITS, _MOST_PIECES, _DEEPEST, _SPARE = 64, 1500, 60, 3
Box: TypeAlias = Mapping[str, Ends]


def inequality(name: str, claim: Json, witness: Json, known: Known) -> Part:
    """Return lemmas for the bounds of a formula, and that it is defined: at once, by halves, or as others have them."""
    found = values.at_once(name, claim, known) or _by_halves(name, claim, witness, known)
    return found or scalars.inequality(name, claim, witness, known)


def _by_halves(name: str, claim: Json, witness: Json, known: Known) -> Part | None:
    """The lemma for the bounds, `None` if halves are no way for it, or not the quickest one."""
    read = values.read(claim, known, always=True)
    if read is None or not (read.many() or (len(read.wide) > 1 and "bisect" in witness)):
        return None
    try:
        square = square_under_erf(read.text, read.box, _BITS)
    except UnprovedError:
        return None
    hints, depth = hints_of(lambda bits: square if bits >= _BITS else None), None
    if hints is not None:
        depth = _depth(read, claim)
    if depth is None:
        return None
    goals, variables = _goals(read, claim), read.scalars.own()
    said, pieces = " /\\\n    ".join(goals), listed(_piece(read.box[key]) for key in read.wide)
    return Part(
        f"Lemma {name} : {quantified(variables)}\n    {said}.\n"
        f"Proof.\n  intros. exact (Cuts.cut_right {hints} {depth + _SPARE} {pieces}\n"
        f"    {listed(goals.values())}\n"
        f"    ltac:(vm_cast_no_check (eq_refl true)) {listed(v for v, *_ in variables)} {_INSIDE}).\nQed.\n"
    )


def _goals(read: values.Values, claim: Json) -> dict[str, str]:
    """What is said, as sentences of Rocq and as goals of `values.v`."""
    writer = read.writer()
    form, term = writer.form(read.tree), writer.term(read.tree)
    goals = read.needs(writer.needs)
    if "lower" in claim:
        low = Fraction(claim["lower"])
        goals[f"{rational(low)} <= {term}"] = f"(AtLeast {values.constant(low)} {form})"
    if "upper" in claim:
        high = Fraction(claim["upper"])
        goals[f"{term} <= {rational(high)}"] = f"(AtMost {form} {values.constant(high)})"
    return goals


_INSIDE = (
    "ltac:(repeat (apply List.Forall2_cons || apply List.Forall2_nil); "
    "unfold Cuts.inside; (split; [reflexivity | lra]))"
)


def _piece(ends: Ends) -> str:
    """Ends over a common denominator."""
    below = lcm(*(x.denominator for x in ends))
    low, high = (x.numerator * (below // x.denominator) for x in ends)
    return f"({low}, {high}, {below})%Z"


@dataclass
class _Rehearsal:
    """How Rocq will go through the halves of a box, in intervals of the checker.

    `margin` is a formula that is to be at least 0, `slopes` are its derivatives by name, where there are any.
    """

    margin: str
    slopes: Mapping[str, str]
    left: int = _MOST_PIECES

    def depth(self, box: Mapping[str, Ends], deep: int = 0) -> int | None:
        """How deep it goes; `None` if it does not end."""
        self.left -= 1
        if self.left < 0 or deep > _DEEPEST:
            return None
        value = _between(self.margin, box)
        if value is not None and value[0] >= 0:
            return deep
        for name, text in self.slopes.items():
            low, high = box[name]
            found = _between(text, box) if low < high else None
            if found is None:
                continue
            if found[0] >= 0 or found[1] <= 0:  # least at an end
                end = low if found[0] >= 0 else high
                return self.depth({**box, name: (end, end)}, deep + 1)
            if self._from_middle(box, name, found):
                return deep
        return self._of_halves(box, deep)

    def _from_middle(self, box: Mapping[str, Ends], name: str, slopes: Ends) -> bool:
        """Whether the margin is too large in the middle to be lost by slopes."""
        low, high = box[name]
        start = _between(self.margin, {**box, name: ((low + high) / 2,) * 2})
        return start is not None and start[0] >= max(map(abs, slopes)) * (high - low) / 2

    def _of_halves(self, box: Mapping[str, Ends], deep: int) -> int | None:
        wide = [key for key, (low, high) in box.items() if low < high]
        if not wide:
            return None
        name = max(wide, key=lambda key: box[key][1] - box[key][0])
        low, high = box[name]
        middle = (low + high) / 2
        first = self.depth({**box, name: (low, middle)}, deep + 1)
        last = None if first is None else self.depth({**box, name: (middle, high)}, deep + 1)
        return None if first is None or last is None else max(first, last)


def _between(text: str, box: Box) -> Ends | None:
    try:
        return valued_between(text, box, _BITS)
    except UnprovedError:
        return None


def _depth(read: values.Values, claim: Json) -> int | None:
    """How deep both bounds go; `None` if one of them is not seen that way."""
    sides: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("lower", lambda bound: f"({read.text}) - ({bound})"),
        ("upper", lambda bound: f"({bound}) - ({read.text})"),
    )
    deepest = 0
    for side, margin in sides:
        if side in claim:
            text = margin(claim[side])
            found = _Rehearsal(text, _slopes(text, read)).depth(dict(read.box))
            if found is None:
                return None
            deepest = max(deepest, found)
    return deepest


def _slopes(text: str, read: values.Values) -> dict[str, str]:
    found = {}
    for name in read.wide:
        try:
            found[name] = slope(text, name)
        except UnprovedError:
            continue
    return found
