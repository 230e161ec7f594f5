"""All reviews as one page: verdicts, filters, a search over statements and constants, and what papers share."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from mfcheck.claims.record import ClaimRecord, Review, TwinRecord
from mfcheck.claims.verdict import Verdict
from mfcheck.report import view
from mfcheck.report.crossings import Crossing, crossings
from mfcheck.report.html import environment
from mfcheck.report.plain import plain_prose
from mfcheck.report.text import one_line

_SCRIPT = """
const $ = id => document.getElementById(id);
const papers = [...document.querySelectorAll("article.paper")];
function sift() {
  const words = $("words").value.toLowerCase().split(/\\s+/).filter(Boolean);
  const verdict = $("verdict").value, topic = $("topic").value;
  const fits = row => words.every(w => row.dataset.words.includes(w))
    && (!verdict || row.dataset.verdicts.split(" ").includes(verdict));
  let papersLeft = 0, rowsLeft = 0;
  for (const paper of papers) {
    const rows = [...paper.querySelectorAll("[data-words]")];
    const inTopic = !topic || paper.dataset.topics.split(" ").includes(topic);
    const whole = words.length > 0 && words.every(w => paper.dataset.title.includes(w));
    let left = 0;
    for (const row of rows) {
      const shown = inTopic && (fits(row)
        || (whole && (!verdict || row.dataset.verdicts.split(" ").includes(verdict))));
      row.hidden = !shown;
      left += shown;
    }
    paper.hidden = !inTopic || (left === 0 && (words.length > 0 || verdict !== ""));
    const narrowed = words.length > 0 || verdict !== "";
    for (const list of paper.querySelectorAll("details"))
      list.open = narrowed && list.querySelector("[data-words]:not([hidden])") !== null;
    papersLeft += !paper.hidden;
    rowsLeft += paper.hidden ? 0 : left;
  }
  const rows = rowsLeft === 1 ? "claim or constant" : "claims and constants";
  $("shown").textContent = `${papersLeft} of ${papers.length} papers, ${rowsLeft} ${rows}`;
}
for (const id of ["words", "verdict", "topic"]) $(id).addEventListener("input", sift);
$("sieve").addEventListener("submit", event => event.preventDefault());
$("sieve").hidden = false;
sift();
"""
_COMMON = frozenset(
    ("about", "above", "analysis", "approach", "beyond", "between", "layers", "network", "networks")
) | {"neural", "theory", "through", "toward", "towards", "under", "using", "while", "without"}
_TOPIC = re.compile(r"[^\W\d_]{5,}")


class Entry(NamedTuple):
    """A paper of the atlas: its review, and where its page is, relative to the index."""

    review: Review
    page: str


def topics(entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Return the topics of each paper: the words of its title that stand in the title of another one too."""
    words = {entry.review.paper: _title_words(entry.review.title) for entry in entries}
    seen = Counter(word for found in words.values() for word in found)
    return {
        paper: sorted(word for word in found if seen[word] > 1) for paper, found in words.items()
    }


def _title_words(title: str) -> set[str]:
    return {word for word in _TOPIC.findall(one_line(title).lower()) if word not in _COMMON}


def searched(*texts: object) -> str:
    """Return what a search over these texts looks at: formulas as they are read, and as TeX."""
    words = " ".join(f"{plain_prose(text)} {one_line(text)}" for text in texts)
    return one_line(words).lower()


def _verdicts(claim: ClaimRecord) -> str:
    return " ".join(dict.fromkeys(reading.verdict.value for reading in claim.readings))


def _address(page: str) -> str:
    return quote(page, safe="/", errors="replace")


def _model(
    entries: Sequence[Entry], failed: Mapping[str, str], twins: Sequence[TwinRecord]
) -> dict[str, Any]:
    tally = Counter(claim.verdict for entry in entries for claim in entry.review.claims)
    of = topics(entries)
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return {
        "entries": entries,
        "failed": dict(failed),
        "claims": sum(len(entry.review.claims) for entry in entries),
        "tally": [(verdict, tally[verdict]) for verdict in Verdict if tally[verdict]],
        "counts": view.counts,
        "topics": of,
        "all_topics": sorted({word for found in of.values() for word in found}),
        "crossings": _others(crossings([entry.review for entry in entries]), twins),
        "twins": twins,
        "searched": searched,
        "verdicts": _verdicts,
        "address": _address,
        "plots": lambda review: sum(len(item.check.plots) for item in view.located(review)),
        "script": Markup(_SCRIPT),  # ours, and known to the policy of the page by its digest
        "script_digest": digest,
    }


def _others(found: Sequence[Crossing], twins: Sequence[TwinRecord]) -> list[Crossing]:
    """Return the pairs that are not said to be one constant."""
    said = {frozenset({(t.paper, t.constant), (t.other_paper, t.other_constant)}) for t in twins}
    return [c for c in found if frozenset(_places(c)) not in said]


def _places(crossing: Crossing) -> set[tuple[str, str]]:
    return {(place.paper, place.constant.id) for place in (crossing.left, crossing.right)}


def render_atlas(
    entries: Sequence[Entry],
    failed: Mapping[str, str] | None = None,
    twins: Sequence[TwinRecord] = (),
) -> str:
    """Return the index as one HTML file that needs no network; equal records give equal pages.

    Args:
        entries: the reviews, in the order in which they are shown.
        failed: why papers are missing, by id.
        twins: constants that two papers have, worked out by both at the same inputs.
    """
    template = environment().get_template("atlas.html.j2")
    return template.render(_model(entries, failed or {}, twins))
