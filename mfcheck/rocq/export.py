"""Certificates as files of Rocq, and what `coqc` says of them."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from mfcheck import verify
from mfcheck.errors import InputError
from mfcheck.rigor.certificate import read_json
from mfcheck.rocq import counts, cuts, exact, kernels, recursions, scalars, systems, values
from mfcheck.rocq.enclosures import Json
from mfcheck.rocq.form import require_form
from mfcheck.rocq.scalars import Ends, Part
from mfcheck.verify.reading import NAME, fields, need

TIMEOUT = 120
"""Seconds that `coqc` may take for one certificate."""

_EXACT = {
    "lambda_min": exact.lambda_min,
    "counterexample": exact.lambda_min,
    "separation": kernels.separation,
    "code_bound": exact.code_bound,
}
_SCALAR = {
    "inequality": cuts.inequality,
    "root": values.root,
    "zeros": counts.zeros,
    "half_line": scalars.half_line,
    "recursion": recursions.recursion,
    "system": systems.system,
}
_AT_ONCE = r"values_right|cut_right|zero_within"
_TOGETHER = r"system_solution|shared_bounds"
_AREAS = rf"{_AT_ONCE}|{_TOGETHER}|mean_bounds|pair_bounds|hermite_bounds|Kernels|zero_rising|zero_falling|count_zeros"
_LIBRARIES = (
    (
        "scalars.v",
        rf"{_AT_ONCE}|{_TOGETHER}|disc_bounds|interval|exact_values|Rmin|zero_rising|zero_falling|count_zeros",
    ),
    ("recursions.v", r"Recursions\."),
    ("series.v", rf"{_AREAS}|disc_bounds"),
    ("areas.v", rf"{_AREAS}|disc_bounds"),
    ("means.v", _AREAS),
    ("programs.v", _TOGETHER),
    ("pairs.v", r"pair_bounds|lip_pair|hermite_bounds|Kernels"),
    ("hermite.v", r"hermite_bounds|Kernels"),
    ("roots.v", r"system_solution|zero_rising|zero_falling|count_zeros"),
    ("planes.v", r"disc_bounds"),
    ("integrals.v", r"lip_integral"),
    ("pair_roots.v", r"lip_pair"),
    ("erf.v", rf"{_AT_ONCE}|system_solution|count_zeros"),
    ("counts.v", r"system_solution|count_zeros"),
    ("systems.v", r"system_solution"),
    ("values.v", _AT_ONCE),
    ("cuts.v", r"cut_right"),
    ("sums.v", r"sum |list Z|list Q|Qle_bool|lra"),
    ("matrices.v", r"lower_bound|upper_bound"),
    ("kernels.v", r"Kernels\."),
    ("separation.v", r"separation "),
    ("codes.v", r"list Q|Qle_bool"),
    ("harmonics.v", r"code_of_points"),
)
"""Files of proofs made once, each with a pattern of the texts that need it, in the order in which they build."""

_AXIOMS = re.compile(
    r"ClassicalDedekindReals\.sig_(not_dec|forall_dec)|Classical_Prop\.classic"
    r"|(FunctionalExtensionality\.)?functional_extensionality_dep"
    r"|(PrimInt63|Uint63|PrimFloat|FloatAxioms|FloatOps)\.\w+"
)
"""Those of the real numbers, classical logic, equality of functions, and the integers and floats of the machine."""


@dataclass(frozen=True)
class Exported:
    """A file of Rocq, the lemmas in it, and the steps of the certificate that they take for granted."""

    text: str
    lemmas: tuple[str, ...]
    uncovered: tuple[str, ...]


@dataclass(frozen=True)
class RocqVerdict:
    """What `coqc` said: *accepted* if it built the file, *rejected* if not, *absent* if there is no `coqc`.

    *uncovered* means that no step of the certificate can be put to Rocq, *undecided* that `coqc` did not end in time,
    or was killed: nothing is said against the certificate. `uncovered` lists the steps that are not put to it.
    """

    status: Literal["accepted", "rejected", "undecided", "uncovered", "absent"]
    reason: str
    uncovered: tuple[str, ...] = ()


def to_rocq(certificate: Mapping[str, Any]) -> Exported:
    """Return the file of Rocq for a well-formed certificate.

    Raises:
        InputError: the certificate is malformed, or no step of it can be put to Rocq.
    """
    try:
        parts = _parts(certificate)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ZeroDivisionError,
        RecursionError,
        verify.MalformedError,
        verify.UnprovedError,
    ) as error:
        reason = verify.printable(" ".join(str(error).split()))[:200]
        raise InputError(f"no text of Rocq for this certificate: {reason}") from None
    body = "\n".join(f"(* {_comment(said)} *)\n{part.text}" for said, part in parts)
    uncovered = tuple(step for _, part in parts for step in part.uncovered)
    lemmas = tuple(re.findall(r"^Lemma (\w+)", body, re.MULTILINE))
    if not lemmas:
        raise InputError(f"no step of this certificate can be put to Rocq: {'; '.join(uncovered)}")
    taken = "".join(f"   - {_comment(step)}\n" for step in uncovered) or "   - nothing\n"
    head = f"(* {_comment(certificate['statement'])}\n   Taken for granted:\n{taken}*)\n"
    code = "\n".join(part.text for _, part in parts)
    libraries = [
        _library(name, code) for name, pattern in _LIBRARIES if re.search(rf"\b(?:{pattern})", code)
    ]
    return Exported("\n".join([head, *libraries, body]), lemmas, uncovered)


_MACHINE = (
    ("Require Import Specific_bigint Specific_ops ", "Require Import Primitive_ops "),
    ("Module F := SpecificFloat BigIntRadix2.", "Module F := PrimitiveFloat."),
)
"""The same proofs for the floats of the machine, which suffice for systems and take a thirtieth of the time."""


_MACHINE_BITS = ((r"F\.PtoP (\d+)", 76), (r"\b(\d+)%positive", 53))
"""At most, where 30 bits are to spare, as most ask for, and where they are those of `values.v`, with fewer."""


def _library(name: str, code: str) -> str:
    """The text of a file of proofs, for the floats that suffice for what needs it."""
    text = files("mfcheck.rocq").joinpath(name).read_text(encoding="utf-8")
    if name == "areas.v" and re.search(r"\bsystem_solution", code) and _few_bits(code):
        for long, short in _MACHINE:
            text = text.replace(long, short)
    return text


def _few_bits(code: str) -> bool:
    """Whether the floats of the machine are as accurate as all lemmas ask for."""
    return all(
        int(bits) <= most for digits, most in _MACHINE_BITS for bits in re.findall(digits, code)
    )


def _parts(certificate: Mapping[str, Any]) -> list[tuple[str, Part]]:
    """Each part of a certificate with its statement; earlier parts give bounds to later ones."""
    claim = certificate["claim"]
    if certificate["kind"] != "bundle":
        return [(certificate["statement"], _part("claim", certificate, {}))]
    said = verify.statement("bundle", claim)
    need(certificate["statement"] == said, "the statement does not fit the claim")
    need(len({item["name"] for item in claim["parts"]}) == len(claim["parts"]), "name of a part")
    known: dict[str, Ends] = {}
    parts = []
    for k, item in enumerate(claim["parts"]):
        name, inner = item["name"], item["certificate"]
        need(bool(NAME.fullmatch(name)), "name of a part")
        try:
            part = _part(f"part_{k}_{name}", inner, known)  # no name is the beginning of another
        except InputError as error:
            part = Part("", (f"{name}: {error}",))
        parts.append((f"{name}: {inner['statement']}", part))
        if {"lower", "upper"} <= set(inner["claim"]) and inner["kind"] != "zeros":
            known[name] = (Fraction(inner["claim"]["lower"]), Fraction(inner["claim"]["upper"]))
        known |= _several(name, inner["claim"])
    return parts


def _several(name: str, claim: Json) -> dict[str, Ends]:
    """Bounds of the unknowns of a system, and of the values of a recursion."""
    pairs = dict(claim.get("unknowns", {}))
    pairs |= {key: (x["lower"], x["upper"]) for key, x in claim.get("values", {}).items()}
    return {f"{name}.{key}": (Fraction(low), Fraction(high)) for key, (low, high) in pairs.items()}


def _part(name: str, certificate: Mapping[str, Any], known: Mapping[str, Ends]) -> Part:
    kind, claim, witness = _checked(certificate)
    require_form(kind, claim, witness, known)
    if kind in _SCALAR:
        return _SCALAR[kind](name, claim, witness, known)
    if kind not in _EXACT:
        raise InputError(f"certificates of the kind {str(kind)[:40]!r} are not put to Rocq")
    return _EXACT[kind](name, claim, witness)


def _checked(certificate: Mapping[str, Any]) -> tuple[str, Json, Json]:
    """Return kind, claim and witness once their form is known, so that nothing in them can be a sentence of Rocq.

    Raises:
        MalformedError: a key, a type, or a name of an input is not that of the kind.
    """
    fields(certificate, "certificate", "format kind statement claim:dict witness:dict sha256")
    kind, claim, witness = (certificate[key] for key in ("kind", "claim", "witness"))
    need(kind in verify.KINDS, "unknown kind")
    fields(claim, "claim", verify.KINDS[kind].claim)
    fields(witness, "witness", verify.KINDS[kind].witness)
    said = verify.statement(kind, claim)
    need(certificate["statement"] == said, "the statement does not fit the claim")
    need(all(map(NAME.fullmatch, claim.get("inputs", {}))), "name of an input")
    need(bool(NAME.fullmatch(claim.get("variable", "x"))), "name of a variable")
    ends = witness.get("ends", [0, 0])
    need(ends in ([0, 0], [0, 1], [1, 0], [1, 1]), "ends are not zeros and ones")
    return kind, claim, witness


def _comment(text: str) -> str:
    """Text that cannot end a comment of Rocq, nor open a string in it."""
    plain = verify.printable(text).replace('"', "'")
    return plain.replace("(*", "( *").replace("*)", "* )")


def export_rocq(path: Path, out: Path) -> Exported:
    """Write the file of Rocq for the certificate in a file.

    Raises:
        InputError: the file cannot be read or written, or `to_rocq` refuses.
    """
    exported = to_rocq(read_json(path))
    try:
        out.write_text(exported.text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{verify.printable(str(out))}: {error.strerror}") from None
    return exported


def coqc() -> str | None:
    """Return the path of Rocq's compiler, None where it is not installed."""
    return shutil.which("coqc")


