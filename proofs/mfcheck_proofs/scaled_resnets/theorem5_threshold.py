"""How sharp the requirement on beta is: where Theorem 5 applies, where its conclusions hold, and the factor between."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mfcheck.checks import Claim, Context, Curve, Estimate, Evidence, Kind, Note, Plot, Reading, custom, wrong
from mfcheck.claims import Budget, Data, Setting
from mfcheck.dynamics.resnet import Numerics, Solution, simulate
from mfcheck.points.data import rounded
from mfcheck.points.sphere import sphere
from mfcheck.statistics import all_hold, at_most, exactly
from mfcheck.statistics.compare import SLOPE_RESOLUTION, slope
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, REPLICATES, end_time, estimate, problem
from mfcheck_proofs.scaled_resnets.regimes import BELOW
from mfcheck_proofs.scaled_resnets.setting import needs_flow
from mfcheck_proofs.scaled_resnets.symbols import beta, lambda_0, t
from mfcheck_proofs.scaled_resnets.theorem5 import DECAY, KL_BOUND, floor_attack
from mfcheck_proofs.scaled_resnets.values import number, quoted, value_of

Array = NDArray[np.float64]
SIZES = (2, 3, 4, 6, 8, 16, 32)
BETAS = (Fraction(1, 4), Fraction(1), Fraction(4))
FAR = Fraction(1, 100)
"""The fraction of the threshold down to which the claim asks for the conclusions."""
FALLEN = 0.9
LARGE = 10.0
DIMENSION = 10


@dataclass(frozen=True)
class Cell:
    """One flow: whether the conclusions hold at this n and beta (None: undecided), and the comparison that decides."""

    n: int
    beta: float
    holds: bool | None
    lhs: Estimate
    rhs: Estimate


@dataclass(frozen=True)
class Row:
    """All cells of one n, beta ascending, and the least beta that the theorem admits."""

    threshold: float
    cells: tuple[Cell, ...]

    @property
    def lowest(self) -> float:
        """Return the beta from which on all cells hold; infinite if the last does not."""
        holding = float("inf")
        for cell in reversed(self.cells):
            if not cell.holds:
                break
            holding = cell.beta
        return holding

    @property
    def below(self) -> float:
        """Return the largest beta tried below `lowest`; 0 if there is none."""
        return max((c.beta for c in self.cells if c.beta < self.lowest), default=0.0)


def family(context: Context) -> tuple[Data, tuple[int, ...], str]:
    """Return nested data, the sizes to take of it, and what it is: the user's own if it has eight points at least."""
    most = context.budget.pick(4, 16, 32)
    own = context.setting.data
    if own.n >= 8:
        labelled = next(k for k, label in enumerate(own.labels, 1) if label)
        sizes = tuple(k for k in SIZES if labelled <= k <= min(most, own.n))
        if sizes:  # the first points alone may have labels that are all zero
            return own, sizes, "first $n$ points of the data"
    rng = context.rng()
    drawn = rounded(sphere(rng, most, DIMENSION), rng.choice([-1, 1], size=most), "uniform", digits=9)
    return drawn, tuple(k for k in SIZES if k <= most), rf"uniform points, $d = {DIMENSION}$, random signs"


def _flow(setting: Setting, budget: Budget, seed: int, at: float) -> Solution:
    """Solve one flow; where beta is large and little happens to G2, half the predictor's particles are enough."""
    heads = budget.pick(512, 2048, 16_384)
    sizes = Numerics(
        depth=4,
        particles=budget.pick(32, 32, 256),
        decoder_particles=heads // 2 if at > LARGE else heads,
        replicates=REPLICATES,
        outputs=13,
        seed=seed,
        tolerance=1e-3,
        loss_factor=1e-3,
        end_time=end_time(setting, budget, at),
    )
    return simulate(problem(setting, at), sizes)


def _cell(context: Context, at: float) -> Cell:
    """Solve one flow and compare lambda_min(G2), both KL, and the loss with their bounds at the output times.

    The loss is compared from the time on at which its bound has fallen by a tenth; until then the bound follows from
    that of lambda_min(G2), since dL/dt <= -(2 beta^2/n) lambda_min(G) L.
    """
    found = _flow(context.setting, context.budget, context.seed, at)
    names = ("loss", "lambda_min_G2", "KL_tau", "KL_nu")
    series = {name: [estimate(found.series[name], k) for k in range(len(found.time))] for name in names}
    floor, most = exactly(number(context, context["floor"])), exactly(number(context, context["KL"], beta=at))
    pairs = [(floor, value) for value in series["lambda_min_G2"]]
    pairs += [(value, most) for name in ("KL_tau", "KL_nu") for value in series[name]]
    start = series["loss"][0].value
    for time, value in zip(found.time, series["loss"], strict=True):
        bound = number(context, context["loss"], t=float(time), beta=at, L_0=start)
        if bound <= FALLEN * start:
            pairs.append((value, exactly(bound)))
    answers = [at_most(*pair, context.alarm / len(pairs)) for pair in pairs]
    holds = all_hold(answers)
    deciding = answers.index(holds) if not holds else int(np.argmin([_slack(*p) for p in pairs]))
    return Cell(context.setting.data.n, at, holds, *pairs[deciding])


