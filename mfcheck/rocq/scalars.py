"""Inequalities for the tactic `interval`: lemmas for each bound, and that the formula is defined."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

import sympy as sp

from mfcheck.errors import InputError
from mfcheck.rigor.certificate import formula_text
from mfcheck.rocq.continuity import Lipschitz
from mfcheck.rocq.enclosures import contact, enclosure, follows, not_negative, signed_pieces
from mfcheck.rocq.formula import rational, translate
from mfcheck.rocq.hermite import HermiteSum, read_hermite
from mfcheck.rocq.integrals import Integral, read_integral
from mfcheck.rocq.means import Mean, read_mean
from mfcheck.rocq.pairs import PairMean, read_pair
from mfcheck.rocq.planes import Planar, read_disc
from mfcheck.rocq.programs import CORNERS, read_joint
from mfcheck.symbolic.expression import parse
from mfcheck.verify.formulas import calls
from mfcheck.verify.formulas import parse as parse_formula
from mfcheck.verify.slopes import slope

Ends: TypeAlias = tuple[Fraction, Fraction]
Known: TypeAlias = Mapping[str, Ends]
Enclosed: TypeAlias = Mean | PairMean | HermiteSum | Integral | Planar

_MAX_DERIVATIVES = 6
_ROOMS = (*map(Fraction, (4096, 512, 64, 16, 4)), Fraction(1), Fraction(1, 4), Fraction(1, 16))
"""How much wider than the checker's bounds of means may be, at each end and in their lengths: the first that does."""


