"""How sharp a sufficient condition is: on conclusions that begin to hold at a known place."""

import pytest
import sympy as sp

from mfcheck.checks import (
    Case,
    Context,
    Estimate,
    Evidence,
    Ladder,
    Note,
    Standard,
    decide,
    how_sharp,
    setting_of,
)
from mfcheck.checks.sharpness import Row, failures, trend
from mfcheck.claims.model import Budget

SIZES = (2, 4, 8, 16)
CONTEXT = Context(setting_of(()), Budget.QUICK, 7, "map", {"needed": sp.Integer(1)})


def ladder(size: int, needed: float, threshold: float, asked: list[float] | None = None) -> Ladder:
    """Conclusions that hold from a place on."""

    def ask(at: float, alarm: float) -> Evidence:
        if asked is not None:
            asked.append(alarm)
        sides = (Estimate(value=v, error=0.01 * v, bias=0.01 * v) for v in (needed, at))
        return decide([Case(*sides)], Standard("<=", alarm=alarm))

    return Ladder(size, threshold, ask)


def checked(needed: float, down_to: float = 0.01, asked: list[float] | None = None) -> Evidence:
    check = how_sharp(
        "map",
        ["needed"],
        lambda _: [ladder(n, needed * n, 100.0 * n**2, asked) for n in SIZES],
        places=(0.25, 4.0),
        down_to=down_to,
        scale=r"\beta",
        what=lambda context, rows: f"{len(rows)} sizes",
        note=lambda context, rows: Note(id="loose", severity="minor", text=trend(rows)),
    )
    return check.run(CONTEXT)


def test_the_place_is_found_between_the_grid() -> None:
    row = ladder(2, 3.0, 100.0).climb((0.25, 1.0, 16.0, 100.0), 1e-5)
    assert list(row.cells) == [0.25, 1.0, 4.0, 16.0, 100.0]
    assert row.onset.lowest == 4
    assert row.factor == (25, 100)


def test_conclusions_that_hold_far_below_the_threshold() -> None:
    """Needed is n/2, promised from 100 n^2 on, asked for from n^2 on."""
    asked: list[float] = []
    found = checked(0.5, asked=asked)
    assert found.passed is True
    assert set(asked) == {CONTEXT.alarm / (len(SIZES) * 5)}
    # The tightest of those asked for is n = 2 at a hundredth of its threshold, 4 against 1.
    assert found.slack == pytest.approx(4)
    assert found.cases == len(asked)
    assert found.domain.startswith(
        r"4 sizes; $n = 2, 4, 8, 16$, $\beta$ from 0.25 to the threshold"
    )
    assert found.domain.endswith("seed 7")
    assert [note.id for note in found.notes] == ["loose"]
    grid, factor = found.plots
    assert {c.label for c in grid.curves} >= {"threshold of the theorem", "a conclusion fails"}
    assert grid.curves[0].y == tuple(100.0 * n**2 for n in SIZES)
    for n, middle, half in zip(
        SIZES, factor.curves[0].y, factor.curves[0].error or (), strict=True
    ):
        assert middle - half <= 100.0 * n**2 / (0.5 * n) <= middle + half


@pytest.mark.parametrize(("needed", "passed"), [(4.0, False), (2.0, None)])
def test_a_failure_within_what_is_stated_decides(needed: float, passed: bool | None) -> None:
    """At n = 2 conclusions are asked for from 4 on, but hold from 8 on, or about 4."""
    found = checked(needed)
    assert found.passed is passed
    word = "fails" if passed is False else "is undecided"
    assert found.reason == rf"at $n = 2$, $\beta = 4$ a conclusion {word}"
    assert not found.notes
    assert not found.plots


# --- the trend --------------------------------------------------------------------------------------------------------


def row(size: int, threshold: float, lowest: float, below: float, holds: bool | None) -> Row:
    """Return a row whose conclusions hold from `lowest` on and not at `below`."""
    cells = {below: holds, lowest: True, threshold: True}
    return Row(size, threshold, {at: Evidence(passed=answer) for at, answer in cells.items()})


@pytest.mark.parametrize(
    ("power", "below", "holds", "said"),
    [
        (2.0, 0.95, False, "widens"),
        (-2.0, 0.95, False, "narrows"),
        (0.1, 0.25, False, "not decided"),
        (2.0, 0.95, None, "not decided"),
    ],
)
def test_the_gap_widens_only_where_the_fit_says_so(
    power: float, below: float, holds: bool | None, said: str
) -> None:
    rows = [row(k, 1000.0 * k**power, 1.0, below, holds) for k in SIZES]
    assert said in trend(rows)
    assert "not decided" in trend(rows[:2])
    assert failures(rows) == ([below] * 4 if holds is False else [])


def test_an_exponent_is_given_only_with_a_small_error() -> None:
    smooth = [row(k, 1000.0 * k**2, 1.0, 0.5, False) for k in SIZES]
    rough = [row(k, t, 1.0, 0.5, False) for k, t in zip(SIZES, (500, 400, 9000, 1e4), strict=True)]
    assert "grows like" in trend(smooth)
    assert "grows like" not in trend(rough)
