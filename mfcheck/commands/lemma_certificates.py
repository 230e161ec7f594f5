"""Certificates of single statements among those of `mfcheck.verify`: checked apart from the search that wrote them.

Their checker makes every recorded argument anew; it shares terms and ball arithmetic with the search, nothing else.
"""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

FORMAT = "mfcheck-lemma/2"
SECONDS = 60
"""The longest that one certificate of a statement is checked."""

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
        certificate = _of_statement(path)
        if certificate is not None:
            verdict = judged(certificate)
            found = [(found[0][0], verdict)]
            worst = ("accepted", "rejected", "malformed").index(verdict.status)
        results += found
        status = max(status, worst)
    return results, status


def judged(certificate: Mapping[str, Any]) -> Verdict:
    """Return whether the recorded arguments prove the statement of a certificate, after `SECONDS` at the latest."""
    from mfcheck.errors import InputError
    from mfcheck.lemma.certificate import accepts, well_formed

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
    reason = "every recorded argument was made anew" if accepted else UNCOVERED
    return Verdict("accepted" if accepted else "rejected", reason, FORMAT, said)


def _said(certificate: Mapping[str, Any]) -> str:
    """Return what a certificate states, in words."""
    where = "; ".join([*certificate["domain"], *certificate["where"]])
    if certificate.get("vacuous"):
        return printable(f"no point satisfies {where}")
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


def _of_statement(path: Path) -> Mapping[str, Any] | None:
    """Return what a file holds if it is a certificate of a statement."""
    try:
        if path.stat().st_size > MAX_SIZE:
            return None
        data = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MalformedError):
        return None
    return data if isinstance(data, dict) and data.get("format") == FORMAT else None
