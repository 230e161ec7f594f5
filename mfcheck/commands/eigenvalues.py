"""The command `eigenvalues`: certified enclosures for a symmetric matrix of the user's own."""

from pathlib import Path
from typing import Annotated

import typer

from mfcheck.commands.console import Output
from mfcheck.commands.options import command, dump


@command("mfcheck eigenvalues matrix.csv --digits 20")
def eigenvalues(
    matrix: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="A symmetric matrix of exact numbers, a row a line, no header."
        ),
    ],
    output: Output,
    digits: Annotated[
        int, typer.Option("--digits", min=1, max=200, help="Correct digits wanted.")
    ] = 10,
) -> None:
    """Enclose the smallest and the largest eigenvalue of a symmetric matrix, and its definiteness."""
    from mfcheck.claims.record import Interval
    from mfcheck.report.numbers import show
    from mfcheck.rigor.ball import interval
    from mfcheck.run.matrices import extremes, read_matrix

    rows = read_matrix(matrix)
    found = extremes(rows, digits)
    ends: dict[str, Interval] = {
        "smallest": interval(found.smallest, digits + 2),
        "largest": interval(found.largest, digits + 2),
    }
    record = {
        "matrix": str(matrix),
        "n": len(rows),
        **{name: end.model_dump() for name, end in ends.items()},
        "positive_definite": found.positive_definite,
        "zeros": found.zeros,
    }
    words = {True: "yes", False: "no", None: "not decided by these enclosures"}
    lines = [f"{matrix}: symmetric, n = {len(rows)}"]
    for name, end in ends.items():
        shown = show(end, digits)
        width = f" (width {shown.width})" if shown.width not in ("", "0") else ""
        lines.append(f"{name} eigenvalue, certified: {shown.text}{width}")
    lines.append(_rank(found.zeros, len(rows)))
    half = found.positive_definite is False and ends["smallest"].lower == "0"
    lines.append(
        f"positive definite: {words[found.positive_definite]}{', but semi-definite' if half else ''}"
    )
    output.give(
        dump(record),
        lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True),
    )


def _rank(zeros: int, n: int) -> str:
    """Say how often 0 is an eigenvalue, which rational arithmetic decides."""
    if not zeros:
        return f"rank, exact: {n}; 0 is no eigenvalue"
    return f"rank, exact: {n - zeros} of {n}; 0 is an eigenvalue, of multiplicity {zeros}"
