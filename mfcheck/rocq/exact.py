"""Eigenvalues, separation and codes as exact arithmetic: integers and rational numbers that Rocq computes with."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor, isqrt, lcm
from operator import mul
from typing import TypeAlias

from mfcheck.errors import InputError
from mfcheck.rocq.enclosures import Json, matrix, spectrum
from mfcheck.rocq.scalars import Part
from mfcheck.verify.formulas import Pair

MAX_POINTS = 64
"""A matrix takes Rocq time that grows with the fourth power of this."""


def _list(items: Iterable[str]) -> str:
    return "(" + " :: ".join([*items, "nil"]) + ")%list"


def _integers(values: Iterable[int]) -> str:
    return _list(f"({v})%Z" for v in values)


def _rows(rows: Iterable[Iterable[int]]) -> str:
    return _list("\n " + _integers(row) for row in rows)


def _q(value: Fraction) -> str:
    """Return a number of the type Q."""
    return f"({value.numerator} # {value.denominator})%Q"


def _rationals(values: Iterable[Fraction]) -> str:
    return _list(map(_q, values))


def lambda_min(name: str, claim: Json, witness: Json) -> Part:
    """Return lemmas for the bounds of lambda_min of every matrix whose entries lie between the checker's bounds.

    Raises:
        InputError: too many points.
    """
    entries, bits = matrix(claim, witness), witness["bits"]
    n, unit = len(entries), 1 << bits
    if n > MAX_POINTS:
        raise InputError(f"Rocq gets at most {MAX_POINTS} points, not {n}")
    text = [f"Definition {name}_n := {n}%nat.", f"Definition {name}_u := {unit}%Z."]
    for label, k in (("lo", 0), ("hi", 1)):
        rows = _rows([pair[k] for pair in row] for row in entries)
        text.append(f"Definition {name}_{label} : list (list Z) := {rows}.")
    if "lower" in claim:
        text.append(_lower(name, entries, bits, Fraction(claim["lower"])))
    if "upper" in claim:
        text.append(_upper(name, witness["vector"], Fraction(claim["upper"])))
    steps = [
        f"the entries of {claim['kernel']} lie between {name}_lo and {name}_hi, divided by 2^{bits}"
    ]
    if "C_max" in claim:
        steps.append(f"all inner products are at most {claim['C_max']}")
    return Part("\n".join(text), tuple(steps))


def _known(name: str) -> str:
    return (
        f"forall M : nat -> nat -> R, (forall i j, (i < {name}_n)%nat -> (j < {name}_n)%nat ->\n"
        f"  IZR (mirrored {name}_lo i j) <= IZR {name}_u * M i j <= IZR (mirrored {name}_hi i j)) ->\n"
    )


def _lower(name: str, entries: Sequence[Sequence[Pair]], bits: int, lower: Fraction) -> str:
    target = ceil(lower * 2**bits)
    factor, shift = _factor(entries, bits, target)
    p, q = _pair(lower)
    return (
        f"Definition {name}_factor : list (list Z) := {_rows(factor)}.\n"
        f"Lemma {name}_lower : {_known(name)}"
        f"  forall v : nat -> R, {p} / {q} * sum {name}_n (fun i => v i * v i) <= form {name}_n M v.\n"
        f"Proof.\n"
        f"  intros M H v. pose proof (lower_bound {name}_n {name}_u ({shift}) ({target}) {name}_lo {name}_hi\n"
        f"    {name}_factor ltac:(vm_cast_no_check (eq_refl true)) M H v) as B.\n"
        f"  apply Rle_trans with (2 := B). apply Rmult_le_compat_r.\n"
        f"  apply sum_nonneg; intros; apply Rle_0_sqr. unfold {name}_u. lra.\nQed.\n"
    )


def _pair(value: Fraction) -> tuple[str, str]:
    """Return numerator and denominator as reals."""
    return f"({value.numerator})", f"{value.denominator}"


def _factor(
    entries: Sequence[Sequence[Pair]], bits: int, target: int
) -> tuple[list[list[int]], int]:
    """Return a Cholesky factor in integers of the middles minus a shift, and the shift; Rocq checks what is left."""
    n, middle = len(entries), [[(low + high) // 2 for low, high in row] for row in entries]
    radius = n * max(high - low for row in entries for low, high in row)
    shift = (
        target + radius + n * (2 * isqrt(max(row[-1] for row in middle) + abs(target) >> bits) + 4)
    )
    factor: list[list[int]] = []
    for i, row in enumerate(middle):
        new: list[int] = []
        for j in range(i):
            rest = (row[j] << bits) - sum(map(mul, new, factor[j]))
            new.append(rest // factor[j][j] if factor[j][j] else 0)
        pivot = (row[i] - shift << bits) - sum(map(mul, new, new))
        factor.append([*new, isqrt(max(pivot, 0))])
    return factor, shift


def _upper(name: str, vector: Sequence[str], upper: Fraction) -> str:
    p, q = _pair(upper)
    return (
        f"Definition {name}_vector : list Z := {_integers(map(int, vector))}.\n"
        f"Lemma {name}_upper : {_known(name)}"
        f"  exists v : nat -> R, form {name}_n M v < {p} / {q} * sum {name}_n (fun i => v i * v i).\n"
        f"Proof.\n"
        f"  exact (upper_bound {name}_n {name}_u {p} {q} {name}_lo {name}_hi {name}_vector\n"
        f"    ltac:(vm_cast_no_check (eq_refl true))).\nQed.\n"
    )


def separation(name: str, claim: Json, witness: Json) -> Part:
    """Return a lemma for the sum that bounds lambda_min from below, for all weights above the checker's."""
    function, unit = spectrum(claim, witness), 1 << witness["bits"]
    n, lower, c = claim["n"], Fraction(claim["lower"]), (1 + Fraction(claim["C_max"])) / 2
    weights = [max(0, low) for low, _ in [*function.weights, function.rest]]
    powers = [isqrt((n * n // 4) * unit * unit) + 1 if n > 1 else 0]
    for _ in weights[1:]:
        powers.append(ceil(powers[-1] * c))
    target = ceil(lower * unit)
    p, q = _pair(lower)
    text = (
        f"Definition {name}_w : list Z := {_integers(weights)}.\n"
        f"Definition {name}_p : list Z := {_integers(powers)}.\n"
        f"Lemma {name}_lower : forall mu : nat -> R,\n"
        f"  (forall r, (r < length {name}_w)%nat -> IZR (List.nth r {name}_w 0%Z) <= {unit} * mu r /\\ 0 <= mu r) ->\n"
        f"  {p} / {q} <= from_ {n} ({c.numerator}) {c.denominator} mu 0 (length {name}_w).\n"
        f"Proof.\n"
        f"  intros mu H.\n"
        f"  pose proof (separation {unit} {n} ({c.numerator}) {c.denominator} ({target}) {name}_w {name}_p\n"
        f"    ltac:(vm_cast_no_check (eq_refl true)) mu H) as B. apply Rle_trans with (2 := B). lra.\nQed.\n"
    )
    steps = (
        f"the weights of {claim['kernel']} are at least {name}_w, divided by 2^{witness['bits']}",
        "lambda_min is at least the sum of weight r times max(0, 1 - sqrt(floor(n^2/4)) c^r)",
    )
    return Part(text, steps)


def code_bound(name: str, claim: Json, witness: Json) -> Part:
    """Return a lemma for the size of a code."""
    d, C, bound = claim["dimension"], Fraction(claim["cosine"]), floor(Fraction(claim["upper"]))
    match witness["method"]:
        case "delsarte":
            return _delsarte(name, d, C, bound, witness)
        case "circle":
            goal = f"{_real(C)} < cos (2 * PI / ({bound} + 1))"
            text = f"Lemma {name}_upper : {goal}.\nProof. interval with (i_prec 200). Qed.\n"
            return Part(
                text, ("N + 1 points on a circle leave an angle of at most 2 pi / (N + 1)",)
            )
        case "rankin":
            size = f"{2 if d == 1 else 2 * d}" if d == 1 or C == 0 else ""
            size = size or f"Rmin ({d} + 1) (1 - 1 / {_real(C)})"
            text = (
                f"Lemma {name}_upper : {size} < {bound} + 1.\n"
                f"Proof. unfold Rmin; try destruct Rle_dec; lra. Qed.\n"
            )
            return Part(text, ("Rankin's bound",))
    text = (
        f"Lemma {name}_upper : negb (Qle_bool ({bound + 1} * {bound + 1})\n"
        f"  ((355 * 4 * {(d - 1) ** 2} # 113 * {2 * d - 3}) * Qpower {_q(2 / (1 - C))} {d - 1})) = true.\n"
        f"Proof. vm_compute. reflexivity. Qed.\n"
    )
    return Part(text, ("caps of half the angle are disjoint, and pi < 355/113",))


def _real(value: Fraction) -> str:
    """Return a number of the type R."""
    return f"({value.numerator} / {value.denominator})"


def _delsarte(name: str, d: int, C: Fraction, bound: int, witness: Json) -> Part:
    f, square, rest = (
        [Fraction(x) for x in witness[k]] for k in ("coefficients", "square", "rest")
    )
    i, j = witness["ends"]
    g, common = _common(rest if j else [-x for x in rest])
    listed = []
    for low, high, c, b in _covering([Fraction(x) for x in g], C):
        D = lcm(low.denominator, high.denominator)
        # (D t - D low)^k (D high - D t)^(n-k) is D^n times that of low and high
        whole, _ = _common([*b, c * D ** (len(g) - 1)])
        ends = ", ".join(f"({x})%Z" for x in (D, low * D, high * D, whole[-1]))
        listed.append(f"\n ({ends}, {_integers(whole[:-1])})")
    text = (
        f"Definition {name}_f : list Q := {_rationals(f)}.\n"
        f"Definition {name}_square : list Q := {_rationals(square)}.\n"
        f"Definition {name}_rest : list Q := {_rationals(rest)}.\n"
        f"Definition {name}_g : list Z := {_integers(g)}.\n"
        f"Definition {name}_pieces : list (Z * Z * Z * Z * list Z) := {_list(listed)}.\n"
        f"Lemma {name}_upper : forall (N : nat) (x : nat -> nat -> R),\n"
        f"  (forall a, (a < N)%nat -> sum {d} (fun i => x a i * x a i) = 1) ->\n"
        f"  (forall a b, (a < N)%nat -> (b < N)%nat -> a <> b -> sum {d} (fun i => x a i * x b i) <= {_real(C)}) ->\n"
        f"  (Z.of_nat N <= {bound})%Z.\n"
        f"Proof.\n"
        f"  refine (code_of_points {d - 2} ({C.numerator}) {C.denominator} {name}_f {name}_square {name}_rest {i} {j}\n"
        f"    {name}_g {common} {name}_pieces {bound}\n"
        f"    ltac:(vm_cast_no_check (eq_refl true))).\nQed.\n"
    )
    return Part(text, ())


Piece: TypeAlias = tuple[Fraction, Fraction, Fraction, list[Fraction]]
_MOST_PIECES = 500
_FEW_BITS, _MANY_BITS = 6, 60


def _common(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return integers and their common denominator."""
    common = lcm(*(x.denominator for x in values))
    return [(x * common).numerator for x in values], common


def _covering(f: Sequence[Fraction], high: Fraction) -> list[Piece]:
    """Pieces from -1 up to a number or a little further, most of them between numbers of few digits.

    Others take Rocq time.
    """
    near = max(Fraction(-1), Fraction(floor(high * 2**_FEW_BITS), 2**_FEW_BITS))
    pieces = _pieces(f, Fraction(-1), near)
    for bits in range(_FEW_BITS, _MANY_BITS, 6):
        last = _pieces(f, near, Fraction(ceil(high * 2**bits), 2**bits))
        if all(min(b) >= 0 for *_, b in last):
            return pieces + last
    return pieces + _pieces(f, near, high)


def _pieces(f: Sequence[Fraction], low: Fraction, high: Fraction) -> list[Piece]:
    """Pieces (start, end, scale, b), `sum_k b_k (t-start)^k (end-t)^(n-k) = scale f(t)`, no b negative if it can be.

    Where f is negative at an end of a piece, or after `_MOST_PIECES`, the piece is left as it is, for Rocq to refuse.
    """
    done: list[Piece] = []
    todo = [(low, high)] if low < high else []
    while todo:
        low, high = todo.pop()
        b = _bernstein(f, low, high)
        if min(b) >= 0 or min(b[0], b[-1]) < 0 or len(done) + len(todo) > _MOST_PIECES:
            done.append((low, high, (high - low) ** (len(f) - 1), b))
        else:
            middle = (low + high) / 2
            todo += [(middle, high), (low, middle)]
    return done


def _bernstein(f: Sequence[Fraction], low: Fraction, high: Fraction) -> list[Fraction]:
    unit = [c * (high - low) ** k for k, c in enumerate(_moved(f, low))]
    return _moved(unit[::-1], Fraction(1))[::-1]


def _moved(f: Sequence[Fraction], by: Fraction) -> list[Fraction]:
    """`f(t + by)`."""
    result = list(f)
    for i in range(len(f)):
        for k in reversed(range(i, len(f) - 1)):
            result[k] += by * result[k + 1]
    return result
