"""Certificates of single statements among those of `mfcheck.verify`: checked apart from the search that wrote them.

Their checker makes every recorded argument anew and chooses nothing. It shares with the search the terms, the ball
arithmetic and the reductions, each of which is a theorem; statements on boxes are proved in intervals of mpmath too.
"""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfcheck.errors import InputError
from mfcheck.verify import (
    MAX_SIZE,
    MalformedError,
    Verdict,
    parse_json,
    printable,
    verify_paths,
)
from mfcheck.verify.checker import shown
from mfcheck.verify.folders import certificates_in

if TYPE_CHECKING:
    from mfcheck.rocq import Exported, RocqVerdict

FORMAT = "mfcheck-lemma/2"
SECONDS = 60
"""The longest that one certificate of a statement is checked."""

AGAIN = "proved in intervals of mpmath as well"
UNCOVERED = "the recorded arguments do not prove the statement"


def verify_all(paths: Sequence[Path]) -> tuple[list[tuple[str, Verdict]], int]:
    """Check certificates of both kinds as `mfcheck.verify.verify_paths` does; of a folder, all that it holds."""
    results: list[tuple[str, Verdict]] = []
    status = 0
    for path in (file for one in paths for file in certificates_in(one) or [one]):
        if path.is_dir():
            results.append((shown(path), Verdict("malformed", "no certificate in this folder")))
            status = 2
            continue
        found, worst = verify_paths([path])
        certificate = of_statement(path)
        if certificate is not None:
            verdict = judged(certificate)
            found = [(found[0][0], verdict)]
            worst = ("accepted", "rejected", "malformed").index(verdict.status)
        results += found
        status = max(status, worst)
    return results, status


def judged(certificate: Mapping[str, Any]) -> Verdict:
    """Return whether the recorded arguments prove the statement of a certificate, after `SECONDS` at the latest."""
    from mfcheck.lemma.certificate import accepts, well_formed
    from mfcheck.lemma.independent import accepted_again

    if not well_formed(certificate):
        return Verdict("malformed", "this is no certificate of a statement")
    said = _said(certificate)
    try:
        with _at_most(SECONDS):
            accepted = accepts(certificate)
    except InputError as error:
        reason = printable(str(error).partition("\n")[0])
        return Verdict("malformed", f"its statement cannot be read: {reason}")
    except TimeoutError:
        return Verdict("malformed", f"too much work: not checked in {SECONDS} s", FORMAT, said)
    if not accepted:
        return Verdict("rejected", UNCOVERED, FORMAT, said)
    try:
        with _at_most(SECONDS):
            again = accepted_again(certificate)
    except TimeoutError:
        again = False
    reason = "every recorded argument was made anew" + (f"; {AGAIN}" if again else "")
    return Verdict("accepted", reason, FORMAT, said)


def rocq_verdict(path: Path) -> "RocqVerdict":
    """Return what Rocq says of a certificate of either kind.

    Raises:
        InputError: the file cannot be read as JSON.
    """
    from mfcheck.lemma.independent import as_bundle
    from mfcheck.rocq import RocqVerdict, check_rocq, check_rocq_file

    certificate = of_statement(path)
    if certificate is None:
        return check_rocq_file(path)
    try:
        found = check_rocq(as_bundle(certificate))
    except InputError as error:
        return RocqVerdict("uncovered", str(error).partition("\n")[0])
    if found.status == "rejected":
        # The proof is another one than that of the certificate: not to find it says nothing against the statement.
        return RocqVerdict("uncovered", f"no proof by intervals was found: {found.reason}")
    return replace(found, uncovered=(*found.uncovered, *_left_out(certificate)))


def exported(path: Path, out: Path) -> "Exported":
    """Write the file of Rocq for a certificate of either kind.

    Raises:
        InputError: a file cannot be read or written, or there is no text of Rocq for it.
    """
    from mfcheck.lemma.independent import as_bundle
    from mfcheck.rocq import export_rocq, to_rocq

    certificate = of_statement(path)
    if certificate is None:
        return export_rocq(path, out)
    found = to_rocq(as_bundle(certificate))
    try:
        out.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{printable(str(out))}: {error.strerror}") from None
    return replace(found, uncovered=(*found.uncovered, *_left_out(certificate)))


def _left_out(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    from mfcheck.lemma.independent import is_strict

    return ("that the strict comparisons are strict",) if is_strict(certificate) else ()


def _said(certificate: Mapping[str, Any]) -> str:
    """Return what a certificate states, in words."""
    where = "; ".join([*certificate["domain"], *certificate["where"]])
    if certificate.get("vacuous"):
        return printable(f"no point satisfies {where}")
    point = certificate.get("counterexample")
    if point is not None:
        where = f"{', '.join(f'{k} = {v}' for k, v in point.items())}, in {where}"
        return printable(f"false: {certificate['statement']}   at {where}")
    value = (
        f", with {certificate['best']} = {certificate['constant']}" if "best" in certificate else ""
    )
    return printable(f"{certificate['statement']}{value}   for {where}")


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer, where the system can.

    Raises:
        TimeoutError: it takes longer.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def of_statement(path: Path) -> Mapping[str, Any] | None:
    """Return what a file holds if it is a certificate of a statement."""
    try:
        if path.stat().st_size > MAX_SIZE:
            return None
        data = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MalformedError):
        return None
    return data if isinstance(data, dict) and data.get("format") == FORMAT else None
