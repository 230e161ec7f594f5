"""The review on one page: what a referee would paste, cut to fit, with the long record behind it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import CheckRecord, ClaimRecord, Finding, Review
from mfcheck.claims.verdict import Kind, Known, Verdict
from mfcheck.report import numbers, view
from mfcheck.report.markdown import prose
from mfcheck.report.questions import QuestionToAuthors, questions
from mfcheck.report.text import one_line, pieces

MOST_CHARACTERS = 5000
MOST_FINDINGS, MOST_QUESTIONS = 7, 6
_LONGEST_SIDE = 60
"""Characters of a formula that is shown as evidence: a longer one is in report.md."""
_GRAVITY = (Verdict.REFUTED, Verdict.VACUOUS, Verdict.GAP, Verdict.INCONCLUSIVE)
_HOLD = {
    Verdict.PROVED: "Proved as stated",
    Verdict.CERTIFIED: "Certified by rigorous arithmetic, each in a stated domain",
    Verdict.SUPPORTED: "Supported by simulation or sampling, which is no proof",
}
_KNOWN = {
    Known.TEXT_READ: "worded as in the text",
    Known.OFFICIAL_CODE: "read off the official code",
    Known.FOLLOW_UP: "as a follow-up has it",
    Known.FROM_MEMORY: "from memory",
    Known.DERIVED_HERE: "derived here",
}
_SENTENCE = re.compile(
    r"(?<=[.?!])(?<!\b[Ee]q\.)(?<!\b[Ee]qs\.)(?<!\bcf\.)(?<!e\.g\.)(?<!i\.e\.) (?=[A-Z'\"])"
)
_CLAUSE = re.compile(r"(?=[:;] )")


class Fit(NamedTuple):
    """How much of a record the page takes: characters of one sentence, names in a list, questions."""

    room: int
    named: int
    asked: int

    @property
    def title(self) -> int:
        """Characters of a title, which no paper's own is longer than: only a hostile record has its titles cut."""
        return max(self.room, 160) if self.room > 100 else self.room

    def long(self, text: object) -> str:
        """Return the whole sentences at the start of a text that have room, the first one cut if need be."""
        return sentences(text, self.room)

    def short(self, text: object) -> str:
        """Return a title, or anything else that is one sentence."""
        return cut(text, self.title)


_FITS = (
    *(Fit(room, named, MOST_QUESTIONS) for room, named in ((600, 8), (460, 8), (360, 6), (300, 5))),
    *(Fit(room, named, MOST_QUESTIONS) for room, named in ((260, 4), (220, 3), (180, 2))),
    *(Fit(room, 2, 4) for room in (180, 140)),
    *(Fit(room, 3, 4) for room in (100, 75, 50, 30)),
)
"""The first that makes the page short enough is taken."""


class Item(NamedTuple):
    """A sentence with `$...$` for formulas, and a line of evidence under it, empty if there is none."""

    text: str
    evidence: str = ""


class Section(NamedTuple):
    """A part of the page; the items of a numbered one are what others will cite."""

    title: str
    items: tuple[Item, ...]
    numbered: bool = False
    listed: bool = True

    def mark(self, number: int) -> str:
        """Return what stands before an item; items of a section that is no list are paragraphs."""
        return f"{number}. " if self.numbered else "- " if self.listed else ""


class Page(NamedTuple):
    """The page as data: a title, a line on the run, and its sections."""

    title: str
    run: str
    sections: tuple[Section, ...]


def make_page(review: Review) -> Page:
    """Return the page of a review, its sentences cut so that the Markdown has at most `MOST_CHARACTERS`."""
    pages = (_page(review, fit) for fit in _FITS)
    page = next(pages)
    for other in pages:
        if len(write(page)) <= MOST_CHARACTERS:
            break
        page = other
    return page


def render_page(review: Review) -> str:
    """Return the page as Markdown with TeX, of at most 5,000 characters; equal records give equal text."""
    return write(make_page(review))


