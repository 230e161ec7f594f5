import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims.record import Review
from mfcheck.report.bibtex import LIBRARIES, render_bibtex

ENTRY = re.compile(r"@([a-z]+)\{([A-Za-z0-9-]+),\n((?:  [a-z]+ = \{.*\},\n)*)\}")


def entries(text: str) -> dict[str, str]:
    """Return the fields by key, having seen that the whole text is entries with balanced braces."""
    parts = text.rstrip("\n").split("\n\n")
    found = {}
    for part in parts:
        match = ENTRY.fullmatch(part)
        assert match is not None, part
        depth = 0
        for char in part:
            depth += {"{": 1, "}": -1}.get(char, 0)
            assert depth >= 0
        assert depth == 0
        found[match[2]] = match[3]
    assert len(found) == len(parts)
    return found


def test_paper_methods_and_libraries(review: Review) -> None:
    references = (
        "Chen, Liu: Generalization of Scaled Deep ResNets. ICLR 2024, arXiv:2403.09889",
        "Rump: Verification of positive definiteness. BIT 46 (2006) 433-452",
        "Rump: Another work of that year. BIT 46 (2006)",
        "Something without authors & with doi:10.1000/abc_d",
    )
    versions = {"sympy": "1.14.0", "python": "3.11"}
    update = {"title": "Unnamed", "references": references, "versions": versions}
    found = entries(render_bibtex(review.but(**update)))
    assert list(found) == [
        "mfcheck",
        "paper",
        "chen2024",
        "rump2006",
        "rump2006-2",
        "something",
        "sympy",
    ]
    assert "author = {Chen and Liu}" in found["chen2024"]
    assert "eprint = {2403.09889}" in found["chen2024"]
    assert "year = {2024}" in found["chen2024"]
    assert r"doi = {10.1000/abc\_d}" in found["something"]
    assert "version 1.14.0" in found["sympy"]
    named = review.but(**(update | {"title": "Generalization of Scaled Deep ResNets"}))
    assert "paper" not in entries(render_bibtex(named))


def test_every_library_has_a_reference(review: Review) -> None:
    versions = dict.fromkeys(LIBRARIES, "1")
    found = entries(render_bibtex(review.but(versions=versions)))
    assert {key for _, key, _ in LIBRARIES.values()} <= set(found)


@settings(max_examples=60)
@given(st.data())
def test_hostile_records_give_valid_entries(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    entries(render_bibtex(data.draw(hostile)))