def _slack(lhs: Estimate, rhs: Estimate) -> float:
    return rhs.value / lhs.value if lhs.value > 0 else float("inf")


def _row(context: Context, threshold: float) -> Row:
    """Solve the flows of one n: a fixed grid, then one more between the last that fails and the first that holds."""
    betas = {*map(float, BETAS), threshold * float(FAR), threshold}
    row = Row(threshold, tuple(_cell(context, at) for at in sorted(betas)))
    if 0 < row.below < row.lowest < float("inf"):
        middle = _cell(context, float(np.sqrt(row.below * row.lowest)))
        row = Row(threshold, tuple(sorted((*row.cells, middle), key=lambda c: c.beta)))
    return row


def threshold_map(context: Context) -> Evidence:
    """Where the theorem applies, and where its conclusions hold in simulation, over beta and n."""
    data, sizes, what = family(context)
    rows, cut = [], []
    for size in sizes:
        part = Data(data.points[:size], data.labels[:size], data.origin)
        setting = replace(context.setting, data=part)
        threshold = value_of(setting, "beta_threshold")
        if not threshold.is_finite():
            return Evidence(passed=None, cases=0, reason="no finite beta is known to be admissible")
        rows.append(_row(replace(context, setting=setting), float(threshold.upper())))
        if end_time(setting, context.budget, 1.0) is not None:
            cut.append(size)
    asked = [c for row in rows for c in row.cells if c.beta >= 0.999 * row.threshold * float(FAR)]
    answers = [cell.holds for cell in asked]
    passed = all_hold(answers)
    worst = min((c for c in asked if c.holds is passed), key=lambda c: _slack(c.lhs, c.rhs))
    every = [cell.holds for row in rows for cell in row.cells]
    counts = f"{every.count(True)} hold, {every.count(False)} fail, {every.count(None)} undecided"
    return Evidence(
        passed=passed,
        lhs=worst.lhs,
        rhs=worst.rhs,
        slack=_slack(worst.lhs, worst.rhs),
        error=worst.lhs.error + worst.rhs.error,
        cases=len(every),
        domain=(
            rf"{what}; $n = {', '.join(map(str, sizes))}$, $\beta$ from {float(BETAS[0]):g} to the threshold; of "
            f"{len(every)} cells {counts}; seed {context.seed}"
            + (f"; flows cut short at $n = {', '.join(map(str, cut))}$" if cut else "")
        ),
        reason=""
        if passed
        else rf"at $n = {worst.n}$, $\beta = {worst.beta:.4g}$ a conclusion "
        + ("fails" if passed is False else "is undecided"),
        notes=_note(rows, sizes, what) if passed else (),
        plots=(_map(rows, sizes), _factor(rows, sizes)) if passed else (),
    )


def _round(value: float) -> str:
    """Return a number to two digits, without an exponent."""
    return f"{float(f'{value:.2g}'):.0f}"