def write(page: Page) -> str:
    """Return a page as Markdown."""
    lines = [f"# {prose(page.title)}", "", prose(page.run), ""]
    for section in page.sections:
        lines += [f"## {section.title}", ""]
        for number, item in enumerate(section.items, 1):
            lines.append(f"{section.mark(number)}{prose(item.text)}")
            lines += [f"    - {prose(item.evidence)}"] if item.evidence else []
            lines += [] if section.listed else [""]
        lines += [""] if section.listed else []
    return "\n".join(lines).rstrip() + "\n"


def cut(text: object, room: int) -> str:
    """Return a sentence cut between words, never inside a formula, so that its Markdown fits the room.

    What was cut away is marked by an ellipsis.
    """
    whole = one_line(text)
    if len(prose(whole)) <= room:
        return whole
    kept: list[str] = []
    left = room - 2
    for piece in pieces(whole):
        parts = [f"${piece.text}$"] if piece.tex else _words(piece.text)
        for part in parts:
            left -= max(len(part), len(prose(part)) + part.count(" "))
            if left < 0:
                return _closed("".join(kept))
            kept.append(part)
    return _closed("".join(kept))


def sentences(text: object, room: int) -> str:
    """Return as many whole sentences from the start as the room has, at least the first one.

    A first one that is too long ends at a semicolon, or at its first colon, and is cut where it has neither.
    """
    whole = one_line(text)
    if len(prose(whole)) <= room:
        return whole
    kept = ""
    for end in _ends(whole, _SENTENCE):
        if len(prose(whole[:end])) > room:
            break
        kept = whole[:end]
    if kept:
        return kept
    first = whole[: next(_ends(whole, _SENTENCE), len(whole))]
    if len(prose(first)) <= room:
        return first
    clauses = [first[:end] for end in _ends(first, _CLAUSE) if len(prose(first[:end])) < room]
    colons = [number for number, part in enumerate(clauses) if first[len(part)] == ":"]
    return f"{clauses[colons[0] if colons else -1]}." if clauses else cut(first, room)


def _ends(text: str, mark: re.Pattern[str]) -> Iterator[int]:
    """Yield where parts of a text end, outside brackets and formulas."""
    for found in mark.finditer(text):
        before = text[: found.start()]
        if before.count("$") % 2 == 0 and before.count("(") <= before.count(")"):
            yield found.start()


def _words(text: str) -> list[str]:
    return [part for word in text.split(" ") for part in (word, " ")][:-1]


def _closed(text: str) -> str:
    return f"{text.rstrip(' ,;:(')} …".strip()


def _page(review: Review, fit: Fit) -> Page:
    """Return the page with as much of every record as the fit takes."""
    sections = (
        Section("What the paper claims", _claimed(review, fit), listed=False),
        Section("What was checked", _checked(review, fit)),
        Section("Strengths", _strengths(review, fit)),
        Section("Findings", _findings(review, fit), numbered=bool(review.findings)),
        Section("Questions to the authors", _questions(review, fit), numbered=_asks(review)),
        Section("What was not checked", _unchecked(review, fit)),
    )
    ended = "" if review.complete else f" {view.INCOMPLETE}"
    short = fit.short
    run = (
        f"{short(review.source)}. Reviewed as {short(review.paper)} with mfcheck {short(review.mfcheck)}, "
        f"budget {short(review.budget)}, seed {review.seed}. Everything else is in report.md.{ended}"
    )
    return Page(f"Review of {short(review.title)}", run, sections)


def _named(names: Iterable[str], fit: Fit) -> str:
    """List names, and count those that are too many."""
    every = list(dict.fromkeys(names))
    shown = [fit.short(name).rstrip(".") for name in every[: fit.named]]
    more = [f"and {len(every) - fit.named} more"] if len(every) > fit.named else []
    return "; ".join([*shown, *more])