def run_coqc(file: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Let `coqc` build a file, beside which it finds and leaves what is built.

    Raises:
        subprocess.TimeoutExpired: it took more seconds.
    """
    command = [coqc() or "coqc", "-q", "-w", "none", file.name]
    return subprocess.run(
        command, cwd=file.parent, capture_output=True, text=True, timeout=timeout, check=False
    )


def check_rocq(certificate: Mapping[str, Any], timeout: float = TIMEOUT) -> RocqVerdict:
    """Let `coqc` build the file of a certificate, in a folder that is removed afterwards."""
    if coqc() is None:
        return RocqVerdict("absent", "coqc is not installed (Debian: coq, libcoq-interval)")
    try:
        exported = to_rocq(certificate)
    except InputError as error:
        return RocqVerdict("uncovered", str(error))
    with TemporaryDirectory() as folder:
        file = Path(folder, "certificate.v")
        file.write_text(exported.text + _axioms_of(exported.lemmas), encoding="utf-8")
        try:
            done = run_coqc(file, timeout)
        except subprocess.TimeoutExpired:
            return RocqVerdict("undecided", f"not built in {timeout:g} s", exported.uncovered)
    if done.returncode < 0:
        said = f"coqc was ended by signal {-done.returncode}"
        return RocqVerdict("undecided", said, exported.uncovered)
    if done.returncode:
        reason = verify.printable(" ".join(done.stderr.split()))[:300]
        return RocqVerdict(
            "rejected", reason or f"coqc ended with {done.returncode}", exported.uncovered
        )
    foreign = _foreign(done.stdout)
    if foreign:
        return RocqVerdict("rejected", f"it rests on {', '.join(foreign)}", exported.uncovered)
    return RocqVerdict("accepted", f"{len(exported.lemmas)} lemmas", exported.uncovered)


def _foreign(shown: str) -> list[str]:
    """What lemmas rest on, by Rocq's list, that is not among the axioms of its standard library."""
    if not re.search(r"^(Axioms:|Closed under the global context)", shown, re.MULTILINE):
        return ["what Rocq does not say"]
    names = re.findall(r"^([A-Za-z_][\w.']*)(?=\s*$|\s+:)", shown, re.MULTILINE)
    return sorted({name for name in names if not _AXIOMS.fullmatch(name)})


def _axioms_of(lemmas: tuple[str, ...]) -> str:
    """Have Rocq list what all lemmas rest on; nested pairs would take the square of their number."""
    all_of_them = "".join(f"  let _ := {lemma} in\n" for lemma in lemmas)
    return f"\nDefinition everything : unit :=\n{all_of_them}  tt.\nPrint Assumptions everything.\n"


def check_rocq_file(path: Path) -> RocqVerdict:
    """Let `coqc` build the certificate in a file.

    Raises:
        InputError: the file cannot be read as JSON.
    """
    return check_rocq(read_json(path))
