"""Certificates: claims written down so that `mfcheck.verify` can prove them anew. Format: docs/certificates.md.

A certificate is plain data, ready for JSON. It holds the claim (all inputs exactly), and hints that only make the
checking quick. Bounds of a claim are rounded outwards to `digits`, and one unit in the last digit is given away, so
that the checker, in its own arithmetic, has room to prove them.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from flint import arb, ctx
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

from mfcheck import verify
from mfcheck.errors import InputError, reason
from mfcheck.rigor.ball import bounds, decimal_text, enclose
from mfcheck.rigor.codes import CodeBound
from mfcheck.rigor.eigen import SmallestEigenvalue
from mfcheck.rigor.exported import exports as exports
from mfcheck.symbolic.expression import parse

Certificate: TypeAlias = dict[str, Any]
Entry: TypeAlias = Fraction | int | str
"""A coordinate: an exact number, or a formula such as `cos(2*pi/7)`."""
Ends: TypeAlias = tuple[str, str]

DIGITS = 8

_DECAY = MappingProxyType(
    {
        "tanh": math.pi / math.sqrt(8),
        "arctan": math.sqrt(0.5),
        "isru": math.sqrt(0.5),
        "sigmoid": math.pi / math.sqrt(2),
        "softplus": math.pi / math.sqrt(2),
        "silu": math.pi / math.sqrt(2),
    }
)
"""Distance from the real line of the singularities of s0(sqrt2 z): `mu_r` falls like `exp(-distance sqrt r)`."""


def supports(activation: str) -> bool:
    """Whether the checker knows the activation of that name."""
    return activation in verify.ACTIVATIONS


def lambda_min(
    points: Sequence[Sequence[Entry]],
    activation: str,
    found: SmallestEigenvalue,
    kernel: str = "G2",
    C_max: Fraction | None = None,
    digits: int = DIGITS,
) -> Certificate:
    """Claim both bounds of lambda_min of a kernel matrix; the points are divided by their norms.

    Args:
        points: n rows of d coordinates.
        activation: a name of the library.
        found: the enclosure to write down.
        kernel: `A`, `G2` or `K`.
        C_max: if given, also state that all inner products are at most this.
        digits: significant digits of the bounds.

    Raises:
        InputError: unknown activation or kernel, too many points, or an enclosure of no use.
    """
    claim = _data(points, activation, kernel)
    with ctx.workprec(max(64, found.precision)):
        lower, upper = _widened(found.lower, False, digits), _widened(found.upper, True, digits)
    claim |= {"lower": lower, "upper": upper}
    if C_max is not None:
        claim["C_max"] = str(C_max)
    accuracy = _accuracy(found, digits)
    return make("lambda_min", claim, _hints(points, activation, accuracy) | _vector(found))


def counterexample(
    points: Sequence[Sequence[Entry]],
    activation: str,
    found: SmallestEigenvalue,
    candidate: Fraction,
    C_max: Fraction,
    kernel: str = "G2",
) -> Certificate:
    """State that these points, inner products at most `C_max < 1`, have `lambda_min(kernel)` below a candidate.

    Raises:
        InputError: as `lambda_min`; or `found` does not lie below the candidate, or `C_max` not below 1.
    """
    if not (
        C_max < 1 and bool(found.upper < arb(str(candidate.numerator)) / candidate.denominator)
    ):
        raise InputError(
            "no counterexample: lambda_min is not below the candidate, or C_max not below 1"
        )
    claim = _data(points, activation, kernel) | {"upper": str(candidate), "C_max": str(C_max)}
    return make(
        "counterexample", claim, _hints(points, activation, _accuracy(found, 6)) | _vector(found)
    )


def separation(
    activation: str, n: int, C_max: Fraction, bound: arb, kernel: str = "G2", digits: int = DIGITS
) -> Certificate:
    """State a lower bound of `lambda_min(kernel)` for all n unit vectors with inner products at most `C_max`.

    Raises:
        InputError: unknown activation or kernel, or a bound that is not certain to be positive.
    """
    _check_names(activation, kernel)
    if not bool(bound > 0):
        raise InputError("a separation bound that is not positive needs no certificate")
    claim = {"kernel": kernel, "activation": activation, "n": n, "C_max": str(C_max)}
    claim["lower"] = _widened(bound, False, digits)
    accuracy = digits - math.log10(float(bound))
    terms = _terms(activation, float(1 + C_max) / 2, accuracy + math.log10(n))
    return make("separation", claim, {"bits": _bits(accuracy), "terms": terms})


def code_bound(found: CodeBound) -> Certificate:
    """State that at most `found.bound` unit vectors have pairwise inner products at most `found.cosine`."""
    claim = {
        "dimension": found.dimension,
        "cosine": str(found.cosine),
        "upper": decimal_text(found.bound, max(12, len(str(found.n_max))), up=True),
    }
    witness: Certificate = {"method": found.method}
    if found.polynomial is not None:
        proof = found.polynomial
        lists = {"coefficients": proof.gegenbauer, "square": proof.square, "rest": proof.rest}
        witness |= {key: [str(c) for c in part] for key, part in lists.items()}
        witness["ends"] = list(proof.ends)
    return make("code_bound", claim, witness)


def inequality(
    formula: sp.Expr | str,
    inputs: Mapping[str, Fraction | int | str | Ends],
    lower: str | None = None,
    upper: str | None = None,
    activation: str | None = None,
    digits: int = 20,
    bisect: int = 0,
    order: int = 6,
    cuts: Mapping[str, Sequence[Fraction | int | str]] = MappingProxyType({}),
) -> Certificate:
    """State `lower <= formula <= upper` for all inputs: numbers, pairs (lower, upper), or names in a bundle.

    With an activation, the formula may use its kernels `A(c)`, `A1(c)` and `A2(c)`. With `bisect` the checker may halve
    the inputs so often, and use Taylor series of `order` in one input at its ends and in its middle: for bounds that
    are tight, or reached at an end. `cuts` names places inside at which an input is split beforehand, so that a bound
    that is reached there is reached at an end.

    Raises:
        InputError: a function that the checker does not know, or no bound at all.
    """
    claim: Certificate = {
        "formula": formula if isinstance(formula, str) else formula_text(formula),
        "inputs": _inputs(inputs),
    }
    if lower is None and upper is None:
        raise InputError("an inequality needs a lower or an upper bound")
    claim |= {
        key: value for key, value in (("lower", lower), ("upper", upper)) if value is not None
    }
    witness: Certificate = {"bits": _bits_of(claim["formula"], digits)}
    if bisect:
        witness |= {"bisect": bisect, "order": order}
    if cuts:
        witness["cuts"] = {name: [str(x) for x in places] for name, places in cuts.items()}
    if activation is not None:
        _check_names(activation, "G2")
        claim["activation"] = activation
        witness["terms"] = _terms(activation, 1.0, digits)
    return make("inequality", claim, witness)


def root(
    formula: sp.Expr | str,
    variable: str,
    lower: str,
    upper: str,
    inputs: Mapping[str, Fraction | int | str | Ends] = MappingProxyType({}),
    digits: int = 20,
) -> Certificate:
    """State that a formula vanishes for a value of the variable between the bounds, for all inputs.

    The checker finds different signs at the bounds; in a bundle, later parts may use the zero by the name of its part.

    Raises:
        InputError: a function that the checker does not know.
    """
    claim: Certificate = {
        "formula": formula if isinstance(formula, str) else formula_text(formula),
        "variable": variable,
        "inputs": _inputs(inputs),
        "lower": lower,
        "upper": upper,
    }
    return make("root", claim, {"bits": _bits_of(claim["formula"], digits)})


def zeros(
    formula: sp.Expr | str,
    variable: str,
    ends: tuple[Fraction | int | str, Fraction | int | str | None],
    count: int,
    inputs: Mapping[str, Fraction | int | str | Ends] = MappingProxyType({}),
    reach: Fraction | int | str | None = None,
    bits: int = 16,
) -> Certificate:
    """State that a formula has so many zeros in a variable between two ends, or from one on, for all inputs.

    Args:
        formula: smooth in the variable.
        variable: its name.
        ends: both belong to it; without a second one it is a half-line.
        count: of the zeros, all simple and none at an end.
        inputs: the other names.
        reach: of a half-line: a place beyond which bounds of the formula's parts exclude a zero.
        bits: accuracy of integrals in the formula.

    Raises:
        InputError: a function that the checker does not know.
    """
    claim: Certificate = {
        "formula": formula if isinstance(formula, str) else formula_text(formula),
        "variable": variable,
        "inputs": _inputs(inputs),
        "lower": str(ends[0]),
        "upper": "inf" if ends[1] is None else str(ends[1]),
        "count": count,
    }
    far = {} if reach is None else {"reach": str(reach)}
    return make("zeros", claim, {"bits": bits, **far})


def half_line(
    formula: sp.Expr | str,
    variable: str,
    start: Fraction | int | str,
    reach: Fraction | int | str,
    lower: str | None = None,
    upper: str | None = None,
    inputs: Mapping[str, Fraction | int | str | Ends] = MappingProxyType({}),
    digits: int = 20,
    bisect: int = 0,
    order: int = 6,
) -> Certificate:
    """State bounds of a formula for all values of a variable from `start` on; beyond `reach` its parts bound it.

    Raises:
        InputError: a function that the checker does not know, or no bound at all.
    """
    near = inequality(formula, inputs, lower, upper, None, digits, bisect, order)
    claim = {**near["claim"], "variable": variable, "start": str(start)}
    return make("half_line", claim, {**near["witness"], "reach": str(reach)})


def _inputs(inputs: Mapping[str, Fraction | int | str | Ends]) -> Certificate:
    return {
        name: list(value) if isinstance(value, tuple) else str(value)
        for name, value in inputs.items()
    }


def bundle(parts: Mapping[str, Certificate]) -> Certificate:
    """Put named certificates into one; an inequality may name an earlier part as an input.

    Raises:
        InputError: no parts, or more than the checker takes.
    """
    if not 1 <= len(parts) <= verify.MAX_PARTS:
        raise InputError(f"a bundle has 1 to {verify.MAX_PARTS} parts, not {len(parts)}")
    listed: list[Certificate] = [
        {"name": name, "certificate": part} for name, part in parts.items()
    ]
    return make("bundle", {"parts": listed}, {})


def make(kind: str, claim: Certificate, witness: Certificate) -> Certificate:
    """Add format, statement and digest to a claim and its hints."""
    said = verify.statement(kind, claim)
    data = {
        "format": verify.FORMAT,
        "kind": kind,
        "statement": said,
        "claim": claim,
        "witness": witness,
    }
    return data | {"sha256": verify.digest(data)}


def dumps(certificate: Certificate) -> str:
    """Return the JSON text of a certificate."""
    return json.dumps(certificate, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def write(certificate: Certificate, path: Path) -> None:
    """Write a certificate to a file."""
    path.write_text(dumps(certificate), encoding="utf-8")


class CertificateError(RuntimeError):
    """A certificate that its own writer hands over is not accepted; the message is one printable line."""


def require_accepted(certificate: Certificate, work: int = verify.MAX_WORK) -> str:
    """Return the statement of a certificate, in the checker's words, once `mfcheck.verify` has proved it anew.

    What was accepted is remembered by its digest, so that a writer who tries a certificate does not pay for it twice.

    Args:
        certificate: to check.
        work: steps that the checker may spend on it.

    Raises:
        CertificateError: it is rejected or malformed, or no JSON at all; with the reason.
    """
    try:
        text = dumps(certificate)
    except (TypeError, ValueError, RecursionError) as error:
        raise CertificateError(
            f"the certificate is malformed: no JSON ({type(error).__name__})"
        ) from None
    key = hashlib.sha256(text.encode()).digest()
    if key in _accepted:
        return _accepted[key]
    verdict = verify.verify(text, work)
    if verdict.status != "accepted":
        raise CertificateError(f"the certificate is {verdict.status}: {verdict.reason}")
    _accepted[key] = verdict.statement
    while len(_accepted) > _REMEMBERED:
        _accepted.pop(next(iter(_accepted)))
    return verdict.statement


_REMEMBERED = 256
_accepted: dict[bytes, str] = {}
"""SHA-256 of the whole text of certificates that the checker has accepted in this process, with their statements."""


def read_json(path: Path) -> Any:
    """Return the JSON of a file that anybody may have written: no key twice, nested at most `verify.MAX_DEPTH` deep.

    Raises:
        InputError: no such file, not JSON, or nested too deeply.
    """
    try:
        return verify.parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {verify.printable(str(path))!r}: {reason(error)}") from None
    except (ValueError, verify.MalformedError) as error:
        words = " ".join(verify.printable(str(error)).split())[:200]
        raise InputError(f"{verify.printable(str(path))}: not readable as JSON: {words}") from None


_IN_TERMS_OF: Mapping[str, Callable[[sp.Expr], sp.Expr]] = MappingProxyType(
    {
        "sinh": lambda x: (sp.exp(x) - sp.exp(-x)) / 2,
        "cosh": lambda x: (sp.exp(x) + sp.exp(-x)) / 2,
        "coth": lambda x: 1 / sp.tanh(x),
        "sech": lambda x: 2 / (sp.exp(x) + sp.exp(-x)),
        "csch": lambda x: 2 / (sp.exp(x) - sp.exp(-x)),
        "asinh": lambda x: sp.log(x + sp.sqrt(x**2 + 1)),
        "acosh": lambda x: sp.log(x + sp.sqrt(x - 1) * sp.sqrt(x + 1)),
        "atanh": lambda x: sp.log((1 + x) / (1 - x)) / 2,
        "cot": lambda x: sp.cos(x) / sp.sin(x),
        "sec": lambda x: 1 / sp.cos(x),
        "csc": lambda x: 1 / sp.sin(x),
    }
)
"""Functions that the checker does not know, for real arguments."""


class _Printer(StrPrinter):  # type: ignore[misc]
    """Formulas in the grammar of the checker."""

    def _print_Float(self, expr: sp.Float) -> str:
        raise InputError(f"{expr} is a float, not an exact number: write it as a fraction")

    def _print_Max(self, expr: sp.Expr) -> str:
        return f"max({', '.join(map(self._print, expr.args))})"

    def _print_Min(self, expr: sp.Expr) -> str:
        return f"min({', '.join(map(self._print, expr.args))})"

    def _print_Abs(self, expr: sp.Expr) -> str:
        inner = self._print(expr.args[0])
        return f"max({inner}, -({inner}))"

    def _print_Heaviside(self, expr: sp.Heaviside) -> str:
        return f"step({self._print(expr.args[0])})"

    def _print_Exp1(self, _: sp.Expr) -> str:
        return "exp(1)"

    def _print_Integral(self, expr: sp.Integral) -> str:
        text = str(self._print(expr.function))
        for limits in expr.limits:
            text = f"integral({', '.join(map(self._print, limits))}, {text})"
        return text

    def _print_Sum(self, expr: sp.Sum) -> str:
        (limits,) = expr.limits
        return f"sum({', '.join(map(self._print, limits))}, {self._print(expr.function)})"

    def _print_tan(self, expr: sp.Expr) -> str:
        x = expr.args[0]
        return f"(sin({self._print(x)})/cos({self._print(x)}))"

    def _rewritten(self, expr: sp.Expr) -> str:
        """Hyperbolic functions by exp and log, the other trigonometric ones by sin and cos."""
        return f"({self._print(_IN_TERMS_OF[expr.func.__name__](expr.args[0]))})"

    _print_sinh = _print_cosh = _print_coth = _print_sech = _print_csch = _rewritten
    _print_asinh = _print_acosh = _print_atanh = _print_cot = _print_sec = _print_csc = _rewritten

    def _print_asin(self, expr: sp.Expr) -> str:
        x = expr.args[0]
        return f"({self._print(sp.atan(x / sp.sqrt(1 - x**2)))})"

    def _print_acos(self, expr: sp.Expr) -> str:
        x = expr.args[0]
        return f"({self._print(sp.pi / 2 - sp.atan(x / sp.sqrt(1 - x**2)))})"


XI = sp.Symbol("xi", real=True)
"""The variable of means."""


def normal(x: sp.Symbol, body: sp.Expr) -> sp.Expr:
    """Return the mean of a formula for a standard normal x, as certificates write it."""
    return sp.Function("normal")(x, body)


def pair(x: sp.Symbol, correlation: sp.Expr, f: sp.Expr, g: sp.Expr) -> sp.Expr:
    """Return the mean of f(x) g(y) for standard normals of a correlation, g written in x too."""
    return sp.Function("pair")(x, correlation, f, g)


def series(x: sp.Symbol, f: sp.Expr) -> sp.Expr:
    """Return `sum_k k E[f h_k]^2` over the Hermite coefficients of f(x), the slope at 1 of the mean of f(x) f(y)."""
    return sp.Function("series")(x, f)


def formula_text(expr: sp.Expr) -> str:
    """Return a SymPy expression in the grammar of the checker.

    Raises:
        InputError: a function that the checker does not know.
    """
    known = {*verify.FUNCTIONS, "Max", "Min", "Abs", "Heaviside", "A", "A1", "A2"}
    known |= {"normal", "pair", "series"}
    known |= {"tan", "asin", "acos", *_IN_TERMS_OF}
    unknown = sorted({f.func.__name__ for f in expr.atoms(sp.Function, AppliedUndef)} - known)
    if any(len(limits) != 3 for f in expr.atoms(sp.Integral) for limits in f.limits):
        unknown.append("an integral without ends")
    sums = expr.atoms(sp.Sum)
    if any(len(f.limits) > 1 or not all(x.is_Integer for x in f.limits[0][1:]) for f in sums):
        unknown.append("a sum that is not over the whole numbers between two")
    if unknown or expr.atoms(sp.Piecewise):
        raise InputError(f"no certificate for a formula with {', '.join(unknown) or 'cases'}")
    return str(_Printer().doprint(expr))


# --- accuracy that the checker needs ------------------------------------------------------------------


def _check_names(activation: str, kernel: str) -> None:
    if not supports(activation):
        raise InputError(
            f"no certificate for the activation {activation!r}: {', '.join(verify.ACTIVATIONS)} have one"
        )
    if kernel not in verify.ORDERS:
        raise InputError(f"unknown kernel {kernel!r}; known: {', '.join(verify.ORDERS)}")


def _data(points: Sequence[Sequence[Entry]], activation: str, kernel: str) -> Certificate:
    _check_names(activation, kernel)
    if not 1 <= len(points) <= verify.MAX_POINTS:
        raise InputError(f"a certificate holds 1 to {verify.MAX_POINTS} points, not {len(points)}")
    rows = [[str(x) for x in row] for row in points]
    return {"kernel": kernel, "activation": activation, "points": rows, "dimension": len(rows[0])}


def _widened(value: arb, up: bool, digits: int) -> str:
    """Round outwards to `digits` and give one unit in the last digit away."""
    text = bounds(value, digits)[int(up)]
    exact = Fraction(text)
    unit = abs(exact) / 10 ** (digits - 1)
    return decimal_text(exact + (unit if up else -unit), digits, up=up)


def _accuracy(found: SmallestEigenvalue, digits: int) -> float:
    """Decimal places that the entries of the matrix need."""
    with ctx.workprec(64):
        size = found.lower.union(found.upper).abs_lower()
        if not bool(size > arb("1e-60")):
            raise InputError("no certificate: lambda_min is not certain to differ from zero")
        return digits - float(size.log()) / math.log(10)


def _bits(accuracy: float) -> int:
    """Fixed-point bits for `accuracy` decimal places in sums of up to 600 terms and 256 rows.

    Few values, so that the checker meets the same ones again and keeps what it has computed.
    """
    bits = 32 * math.ceil(max(accuracy, 4) * math.log2(10) / 32 + 1.5)
    if bits > verify.MAX_BITS:
        raise InputError(
            f"the checker works with at most {verify.MAX_BITS} bits; {bits} are needed"
        )
    return bits


def _bits_of(formula: str, digits: int) -> int:
    """As `_bits`; integrals cost more the more bits there are, and lose none."""
    if not any(f"{name}(" in formula for name in verify.BINDERS):
        return _bits(digits)
    return min(verify.MAX_BITS, max(32, 8 * math.ceil((digits * math.log2(10) + 4) / 8)))


def _terms(activation: str, c_max: float, accuracy: float) -> int:
    """Hermite coefficients after which `sum (1+r)^2 mu_r^2 c_max^r` is small enough; the checker decides."""
    decay, ratio = _DECAY.get(activation, 0.0), c_max
    if activation not in _DECAY:
        ratio *= 0.8  # erf and gelu; sine and cosine fall faster still
    for r in range(100, verify.MAX_TERMS, 100):
        log = 3 * math.log(r) - 2 * decay * math.sqrt(r) + r * math.log(max(ratio, 1e-9))
        if log < -(accuracy + 2) * math.log(10):
            return r
    return verify.MAX_TERMS


def _hints(points: Sequence[Sequence[Entry]], activation: str, accuracy: float) -> Certificate:
    return {
        "bits": _bits(accuracy),
        "terms": _terms(activation, _largest_cosine(points), accuracy),
    }


def _largest_cosine(points: Sequence[Sequence[Entry]]) -> float:
    """Approximate `(1 + max <x_i, x_j>)/2`."""
    rows = np.array(
        [[float(enclose(_expression(x), prec=64).mid()) for x in row] for row in points]
    )
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not norms.all():
        raise InputError("a point is zero, so it has no direction")
    gram = (rows / norms) @ (rows / norms).T - 2 * np.eye(len(rows))
    return min(1.0, (1 + float(gram.max())) / 2)


def _expression(entry: Entry) -> sp.Expr:
    return parse(entry) if isinstance(entry, str) else sp.Rational(str(entry))


def _vector(found: SmallestEigenvalue) -> Certificate:
    """The test vector in units of its largest entry / 2^b; an error e in it costs about e^2."""
    with ctx.workprec(max(found.precision, 64) + 64):
        shift = 32 + _accuracy(found, 4) * 2
        scale = arb(2) ** round(shift) / max((abs(x) for x in found.vector), key=float)
        return {"vector": [str(int((x * scale).mid().floor().unique_fmpz())) for x in found.vector]}
