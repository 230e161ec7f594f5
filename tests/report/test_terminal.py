import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from mfcheck.claims.record import ConstantsRecord, PowerRecord, Review, SimulationRecord
from mfcheck.report import terminal

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
        assert f"{finding.severity}: {finding.text} [{finding.claim}]" in text
        assert f"    reproduce {finding.reproduce}" in text
    assert "slack 388.3; error 4.1e-5; seed 20240309" in text
    empty = review.model_copy(update={"findings": ()})
    assert piped(lambda c: terminal.print_findings(empty, c)) == "No findings.\n"


def test_checks_tell_answer_numbers_and_reason(review: Review) -> None:
    text = piped(lambda c: terminal.print_checks(review, c))
    (line,) = [x for x in text.splitlines() if "lemma4.circle-witness" in x]
    assert line.startswith("no ")
    for words in ("certified", "left 0.001", "width 2e-12", "seed 20240309", "lies below"):
        assert words in line


def test_an_interrupted_review_says_so(review: Review) -> None:
    assert "interrupted" not in piped(lambda c: terminal.print_review(review, c))
    partial = review.model_copy(update={"complete": False, "missing": ("a", "b")})
    text = piped(lambda c: terminal.print_review(partial, c))
    assert "interrupted" in text
    assert "Checks that did not run: a, b." in text


def test_constants_show_enclosure_and_needs(constants: ConstantsRecord) -> None:
    text = piped(lambda c: terminal.print_constants(constants, c))
    assert "0.2510203… (width 1e-23)" in text
    assert "C_KL needs beyond the paper" in text
    assert "C_1^?" in text


def test_power_names_what_was_missed(power: PowerRecord) -> None:
    text = piped(lambda c: terminal.print_power(power, c))
    assert "1 of 2 planted errors caught (seed 20240309); missed: theorem5.sign." in text
    more = power.model_copy(update={"unplanted": ("x.y",)})
    assert "no planted error tests: x.y" in piped(lambda c: terminal.print_power(more, c))


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
    marked = review.model_copy(update={"title": "[bold]x[/bold] [/]"})
    assert "[bold]x[/bold] [/]" in piped(lambda c: terminal.print_review(marked, c))
