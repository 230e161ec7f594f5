"""The review, constants, power and simulation in the terminal.

Every function prints a record to a Rich console. Words carry the meaning, colour only repeats it; a console that
is no terminal gets neither rules nor colour. Nothing from a record is read as Rich markup.
"""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mfcheck.claims.record import (
    AttackRecord,
    BoundRecord,
    CheckRecord,
    ConstantsRecord,
    ExperimentRecord,
    FalsifyRecord,
    Finding,
    PowerRecord,
    Review,
    Series,
    SimulationRecord,
    Value,
)
from mfcheck.claims.verdict import Verdict
from mfcheck.report import numbers, view
from mfcheck.report.legend import LEGEND
from mfcheck.report.page import Item, make_page
from mfcheck.report.table import line, prose, table, text
from mfcheck.report.text import one_line

_STYLES = {
    Verdict.PROVED: "bold green",
    Verdict.CERTIFIED: "bold green",
    Verdict.SUPPORTED: "bold cyan",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.REFUTED: "bold red",
    Verdict.GAP: "bold magenta",
    Verdict.VACUOUS: "bold magenta",
    Verdict.UNCHECKED: "dim",
}
_CONFIRMED = (Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED)
_ANSWERS = {
    "yes": "green",
    "no": "bold red",
    "undecided": "yellow",
    "crashed": "bold yellow",
    "timed-out": "bold yellow",
}
_AUDITS = {"witness": "green", "none": "bold magenta", "unknown": "yellow"}
_SEVERITIES = {"major": "bold red", "minor": "bold yellow", "remark": "bold cyan"}


def _verdict(console: Console, verdict: Verdict) -> Text:
    return text(console, verdict.value, _STYLES[verdict])


def _value(console: Console, value: Value | None, digits: int = numbers.DIGITS) -> str:
    if isinstance(value, str):
        return prose(console, value)
    shown = numbers.show(value, digits)
    return f"{shown.text} (width {shown.width})" if shown.width not in ("", "0") else shown.text


def print_interruption(review: Review, console: Console) -> None:
    """Say that the review is not complete and which checks are missing; nothing for a complete one."""
    if review.complete:
        return
    missing = ", ".join(map(one_line, review.missing)) or "the record does not name them"
    line(console, view.INCOMPLETE, "bold yellow")
    line(console, f"Checks that did not run: {missing}.", "yellow")
    console.print()


def print_verdicts(review: Review, console: Console) -> None:
    """Print the verdict of each claim, and of each reading where there are several."""
    rows = []
    for claim in review.claims:
        title = text(console, prose(console, claim.title))
        rows.append((text(console, one_line(claim.id)), _verdict(console, claim.verdict), title))
        for reading in claim.readings if len(claim.readings) > 1 else ():
            name = text(console, f"  reading {one_line(reading.id)}", "dim")
            meaning = text(console, prose(console, reading.text), "dim")
            rows.append((name, _verdict(console, reading.verdict), meaning))
    table(console, ("Claim", "Verdict", "Statement"), rows)


def print_audits(review: Review, console: Console) -> None:
    """Print whether all that a claim assumes can be met where it speaks; nothing if no claim assumes anything."""
    joint, _ = view.audits(review)
    rows = [
        (
            text(console, audit.answer, _AUDITS[audit.answer]),
            text(console, prose(console, audit.text)),
            text(console, ", ".join(map(one_line, audit.assumptions))),
            text(console, ", ".join(map(one_line, audit.claims)), "dim"),
        )
        for audit in joint
    ]
    if rows:
        table(console, ("Can be met", "Where", "Assumptions", "Claims"), rows)
        console.print()


def _numbers(console: Console, check: CheckRecord) -> str:
    sides = [f"left {_value(console, check.lhs)}"] if check.lhs is not None else []
    sides += [f"right {_value(console, check.rhs)}"] if check.rhs is not None else []
    sides += [f"slack {numbers.number(check.slack)}"] if check.slack is not None else []
    sides += [f"error {numbers.number(check.error)}"] if check.error is not None else []
    return "; ".join([*sides, f"seed {check.seed}"])