def _short(value: float) -> str:
    """Return a number to three digits at least, without an exponent where it is large."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _range(row: Row) -> tuple[float, float]:
    """Return bounds of threshold over needed beta; the upper is infinite if no failure was seen."""
    failed = max((c.beta for c in row.cells if c.holds is False), default=0.0)
    return row.threshold / row.lowest, row.threshold / failed if failed else float("inf")


def _growth(sizes: tuple[int, ...], low: list[float], high: list[float]) -> Estimate | None:
    """Return the exponent in n of numbers known between two bounds; None if it cannot be read off."""
    if len(sizes) < 3 or not np.all(np.isfinite(high)):
        return None
    lower, upper = np.array(low), np.array(high)
    return slope(np.array(sizes, dtype=float), (lower + upper) / 2, (upper - lower) / 2)


def _trend(sizes: tuple[int, ...], rows: list[Row]) -> str:
    """Say what the sizes tried tell of the growth in n; of the needed beta only a range is known."""
    thresholds = [row.threshold for row in rows]
    low, high = zip(*map(_range, rows), strict=True)
    threshold = _growth(sizes, thresholds, thresholds)
    factor = _growth(sizes, list(low), list(high))
    if factor is None or abs(factor.value) <= factor.error:
        gap = "Whether the gap widens with $n$ is not decided by these sizes."
    else:
        gap = (
            rf"The gap {'widens' if factor.value > 0 else 'narrows'} with $n$ over these sizes: fitted exponent "
            rf"{quoted(factor)} of the factor."
        )
    if threshold is None or threshold.error > SLOPE_RESOLUTION:
        return gap
    return rf"{gap} The threshold grows like $n^{{{quoted(threshold)}}}$ here."


def _note(rows: list[Row], sizes: tuple[int, ...], what: str) -> tuple[Note, ...]:
    factors = [_range(row)[0] for row in rows]
    listed = ", ".join(
        f"$n = {size}$: {_short(row.threshold)} against {row.lowest:.2g} ({_round(factor)} times)"
        for size, row, factor in zip(sizes, rows, factors, strict=True)
    )
    bad = [cell for row in rows for cell in row.cells if cell.holds is False]
    ends = (
        rf"The largest $\beta$ at which a failure was seen is {max(c.beta for c in bad):.2g}."
        if bad
        else "No failure was seen at all."
    )
    text = (
        rf"The threshold of Theorem 5 is far from sharp: by a factor of {_round(min(factors))} to "
        rf"{_round(max(factors))} at the least. Smallest $\beta$ that the theorem is known to admit against the "
        r"smallest tried from which on loss bound, $\lambda_{\min}(G_2) \ge \lambda_0/2$ and both $\mathrm{KL}$ "
        rf"bounds are seen to hold in simulation ({what}): {listed}. {ends} {_trend(sizes, rows)}"
    )
    return (Note(id="theorem-5-threshold-loose", severity="minor", text=text),)


def _map(rows: list[Row], sizes: tuple[int, ...]) -> Plot:
    cells = [cell for row in rows for cell in row.cells]
    kinds = ((True, "conclusions hold"), (None, "undecided"), (False, "a conclusion fails"))
    thresholds = tuple(row.threshold for row in rows)
    curves = [Curve(label="threshold of the theorem", x=sizes, y=thresholds, style="bound")]
    for holds, label in kinds:
        at = [c for c in cells if c.holds is holds]
        if at:
            x, y = tuple(c.n for c in at), tuple(c.beta for c in at)
            curves.append(Curve(label=label, x=x, y=y, style="points"))
    return Plot(
        id="threshold-map",
        title="Where Theorem 5 applies, and where its conclusions hold in simulation",
        x_label="$n$",
        y_label=r"$\beta$",
        y_log=True,
        curves=tuple(curves),
    )


def _factor(rows: list[Row], sizes: tuple[int, ...]) -> Plot:
    """Threshold over the least beta that holds; the bar reaches to the next beta tried below it."""
    known = [(size, row) for size, row in zip(sizes, rows, strict=True) if row.lowest < float("inf")]
    low = [row.threshold / row.lowest for _, row in known]
    high = [row.threshold / (row.below or row.lowest) for _, row in known]
    curve = Curve(
        label="threshold over the least beta that suffices",
        x=tuple(float(size) for size, _ in known),
        y=tuple((a + b) / 2 for a, b in zip(low, high, strict=True)),
        error=tuple((b - a) / 2 for a, b in zip(low, high, strict=True)),
        style="points",
    )
    return Plot(
        id="threshold-factor",
        title=r"By how much the requirement on $\beta$ exceeds what is needed",
        x_label="$n$",
        y_label="factor",
        y_log=True,
        curves=(curve,),
    )


CONCLUSIONS = {"floor": lambda_0 / 2, "loss": DECAY, "KL": KL_BOUND}
sharpness = Claim(
    "theorem-5-threshold",
    title=r"Theorem 5: how sharp the requirement on $\beta$ is",
    statement=(
        r"Far below the threshold too, down to a hundredth of it: $\lambda_{\min}(G_2(\tau_t, \nu_t)) \ge "
        r"\lambda_0/2$, the bound of the loss, and both $\mathrm{KL}$ bounds, for all $t$."
    ),
    source="arXiv 2403.09889, Theorem 5 (sharpness)",
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            r"Floor of $\lambda_{\min}(G_2)$, bounds of loss and $\mathrm{KL}$ along flows whose $\beta$ is a "
            "fraction of the threshold.",
            CONCLUSIONS,
            checks=[custom("map", CONCLUSIONS, threshold_map, kind=Kind.SIMULATED)],
            wrong=[
                wrong(
                    "floor-doubled",
                    {"floor": 2 * lambda_0},
                    r"At the start the smallest eigenvalue is $\lambda_0$.",
                    also=["slack-threshold-floor-start"],
                ),
                wrong(
                    "loss-rate",
                    {"loss": DECAY.subs(t, 4 * t)},
                    r"The slowest mode decays like $\exp(-2\beta^2\lambda_{\min}t/n)$.",
                    kind="constant scaled",
                ),
                wrong(
                    "KL-sixth",
                    {"KL": KL_BOUND / beta**4},
                    r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$ is of order $\beta^{-2}$ exactly.",
                ),
            ],
            attack=[floor_attack("threshold-floor-start", "the floor along every flow <= lambda_min(G2) at t = 0")],
            needs=needs_flow,
            regimes=[BELOW],
        )
    ],
)
