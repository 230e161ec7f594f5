"""What every report shows, in the same order and the same words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, get_args

from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.record import CheckRecord, ClaimRecord, Finding, ReadingRecord, Review, Severity
from mfcheck.claims.verdict import RULES, Kind, Question, Scope, Verdict
from mfcheck.report.text import one_line

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SYMBOLS = {
    Verdict.PROVED: "∎",
    Verdict.CERTIFIED: "✓",
    Verdict.SUPPORTED: "≈",
    Verdict.INCONCLUSIVE: "?",
    Verdict.REFUTED: "✗",
    Verdict.GAP: "…",
    Verdict.VACUOUS: "∅",
    Verdict.UNCHECKED: "–",
}
"""A sign beside each verdict word, for those who see no colour."""

INCOMPLETE = (
    "This review is not complete: it was interrupted, or its time was over; --resume goes on."
)
"""Said of a review that names missing checks."""

QUESTIONS = {
    Question.HOLDS: "is the statement true?",
    Question.FOLLOWS: "does it follow from what is cited for it?",
    Question.APPLIES: "can its assumptions be met, and does it say anything there?",
}
AUDITS = {
    "witness": "a setting meets them, and so does one at every value of what grows",
    "none": "it is proved that nothing meets them",
    "unknown": "neither is known",
}
"""What each answer of the audit means."""

_SETTING = ("n", "d", "activation", "parameters", "origin", "sha256", "points", "labels")
_PLAIN = re.compile(r"[^A-Za-z0-9]+")


class Located(NamedTuple):
    """A check with the claim that it belongs to."""

    claim: ClaimRecord
    check: CheckRecord


def answer(check: CheckRecord) -> str:
    """Return the answer of a check as a word."""
    if check.crashed:
        return "timed-out" if check.late else "crashed"
    return {True: "yes", False: "no", None: "undecided"}[check.passed]


def covered(check: CheckRecord) -> str:
    """Return in words what a check covered: cases, or everything stated; nothing for one that crashed."""
    if check.crashed or not check.cases:
        return ""
    many = "everything stated" if check.scope is Scope.WHOLE else count(check.cases, "case")
    return f"covers {many}: {check.domain}" if check.domain else f"covers {many}"


def met(value: bool | None) -> str:
    """Return whether an assumption is met, in words."""
    return {True: "met", False: "not met", None: "undecided"}[value]


def audits(review: Review) -> tuple[list[AuditRecord], list[AuditRecord]]:
    """Return the audits of all that a claim assumes, and those of single assumptions."""
    found = review.audits
    return [a for a in found if a.joint], [a for a in found if not a.joint]


def audited(audit: AuditRecord) -> str:
    """Return how an answer of the audit was found, in words."""
    if audit.answer == "unknown" or audit.kind is None:
        return "defect" if audit.defect else "no proof"
    if audit.answer == "witness":
        return audit.kind.value
    above = "" if audit.beyond is None else f", for ${audit.index} > {audit.beyond}$"
    return f"{audit.kind.value} proof{above}"


def witnessed(audit: AuditRecord) -> str:
    """Return what the setting of an audit is, in words."""
    at = f" at ${audit.index} = {audit.met_at[-1]}$" if audit.met_at else ""
    return f"The witness{at}" if audit.answer == "witness" else f"A setting that meets them{at}"


def located(review: Review) -> tuple[Located, ...]:
    """Return all checks that ran, in the order of the claims."""
    return tuple(Located(claim, check) for claim in review.claims for check in claim.checks)


def with_slack(review: Review) -> tuple[Located, ...]:
    """Return the checks that tested an inequality and know its slack, tightest first."""
    known = [item for item in located(review) if item.check.slack is not None]
    return tuple(sorted(known, key=lambda item: (item.check.slack or 0.0, item.check.id)))


def evidence(review: Review, ids: Iterable[str]) -> list[tuple[str, Located | None]]:
    """Return the named checks, None where the review holds no check of that name."""
    by_id = {item.check.id: item for item in located(review)}
    return [(id, by_id.get(id)) for id in ids]


def counts(review: Review) -> list[tuple[Verdict, int]]:
    """Return how many claims have each verdict, in the order of the charter; none that is absent."""
    seen = Counter(claim.verdict for claim in review.claims)
    return [(verdict, seen[verdict]) for verdict in Verdict if seen[verdict]]


def by_severity(findings: Sequence[Finding]) -> list[tuple[Severity, list[Finding]]]:
    """Return the findings by severity, gravest first; none that is absent."""
    groups = [(s, [f for f in findings if f.severity == s]) for s in SEVERITIES]
    return [(severity, group) for severity, group in groups if group]


def meanings() -> list[tuple[Verdict, list[str]]]:
    """Return what each verdict word stands for: the conditions of the rules that give it."""
    return [(v, [rule.condition for rule in RULES if rule.verdict is v]) for v in Verdict]


def plain_setting(setting: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the setting as short lines; points and labels are only counted here."""
    lines: list[tuple[str, str]] = []
    for key in (*_SETTING, *sorted(set(setting) - set(_SETTING))):
        if key in ("points", "labels") or setting.get(key) in (None, {}):
            continue
        lines.append((one_line(key), _words(setting[key])))
    return lines


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{one_line(k)} = {_words(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return one_line(value)


def rows(setting: dict[str, Any]) -> list[tuple[list[str], str]]:
    """Return the data points as (coordinates, label) where the setting holds them in that form."""
    points, labels = setting.get("points"), setting.get("labels")
    if not isinstance(points, list | tuple) or not all(isinstance(p, list | tuple) for p in points):
        return []
    known = labels if isinstance(labels, list | tuple) else []
    padded = [*map(one_line, known), *[""] * len(points)]
    return [([one_line(v) for v in p], y) for p, y in zip(points, padded, strict=False)]


def behind(claim: ClaimRecord, reading: ReadingRecord) -> list[CheckRecord]:
    """Return the checks of a reading that speak against it, those that made the verdict first."""
    own = [c for c in claim.checks if c.reading == reading.id and not c.crashed]
    against = [c for c in own if c.passed is False]
    return sorted(against, key=lambda c: list(Kind).index(c.kind))


def orders(exponents: dict[str, str]) -> str:
    """Return how a constant grows in each symbol, the others fixed, in words.

    >>> orders({"n": "2", "depth": "?"})
    'n^2; in depth no known power'
    """
    powers = [
        f"{one_line(symbol)}^{one_line(power)}"
        for symbol, power in exponents.items()
        if power != "?"
    ]
    other = [one_line(symbol) for symbol, power in exponents.items() if power == "?"]
    parts = [", ".join(powers)] if powers else []
    parts += [f"in {', '.join(other)} no known power"] if other else []
    return "; ".join(parts) or "–"


def sentence(review: Review) -> str:
    """Return the outcome in one sentence."""
    checks = len(located(review))
    parts = ", ".join(f"{count} {verdict.value}" for verdict, count in counts(review)) or "none"
    return (
        f"{count(len(review.claims), 'claim')} reviewed by {count(checks, 'check')}; "
        f"verdicts: {parts}; {count(len(review.findings), 'finding')}."
    )


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def slug(text: str) -> str:
    """Return the text as part of an anchor."""
    return _PLAIN.sub("-", text).strip("-").lower()[:60] or "x"
