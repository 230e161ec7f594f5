"""From a file to a verdict: the kinds of certificate, what each states, and the digest that binds it."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .codes import code_bound
from .counts import INFINITE, half_line, zeros
from .eigenvalues import lambda_min, separation
from .folders import certificates_in
from .inequalities import Known, inequality
from .reading import (
    MAX_SIZE,
    MAX_WORK,
    NAME,
    Bounds,
    Json,
    MalformedError,
    UnprovedError,
    effort,
    fields,
    need,
    no_floats,
    parse_json,
    printable,
)
from .recursions import recursion
from .roots import root
from .systems import system

FORMAT = "mfcheck-certificate/2"
MAX_PARTS = 160
_SHOWN, _REMEMBERED = 400, 256
"""Points that take more characters are named by their number and digest."""

Found: TypeAlias = Bounds | Mapping[str, Bounds]
"""The bounds of one number, or of several by name."""
Status: TypeAlias = Literal["accepted", "rejected", "malformed"]
STATUSES: Sequence[Status] = ("accepted", "rejected", "malformed")
"""The exit status is the place in this list."""


@dataclass(frozen=True)
class Verdict:
    """The outcome for one certificate; `statement` is what was proved, in the checker's words. All is printable."""

    status: Status
    reason: str
    kind: str = ""
    statement: str = ""


@dataclass(frozen=True)
class Kind:
    """How to prove a claim, the keys of claim and of witness, the sentence that says it, and if proofs are kept."""

    prove: Callable[[Json, Json, Known], Found]
    claim: str
    witness: str
    says: Callable[[Json], str]
    kept: Callable[[Json], bool] = lambda _: False


def _bundle(claim: Json, _: Json, __: Known) -> Bounds:
    """Named certificates; an inequality may use the number of an earlier part as an input, or one of several."""
    need(1 <= len(claim["parts"]) <= MAX_PARTS, "number of parts out of range")
    proved: dict[str, Bounds] = {}
    names = set[str]()
    for part in claim["parts"]:
        fields(part, "part", "name certificate:dict")
        name, certificate = part["name"], part["certificate"]
        need(bool(NAME.fullmatch(name)) and name not in names, "name of a part")
        need(certificate.get("kind") != "bundle", "a bundle in a bundle")
        names.add(name)
        found = _check(certificate, proved)[1]
        if isinstance(found, Mapping):
            proved |= {f"{name}.{key}": x for key, x in found.items()}
        else:
            proved[name] = found
    return None, None


# --- what is claimed, in words --------------------------------------------------------------------


def _between(claim: Json, number: str) -> str:
    lower = f"{claim['lower']} <= " if "lower" in claim else ""
    upper = f" <= {claim['upper']}" if "upper" in claim else ""
    return f"{lower}{number}{upper}"


