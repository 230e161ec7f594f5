import hashlib
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfcheck import load_paper
from mfcheck.claims import Paper
from mfcheck.errors import InputError
from mfcheck.run.inputs import MAX_BYTES, MAX_POINTS, build_setting, read_data, read_values

GOOD = "x1,x2,y\n1,0,1\n0.6,0.8,-0.5\n"


def write(folder: Path, text: str | bytes, name: str = "points.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def paper(toy: str) -> Paper:
    return load_paper(toy)


def test_points_and_labels_are_exact(tmp_path: Path) -> None:
    data = read_data(write(tmp_path, GOOD))
    assert data.points == ((1, 0), (Fraction(3, 5), Fraction(4, 5)))
    assert data.labels == (1, Fraction(-1, 2))
    assert data.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert data.origin == "file points.csv"


def test_labels_alternate_where_there_are_none(tmp_path: Path) -> None:
    data = read_data(write(tmp_path, "x1,x2\n1,0\n0,1\n-1,0\n"))
    assert data.labels == (1, -1, 1)
    assert "labels +1, -1 alternating" in data.origin


def test_rows_that_are_divided_by_their_norm_are_said_to_be(tmp_path: Path) -> None:
    data = read_data(write(tmp_path, "x1,x2,y\n1.00000018,0,1\n0,1,1\n"))
    assert data.origin == "file points.csv; rows divided by their norms, which are 1 up to 1.9e-7"
    assert data.X[0, 0] == 1
    data = read_data(write(tmp_path, "x1,x2,y\n0.999999999999,0,1\n0,1,1\n"))
    assert data.origin.endswith("which are 1 up to 1.1e-12")


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD + "\n\n",
        GOOD.replace("0.6", " 0.6 "),
        GOOD.replace("0.6", '"0.6"'),
        GOOD.replace("0.6", "6e-1"),
        GOOD.replace("0.6", "3/5"),
    ],
)
def test_harmless_variants_give_the_same_points(tmp_path: Path, text: str) -> None:
    assert read_data(write(tmp_path, text)).points == ((1, 0), (Fraction(3, 5), Fraction(4, 5)))


REFUSED = {
    "": "the file is empty",
    "\n \n": "the file is empty",
    "x1,x2\n": "at least 2 points are needed, got 0",
    "x1,x2\n1,0\n": "at least 2 points are needed, got 1",
    "a,b\n1,0\n0,1\n": "the header must be x1,y or x1,x2 (inputs alone), got 'a,b'",
    "x1,x3\n1,0\n0,1\n": "the header must be",
    "y\n1\n0\n": "the header must be",
    "y,x1\n1,1\n0,1\n": "the header must be",
    "x1,x2,y,z\n1,0,1,1\n": "the header must be",
    "1,0\n0,1\n": "the first line has numbers; put a header above it: x1,y or x1,x2 (inputs alone)",
    "1e-3, 0.5,-7,1\n": "the first line has numbers; put a header above it: x1,x2,x3,y or x1,x2,x3,x4 (inputs alone)",
    ",".join(["0.1"] * 20)
    + "\n": "put a header above it: x1,...,x19,y or x1,...,x20 (inputs alone)",
    "1 0 1\n0 1 1\n": "the columns must be separated by commas, under the header x1,...,xd[,y]",
    "# x1 x2 y\n0 1 1\n": "the columns must be separated by commas",
    "x1;x2\n0;1\n": "the columns must be separated by commas",
    "x1,x2\n1,0\n0\n": "row 2 (line 3): 1 fields where the header has 2",
    "x1,x2\n1,0\n0,1,1\n": "row 2 (line 3): 3 fields where the header has 2",
    "x1,x2\n1,0\nnan,1\n": "row 2 (line 3): 'nan' is not a finite number",
    "x1,x2\n1,0\ninf,1\n": "row 2 (line 3): 'inf' is not a finite number",
    "x1,x2\n1,0\n,1\n": "row 2 (line 3): '' is not a finite number",
    "x1,x2\n1,0\n__import__('os'),1\n": "is not a finite number",
    "x1,x2\n1,0\n\n1/0,1\n": "row 2 (line 4): '1/0' is not a finite number",
    "x1,x2\n1,0\n0,1.1\n": "row 2 (line 3): the point is off the unit sphere, its norm is 1.1",
    "x1,x2\n1,0\n0,0\n": "its norm is 0 ",
    "x1,x2\n1,0\n0,1.000002\n": "its norm is 1.000002 ",
    "x1,x2\n1,0\n0,0.999998\n": "its norm is 0.999998 ",
    f"x1,x2\n1,0\n0,{'9' * 60}e99\n": "its norm is above 1e150",
    "x1,x2\n1,0\n0,1\n1,0\n": "row 3 (line 4) repeats the point of row 1 (line 2)",
    "x1,x2\n1,0\n0,1\n0.9999999,0\n": "make the Gram matrix G singular",
    "x1,x2,y\n1,0,1\n0,1,1.5\n": "row 2 (line 3): |y| must be at most 1, got 1.5",
    "x1,x2,y\n1,0,1\n0,1,-1.0000001\n": "|y| must be at most 1, got -1.0000001",
    'x1,x2\n1,0\n"0,1\n': "line 3: unexpected end of data",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_unusable_files_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_data(write(tmp_path, text))
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("points.csv: ")
    assert "\n" not in str(refusal.value)


def test_antipodal_points_are_two_points(tmp_path: Path) -> None:
    assert read_data(write(tmp_path, "x1,x2\n1,0\n-1,0\n")).n == 2


def test_norms_within_the_tolerance_are_accepted(tmp_path: Path) -> None:
    assert read_data(write(tmp_path, "x1,x2\n1.000001,0\n0,0.999999\n")).n == 2


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 6\)"):
        read_data(write(tmp_path, b"x1,x2\n\xff,0\n"))