@dataclass
class Scalars:
    """The variables of one inequality, and the calls that became numbers between bounds."""

    claim: dict[str, Any]
    bits: int
    terms: int
    known: Known
    ends: dict[str, Ends] = field(default_factory=dict)
    abstracted: dict[str, tuple[str, Fraction, Fraction]] = field(default_factory=dict)
    means: dict[str, tuple[Enclosed, Ends]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.claim["inputs"].items():
            pair = value if isinstance(value, list) else [value] * 2
            known = self.known.get(value) if isinstance(value, str) else None
            self.ends[name] = known or (Fraction(pair[0]), Fraction(pair[1]))

    @property
    def wide(self) -> list[str]:
        """The inputs that vary."""
        return [name for name, (low, high) in self.ends.items() if low < high]

    def names(self) -> dict[str, str]:
        """The term of each input: a variable, or its value."""
        return {
            name: f"v_{name}" if low < high else rational(low)
            for name, (low, high) in self.ends.items()
        }

    def abstract(self, call: str) -> str:
        """Put a variable between the checker's bounds in place of a call that the tactic does not know."""
        if call not in self.abstracted:
            texts = {k: [str(x) for x in ends] for k, ends in self.ends.items()}
            inner = {"formula": call, "inputs": texts}
            if "activation" in self.claim:
                inner["activation"] = self.claim["activation"]
            low, high = enclosure(inner, {"bits": self.bits, "terms": self.terms})
            name = f"k_{len(self.abstracted)}"
            mean = self.mean(call)
            if mean:
                self.means[name] = mean, (low, high)
            self.abstracted[call] = (name, low, high)
        return self.abstracted[call][0]

    def mean(self, call: str) -> Enclosed | None:
        """The mean or integral that a call stands for, if Rocq can enclose it."""
        try:
            if call.strip().startswith("pair"):
                return read_pair(call, self.names())
            if call.strip().startswith("integral"):
                texts = {k: [str(x) for x in ends] for k, ends in self.ends.items()}
                return _read_integral(call, self.names(), texts)
            if call.strip().startswith("series"):
                return read_hermite(call, self.names())
            return read_mean(call, self.names())
        except InputError:
            return None

    def give_room(self) -> None:
        """Widen the bounds of means, for another arithmetic, as far as the formula allows.

        A mean for which there is no room stays between the checker's bounds, a step that is left out.
        """
        if self.claim["formula"].strip() in self.abstracted and {"lower", "upper"} <= set(
            self.claim
        ):
            ends = Fraction(self.claim["lower"]), Fraction(self.claim["upper"])
            self._put(dict.fromkeys(self.means, ends))
            return
        for factor in _ROOMS if self.means else ():
            if self._suffice(self._wider(factor + factor / 4)):
                self._put(self._wider(factor))
                return
        self.means.clear()

    def _wider(self, factor: Fraction) -> dict[str, Ends]:
        return {
            name: (low - factor * (high - low), high + factor * (high - low))
            for name, (_, (low, high)) in self.means.items()
        }

    def _put(self, wider: Mapping[str, Ends]) -> None:
        self.means = {name: (mean, wider[name]) for name, (mean, _) in self.means.items()}
        for call, (name, low, high) in self.abstracted.items():
            self.abstracted[call] = (name, *wider.get(name, (low, high)))

    def _suffice(self, wider: Mapping[str, Ends]) -> bool:
        """Whether the claim still follows where means are between other numbers."""
        text, box = self.claim["formula"], dict(self.ends)
        for call in sorted(self.abstracted, key=len, reverse=True):
            name, low, high = self.abstracted[call]
            fresh = f"{name}_of_{len(box)}"
            text = text.replace(call, fresh)
            box[fresh] = wider.get(name, (low, high))
        sides = (("lower", 1), ("upper", -1))
        return all(
            follows(text, box, Fraction(self.claim[k]), s) for k, s in sides if k in self.claim
        )

    def own(self) -> list[tuple[str, str, str]]:
        """The inputs that vary, with their ends."""
        return [
            (f"v_{name}", rational(self.ends[name][0]), rational(self.ends[name][1]))
            for name in self.wide
        ]

    def variables(self) -> list[tuple[str, str, str]]:
        """All variables with their ends."""
        others = self.abstracted.values()
        return [*self.own(), *((name, rational(low), rational(high)) for name, low, high in others)]


def _read_integral(
    call: str, names: Mapping[str, str], inputs: Mapping[str, Any]
) -> Integral | Planar:
    try:
        return read_disc(call, names)
    except InputError:
        found = read_integral(call, names)
        found.require_smooth(inputs)
        return found


@dataclass(frozen=True)
class Part:
    """Text of Rocq, and the steps of the certificate that it leaves out."""

    text: str
    uncovered: tuple[str, ...] = ()


def inequality(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return lemmas whose names begin with `name`, for the bounds of a formula, and of its means.

    Raises:
        InputError: a derivative that is needed at an end is outside the grammar.
    """
    scalars = Scalars(claim, witness["bits"], witness.get("terms", 1), known)
    term, needs = translate(claim["formula"], scalars.names(), scalars.abstract)
    scalars.give_room()
    needs = _needs(scalars, needs)
    goals = [(f"{name}_defined_{k}", need) for k, need in enumerate(needs)]
    tactic, lemmas = _tactic(scalars), _mean_lemmas(name, scalars)
    for label, goal in goals:
        lemmas.append(_lemma(_generic(label, scalars), scalars, goal, tactic))
        lemmas += _of_means(name, label, scalars, goal)
    for side, sign in (("lower", 1), ("upper", -1)):
        if side in claim:
            label, bound = f"{name}_{side}", Fraction(claim[side])
            lemmas.append(_bound(_generic(label, scalars), scalars, term, bound, sign, tactic))
            lemmas += _of_means(name, label, scalars, f"0 <= {_difference(term, bound, sign)}")
    steps = [
        f"{call} is between {rational(low)} and {rational(high)}"
        for call, (label, low, high) in scalars.abstracted.items()
        if label not in scalars.means
    ]
    return Part("\n".join(lemmas), tuple(steps))


def _needs(scalars: Scalars, needs: list[str]) -> list[str]:
    """What has to hold for a formula to be defined, its means included."""
    inner = [need for mean, _ in scalars.means.values() for need in mean.needs]
    return list(dict.fromkeys([*inner, *needs]))


def _generic(label: str, scalars: Scalars) -> str:
    """The name of a lemma about all numbers between the bounds of the means."""
    return f"{label}_for" if scalars.means else label


def _mean_lemmas(name: str, scalars: Scalars) -> list[str]:
    inputs = {key: [str(x) for x in ends] for key, ends in scalars.ends.items()}
    own, together = quantified(scalars.own()), _together(scalars)
    alone = [
        mean.lemma(f"{name}_mean_{k}", own, inputs, scalars.bits, ends)
        for k, (mean, ends) in scalars.means.items()
        if k not in together
    ]
    if not together:
        return alone
    calls = {label: call for call, (label, *_) in scalars.abstracted.items()}
    ends = [scalars.means[k][1] for k in together]
    joint = read_joint([calls[k] for k in together], scalars.names())
    given = "".join(f" {v} B_{v}" for v, *_ in scalars.own())
    lemmas = [joint.lemma(f"{name}_means", own, inputs, scalars.bits, ends)]
    for place, k in enumerate(together):
        found = f"{name}_means{given}"
        for _ in range(place):
            found = f"proj2 ({found})"
        said = f"{own}{joint.said(place, ends[place])}"
        proof = f"intros{given}. exact (proj1 ({found}))."
        lemmas.append(f"Lemma {name}_mean_{k} : {said}.\nProof. {proof} Qed.\n")
    return [*alone, *lemmas]


def _together(scalars: Scalars) -> list[str]:
    """Means with exp, which have most of their parts in common, by the variables that stand for them."""
    return [
        k
        for k, (mean, _) in scalars.means.items()
        if isinstance(mean, Mean) and "Exp" in mean.term and not CORNERS.search(mean.term)
    ]


def _of_means(name: str, label: str, scalars: Scalars, goal: str) -> list[str]:
    """The lemma with the means themselves, from that about all numbers between their bounds."""
    if not scalars.means:
        return []
    own, others = scalars.own(), scalars.variables()[len(scalars.own()) :]
    left = [v for v in others if v[0] not in scalars.means]
    known = " ".join(f"{v} B_{v}" for v, *_ in own)
    given = []
    for v, *_ in (*own, *others):
        if v in scalars.means:
            mean = scalars.means[v][0].value
            given.append(f"{mean} (proj2 ({name}_mean_{v} {known}))")
        else:
            given.append(f"{v} B_{v}")
    introduced = " ".join(f"{v} B_{v}" for v, *_ in (*own, *left))
    said = re.sub(r"\bk_\d+\b", lambda m: _named(scalars, m[0]), goal)
    return [
        f"Lemma {label} : {quantified([*own, *left])}{said}.\n"
        f"Proof. intros {introduced}. exact ({label}_for {' '.join(given)}). Qed.\n"
    ]


def _named(scalars: Scalars, variable: str) -> str:
    """A mean in the place of the variable that stood for it."""
    if variable in scalars.means:
        return scalars.means[variable][0].value
    return variable


def _difference(term: str, bound: Fraction, sign: int) -> str:
    sides = (term, rational(bound)) if sign > 0 else (rational(bound), term)
    return f"{sides[0]} - {sides[1]}"


def root(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return lemmas for the signs of a formula at both bounds of its zero, and that it is defined between them.

    Raises:
        InputError: the formula has a step, so that a change of sign gives no zero.
    """
    if calls(claim["formula"], "step"):
        raise InputError("what has a step may jump over zero")
    variable, ends = claim["variable"], (claim["lower"], claim["upper"])
    texts = written(claim["inputs"], known)
    points = [{"formula": claim["formula"], "inputs": {**texts, variable: end}} for end in ends]
    (low, _), (_, last) = (enclosure(x, {"bits": witness["bits"]}) for x in points)
    sides = ("lower", "upper") if low >= 0 >= last else ("upper", "lower")
    parts = [
        inequality(f"{name}_{label}", {**point, side: "0"}, witness, known)
        for label, point, side in zip(("low", "high"), points, sides, strict=True)
    ]
    whole = {"formula": claim["formula"], "inputs": {**texts, variable: list(ends)}}
    rough = {**witness, "bits": min(witness["bits"], 32)}  # that it is defined takes no accuracy
    parts.append(inequality(f"{name}_between", whole, rough, known))
    steps = [step for part in parts for step in part.uncovered]
    try:
        parts.append(_zero(name, claim, whole, witness, known, sides[0] == "upper"))
    except InputError:
        zero = f"it vanishes between {ends[0]} and {ends[1]}"
        steps.append(
            f"{claim['formula']} is continuous in {variable} where it is defined, so that {zero}"
        )
    return Part("\n".join(part.text for part in parts), tuple(steps))


def _zero(
    name: str,
    claim: dict[str, Any],
    whole: dict[str, Any],
    witness: dict[str, Any],
    known: Known,
    rising: bool,
) -> Part:
    """The lemma that the formula vanishes between the bounds, from the signs there and as it is Lipschitz.

    Raises:
        InputError: it has a part that is not known to be continuous.
    """
    own, low, high = f"v_{claim['variable']}", *(Fraction(claim[k]) for k in ("lower", "upper"))
    others = Scalars({**whole, "inputs": written(claim["inputs"], known)}, witness["bits"], 1, {})
    between = Scalars(whole, witness["bits"], 1, known)
    names = others.names() | {claim["variable"]: own}
    _, needs = translate(claim["formula"], between.names(), between.abstract)
    defined = [f"{name}_between_defined_{k}" for k in range(len(_needs(between, needs)))]
    ends = rational(low), rational(high)
    tactic = ways(f"i_prec {witness['bits'] + 32}", [], "")
    text, inputs = claim["formula"].strip(), whole["inputs"]
    writer = Lipschitz(text, claim["variable"], ends, names, tuple(defined), tactic, inputs)
    proof, value = writer.proof(), writer.term(parse_formula(text))
    first, last, lemma = (
        ("upper", "lower", "zero_rising") if rising else ("lower", "upper", "zero_falling")
    )
    lemma_text = (
        f"Lemma {name}_zero : {quantified(others.own())}"
        f"exists {own}, {ends[0]} <= {own} <= {ends[1]} /\\ {value} = 0.\n"
        f"Proof.\n  intros. apply ({lemma} {ends[0]} {ends[1]} (fun {own} => {value})); [lra | |\n"
        f"    eapply {name}_low_{first}; eassumption | eapply {name}_high_{last}; eassumption].\n"
        f"  {proof}\nQed.\n"
    )
    return Part(lemma_text)


def zeros(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return lemmas for the sign of a formula, or of its derivative, on each piece, at the ends, and for their sum."""
    variable, derivative = claim["variable"], slope(claim["formula"], claim["variable"])
    inputs = written(claim["inputs"], known)
    hints = {"bits": max(32, witness["bits"])}
    parts, pieces = [], signed_pieces(claim, witness, known)
    for k, piece in enumerate(pieces):
        box = {**inputs, variable: [str(piece.low), str(piece.high)]}
        text = derivative if piece.of_derivative else claim["formula"]
        parts.append(_away(f"{name}_piece_{k}", text, box, hints))
        if piece.of_derivative:
            for label, end in (("low", piece.low), ("high", piece.high)):
                point = {**inputs, variable: str(end)}
                parts.append(_away(f"{name}_{label}_{k}", claim["formula"], point, hints))
    total = " + ".join(str(piece.zeros) for piece in pieces) or "0"
    count = f"({total} = {claim['count']})%nat"
    parts.append(Part(f"Lemma {name}_count : {count}.\nProof. reflexivity. Qed.\n"))
    steps = [step for part in parts for step in part.uncovered]
    counting = (
        f"{derivative} is the derivative of {claim['formula']} in {variable}: where it has a sign there is one zero if "
        f"the signs at the ends differ, and none else"
    )
    far = f"there is no zero beyond {witness['reach']}" if "reach" in witness else ""
    return Part("\n".join(part.text for part in parts), (*steps, counting, *filter(None, [far])))


def _away(name: str, formula: str, inputs: dict[str, Any], witness: dict[str, Any]) -> Part:
    """A lemma that a formula stays away from zero."""
    claim = {"formula": formula, "inputs": inputs}
    low, high = enclosure(claim, witness)
    side = {"lower": str(low / 2)} if low > 0 else {"upper": str(high / 2)}
    return inequality(name, {**claim, **side}, witness, {})


def half_line(name: str, claim: dict[str, Any], witness: dict[str, Any], known: Known) -> Part:
    """Return lemmas for the bounds of a formula from a number on: up to a place, and beyond it at once."""
    variable, reach = claim["variable"], Fraction(witness["reach"])
    inputs = written(claim["inputs"], known)
    sides: dict[str, Any] = {
        key: claim[key] for key in ("formula", "lower", "upper") if key in claim
    }
    near = {**sides, "inputs": {**inputs, variable: [claim["start"], witness["reach"]]}}
    part = inequality(f"{name}_near", near, witness, known)
    scalars = Scalars({**sides, "inputs": inputs}, witness["bits"], 1, known)
    names = scalars.names() | {variable: f"v_{variable}"}
    term, needs = translate(claim["formula"], names, _refuse)
    tactic = _tactic(scalars)
    goals = {f"defined_{k}": need for k, need in enumerate(dict.fromkeys(needs))}
    if "lower" in claim:
        goals["lower"] = f"{rational(Fraction(claim['lower']))} <= {term}"
    if "upper" in claim:
        goals["upper"] = f"{term} <= {rational(Fraction(claim['upper']))}"
    beyond = f"forall v_{variable}, {rational(reach)} <= v_{variable} -> "
    lemmas = [
        _lemma(f"{name}_far_{key}", scalars, beyond + goal, tactic) for key, goal in goals.items()
    ]
    return Part("\n".join((part.text, *lemmas)), part.uncovered)


def written(inputs: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The inputs with the bounds of earlier parts in place of their names."""
    return {
        key: [str(x) for x in known[value]] if isinstance(value, str) and value in known else value
        for key, value in inputs.items()
    }


def quantified(variables: Sequence[tuple[str, str, str]]) -> str:
    """For all values of variables between their ends."""
    return "".join(f"forall {v}, {low} <= {v} <= {high} -> " for v, low, high in variables)


def _lemma(name: str, scalars: Scalars, goal: str, tactic: str) -> str:
    return f"Lemma {name} : {quantified(scalars.variables())}{goal}.\nProof. {tactic} Qed.\n"


def _tactic(scalars: Scalars) -> str:
    """`interval` alone, with halving of what varies, and with derivatives where one input does."""
    prec = f"i_prec {scalars.bits + 32}"
    own = f"v_{scalars.wide[0]}" if len(scalars.wide) == 1 else ""
    rewriting = "rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs"
    return f"intros; {rewriting}; {ways(prec, [v for v, *_ in scalars.variables()], own)}."


def ways(prec: str, variables: Sequence[str], own: str) -> str:
    """`interval` alone, with halving of the variables, and with Taylor models in one of them."""
    halve = ", ".join(f"i_bisect {v}" for v in variables)
    ways = [f"interval with ({prec})"]
    if halve:
        ways.append(f"interval with ({prec}, {halve}, i_depth 14)")
    if own:
        ways.append(f"interval with ({prec}, {halve}, i_taylor {own}, i_depth 14)")
    return f"first [lra | {' | '.join(ways)}]"


def _bound(name: str, scalars: Scalars, term: str, bound: Fraction, sign: int, tactic: str) -> str:
    sides = (term, rational(bound)) if sign > 0 else (rational(bound), term)
    order, side = _contact(scalars, bound)
    if order == 0:
        return _lemma(name, scalars, f"0 <= {sides[0]} - {sides[1]}", tactic)
    try:
        return _by_derivatives(name, scalars, bound, sign, order, side)
    except InputError:
        if not follows(scalars.claim["formula"], scalars.ends, bound, sign):
            raise
        return _lemma(name, scalars, f"0 <= {sides[0]} - {sides[1]}", tactic)


def _contact(scalars: Scalars, bound: Fraction) -> tuple[int, str]:
    """How often the difference vanishes at an end of the one input that varies; 0 if it does not."""
    if len(scalars.wide) != 1:
        return 0, ""
    (name,) = scalars.wide
    for end, side in zip(scalars.ends[name], ("left", "right"), strict=True):
        texts = {k: str(x if k != name else end) for k, (x, _) in scalars.ends.items()}
        at = {"formula": scalars.claim["formula"], "inputs": texts}
        order = contact(at, name, bound, _MAX_DERIVATIVES)
        if order:
            return order, side
    return 0, ""


def _by_derivatives(
    name: str, scalars: Scalars, bound: Fraction, sign: int, order: int, side: str
) -> str:
    """The difference is zero at an end, and so are its first derivatives; the next one has a sign."""
    (own,) = scalars.wide
    symbols = {k: sp.Symbol(k, real=True) for k in scalars.ends}
    fixed = {symbols[k]: sp.Rational(str(x)) for k, (x, y) in scalars.ends.items() if x == y}
    f = sign * (parse(scalars.claim["formula"], list(symbols)) - sp.Rational(str(bound)))
    f = f.xreplace(fixed)
    turned = -1 if side == "right" else 1
    functions = [f]
    for _ in range(order):
        functions.append(turned * sp.diff(functions[-1], symbols[own]))
    names = scalars.names() | {own: "x"}
    first, _ = translate(scalars.claim["formula"], names, _refuse, by_exp=True)
    sides = (first, rational(bound)) if sign > 0 else (rational(bound), first)
    texts = map(formula_text, functions[1:])
    derivatives = [translate(text, names, _refuse, by_exp=True)[0] for text in texts]
    terms = [f"(fun x => {t})" for t in (f"{sides[0]} - {sides[1]}", *derivatives)]
    steps = "".join(
        f"  apply (from_{side} {f} {g}); [derivative | exact_values; lra | ].\n"
        for f, g in pairwise(terms)
    )
    written, _ = translate(scalars.claim["formula"], scalars.names(), _refuse)
    sides = (written, rational(bound)) if sign > 0 else (rational(bound), written)
    near = _near(formula_text(functions[-1]), own, scalars.ends[own], side)
    low, high, first, last = map(rational, (*scalars.ends[own], *near))
    beyond = f"{last} <= v <= {high}" if side == "left" else f"{low} <= v <= {first}"
    meets = last if side == "left" else first
    nearer = f"v <= {meets}" if side == "left" else f"{meets} <= v"
    prec, variable = f"i_prec {scalars.bits + 32}", f"v_{own}"
    return (
        f"Lemma {name} : forall {variable}, {low} <= {variable} <= {high} -> 0 <= {sides[0]} - {sides[1]}.\n"
        f"Proof.\n"
        f"  assert (A : forall x, {first} <= x <= {last} -> 0 <= {terms[0]} x).\n  {{\n{steps}"
        f"  intros x H. {ways(prec, ['x'], 'x')}. }}\n"
        f"  intros v H. assert (B : {nearer} \\/ {beyond}) by lra. destruct B as [B | B].\n"
        f"  - specialize (A v ltac:(lra)). cbv beta in A. apply Rle_trans with (1 := A). right.\n"
        f"    rewrite ?tanh_exp. lra.\n"
        f"  - clear A H. rewrite ?tanh_exp, ?rmax_abs, ?rmin_abs. {ways(prec, ['v'], 'v')}.\nQed.\n"
    )


def _near(derivative: str, name: str, ends: Ends, side: str) -> Ends:
    """The longest of a few parts, at the end where the sides meet, on which a derivative is seen not to be negative."""
    low, high = ends
    for k in range(12):
        width = (high - low) / 2**k
        part = (low, low + width) if side == "left" else (high - width, high)
        if not_negative(derivative, name, part):
            return part
    return ends


def _refuse(call: str) -> str:
    raise InputError(f"{call[:60]}: no derivative in Rocq")