def _evidence(console: Console, check: CheckRecord) -> str:
    kind = f"{check.kind.value}, answer {view.answer(check)}"
    return f"{one_line(check.id)} ({kind}): {_numbers(console, check)}"


def _finding(console: Console, review: Review, finding: Finding) -> None:
    severity = one_line(finding.severity)
    head = text(console, f"{severity}: ", _SEVERITIES.get(finding.severity, "bold"))
    head.append_text(text(console, f"{prose(console, finding.text)} [{one_line(finding.claim)}]"))
    console.print(head, soft_wrap=not console.is_terminal)
    lines = [
        f"evidence {_evidence(console, located.check) if located else one_line(id)}"
        for id, located in view.evidence(review, finding.evidence)
    ]
    lines += [f"reproduce {one_line(finding.reproduce)}"] if finding.reproduce else []
    for words in lines:
        if console.is_terminal:
            console.print(Padding(text(console, words, "dim"), (0, 0, 0, 4)))
        else:
            line(console, f"    {words}")


def print_findings(review: Review, console: Console) -> None:
    """Print the findings, gravest first, each with its evidence and the command that repeats it."""
    if not review.findings:
        line(console, "No findings.")
    for _, group in view.by_severity(review.findings):
        for finding in group:
            _finding(console, review, finding)


def print_checks(review: Review, console: Console) -> None:
    """Print each check that ran: answer, sides, slack, error, seed, what it covered, and why it is no or undecided."""
    for _, check in view.located(review):
        answer = view.answer(check)
        reason = f"; {prose(console, check.reason)}" if check.reason and answer != "yes" else ""
        covered = prose(console, view.covered(check))
        words = f"{one_line(check.id)} ({check.kind.value}): {_numbers(console, check)}{reason}"
        words += f"; {covered}" if covered else ""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(min_width=9)
        grid.add_column(overflow="fold")
        grid.add_row(text(console, answer, _ANSWERS[answer]), text(console, words))
        if console.is_terminal:
            console.print(grid)
        else:
            line(console, f"{answer:<10}{words}")


def print_review(review: Review, console: Console, checks: bool = False) -> None:
    """Print a review: what was run, the verdict table, on request the checks, and the findings."""
    line(console, prose(console, f"{review.title} ({review.source})"), "bold")
    setting = "; ".join(f"{name}: {said}" for name, said in view.plain_setting(review.setting))
    line(console, f"seed {review.seed}; budget {one_line(review.budget)}; {setting}", "dim")
    console.print()
    print_interruption(review, console)
    print_verdicts(review, console)
    console.print()
    print_audits(review, console)
    if checks:
        print_checks(review, console)
        console.print()
    print_findings(review, console)
    console.print()
    if checks:
        line(console, " ".join(LEGEND), "dim")
    line(console, view.sentence(review))


def print_page(review: Review, console: Console) -> None:
    """Print a review in short: each claim that is not confirmed on one line, then the page of `review.md`."""
    made = make_page(review)
    line(console, prose(console, made.title), "bold")
    line(console, prose(console, made.run), "dim")
    console.print()
    print_interruption(review, console)
    line(console, view.sentence(review), "bold")
    for claim in review.claims:
        if claim.verdict not in _CONFIRMED:
            line(console, f"{claim.verdict.value:<12} {one_line(claim.id)}", _STYLES[claim.verdict])
    for section in made.sections:
        console.print()
        line(console, section.title, "bold")
        for number, item in enumerate(section.items, 1):
            _item(console, section.mark(number), item)