def _claimed(review: Review, fit: Fit) -> tuple[Item, ...]:
    if not review.claims:
        return (Item("No claim was reviewed."),)
    many = Counter(claim.known for claim in review.claims)
    worded = ", ".join(f"{many[known]} {words}" for known, words in _KNOWN.items() if many[known])
    if len(review.claims) == 1:
        worded = worded.removeprefix("1 ")
    said = f"Reviewed here: {view.count(len(review.claims), 'statement')}, {worded}."
    if review.summary:
        return (Item(fit.short(review.summary) if fit.room <= 100 else review.summary), Item(said))
    return (Item(f"{said} {_named((c.title for c in review.claims), fit)}."),)


def _checked(review: Review, fit: Fit) -> tuple[Item, ...]:
    checks = [item.check for item in view.located(review)]
    kinds = [(kind, sum(c.kind is kind for c in checks)) for kind in Kind]
    by_kind = ", ".join(f"{count} {kind.value}" for kind, count in kinds if count) or "none"
    setting = "; ".join(
        said if name in ("parameters", "choices") else f"{name}: {said}"
        for name, said in view.plain_setting(review.setting)
        if name != "sha256"
    )
    return (
        Item(view.sentence(review)),
        Item(f"Checks by kind: {by_kind}."),
        Item(
            cut(f"Setting: {setting or 'that of the paper, without parameters'}.", fit.title + 100)
        ),
        *_certificates(review),
    )


def _certificates(review: Review) -> tuple[Item, ...]:
    """Say how many certified verdicts others can check without this program; nothing where none is certified."""
    found = coverage(review.claims)
    total, proofs = len(found.readings), len(found.with_certificate)
    if not total:
        return ()
    if not proofs:
        return (Item("The certified verdicts rest on ball arithmetic, without certificates."),)
    many = (
        "each certified verdict" if proofs == total else f"{proofs} of {total} certified readings"
    )
    rest = "" if proofs == total else "; the others rest on ball arithmetic"
    return (
        Item(f"A certificate, which mfcheck verify checks by other code, is behind {many}{rest}."),
    )


def _strengths(review: Review, fit: Fit) -> tuple[Item, ...]:
    items = [
        Item(f"{words}: {_named((c.title for c in held), fit)}.")
        for verdict, words in _HOLD.items()
        if (held := [c for c in review.claims if c.verdict is verdict])
    ]
    return tuple(items) or (Item("No claim was confirmed in this run."),)


def gravest(review: Review) -> list[Finding]:
    """Return the findings, gravest first: by severity, then by the worst verdict of the claim, then as in the paper."""
    worst = {claim.id: _gravity(claim) for claim in review.claims}
    return sorted(
        review.findings,
        key=lambda f: (view.SEVERITIES.index(f.severity), worst.get(f.claim, len(_GRAVITY))),
    )


def _gravity(claim: ClaimRecord) -> int:
    known = [_GRAVITY.index(r.verdict) for r in claim.readings if r.verdict in _GRAVITY]
    return min(known, default=len(_GRAVITY))


def _findings(review: Review, fit: Fit) -> tuple[Item, ...]:
    found = gravest(review)
    if not found:
        return (Item("No findings."),)
    titles = {claim.id: claim.title for claim in review.claims}
    return tuple(
        Item(
            f"{f.severity.capitalize()} ({fit.short(titles.get(f.claim, f.claim))}): {_ended(fit.long(f.text))}",
            cut(_evidence(review, f), max(fit.title, 60)),
        )
        for f in found[:MOST_FINDINGS]
    )


def _evidence(review: Review, finding: Finding) -> str:
    """Say in one line what the strongest check behind a finding measured."""
    checks = [item.check for _, item in view.evidence(review, finding.evidence) if item]
    if not checks:
        return ""
    kinds = list(Kind)
    check = min(checks, key=lambda c: (c.passed is not False, kinds.index(c.kind)))
    more = f"; and {view.count(len(checks) - 1, 'more check')}" if len(checks) > 1 else ""
    kind = check.kind.value.capitalize()
    return f"{kind} check {check.id}: {view.answer(check)}{_figures(check)}{more}"


