"""A paper about neither data nor activations."""

from mfcheck.claims import Check, Claim, Evidence, Kind, Paper, Reading, Setting

paper = Paper(
    id="bare",
    title="A bare paper",
    authors=(),
    source="arXiv 0000.00000",
    parameters=(),
    default=Setting(),
    claims=(
        Claim(
            id="nothing",
            title="t",
            statement="s",
            source="q",
            readings=(
                Reading(
                    "stated",
                    "As it stands.",
                    checks=(Check("one", Kind.SAMPLED, lambda _: Evidence(passed=True)),),
                ),
            ),
        ),
    ),
)
