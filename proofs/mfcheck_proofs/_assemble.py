"""Claims whose checks, planted errors and attacks are listed beside their readings: handed to the readings here."""

from collections.abc import Sequence
from dataclasses import replace

from mfcheck.claims import Check, Claim, Inequality, PlantedError, Reading


def assembled(
    id: str,
    title: str,
    statement: str,
    source: str,
    readings: Sequence[Reading],
    checks: Sequence[Check] = (),
    planted: Sequence[PlantedError] = (),
    assumptions: tuple[str, ...] = (),
    inequalities: Sequence[Inequality] = (),
    no_inequality: str = "",
) -> Claim:
    """Return the claim in which each reading owns its parts; a part without a reading belongs to `stated`."""
    return with_parts(
        Claim(
            id,
            title,
            statement,
            source,
            tuple(readings),
            assumptions=assumptions,
            no_inequality=no_inequality,
        ),
        checks,
        planted,
        inequalities,
    )


def with_parts(
    claim: Claim,
    checks: Sequence[Check] = (),
    planted: Sequence[PlantedError] = (),
    inequalities: Sequence[Inequality] = (),
) -> Claim:
    """Return the claim with further parts for its readings."""
    readings = tuple(
        replace(
            r,
            checks=(*r.checks, *(c for c in checks if (c.reading or "stated") == r.id)),
            wrong=(*r.wrong, *(e for e in planted if (e.reading or "stated") == r.id)),
            attack=(*r.attack, *(q for q in inequalities if (q.reading or "stated") == r.id)),
        )
        for r in claim.readings
    )
    return replace(claim, readings=readings)


def check_id(inequality: Inequality) -> str:
    """Return the name of the check that measures an inequality's slack."""
    return f"slack-{inequality.id}"


def falling(claim: Claim, errors: Sequence[PlantedError]) -> list[PlantedError]:
    """Return the errors that name a slack check of the claim."""
    names = {c.id for r in claim.readings for c in r.slack_checks}
    return [e for e in errors if set(e.rejected_by) <= names]