def _figures(check: CheckRecord) -> str:
    """Return both sides of a check if they are numbers, or formulas that are short and differ."""
    sides = [numbers.brief(side) for side in (check.lhs, check.rhs) if side is not None]
    texts = [side for side in (check.lhs, check.rhs) if isinstance(side, str)]
    telling = len(sides) == 2 and sides[0] != sides[1] and not (texts and check.passed)
    short = all(len(prose(side)) <= _LONGEST_SIDE for side in texts)
    shown = [" against ".join(sides)] if telling and short else []
    shown += [view.count(check.cases, "case")] if check.cases > 1 else []
    return f", {', '.join(shown)}" if shown else ""


def _asks(review: Review) -> bool:
    return bool(questions(review))


def joined(review: Review) -> list[tuple[QuestionToAuthors, int]]:
    """Return the questions with how often each is asked, those that repeat one missing hypothesis or one reason joined.

    Those about a refuted reading come first, those about one constant's hypothesis last; the most repeated first.
    """
    groups: dict[tuple[str, ...], list[QuestionToAuthors]] = {}
    for question in questions(review):
        groups.setdefault(_subject(question), []).append(question)
    order = sorted(groups.values(), key=lambda group: (not group[0].checks, -len(group)))
    return [(_together(group), len(group)) for group in order]


def _subject(question: QuestionToAuthors) -> tuple[str, ...]:
    """What makes two questions one: what is asked, and the reasons of the checks or the hypothesis itself."""
    reasons = {one_line(check.reason) for check in question.checks if check.reason}
    return (question.asked, *(sorted(reasons) or [one_line(question.quoted)]))


def _together(group: Sequence[QuestionToAuthors]) -> QuestionToAuthors:
    more = f", and {len(group) - 1} more" if len(group) > 1 else ""
    checks = tuple(check for question in group for check in question.checks)
    return group[0]._replace(checks=checks, subject=f"{group[0].subject}{more}")


def _questions(review: Review, fit: Fit) -> tuple[Item, ...]:
    found = joined(review)
    if not found:
        return (Item("No questions."),)
    asked: set[str] = set()
    items = []
    for question, _ in found[: fit.asked]:
        again = question.briefly in asked
        asked.add(question.briefly)
        end = question.again if again else question.briefly
        said = _ended(fit.long(question.quoted))
        items.append(Item(f"{fit.short(question.subject)}: {said} {end}"))
    return tuple(items)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."


def _unchecked(review: Review, fit: Fit) -> tuple[Item, ...]:
    checks = [item.check for item in view.located(review)]
    of = {v: [c.title for c in review.claims if c.verdict is v] for v in Verdict}
    memory = [c.title for c in review.claims if c.known is Known.FROM_MEMORY]
    groups = [
        ("Claims without a verdict", of[Verdict.UNCHECKED]),
        ("Claims that stay open", of[Verdict.INCONCLUSIVE]),
        ("Checks that did not run", review.missing),
        ("Checks that crashed and say nothing", [c.id for c in checks if c.crashed and not c.late]),
        ("Checks ended by their time limit (--check-seconds)", [c.id for c in checks if c.late]),
        ("Worded from memory, not compared with the text", memory),
    ]
    items = [Item(f"{words}: {_named(names, fit)}.") for words, names in groups if names]
    items += _left_out(review, fit)
    items.append(Item("Novelty, writing, related work, and whatever no claim above states."))
    return tuple(items)


def _left_out(review: Review, fit: Fit) -> list[Item]:
    """Count what did not fit on the page."""
    findings = len(review.findings) - MOST_FINDINGS
    asked = len(joined(review)) - fit.asked
    parts = [view.count(findings, "finding")] if findings > 0 else []
    parts += [view.count(asked, "question")] if asked > 0 else []
    return [Item(f"Left out here, in report.md: {' and '.join(parts)}.")] if parts else []
