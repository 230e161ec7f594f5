import json
from fractions import Fraction
from math import cos, pi
from pathlib import Path

import pytest

from mfcheck.commands import main
from mfcheck.errors import InputError
from mfcheck.run.matrices import MAX_SIZE, extremes, read_matrix


def write(folder: Path, text: str) -> Path:
    path = folder / "matrix.csv"
    path.write_text(text)
    return path


def chain(n: int) -> str:
    """Return the second difference, whose eigenvalues are 2 - 2 cos(k pi/(n + 1))."""
    rows = (
        ("2" if i == j else "-1" if abs(i - j) == 1 else "0" for j in range(n)) for i in range(n)
    )
    return "\n".join(",".join(row) for row in rows) + "\n"


def test_extremes_of_a_chain(tmp_path: Path) -> None:
    n = 9
    found = extremes(read_matrix(write(tmp_path, chain(n))), 30)
    for value, k in ((found.smallest, 1), (found.largest, n)):
        assert float(value.mid()) == pytest.approx(2 - 2 * cos(k * pi / (n + 1)), rel=1e-14)
        assert value.rad() < abs(value) * 1e-30
    assert found.positive_definite is True


@pytest.mark.parametrize(
    ("text", "answer"), [("1,2\n2,1\n", False), ("1,1\n1,1\n", False), ("1/3\n", True)]
)
def test_definiteness(tmp_path: Path, text: str, answer: bool | None) -> None:
    assert extremes(read_matrix(write(tmp_path, text)), 10).positive_definite is answer


@pytest.mark.parametrize(
    ("text", "ends", "zeros"),
    [
        ("1,2,3\n2,4,6\n3,6,9\n", (0, 14), 2),  # x x^T for x = (1, 2, 3), |x|^2 = 14
        ("-1,0,0\n0,0,0\n0,0,-2\n", (-2, 0), 1),
        ("0,0\n0,0\n", (0, 0), 2),
        ("0,1,0\n1,0,0\n0,0,0\n", (-1, 1), 1),
        ("0.1,0.2\n0.2,0.4\n", (0, 0.5), 1),
        ("2,1\n1,2\n", (1, 3), 0),
    ],
)
def test_zero_is_an_eigenvalue_exactly(
    tmp_path: Path, text: str, ends: tuple[float, float], zeros: int
) -> None:
    found = extremes(read_matrix(write(tmp_path, text)), 12)
    assert found.zeros == zeros
    for ball, end in zip((found.smallest, found.largest), ends, strict=True):
        assert float(ball.mid()) == pytest.approx(end, abs=1e-10)
        assert end != 0 or bool(ball.is_exact())


def test_entries_are_exact(tmp_path: Path) -> None:
    rows = read_matrix(write(tmp_path, "0.1, 1/3\n\n1/3, 2e-1\n"))
    assert rows == ((Fraction(1, 10), Fraction(1, 3)), (Fraction(1, 3), Fraction(1, 5)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"a matrix of 1 to {MAX_SIZE} rows is needed, got 0"),
        ("1,2\n", "row 1 has 2 entries, the matrix 1 rows"),
        ("1,2\n3,4\n", "not symmetric: row 2 has 3 in column 1, row 1 has 2 in column 2"),
        ("1,x\nx,1\n", "line 1: 'x' is not a finite number"),
    ],
)
def test_what_is_no_symmetric_matrix_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_matrix(write(tmp_path, text))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "2,1\n1,2\n")
    assert main(["eigenvalues", str(path), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["n"], record["positive_definite"]) == (2, True)
    for name, value in (("smallest", 1), ("largest", 3)):
        lower, upper = (Fraction(record[name][end]) for end in ("lower", "upper"))
        assert lower <= value <= upper
        assert upper - lower < Fraction(1, 10**9)
    assert main(["eigenvalues", str(path)]) == 0
    assert "positive definite: yes" in capsys.readouterr().out
    assert main(["eigenvalues", str(write(tmp_path, "1,1\n1,1\n"))]) == 0
    said = capsys.readouterr().out
    assert "rank, exact: 1 of 2; 0 is an eigenvalue, of multiplicity 1" in said
    assert "positive definite: no, but semi-definite" in said