def _points(claim: Json) -> str:
    rows = [f"({', '.join(map(str, row))})" for row in claim["points"]]
    text = ", ".join(rows)
    if len(text) > _SHOWN:
        canonical = json.dumps(claim["points"], separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"with SHA-256 {digest}, the first {rows[0][:_SHOWN]}"
    apart = f" with inner products at most {claim['C_max']}" if "C_max" in claim else ""
    return (
        f"the {len(rows)} points {text}, each divided by its norm, in dimension {claim['dimension']}{apart}, "
        f"activation {claim['activation']}"
    )


def _counterexample(claim: Json) -> str:
    found = f"lambda_min({claim['kernel']}) < {claim['upper']} for {_points(claim)}"
    return f"no lower bound of lambda_min({claim['kernel']}) by d alone reaches {claim['upper']}: {found}"


def _separation(claim: Json) -> str:
    return (
        f"lambda_min({claim['kernel']}) >= {claim['lower']} for all {claim['n']} unit vectors with inner products "
        f"at most {claim['C_max']}, activation {claim['activation']}"
    )


def _code(claim: Json) -> str:
    return (
        f"at most {claim['upper']} unit vectors in dimension {claim['dimension']} have inner products "
        f"at most {claim['cosine']}"
    )


def _inputs(claim: Json) -> str:
    inputs = [
        f"{name} in [{', '.join(map(str, x))}]" if isinstance(x, list) else f"{name} = {x}"
        for name, x in claim["inputs"].items()
    ]
    return ", ".join(inputs)


def _inequality(claim: Json) -> str:
    inputs = _inputs(claim)
    places = f" for {inputs}" if inputs else ""
    kernel = f", activation {claim['activation']}" if "activation" in claim else ""
    return _between(claim, claim["formula"]) + places + kernel


def _root(claim: Json) -> str:
    inputs = _inputs(claim)
    where = f"for {inputs}: " if inputs else ""
    place = f"{claim['variable']} with {claim['lower']} <= {claim['variable']} <= {claim['upper']}"
    return f"{where}{claim['formula']} = 0 for some {place}"


def _system(claim: Json) -> str:
    inputs = _inputs(claim)
    where = f"for {inputs}: " if inputs else ""
    equations = ", ".join(f"{formula} = 0" for formula in claim["equations"])
    return f"{where}{equations} for exactly one {_inputs({'inputs': claim['unknowns']})}"


def _recursion(claim: Json) -> str:
    constants = "".join(f"{name} = {text}, " for name, text in claim["constants"].items())
    start = ", ".join(f"{name} = {text}" for name, text in claim["start"].items())
    steps = ", ".join(f"{name} -> {text}" for name, text in claim["steps"].items())
    values = [
        f"({name}) {_between(value, value['formula'])} after {value['after']} steps"
        for name, value in claim["values"].items()
    ]
    return (
        f"with {constants}from {start} on, each step setting {steps} at once: {'; '.join(values)}"
    )


def _zeros(claim: Json) -> str:
    inputs, name = _inputs(claim), claim["variable"]
    where = f"for {inputs}: " if inputs else ""
    top = "" if claim["upper"] == INFINITE else f" <= {claim['upper']}"
    values = f"exactly {claim['count']} values of {name} with {claim['lower']} <= {name}{top}"
    return f"{where}{claim['formula']} = 0 for {values}"


def _half_line(claim: Json) -> str:
    inputs = _inputs(claim)
    places = f"{claim['variable']} >= {claim['start']}{f', {inputs}' if inputs else ''}"
    return f"{_between(claim, claim['formula'])} for {places}"


def _parts(claim: Json) -> str:
    parts = [f"({part['name']}) {part['certificate']['statement']}" for part in claim["parts"]]
    return f"{len(parts)} certificates: {'; '.join(parts)}"


_POINTS, _HINTS = "kernel activation points:list dimension:int", "bits:int terms:int"
_PROOF = "method coefficients?:list square?:list rest?:list ends?:list"
KINDS: Mapping[str, Kind] = {
    "lambda_min": Kind(
        lambda claim, witness, _: lambda_min(claim, witness),
        f"{_POINTS} lower? upper? C_max?",
        f"{_HINTS} vector?:list",
        lambda claim: _between(claim, f"lambda_min({claim['kernel']})") + f" for {_points(claim)}",
    ),
    "counterexample": Kind(
        lambda claim, witness, _: lambda_min(claim, witness),
        f"{_POINTS} upper C_max",
        f"{_HINTS} vector:list",
        _counterexample,
    ),
    "separation": Kind(
        lambda claim, witness, _: separation(claim, witness),
        "kernel activation n:int C_max lower",
        _HINTS,
        _separation,
    ),
    "code_bound": Kind(
        lambda claim, witness, _: code_bound(claim, witness),
        "dimension:int cosine upper",
        _PROOF,
        _code,
    ),
    "inequality": Kind(
        inequality,
        "formula inputs:dict activation? lower? upper?",
        "bits:int terms?:int bisect?:int order?:int cuts?:dict",
        _inequality,
        kept=lambda claim: "integral(" in claim["formula"],
    ),
    "root": Kind(
        root,
        "formula variable inputs:dict lower upper",
        "bits:int",
        _root,
        kept=lambda claim: "sum(" in claim["formula"],
    ),
    "system": Kind(
        system,
        "equations:list unknowns:dict inputs:dict",
        "bits:int slope_bits:int inverse:list",
        _system,
        kept=lambda _: True,
    ),
    "recursion": Kind(
        recursion,
        "constants:dict start:dict steps:dict values:dict",
        "bits:int slopes:dict",
        _recursion,
        kept=lambda _: True,
    ),
    "zeros": Kind(
        zeros,
        "formula variable inputs:dict lower upper count:int",
        "bits:int reach?",
        _zeros,
    ),
    "half_line": Kind(
        half_line,
        "formula variable start inputs:dict lower? upper?",
        "bits:int reach bisect?:int order?:int cuts?:dict",
        _half_line,
    ),
    "bundle": Kind(_bundle, "parts:list", "", _parts),
}


def statement(kind: str, claim: Json) -> str:
    """Say in words what a claim asserts.

    Raises:
        MalformedError: the claim has not the form of its kind.
    """
    try:
        return KINDS[kind].says(claim)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise MalformedError(
            f"the claim has not the form of its kind ({type(error).__name__})"
        ) from None


def digest(data: Json) -> str:
    """SHA-256 of format, kind, statement and claim, as JSON with sorted keys and no spaces."""
    bound = {key: data[key] for key in ("format", "kind", "statement", "claim")}
    text = json.dumps(bound, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- verdicts -------------------------------------------------------------------------------------


def _check(data: Any, known: Known) -> tuple[str, Found]:
    fields(data, "certificate", "format kind statement claim:dict witness:dict sha256")
    need(data["format"] == FORMAT, f"the format is not {FORMAT}")
    need(data["kind"] in KINDS, f"unknown kind {data['kind'][:40]!r}")
    kind, claim = KINDS[data["kind"]], data["claim"]
    fields(claim, "claim", kind.claim)
    fields(data["witness"], "witness", kind.witness)
    said = statement(data["kind"], claim)
    need(data["statement"] == said, "the statement does not fit the claim")
    need(data["sha256"] == digest(data), "the SHA-256 does not fit the claim")
    return said, _proof(kind, claim, data["witness"], known)


_proved: dict[str, tuple[Found, int]] = {}
"""What was proved by itself in this process, with its price: by the text of claim and witness."""


def _proof(kind: Kind, claim: Json, witness: Json, known: Known) -> Found:
    """Prove a claim, or pay for a proof that is known: the price depends on neither."""
    if not kind.kept(claim) or set(known) & set(map(str, claim.get("inputs", {}).values())):
        return kind.prove(claim, witness, known)
    key = json.dumps([kind.claim, claim, witness], sort_keys=True)
    if key in _proved:
        found, price = _proved[key]
        effort.spend(price)
        return found
    with effort.alone():
        before = effort.left
        found = kind.prove(claim, witness, known)
        _proved[key] = found, before - effort.left
    while len(_proved) > _REMEMBERED:
        _proved.pop(next(iter(_proved)))
    return found


def verify(source: str | Path, work: int = MAX_WORK) -> Verdict:
    """Check a certificate, given by its path, or as text that begins with `{`, in at most so many steps of work.

    Whatever goes wrong, the certificate is not accepted; an error of the checker itself is *malformed* too.
    """
    effort.start(work)
    kind = ""
    try:
        data = parse_json(_text(source), no_floats)
        kind = printable(str(data.get("kind"))[:40]) if isinstance(data, dict) else ""
        said, _ = _check(data, {})
    except (OSError, ValueError) as error:
        return Verdict("malformed", f"not a JSON text file ({type(error).__name__})", kind)
    except MalformedError as error:
        return Verdict("malformed", printable(" ".join(str(error).split())), kind)
    except UnprovedError as error:
        return Verdict("rejected", printable(str(error)), kind)
    except Exception as error:
        return Verdict("malformed", f"the checker gave up ({type(error).__name__})", kind)
    return Verdict("accepted", "the claim is proved", kind, printable(said))


def _text(source: str | Path) -> str:
    text = source if isinstance(source, str) and source.lstrip().startswith("{") else None
    if text is None:
        need(Path(source).is_file(), "no such file")
        need(Path(source).stat().st_size <= MAX_SIZE, f"larger than {MAX_SIZE} bytes")
        text = Path(source).read_text(encoding="utf-8")
    need(len(text) <= MAX_SIZE, f"longer than {MAX_SIZE} characters")
    return text


def verify_paths(paths: Sequence[str | Path]) -> tuple[list[tuple[str, Verdict]], int]:
    """Check files, and the certificates below folders: see `certificates_in`.

    Returns:
        the printable name and the verdict of each, and the exit status: 0 all accepted, 1 one is rejected, 2 one is
        malformed or cannot be read, or there is none at all.
    """
    results: list[tuple[str, Verdict]] = []
    for path in map(Path, paths):
        files = certificates_in(path)
        results += [(shown(file), verify(file)) for file in files]
        if not files:
            results.append((shown(path), Verdict("malformed", "no certificate in this folder")))
    worst = max((STATUSES.index(verdict.status) for _, verdict in results), default=2)
    return results, worst


def shown(path: Path) -> str:
    """Return a name that cannot be taken for anything else: quoted if it holds more than plain characters."""
    name = printable(str(path))
    plain = name == str(path) and not set(name) & set(": \"'")
    return name if plain else f'"{name}"'


def main(arguments: Sequence[str]) -> int:
    """Check files and folders; print a line for each and return the exit status of `verify_paths`."""
    if not arguments:
        sys.stderr.write("usage: python -m mfcheck.verify FILE_OR_FOLDER...\n")
    results, status = verify_paths(arguments)
    for name, verdict in results:
        stream = sys.stderr if verdict.status == "malformed" else sys.stdout
        stream.write(f"{verdict.status}: {name}: {verdict.statement or verdict.reason}\n")
    return status