def test_large_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 4 MiB"):
        read_data(write(tmp_path, b"0" * (MAX_BYTES + 1)))


def test_too_many_points_are_refused(tmp_path: Path) -> None:
    angles = (math.pi * i / (MAX_POINTS + 1) for i in range(MAX_POINTS + 1))
    lines = [f"{math.cos(t):.17f},{math.sin(t):.17f}" for t in angles]
    with pytest.raises(InputError, match=f"more than {MAX_POINTS} points"):
        read_data(write(tmp_path, "\n".join(["x1,x2", *lines])))


@pytest.mark.parametrize("name", ["missing.csv", ".", "\0"])
def test_unreadable_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_data(tmp_path / name)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=6))
def test_a_file_is_read_if_and_only_if_its_directions_differ(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int]]
) -> None:
    """Rational points of the circle, from (p, q): they coincide exactly if their directions do."""
    rows = [
        (Fraction(p * p - q * q, p * p + q * q), Fraction(2 * p * q, p * p + q * q))
        for p, q in parts
        if (p, q) != (0, 0)
    ]
    text = "\n".join(["x1,x2", *(f"{a},{b}" for a, b in rows)])
    path = write(tmp_path_factory.mktemp("circle"), text)
    if len(set(rows)) == len(rows) >= 2:
        assert read_data(path).points == tuple(rows)
    else:
        with pytest.raises(InputError):
            read_data(path)


def test_values_are_exact(paper: Paper) -> None:
    assert read_values(paper, ["alpha=1/3", " beta = 2.5 "]) == {
        "alpha": Fraction(1, 3),
        "beta": Fraction(5, 2),
    }


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["alpha"], "--set needs name=value, got 'alpha'"),
        (["gamma=1"], "unknown parameter 'gamma'; toy has: alpha, beta"),
        (["alpha=1", "alpha=2"], "parameter alpha is set twice"),
        (["alpha=-1"], "alpha must be >= 0, got -1"),
        (["beta=0"], "beta must be > 0, got 0"),
        (["beta=nan"], "beta: 'nan' is not a finite number"),
        (["beta="], "beta: '' is not a finite number"),
        (["beta=1=2"], "beta: '1=2' is not a finite number"),
    ],
)
def test_unusable_values_are_refused(paper: Paper, sets: list[str], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_values(paper, sets)
    assert message in str(refusal.value)


def test_a_setting_holds_every_choice(paper: Paper, tmp_path: Path) -> None:
    setting = build_setting(paper, write(tmp_path, GOOD), "sin", ["beta=64"])
    assert setting.activation.name == "sin"
    assert setting["beta"] == 64
    assert setting["alpha"] == 1
    assert setting.data.labels == (1, Fraction(-1, 2))


def test_without_choices_the_setting_is_the_default(paper: Paper) -> None:
    assert build_setting(paper) == paper.default


def test_the_paper_may_refuse_a_setting(paper: Paper) -> None:
    with pytest.raises(InputError, match="beta must be at least alpha"):
        build_setting(paper, sets=["alpha=3", "beta=2"])


def test_an_unknown_activation_is_refused(paper: Paper) -> None:
    with pytest.raises(InputError):
        build_setting(paper, activation="__import__('os')")