def _item(console: Console, mark: str, item: Item) -> None:
    """Print an item of the page with its evidence, indented under its mark."""
    indent = len(mark)
    for words, style, first in ((item.text, "", mark), (item.evidence, "dim", " " * indent)):
        shown = prose(console, words)
        if not shown:
            continue
        if console.is_terminal:
            head = text(console, f"{first}{shown}" if first == mark else shown, style)
            pad = 0 if first == mark else indent
            console.print(Padding(head, (0, 0, 0, pad)))
        else:
            line(console, f"{first}{shown}")


def print_constants(
    record: ConstantsRecord, console: Console, digits: int = numbers.DIGITS
) -> None:
    """Print the constants, with so many digits of an enclosure where it determines them."""
    _settings(console, record.paper, record.setting)
    rows = [
        tuple(
            text(console, cell)
            for cell in (
                one_line(c.id),
                _value(console, c.value, digits),
                one_line(c.evidence),
                view.orders(c.orders),
            )
        )
        for c in record.constants
    ]
    table(console, ("Constant", "Value", "Evidence", "Grows like"), rows)
    for constant in record.constants:
        if constant.needs:
            line(
                console,
                f"{one_line(constant.id)} needs beyond the paper: {prose(console, constant.needs)}",
            )


def _settings(console: Console, paper: str, setting: dict[str, Any]) -> None:
    words = "; ".join(f"{name}: {said}" for name, said in view.plain_setting(setting))
    line(console, f"{one_line(paper)}; {words}", "dim")
    console.print()


def print_power(record: PowerRecord, console: Console) -> None:
    """Print what became of each planted error."""
    rows = [
        (
            text(console, one_line(planted.id)),
            text(console, "caught", "green")
            if planted.caught
            else text(console, "missed", "bold red"),
            text(console, one_line(planted.kind)),
            text(console, ", ".join(map(one_line, planted.rejected_by)) or "–"),
        )
        for planted in record.details
    ]
    table(console, ("Planted error", "Result", "Kind", "Rejected by"), rows)
    console.print()
    for tally in record.kinds:
        line(console, f"{one_line(tally.kind)}: {tally.caught} of {tally.planted} caught")
    for planted in record.details:
        for check, answer in planted.answers.items() if not planted.caught else ():
            if check not in planted.rejected_by:
                words = (
                    f"missed {one_line(planted.id)}: {one_line(check)} answers {one_line(answer)}"
                )
                line(console, words)
    missed = ", ".join(map(one_line, record.missed))
    end = f"; missed: {missed}" if missed else ""
    untested = ", ".join(map(one_line, record.unplanted))
    end += f"; checks that no planted error tests: {untested}" if untested else ""
    line(
        console,
        f"{one_line(record.paper)}: {record.caught} of {record.planted} planted errors caught"
        f" (seed {record.seed}){end}.",
    )


def print_falsification(record: FalsifyRecord, console: Console) -> None:
    """Print what the search found: for each inequality the counterexample, or the sampled statement."""
    under = f", planted error {one_line(record.planted)}" if record.planted else ""
    line(console, f"{one_line(record.paper)}:{one_line(record.claim)}{under}", "bold")
    for attack in record.attacks:
        console.print()
        line(
            console,
            f"{one_line(attack.inequality)} [{one_line(attack.reading)}]: {prose(console, attack.text)}",
        )
        _attack(console, attack)


