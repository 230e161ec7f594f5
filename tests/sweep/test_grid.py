"""The grammar of `--over`: every value exact, every mistake one clear line, nothing listed that nobody wants."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.catalog import load
from mfcheck.errors import InputError
from mfcheck.sweep.grid import Grid, read_grid
from mfcheck.sweep.points import Settings

PAPER = load("scaled-resnets")
GATES = load("rnn-isometry")


def grid(*over: str, **options: object) -> Grid:
    return read_grid(PAPER, PAPER.default, over, **options)  # type: ignore[arg-type]


def values(text: str) -> list[str]:
    axis = grid(text).axes[0]
    return [axis[index] for index in range(len(axis))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beta=10,20,1/3,0.5", ["10", "20", "1/3", "1/2"]),
        ("depth=1..4", ["1", "2", "3", "4"]),
        ("depth=7..7", ["7"]),
        ("depth=1..8:3", ["1", "4", "7"]),
        ("beta=1..2:1/4", ["1", "5/4", "3/2", "7/4", "2"]),
        ("beta=0.1..0.35:0.1", ["1/10", "1/5", "3/10"]),
        ("beta=10..100:x2", ["10", "20", "40", "80"]),
        ("beta=1..2:x3/2", ["1", "3/2"]),
        ("beta=-1..1:1,7", ["-1", "0", "1", "7"]),
        ("activation=tanh,max(0,x)+x/9", ["tanh", "max(0,x)+x/9"]),
        ("n=2..5", ["2", "3", "4", "5"]),
    ],
)
def test_values_are_exact(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@given(
    low=st.fractions(min_value=-5, max_value=5, max_denominator=20),
    step=st.fractions(min_value=Fraction(1, 9), max_value=3, max_denominator=9),
    more=st.fractions(min_value=0, max_value=9, max_denominator=7),
)
def test_steps_end_where_adding_ends(low: Fraction, step: Fraction, more: Fraction) -> None:
    by_hand, value = [], low
    while value <= low + more:
        by_hand.append(str(value))
        value += step
    assert values(f"beta={low}..{low + more}:{step}") == by_hand


def test_all_combinations_the_last_axis_fastest() -> None:
    made = grid("beta=1,2", "activation=tanh,erf", "depth=1..2")
    points = [tuple(point.values()) for point in made.points()]
    assert made.count == len(points) == len(set(points)) == 8
    assert points[:3] == [("1", "tanh", "1"), ("1", "tanh", "2"), ("1", "erf", "1")]
    assert [len(chunk) for chunk in made.chunks(3)] == [3, 3, 2]


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ([], "nothing to sweep over"),
        (["beta"], "needs NAME=VALUES"),
        (
            ["bet=1"],
            r"unknown parameter 'bet' \(did you mean 'beta'\?\); scaled-resnets has: alpha, beta, .*activation, data",
        ),
        (["beta="], "beta: no values"),
        (["beta=1,,2"], "beta: an empty value"),
        (["beta=ten"], "beta: 'ten' is not a finite number"),
        (["beta=1/0"], "not a finite number"),
        (["depth=9..4"], "the range '9..4' is empty"),
        (["beta=1..2"], "needs a step"),
        (["beta=1..2:0"], "the step must be > 0"),
        (["beta=1..2:-1"], "the step must be > 0"),
        (["beta=0..2:x2"], "lower end > 0"),
        (["beta=1..2:x1"], "a factor > 1"),
        (["beta=1..2:x1.0000001"], "more than 500 values"),
        (["beta=1,2,1.0"], "the value 1 twice"),
        (["beta=1..3:1,2"], "the value 2 twice"),
        (["beta=1", "beta=2"], "beta is swept twice"),
        (["activation=tahn"], "unknown activation 'tahn'"),
        (["activation=__import__('os')"], "activation|expression|unknown|allowed"),
        (["data=/nowhere.csv"], "cannot read"),
        (["n=4", "data=/nowhere.csv"], "cannot read"),
    ],
)
def test_mistakes_are_one_clear_line(over: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        grid(*over)
    assert "\n" not in str(caught.value)


def test_what_a_paper_does_not_have_cannot_be_swept() -> None:
    with pytest.raises(InputError, match="unknown parameter 'n'"):
        read_grid(GATES, GATES.default, ["n=2..4"])
    with pytest.raises(InputError, match="cell is one of gate, vanilla"):
        read_grid(GATES, GATES.default, ["cell=gate,lstm"])
    with pytest.raises(InputError, match="beta is both set and swept"):
        grid("beta=1,2", taken=["beta"])


def test_very_many_settings_have_to_be_wanted() -> None:
    with pytest.raises(InputError, match=r"these are 1,000,000,000 settings: confirm with --yes"):
        grid("particles=2..1000000001")
    many = grid("particles=2..1000000001", many=True)
    assert many.count == 10**9
    assert next(many.points()) == {"particles": "2"}  # nothing is listed beforehand
    assert grid("particles=2..317", "depth=1..316").count == 316**2  # 99,856
    with pytest.raises(InputError, match="100,172 settings"):
        grid("particles=2..318", "depth=1..316")


def test_random_points_lie_in_their_ranges_and_repeat_with_the_seed() -> None:
    over = ("beta=1..100:log", "alpha=1/2..3/4", "depth=2..9", "activation=tanh,erf")
    drawn = list(grid(*over, random=400, seed=5).points())
    assert drawn == list(grid(*over, random=400, seed=5).points())
    assert drawn != list(grid(*over, random=400, seed=6).points())
    betas = [Fraction(point["beta"]) for point in drawn]
    assert all(1 <= beta <= 100 for beta in betas)
    # Uniform in the logarithm: half of them below 10, within 5 standard deviations of a binomial law.
    assert abs(sum(beta < 10 for beta in betas) - 200) < 50
    assert all(Fraction(1, 2) <= Fraction(point["alpha"]) <= Fraction(3, 4) for point in drawn)
    assert {point["depth"] for point in drawn} == {str(k) for k in range(2, 10)}
    with pytest.raises(InputError, match="--random must be >= 1"):
        grid("beta=1..2", random=0)
    with pytest.raises(InputError, match="lower end > 0"):
        grid("beta=0..2:log", random=3)


def test_points_become_settings_or_are_refused() -> None:
    made = Settings(PAPER, PAPER.default)
    setting = made.at({"beta": "5/2", "activation": "erf"})
    assert setting["beta"] == Fraction(5, 2)
    assert setting.activation.name == "erf"
    assert setting.data == PAPER.default.data
    assert setting["depth"] == PAPER.default["depth"]
    for point, why in (
        ({"beta": "-1"}, "beta must be"),
        ({"depth": "5/2"}, "depth must be an integer"),
        ({"n": "1"}, "n must be"),
        ({"n": "7/2"}, "n must be"),
    ):
        with pytest.raises(InputError, match=why):
            made.at(point)


def test_a_number_of_points_takes_the_first_of_the_file_or_a_circle(tmp_path: Path) -> None:
    made = Settings(PAPER, PAPER.default).at({"n": "6"})
    assert made.data.n == 6
    assert all(sum(v * v for v in point) == 1 for point in made.data.points)
    assert made.data.repeated is None
    file = tmp_path / "points.csv"
    file.write_text("x1,x2,y\n1,0,1\n0,1,-1\n-0.6,0.8,1\n")
    base = Settings(PAPER, PAPER.default).at({"data": str(file)})
    assert base.data.n == 3
    first = Settings(PAPER, base)
    assert first.at({"n": "2"}).data.points == base.data.points[:2]
    with pytest.raises(InputError, match="3 points only"):
        first.at({"n": "4"})
