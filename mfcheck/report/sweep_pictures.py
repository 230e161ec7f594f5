"""Which pictures of a sweep there are, and over what: without drawing any."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from mfcheck.errors import InputError

SLACK, VERDICT, LEFT, RIGHT = "slack", "verdict", "lhs", "rhs"
PANELS = 6
"""Values of a third parameter, each with a panel."""
USUAL = 6
"""Pictures that are drawn although none was asked for."""
MANY = 10**6
"""Stands for the number of values of a parameter that is drawn from a range."""
_QUICK = 10_000
"""Settings of which a picture takes seconds."""


class Target(NamedTuple):
    """What a picture shows: the kind (`slack`, `verdict`, `constant`, `lhs`, `rhs`) and whose it is."""

    kind: str
    id: str


def target_of(
    what: str,
    readings: Sequence[tuple[str, str]],
    constants: Collection[str],
    checks: Collection[str],
) -> Target:
    """Return what `--plot` names: `slack` or `verdict`, with `:CLAIM[/READING]`; a constant; `lhs:CHECK`, `rhs:CHECK`.

    Args:
        what: the text.
        readings: claim and reading of all that is swept, in order.
        constants: ids of those that are swept.
        checks: ids of those that run.

    Raises:
        InputError: there is no such thing in the sweep, or several things are meant.
    """
    kind, _, name = what.partition(":")
    claims = list(dict.fromkeys(claim for claim, _ in readings))
    if what in constants:
        return Target("constant", what)
    if kind in (LEFT, RIGHT):
        if name not in checks:
            raise InputError(f"--plot: unknown check {name[:80]!r}; known: {', '.join(checks)}")
        return Target(kind, name)
    if kind not in (SLACK, VERDICT):
        known = ", ".join([SLACK, VERDICT, *constants])
        raise InputError(
            f"--plot: {what[:60]!r} is none of {known}, lhs:CHECK, rhs:CHECK"
            + ("" if constants else "; no constants are swept: name some with --constants")
        )
    if not name and len(claims) != 1:
        listed = ", ".join(f"{kind}:{claim}" for claim in claims) or "none, as no claim is swept"
        raise InputError(f"--plot {kind} needs the name of a claim: {listed}")
    wanted = name or claims[0]
    for claim, reading in readings:
        if wanted in (claim, f"{claim}/{reading}"):
            return Target(kind, f"{claim}/{reading}")
    raise InputError(f"--plot: no claim {wanted[:60]!r} in this sweep; it has: {', '.join(claims)}")


def each(
    plots: Sequence[str], readings: Sequence[tuple[str, str]], constants: Collection[str]
) -> list[str]:
    """Return the pictures that `--plot` names: `slack` and `verdict` without a claim are those of each claim swept.

    >>> each(["slack"], [("bound", "stated"), ("limit", "stated"), ("limit", "strong")], [])
    ['slack:bound', 'slack:limit']
    """
    claims = list(dict.fromkeys(claim for claim, _ in readings))
    found: list[str] = []
    for what in plots:
        many = what in (SLACK, VERDICT) and what not in constants and len(claims) > 1
        found += [f"{what}:{claim}" for claim in claims] if many else [what]
    return list(dict.fromkeys(found))


class Layout(NamedTuple):
    """Over which parameters a picture is, and the one with a panel for each of its values, if there is one."""

    over: tuple[str, ...]
    panels: str | None = None


def layout(axes: Sequence[tuple[str, int]]) -> Layout:
    """Return how to draw over parameters, given each with the number of its values.

    Of three that take several values the one with the fewest gets panels.

    >>> layout([("beta", 4), ("activation", 2), ("n", 61), ("seed", 1)])
    Layout(over=('beta', 'n'), panels='activation')

    Raises:
        InputError: they are none, or too many.
    """
    several = [(name, count) for name, count in axes if count > 1]
    if not 1 <= len(several) <= 3:
        raise InputError(
            f"--plot is over one to three parameters with several values, not {len(several)}"
        )
    if len(several) < 3:
        return Layout(tuple(name for name, _ in several))
    panels, count = min(several, key=lambda axis: axis[1])
    if count > PANELS:
        raise InputError(
            f"--plot is over two parameters, and a third of at most {PANELS} values: {panels} has more"
        )
    return Layout(tuple(name for name, _ in several if name != panels), panels)


def usual(
    readings: Sequence[tuple[str, str]],
    constants: Sequence[str],
    axes: Sequence[tuple[str, int]],
    settings: int,
) -> list[str]:
    """Return the pictures of a sweep for which none is asked: verdicts of claims, or else constants.

    None where they cannot be drawn, or would take long.
    """
    claims = dict.fromkeys(claim for claim, _ in readings)
    try:
        layout(axes)
    except InputError:
        return []
    several = [f"{VERDICT}:{claim}" for claim in claims] if len(claims) > 1 else [VERDICT]
    chosen = several if claims else list(constants)
    return chosen if len(chosen) <= USUAL and settings <= _QUICK else []


def figure_name(what: str, form: str) -> str:
    """Return the name of the file of a picture."""
    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in what)
    return f"sweep-{plain}.{form}"