def _attack(console: Console, attack: AttackRecord) -> None:
    tried = ", ".join(f"{count} {one_line(way)}" for way, count in attack.tried.items())
    line(console, f"  tried: {tried}; {attack.per_second:.0f} settings per second", "dim")
    if attack.tightest is not None:
        line(console, f"  least slack (right over left side): {attack.tightest:.6g}", "dim")
    found = attack.counterexample
    if found is None:
        probability = numbers.at_most(attack.probability_upper)
        words = (
            f"  no violation found; of {attack.sampled} sampled settings {attack.met} met the assumptions and "
            f"{attack.violated} violated it beyond rounding: probability at most {probability} "
            f"with confidence {attack.confidence:g}"
        )
        line(console, words, "green" if not attack.violated else "yellow")
        return
    sides = f"left {_value(console, found.lhs)}, right {_value(console, found.rhs)}"
    line(console, f"  false, certified: {sides}", "bold red")
    if "--data data.csv" in found.command:
        line(console, "  its data, to be saved as data.csv (--out FOLDER keeps them):")
        for row in found.data.splitlines():
            line(console, f"    {one_line(row)}")
    line(console, f"  {one_line(found.command)}")
    for name, value in found.own.items():
        line(console, f"  {one_line(name)} = {one_line(value)}")


def print_simulation(record: SimulationRecord, console: Console) -> None:
    """Print the end of a simulation: each quantity with its error, where that comes from, and the paper's bound."""
    _settings(console, record.paper, record.setting)
    heads = ["Quantity", "At the start", _end(record), "Error mostly from"]
    rows = []
    for name, end in record.final.items():
        start = record.series.get(name)
        first = _value_at_start(start.value, start.error) if start else "–"
        cells = [name, first, _value(console, end), _largest_part(start)]
        cells += _bound(record.bounds.get(name)) if record.bounds else []
        rows.append(cells)
    heads += ["Bound there", "Kept"] if record.bounds else []
    said = [i for i in range(len(heads)) if any(row[i] != "–" for row in rows)]
    shown = [[text(console, prose(console, row[i])) for i in said] for row in rows]
    table(console, [heads[i] for i in said], shown)
    console.print()
    for note in record.notes:
        line(console, prose(console, note))
    times = f"{len(record.time)} times recorded; " if record.time else ""
    line(console, f"{times}seed {record.seed}.")


def _end(record: SimulationRecord) -> str:
    return "Value" if record.end_time is None else f"At t = {numbers.number(record.end_time)}"


def _largest_part(series: Series | None) -> str:
    parts = {name: part[-1] for name, part in series.parts.items() if part} if series else {}
    total = sum(parts.values())
    if total <= 0:
        return "–"
    name, most = max(parts.items(), key=lambda item: item[1])
    return f"{one_line(name)} ({most / total:.0%})"


def _bound(bound: BoundRecord | None) -> list[str]:
    """Return the bound at the last time, and whether it was kept at all times."""
    if bound is None or not bound.value:
        return ["–", "–"]
    sign = "≤" if bound.side == "upper" else "≥"
    kept = {True: "yes", False: "no", None: "undecided"}[bound.holds]
    return [
        f"{sign} {numbers.number(bound.value[-1])}",
        kept if bound.applies else f"{kept} (not promised)",
    ]


def _value_at_start(values: tuple[float, ...], errors: tuple[float, ...]) -> str:
    return numbers.estimate(values[0], errors[0]).text if values and errors else "–"


def print_experiment(record: ExperimentRecord, console: Console) -> None:
    """Print the points of an experiment: each cell, and its numbers with their standard errors.

    Numbers whose name holds an `@`, such as `loss@3`, belong to curves: they are in the record and the plots.
    """
    line(console, f"{one_line(record.paper)}: {prose(console, record.title)}", "bold")
    line(console, prose(console, record.text), "dim")
    console.print()
    cells = list(dict.fromkeys(name for p in record.points for name in p.cell))
    names = list(dict.fromkeys(n for p in record.points for n in p.values if "@" not in n))
    rows = [
        tuple(
            text(console, cell)
            for cell in (
                *(one_line(p.cell.get(name, "–")) for name in cells),
                *(_value(console, p.values.get(name)) for name in names),
            )
        )
        for p in record.points
    ]
    table(console, (*cells, *names), rows)
    console.print()
    counts = sorted({p.replicates for p in record.points})
    many = ", ".join(map(str, counts))
    line(console, f"Means over {many} replicates, with standard errors; seed {record.seed}.")
