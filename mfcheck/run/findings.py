"""The findings of a review: what checks noted, and what no check noted but the verdict shows."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import get_args

from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.model import Paper
from mfcheck.claims.record import CheckRecord, ClaimRecord, Finding, Note, ReadingRecord, Severity
from mfcheck.claims.setting import Setting
from mfcheck.claims.verdict import Verdict

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_UNNOTED: Mapping[Verdict, tuple[Severity, str]] = {
    Verdict.REFUTED: ("major", "claim is false"),
    Verdict.GAP: ("major", "claim does not follow from what the paper cites for it"),
    Verdict.VACUOUS: ("major", "claim says nothing"),
    Verdict.INCONCLUSIVE: ("minor", "claim could not be decided"),
}


def setting_options(paper: Paper, setting: Setting, data: str | None) -> tuple[str, ...]:
    """Return the command-line options that give a setting; `data` names the file the data came from."""
    words: list[str] = []
    if data is not None:
        words += ["--data", data]
    if setting.activation != paper.default.activation:
        words += ["--activation", setting.activation.name]
    for name, value in setting.departures(paper.default).items():
        words += ["--set", f"{name}={value}"]
    return tuple(words)


def collect(
    paper: str,
    claims: Sequence[ClaimRecord],
    notes: Mapping[str, Sequence[Note]],
    options: Sequence[str],
    audits: Sequence[AuditRecord] = (),
) -> tuple[Finding, ...]:
    """Return the findings of a review, the most severe first, then in the order of the paper.

    Args:
        paper: its id, or `module:attribute` if it is not installed: what its commands name it by.
        claims: the claims with their verdicts.
        notes: what each check noted, by id of the check.
        options: command-line options that repeat the run.
        audits: whether the assumptions can be met.
    """
    found: dict[str, Finding] = {}
    for claim in claims:
        for finding in _of_claim(claim, notes, command(paper, claim.id, options)):
            _add(found, finding)
    denied = {check.id for claim in claims for check in claim.checks if check.passed is False}
    for finding in _of_audits(audits, denied):
        _add(found, finding)
    return tuple(sorted(found.values(), key=lambda f: SEVERITIES.index(f.severity)))


def command(paper: str, claim: str, options: Sequence[str]) -> str:
    """Return the command line that repeats the checks and audits of a claim."""
    return shlex.join(["mfcheck", "check", f"{paper}:{claim}", *options])


def _of_audits(audits: Sequence[AuditRecord], denied: Collection[str]) -> Iterable[Finding]:
    """Yield a finding for each regime in which all assumptions of a claim cannot be met, and for each defect.

    It is a remark where one of the `denied` checks has found the same.
    """
    by_regime: dict[str, list[AuditRecord]] = {}
    for audit in audits:
        by_regime.setdefault(audit.regime, []).append(audit)
    for regime, answers in by_regime.items():
        joint = [a for a in answers if a.joint and a.answer == "none"]
        if joint:
            claims = tuple(dict.fromkeys(claim for a in joint for claim in a.claims))
            text = (
                f"Nothing meets all assumptions of {', '.join(claims)} in the regime: {joint[0].text}. Proof: "
                f"{joint[0].reason}.{_elsewhere(claims, audits)}"
            )
            severity: Severity = "remark" if set(joint[0].evidence) & set(denied) else "minor"
            yield _audited(f"audit.{regime}", severity, text, claims[0], joint[0])
        for audit in (a for a in answers if a.defect):
            text = f"Whether assumptions can be met ({audit.text}) is not known: {audit.reason}"
            yield _audited(f"audit.{regime}.defect", "minor", text, audit.claims[0], audit)


def _elsewhere(claims: Sequence[str], audits: Sequence[AuditRecord]) -> str:
    """Say where else the assumptions of these claims can be met."""
    met = [a for a in audits if a.joint and a.answer == "witness" and set(a.claims) & set(claims)]
    return "".join(
        f" Those of {', '.join(id for id in a.claims if id in claims)} can be met in another regime: {a.text}."
        for a in met
    )


def _audited(id: str, severity: Severity, text: str, claim: str, audit: AuditRecord) -> Finding:
    return Finding(
        id=id,
        severity=severity,
        claim=claim,
        text=text,
        evidence=audit.evidence,
        reproduce=audit.reproduce,
    )


def without_constants(paper: str, reason: str, options: Sequence[str]) -> Finding:
    """Return the finding that the constants could not be evaluated; options as for `collect`."""
    return Finding(
        id="constants.crashed",
        severity="minor",
        claim="constants",
        text=f"The constants could not be evaluated in this setting: {reason}",
        evidence=(),
        reproduce=shlex.join(["mfcheck", "constants", paper, *options]),
    )


def _of_claim(
    claim: ClaimRecord, notes: Mapping[str, Sequence[Note]], command: str
) -> Iterable[Finding]:
    noted: set[str] = set()
    crashed: set[str] = set()
    for check in claim.checks:
        for note in notes.get(check.id, ()):
            noted.add(check.reading)
            yield _finding(note.id, note.severity, claim, note.text, [check], command)
        if check.crashed:
            crashed.add(check.reading)
            how = "says nothing" if check.late else "crashed and says nothing"
            text = f"The check {check.id} {how}: {check.reason}"
            yield _finding(f"{check.id}.crashed", "minor", claim, text, [check], command)
    for reading in claim.readings:
        undecided = reading.verdict is Verdict.INCONCLUSIVE
        if reading.id not in noted and not (undecided and reading.id in crashed):
            yield from _unnoted(claim, reading, command)


def _unnoted(claim: ClaimRecord, reading: ReadingRecord, command: str) -> Iterable[Finding]:
    """Yield a finding for a verdict that speaks against a reading; a lesser one if the text allows others."""
    if reading.verdict not in _UNNOTED:
        return
    severity, said = _UNNOTED[reading.verdict]
    id, text = f"{claim.id}.{reading.verdict}", f"The {said}"
    if reading is not claim.readings[0]:
        severity = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
        id = f"{claim.id}.{reading.id}.{reading.verdict}"
        text = f"In the reading '{reading.id}' ({reading.text.rstrip('.')}), the {said}"
    elif reading.verdict is Verdict.REFUTED:
        text += " as stated"
    telling = [c for c in claim.checks if c.reading == reading.id and c.passed is not True]
    reasons = "; ".join(dict.fromkeys(check.reason for check in telling if check.reason))
    said = f"{text}: {reasons or reading.because}"
    yield _finding(id, severity, claim, said, telling, command)


def _finding(
    id: str,
    severity: Severity,
    claim: ClaimRecord,
    text: str,
    checks: Sequence[CheckRecord],
    command: str,
) -> Finding:
    evidence = tuple(check.id for check in checks)
    return Finding(
        id=id, severity=severity, claim=claim.id, text=text, evidence=evidence, reproduce=command
    )


def _add(found: dict[str, Finding], finding: Finding) -> None:
    """Add a finding; the same sentence from another check adds its evidence, another one a number to the id."""
    id, number = finding.id, 1
    while id in found and (found[id].text, found[id].claim) != (finding.text, finding.claim):
        number += 1
        id = f"{finding.id}.{number}"
    before = found[id].evidence if id in found else ()
    merged = (*before, *(check for check in finding.evidence if check not in before))
    found[id] = finding.but(id=id, evidence=merged)
