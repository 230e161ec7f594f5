"""Records of assumptions: does a setting meet them, and can they be met at all?"""

from typing import Any, Literal

from pydantic import Field

from mfcheck.claims.base import Record
from mfcheck.claims.verdict import Kind


class SurveyRecord(Record):
    """Whether one thing that the user may choose meets an assumption (None: could not be decided)."""

    name: str
    met: bool | None
    reason: str


class AssumptionRecord(Record):
    """Whether the setting under review meets an assumption (None: could not be decided)."""

    id: str
    title: str
    statement: str
    source: str
    met: bool | None
    reason: str
    survey: tuple[SurveyRecord, ...] = ()
    """Other choices, each judged by itself."""
    beyond: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What is needed more than the assumption grants, each with the claims and constants that need it."""


class AuditRecord(Record):
    """Whether assumptions can be met together in a regime that claims speak about.

    `witness`: the setting meets them, and so does one at every value of the regime's index, if it has one. `none`: a
    proof that was checked again shows that nothing does (above the index `beyond`). `unknown`: neither; the indices
    in `met_at` have witnesses, which says nothing of others.
    """

    id: str
    regime: str
    text: str
    """The regime in words."""
    index: str
    """What grows in the regime; empty where one setting answers."""
    assumptions: tuple[str, ...]
    claims: tuple[str, ...]
    joint: bool
    """Whether these are all the assumptions of those claims, or one of them alone."""
    answer: Literal["witness", "none", "unknown"]
    kind: Kind | None
    """Of the proof behind the answer."""
    reason: str
    met_at: tuple[int, ...] = ()
    beyond: int | None = None
    setting: dict[str, Any] | None = None
    """The last witness, from which the predicates were decided."""
    defect: bool = False
    """Whether what the paper states contradicts itself: a witness where a proof excludes it."""
    evidence: tuple[str, ...] = ()
    certificate: str | None = None
    """File of the run with the certificate of the proof."""
    reproduce: str = ""
