import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from mfcheck.claims.record import (
    AttackRecord,
    ConstantsRecord,
    CounterexampleRecord,
    FalsifyRecord,
    Interval,
    PowerRecord,
    Review,
    SimulationRecord,
)
from mfcheck.claims.verdict import Scope
from mfcheck.report import table, terminal
from mfcheck.report.plain import plain_prose

Show = Callable[[Console], None]


def piped(show: Show, encoding: str = "utf-8") -> str:
    """What goes into a pipe."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    show(Console(file=file, highlight=False))
    file.flush()
    return raw.getvalue().decode(encoding)


def screen(show: Show, colours: str | None = None, no_color: bool = False) -> str:
    """What an 80 column terminal shows."""
    file = io.StringIO()
    system = "truecolor" if colours else None
    show(
        Console(
            file=file,
            force_terminal=True,
            width=80,
            color_system=system,  # type: ignore[arg-type]
            no_color=no_color,
            highlight=False,
            legacy_windows=False,
        )
    )
    return file.getvalue()


@pytest.fixture
def shows(
    review: Review, power: PowerRecord, constants: ConstantsRecord, simulation: SimulationRecord
) -> list[Show]:
    return [
        lambda console: terminal.print_review(review, console, checks=True),
        lambda console: terminal.print_constants(constants, console),
        lambda console: terminal.print_power(power, console),
        lambda console: terminal.print_simulation(simulation, console),
    ]


def test_a_pipe_gets_neither_colours_nor_rules(shows: list[Show]) -> None:
    for show in shows:
        text = piped(show)
        assert "\x1b" not in text
        assert not set(text) & set("─━│┃╭╰┌└")
        assert all(line == line.rstrip() for line in text.splitlines())


def test_a_terminal_is_filled_to_80_columns_and_no_further(shows: list[Show]) -> None:
    for show in shows:
        assert max(map(len, screen(show).splitlines())) <= 80


def test_colour_only_repeats_what_words_say(shows: list[Show]) -> None:
    for show in shows:
        coloured = screen(show, colours="yes")
        assert "\x1b[" in coloured
        plain = screen(show)
        assert strip(coloured) == strip(plain)
        quiet = screen(show, colours="yes", no_color=True)
        assert not any(code in quiet for code in ("\x1b[31", "\x1b[32", "\x1b[1;31", "\x1b[1;32"))


def strip(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_each_claim_has_a_line_with_its_verdict(review: Review) -> None:
    lines = piped(lambda c: terminal.print_verdicts(review, c)).splitlines()
    for claim in review.claims:
        (line,) = [x for x in lines if x.startswith(claim.id)]
        assert line.split()[1] == claim.verdict.value


def test_findings_are_whole_lines_in_a_pipe(review: Review) -> None:
    text = piped(lambda c: terminal.print_findings(review, c))
    for finding in review.findings:
        assert f"{finding.severity}: {plain_prose(finding.text)} [{finding.claim}]" in text
        assert f"    reproduce {finding.reproduce}" in text
    assert "slack 388.3; error 4.1e-5; seed 20240309" in text
    empty = review.but(findings=())
    assert piped(lambda c: terminal.print_findings(empty, c)) == "No findings.\n"


def test_checks_tell_answer_numbers_and_reason(review: Review) -> None:
    text = piped(lambda c: terminal.print_checks(review, c))
    (line,) = [x for x in text.splitlines() if "lemma4.circle-witness" in x]
    assert line.startswith("no ")
    for words in ("certified", "left 0.001", "width 2e-12", "seed 20240309", "lies below"):
        assert words in line


def test_an_interrupted_review_says_so(review: Review) -> None:
    assert "interrupted" not in piped(lambda c: terminal.print_review(review, c))
    partial = review.but(complete=False, missing=("a", "b"))
    text = piped(lambda c: terminal.print_review(partial, c))
    assert "interrupted" in text
    assert "Checks that did not run: a, b." in text


def test_constants_show_enclosure_and_needs(constants: ConstantsRecord) -> None:
    text = piped(lambda c: terminal.print_constants(constants, c))
    assert "0.2510203… (width 1e-23)" in text
    assert "C_KL needs beyond the paper" in text
    assert "in C_1 no known power" in text


def test_power_names_what_was_missed(power: PowerRecord) -> None:
    text = piped(lambda c: terminal.print_power(power, c))
    assert "1 of 2 planted errors caught (seed 20240309); missed: theorem5.sign." in text
    more = power.but(unplanted=("x.y",))
    assert "no planted error tests: x.y" in piped(lambda c: terminal.print_power(more, c))


def falsification(example: CounterexampleRecord | None) -> FalsifyRecord:
    attack = AttackRecord(
        inequality="floor",
        reading="strict",
        text="Lambda <= lambda_min",
        distribution="random",
        sampled=300,
        met=250,
        violated=0,
        confidence=0.99,
        probability_upper=0.0183,
        tried={"sampled": 300, "optimised": 3000},
        seconds={"sampled": 1.0, "optimised": 2.0},
        per_second=1100.0,
        largest=-0.2,
        counterexample=example,
    )
    return FalsifyRecord(
        paper="p", claim="c", seed=0, budget="quick", planted=None, attacks=(attack,)
    )


def test_a_search_without_success_makes_a_sampled_statement() -> None:
    text = piped(lambda c: terminal.print_falsification(falsification(None), c))
    for words in ("p:c", "floor [strict]", "1100 settings per second", "250 met the assumptions"):
        assert words in text
    assert "probability at most 0.0183 with confidence 0.99" in text


def test_a_counterexample_is_shown_with_both_sides() -> None:
    example = CounterexampleRecord(
        setting={},
        own={"T": "1/2"},
        lhs=Interval(lower="1", upper="1"),
        rhs=Interval(lower="0.25", upper="0.25"),
        python="",
        command="mfcheck check p:c --data data.csv",
        data="x1,x2,y\n1,0,1\n",
    )
    text = piped(lambda c: terminal.print_falsification(falsification(example), c))
    for words in (
        "false, certified: left 1, right 0.25",
        "    x1,x2,y\n    1,0,1\n",
        "T = 1/2",
        "--data",
    ):
        assert words in text


def test_a_simulation_without_times_shows_values_alone(simulation: SimulationRecord) -> None:
    record = simulation.but(time=(), series={}, bounds={}, end_time=None, notes=())
    text = piped(lambda c: terminal.print_simulation(record, c)).splitlines()
    assert text[2].split() == ["Quantity", "Value"]
    assert text[-1] == f"seed {simulation.seed}."


def test_simulation_shows_errors(simulation: SimulationRecord) -> None:
    text = piped(lambda c: terminal.print_simulation(simulation, c))
    assert "0.00235 ± 5e-5" in text
    assert "seed 20240309" in text


def test_a_narrow_encoding_is_served(shows: list[Show]) -> None:
    for show in shows:
        text = piped(show, "ascii")
        assert "±" not in text
    assert "+/-" in piped(shows[3], "ascii")


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_string_of_a_record_reaches_the_terminal_as_a_command(
    hostile: st.SearchStrategy[Review], data: st.DataObject
) -> None:
    review = data.draw(hostile)

    def show(console: Console) -> None:
        terminal.print_review(review, console, checks=True)

    assert "\x1b" not in piped(show)
    assert "\x1b" not in screen(show)
    assert "\x07" not in screen(show)
    piped(show, "ascii")


def test_markup_of_rich_is_only_words(review: Review) -> None:
    marked = review.but(title="[bold]x[/bold] [/]")
    assert "[bold]x[/bold] [/]" in piped(lambda c: terminal.print_review(marked, c))


TEX = r"$\lambda_{\min}(G_2) \ge \tfrac12\lambda_0$"


def test_formulas_are_unicode_where_the_console_has_it_and_tex_where_not(review: Review) -> None:
    claim = review.claims[0].but(title=TEX)
    marked = review.but(claims=(claim, *review.claims[1:]))

    def show(console: Console) -> None:
        terminal.print_verdicts(marked, console)

    assert "λ_min(G₂) ≥ (1/2)λ₀" in piped(show)
    assert TEX in piped(show, "ascii")


def test_rows_are_whole_lines_in_a_pipe() -> None:
    rows = [{"id": "a", "title": f"{TEX} " + "word " * 40}, {"id": "b", "title": "short"}]
    lines = piped(lambda c: table.print_rows(rows, c)).splitlines()
    assert [line.split()[0] for line in lines] == ["id", "a", "b"]
    assert "(1/2)λ₀ word" in lines[1]
    assert piped(lambda c: table.print_rows([], c)) == "none\n"


def test_the_audit_of_all_assumptions_is_shown(audited: Review, review: Review) -> None:
    shown = piped(lambda console: terminal.print_audits(audited, console)).splitlines()
    assert [line.split()[0] for line in shown[1:4]] == ["witness", "none", "unknown"]
    assert "n → ∞, witness here" in shown[1]
    assert review.claims[0].id in shown[1]
    without = review.but(audits=())
    assert piped(lambda console: terminal.print_audits(without, console)) == ""


def test_no_word_is_broken_where_columns_are_too_narrow_for_ids() -> None:
    """Ids of 30 to 40 characters in three columns, and long prose, do not fit side by side in 80 columns."""
    rows = [
        {
            "claim": "assumption-1-iid",
            "inequality": "assumption-1-iid/stated/pair-probability",
            "reading": "a-reading-with-a-long-name",
            "text": " ".join(["P(<x, x'> > C) <= 0 for two independent uniform points"] * 3),
        }
    ] * 2
    shown = screen(lambda c: table.print_rows(rows, c))
    assert max(map(len, shown.splitlines())) <= 80
    words = set(shown.split())
    for row in rows:
        assert {row["claim"], f"{row['inequality']};", f"{row['reading']};"} <= words
        assert set(row["text"].split()) <= words
    narrow = [{"id": "a-b", "verdict": "proved"}]
    assert "─" in screen(lambda c: table.print_rows(narrow, c))


CELLS = st.lists(st.text("abc-/", min_size=1, max_size=30), min_size=1, max_size=12).map(" ".join)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=3))
@settings(deadline=None)
def test_no_word_of_a_table_is_lost_or_broken(cells: list[tuple[str, str, str]]) -> None:
    rows = [dict(zip(("one", "two", "three"), row, strict=True)) for row in cells]
    shown = screen(lambda c: table.print_rows(rows, c)).replace(";", " ").split()
    for row in cells:
        for cell in row:
            assert set(cell.split()) - {"-"} <= set(shown)


def test_no_id_of_a_record_is_broken_on_a_terminal(
    review: Review, power: PowerRecord, constants: ConstantsRecord
) -> None:
    words = set(screen(lambda c: terminal.print_power(power, c)).replace(",", " ").split())
    for planted in power.details:
        assert {planted.id, *planted.rejected_by} <= words
    words = set(screen(lambda c: terminal.print_constants(constants, c)).split())
    assert {constant.id for constant in constants.constants} <= words
    words = set(screen(lambda c: terminal.print_verdicts(review, c)).split())
    assert {claim.id for claim in review.claims} <= words


def test_checks_say_what_they_covered_and_what_the_numbers_mean(review: Review) -> None:
    text = piped(lambda c: terminal.print_review(review, c, checks=True))
    ran = [check for claim in review.claims for check in claim.checks if not check.crashed]
    several = [check for check in ran if check.cases > 1 and check.scope is not Scope.WHOLE]
    assert several
    for check in several:
        (line,) = [x for x in text.splitlines() if f" {check.id} (" in x and x[0] != " "]
        assert f"covers {check.cases} cases: {plain_prose(check.domain)}" in line
    assert "e is the error, the half-width of an interval that holds the truth" in text
