"""The review on one page: what a referee would paste, cut to fit, with the long record behind it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mfcheck.claims.coverage import coverage
from mfcheck.claims.record import CheckRecord, ClaimRecord, Finding, Review, Value
from mfcheck.claims.verdict import Kind, Known, Verdict
from mfcheck.report import numbers, view
from mfcheck.report.markdown import prose
from mfcheck.report.questions import QuestionToAuthors, questions
from mfcheck.report.text import one_line, pieces

MOST_CHARACTERS = 5000
MOST_FINDINGS, MOST_QUESTIONS = 7, 6
_ROOMS = (600, 460, 360, 280, 220, 170, 130, 100, 75, 50, 30)
"""Characters for one sentence of the record: the first that makes the page fit is taken."""
_NAMED = 8
_GRAVITY = (Verdict.REFUTED, Verdict.VACUOUS, Verdict.GAP, Verdict.INCONCLUSIVE)
_HOLD = {
    Verdict.PROVED: "Proved for all that is stated",
    Verdict.CERTIFIED: "Certified by rigorous arithmetic, in the domain that each check names",
    Verdict.SUPPORTED: "Supported by simulation or sampling, which proves nothing",
}


class Item(NamedTuple):
    """A sentence with `$...$` for formulas, and a line of evidence under it, empty if there is none."""

    text: str
    evidence: str = ""


class Section(NamedTuple):
    """A part of the page; the items of a numbered one are what others will cite."""

    title: str
    items: tuple[Item, ...]
    numbered: bool = False


class Page(NamedTuple):
    """The page as data: a title, a line on the run, and its sections."""

    title: str
    run: str
    sections: tuple[Section, ...]


def make_page(review: Review) -> Page:
    """Return the page of a review, its sentences cut so that the Markdown has at most `MOST_CHARACTERS`."""
    pages = (_page(review, room) for room in _ROOMS)
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
            mark = f"{number}." if section.numbered else "-"
            lines.append(f"{mark} {prose(item.text)}")
            lines += [f"    - {prose(item.evidence)}"] if item.evidence else []
        lines.append("")
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


def _words(text: str) -> list[str]:
    return [part for word in text.split(" ") for part in (word, " ")][:-1]


def _closed(text: str) -> str:
    return f"{text.rstrip(' ,;:(')} …".strip()


Cut = Callable[[object], str]


def _page(review: Review, room: int) -> Page:
    """Return the page with every sentence of the record cut to that room, findings less than the rest."""

    def long(text: object) -> str:
        return cut(text, room)

    def short(text: object) -> str:
        return cut(text, max(30, room // 2))

    sections = (
        Section("What the paper claims", _claimed(review, short)),
        Section("What was checked", _checked(review, short)),
        Section("Strengths", _strengths(review, short)),
        Section("Findings", _findings(review, long), numbered=bool(review.findings)),
        Section("Questions to the authors", _questions(review, short), numbered=_asks(review)),
        Section("What was not checked", _unchecked(review, short)),
    )
    ended = "" if review.complete else f" {view.INCOMPLETE}"
    run = (
        f"{short(review.source)}. Reviewed as {short(review.paper)} with mfcheck {short(review.mfcheck)}, "
        f"budget {short(review.budget)}, seed {review.seed}. Everything else is in report.md.{ended}"
    )
    return Page(f"Review of {short(review.title)}", run, sections)


def _named(names: Iterable[str], short: Cut) -> str:
    """List names, and count those that are too many."""
    every = list(dict.fromkeys(names))
    shown = [short(name).rstrip(".") for name in every[:_NAMED]]
    more = [f"{len(every) - _NAMED} more"] if len(every) > _NAMED else []
    return "; ".join([*shown, *more])


def _claimed(review: Review, short: Cut) -> tuple[Item, ...]:
    if not review.claims:
        return (Item("No claim was reviewed."),)
    count = view.count(len(review.claims), "claim")
    return (Item(f"{count}: {_named((c.title for c in review.claims), short)}."),)


def _checked(review: Review, short: Cut) -> tuple[Item, ...]:
    checks = [item.check for item in view.located(review)]
    kinds = [(kind, sum(c.kind is kind for c in checks)) for kind in Kind]
    by_kind = ", ".join(f"{count} {kind.value}" for kind, count in kinds if count) or "none"
    setting = "; ".join(
        f"{name}: {said}" for name, said in view.plain_setting(review.setting) if name != "sha256"
    )
    return (
        Item(view.sentence(review)),
        Item(f"Checks by kind: {by_kind}."),
        Item(short(f"Setting: {setting or 'that of the paper, without parameters'}.")),
        Item(short(coverage(review.claims).sentence())),
    )


def _strengths(review: Review, short: Cut) -> tuple[Item, ...]:
    items = [
        Item(f"{words}: {_named((c.title for c in held), short)}.")
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


def _findings(review: Review, short: Cut) -> tuple[Item, ...]:
    found = gravest(review)
    if not found:
        return (Item("No findings."),)
    return tuple(
        Item(
            f"{f.severity.capitalize()}, {short(f.claim)}: {short(f.text)}",
            short(_evidence(review, f)),
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
    return f"{check.kind.value}, answer {view.answer(check)}{_figures(check)} ({check.id}{more})"


def _figures(check: CheckRecord) -> str:
    sides = [f"left side {_value(check.lhs)}"] if check.lhs is not None else []
    sides += [f"right side {_value(check.rhs)}"] if check.rhs is not None else []
    sides += [f"{view.count(check.cases, 'case')}"] if check.cases > 1 else []
    return f": {', '.join(sides)}" if sides else ""


def _value(side: Value) -> str:
    return side if isinstance(side, str) else numbers.show(side).text


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


def _questions(review: Review, short: Cut) -> tuple[Item, ...]:
    found = joined(review)
    if not found:
        return (Item("No questions."),)
    items = [
        Item(f"{short(q.subject)}: {_ended(short(q.quoted))} {q.briefly}")
        for q, _ in found[:MOST_QUESTIONS]
    ]
    return tuple(items)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."


def _unchecked(review: Review, short: Cut) -> tuple[Item, ...]:
    checks = [item.check for item in view.located(review)]
    of = {v: [c.title for c in review.claims if c.verdict is v] for v in Verdict}
    memory = [c.title for c in review.claims if c.known is Known.FROM_MEMORY]
    groups = [
        ("Claims without a verdict", of[Verdict.UNCHECKED]),
        ("Claims that stay open", of[Verdict.INCONCLUSIVE]),
        ("Checks that did not run", review.missing),
        ("Checks that crashed and say nothing", [c.id for c in checks if c.crashed and not c.late]),
        ("Checks ended by their time limit (--check-seconds)", [c.id for c in checks if c.late]),
        ("Wording from memory, not compared with the text", memory),
    ]
    items = [Item(f"{words}: {_named(names, short)}.") for words, names in groups if names]
    items += _left_out(review)
    items.append(Item("Novelty, writing, related work, and whatever no claim above states."))
    return tuple(items)


def _left_out(review: Review) -> list[Item]:
    """Count what did not fit on the page."""
    findings = len(review.findings) - MOST_FINDINGS
    asked = len(joined(review)) - MOST_QUESTIONS
    parts = [view.count(findings, "finding")] if findings > 0 else []
    parts += [view.count(asked, "question")] if asked > 0 else []
    return [Item(f"Left out here, in report.md: {' and '.join(parts)}.")] if parts else []
