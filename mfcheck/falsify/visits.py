"""How tight an inequality was over the settings that a search visited: the least slack in each bin of a parameter."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mfcheck.claims.inequality import Case, Inequality, Sample
from mfcheck.claims.record import Curve, Plot
from mfcheck.falsify import space

BINS = 16
"""Bins of a real parameter; integers have one bin each."""
SHOWN = 3
"""Parameters that are plotted: those along which the least slack varies most."""
LEAST_SPREAD = 0.02
"""Powers of ten by which the least slack has to vary along a parameter to be shown over it."""
_LARGEST = 1e100
Key = tuple[str, int]


@dataclass(frozen=True)
class Tight:
    """The least slack (right over left side) of a bin, where it was found, and how many settings the bin holds."""

    slack: float
    at: float
    count: int

    def __or__(self, other: "Tight") -> "Tight":
        """Return the same of both sets of settings together."""
        least = self if self.slack <= other.slack else other
        return Tight(least.slack, least.at, self.count + other.count)


@dataclass(frozen=True)
class Tightest:
    """The setting of the least slack, with both sides in double precision: where they cancel, few digits are right."""

    slack: float
    lhs: float
    rhs: float
    case: Case

    @property
    def order(self) -> tuple[float, float, float]:
        """By what the tightest of several is chosen, wherever they were found."""
        return self.slack, self.lhs, self.rhs


@dataclass
class Visits:
    """Least slack by bin of each parameter of an inequality; a plain record that can be merged."""

    bins: dict[Key, Tight] = field(default_factory=dict)
    tightest: Tightest | None = None

    def add(
        self,
        inequality: Inequality,
        sample: Sample,
        lhs: float,
        rhs: float,
        case: Callable[[], Case],
    ) -> None:
        """Count a setting whose left side is positive: others hold anyway. A negative right side counts as 0.

        `case` makes the exact setting, and is called only if it is the tightest so far.
        """
        if not (lhs > 0 and math.isfinite(rhs) and rhs < lhs * _LARGEST):
            return
        slack = max(0.0, rhs / lhs)
        if self.tightest is None or slack < self.tightest.slack:
            self.tightest = Tightest(slack, lhs, rhs, case())
        for name, value, bin in _places(inequality, sample):
            self._put((name, bin), Tight(slack, value, 1))

    def _put(self, key: Key, found: Tight) -> None:
        known = self.bins.get(key)
        self.bins[key] = found if known is None else known | found

    def merge(self, other: "Visits") -> None:
        """Add the settings of another record."""
        for key, found in other.bins.items():
            self._put(key, found)
        both = [v for v in (self.tightest, other.tightest) if v is not None]
        self.tightest = min(both, key=lambda v: v.order, default=None)


def _places(inequality: Inequality, sample: Sample) -> Iterable[tuple[str, float, int]]:
    """Yield each parameter with its value and bin."""
    if "points" in inequality.varies:
        n, d = sample.X.shape
        yield "n", n, n
        yield "d", d, d
        gram = sample.X @ sample.X.T
        gram.flat[:: n + 1] = -1
        cosine = float(gram.max())
        yield "C_max", cosine, min(BINS - 1, max(0, int(BINS * (1 + cosine) / 2)))
    for variable in (*inequality.ranges, *inequality.own):
        value = sample.values[variable.name]
        share = space.share_of(variable, value)
        yield variable.name, value, min(BINS - 1, int(BINS * share))


LABELS = {"n": "$n$", "d": "$d$", "C_max": r"$C_{\max}$"}
_GREEK = ("alpha", "beta", "gamma", "delta", "rho", "kappa")


def _label(name: str) -> str:
    return LABELS.get(name, rf"$\{name}$" if name in _GREEK else name.replace("_", " "))


def spread(found: Sequence[Tight]) -> float:
    """Return by how many powers of ten the least slack varies from bin to bin; 0 with fewer than three bins."""
    logs = [math.log10(t.slack) for t in found if t.slack > 0]
    return max(logs) - min(logs) if len(logs) >= 3 else 0.0


def plots(visits: Visits, inequality: Inequality) -> tuple[Plot, ...]:
    """Return the least slack over the parameters along which it varies most, at most SHOWN of them."""
    logs = {v.name for v in (*inequality.ranges, *inequality.own) if v.log}
    rows: dict[str, list[Tight]] = {}
    for name, bin in sorted(visits.bins):
        rows.setdefault(name, []).append(visits.bins[name, bin])
    varying = [name for name in rows if spread(rows[name]) > LEAST_SPREAD]
    chosen = sorted(varying, key=lambda name: (-spread(rows[name]), name))[:SHOWN]
    return tuple(_plot(inequality, name, rows[name], name in logs) for name in sorted(chosen))


def _plot(inequality: Inequality, name: str, found: Sequence[Tight], log: bool) -> Plot:
    shown = sorted((t for t in found if t.slack > 0), key=lambda t: t.at)
    x = tuple(t.at for t in shown)
    total = sum(t.count for t in found)
    ends = (x[0], x[-1])
    return Plot(
        id=f"slack-{inequality.id}-{name}".replace("_", "-"),
        title=f"How tight: right side over left side against {_label(name)}, least of {total} settings",
        x_label=_label(name),
        y_label="slack",
        x_log=log,
        y_log=True,
        curves=(
            Curve(label="least slack found", x=x, y=tuple(t.slack for t in shown), style="points"),
            Curve(label="both sides equal", x=ends, y=(1.0, 1.0), style="bound"),
        ),
    )
