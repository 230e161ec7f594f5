"""Certificates of single statements among those of `mfcheck.verify`: checked apart from the search that wrote them.

Their checker makes every recorded argument anew; it shares terms and ball arithmetic with the search, nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mfcheck.verify import MAX_SIZE, MalformedError, Verdict, parse_json, printable, verify_paths

FORMAT = "mfcheck-lemma/1"
UNCOVERED = (
    "the recorded arguments do not suffice for the checker, which covers statements in one variable"
)


def verify_all(paths: Sequence[Path]) -> tuple[list[tuple[str, Verdict]], int]:
    """Check certificates of both kinds as `mfcheck.verify.verify_paths` does; single statements only as files named."""
    results: list[tuple[str, Verdict]] = []
    status = 0
    for path in paths:
        found, worst = verify_paths([path])
        certificate = None if path.is_dir() else _of_statement(path)
        if certificate is not None:
            verdict = judged(certificate)
            found = [(found[0][0], verdict)]
            worst = ("accepted", "rejected", "malformed").index(verdict.status)
        results += found
        status = max(status, worst)
    return results, status


def judged(certificate: Mapping[str, Any]) -> Verdict:
    """Return whether the recorded arguments prove the statement of a certificate."""
    from mfcheck.lemma.checker import accepts

    try:
        accepted = accepts(certificate)
        where = "; ".join([*certificate["domain"], *certificate["where"]])
        said = f"{certificate['statement']}   for {where}"
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ZeroDivisionError):
        return Verdict("malformed", "this is no certificate of a statement")
    reason = "every recorded argument was made anew" if accepted else UNCOVERED
    return Verdict("accepted" if accepted else "rejected", reason, FORMAT, printable(said))


def _of_statement(path: Path) -> Mapping[str, Any] | None:
    """Return what a file holds if it is a certificate of a statement."""
    try:
        if path.stat().st_size > MAX_SIZE:
            return None
        data = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MalformedError):
        return None
    return data if isinstance(data, dict) and data.get("format") == FORMAT else None
