"""A realistic review, and strategies for hostile ones."""

from typing import Any

import pytest
from hypothesis import strategies as st

from mfcheck.claims.record import (
    AssumptionRecord,
    CheckRecord,
    ClaimRecord,
    ConstantRecord,
    ConstantsRecord,
    Curve,
    Estimate,
    Finding,
    Interval,
    PlantedRecord,
    Plot,
    PowerRecord,
    ReadingRecord,
    Review,
    Series,
    SimulationRecord,
)
from mfcheck.claims.verdict import Kind, Question, Scope, Verdict

SEED = 20240309


def check(id: str, kind: Kind, **changes: Any) -> CheckRecord:
    """A check that passed on one case, with changes."""
    plain: dict[str, Any] = {
        "reading": "stated",
        "question": Question.HOLDS,
        "passed": True,
        "scope": Scope.CASES,
        "lhs": None,
        "rhs": None,
        "slack": None,
        "error": None,
        "cases": 1,
        "domain": "",
        "reason": "",
        "crashed": False,
        "seconds": 0.42,
        "seed": SEED,
        "certificate": None,
    }
    return CheckRecord.model_validate({"id": id, "kind": kind} | plain | changes)


def _plots() -> tuple[Plot, Plot]:
    betas = (10.0, 20.0, 40.0, 80.0, 160.0)
    kl = tuple(2.374 / b**2 * (1 + 1.4 / b) for b in betas)
    times = tuple(i / 20 for i in range(81))
    loss = tuple(0.5 * 2.718281828 ** (-2.2 * t) for t in times)
    return (
        Plot(
            id="kl-slope",
            title=r"KL divergence of $\tau$ at the end against $\beta$",
            x_label=r"$\beta$",
            y_label=r"$\mathrm{KL}(\tau_\infty\,\|\,\tau_0)$",
            x_log=True,
            y_log=True,
            curves=(
                Curve(
                    label="particles",
                    x=betas,
                    y=kl,
                    error=tuple(0.12 * v for v in kl),
                    style="points",
                ),
                Curve(
                    label=r"leading order $\frac{1}{2\beta^2} y^\top G_2^{-1} K G_2^{-1} y$",
                    x=betas,
                    y=tuple(2.374 / b**2 for b in betas),
                ),
                Curve(
                    label="bound (27)",
                    x=betas,
                    y=tuple(900 / b**2 for b in betas),
                    style="bound",
                ),
            ),
        ),
        Plot(
            id="loss-decay",
            title="Loss along the flow",
            x_label="time t",
            y_label=r"$\mathcal{L}(t)$",
            y_log=True,
            curves=(
                Curve(label="particles", x=times, y=loss, error=tuple(0.05 * v for v in loss)),
                Curve(
                    label=r"$\frac{1}{2} e^{-\beta^2 \lambda_0 t / n}$",
                    x=times,
                    y=tuple(0.5 * 2.718281828 ** (-1.1 * t) for t in times),
                    style="bound",
                ),
            ),
        ),
    )


def _lemma4() -> ClaimRecord:
    return ClaimRecord(
        id="lemma4",
        title="Lemma 4: the Gram matrices are bounded below",
        statement=r"$\lambda_{\min}(G(\tau_0,\nu_0)) \ge \lambda_{\min}(G_2(\tau_0,\nu_0)) \ge \Lambda(d)$, where"
        " $\\Lambda(d) > 0$ depends only on the dimension $d$.",
        source="arXiv 2403.09889, Lemma 4",
        assumptions=("assumption1", "assumption3"),
        verdict=Verdict.REFUTED,
        readings=(
            ReadingRecord(
                id="stated",
                text="One positive constant serves every admissible data set of dimension $d$.",
                verdict=Verdict.REFUTED,
                because="an exact or certified check found a counterexample",
                formulas={
                    "bound": r"\lambda_{\min}\left(G_{2}\right) \geq \Lambda{\left(d \right)}",
                    "G2": r"\left(G_{2}\right)_{ij} = \left. \frac{d}{d c} c A{\left(c \right)}"
                    r" \right|_{\substack{ c=c_{ij} }}",
                },
            ),
            ReadingRecord(
                id="charitable",
                text="The constant may depend on $C_{\\max}$ and the activation as well.",
                verdict=Verdict.CERTIFIED,
                because="a certified check of the whole reading passed",
                formulas={
                    "bound": r"\lambda_{\min}\left(G_{2}\right) \geq \sum_{r=0}^{\infty} \left(r + 1\right) \mu_{r}^{2}"
                    r" \max\left(0, 1 - \left(n - 1\right) \left(\frac{C_{max}}{2} + \frac{1}{2}\right)^{r}\right)"
                },
            ),
        ),
        checks=(
            check(
                "lemma4.circle-witness",
                Kind.CERTIFIED,
                passed=False,
                lhs=Interval(lower="0.001", upper="0.001"),
                rhs=Interval(lower="2.836189e-6", upper="2.836191e-6"),
                slack=0.002836,
                error=2e-12,
                domain="32 points on the circle, tanh",
                reason="the certified upper bound of $\\lambda_{\\min}(G_2)$ lies below the candidate",
                certificate="certificates/lemma4.circle-witness.json",
                seconds=1.31,
            ),
            check(
                "lemma4.hermite-gershgorin",
                Kind.CERTIFIED,
                reading="charitable",
                scope=Scope.WHOLE,
                lhs=Interval(lower="0.22788112345678901234567", upper="0.22788112345678901234568"),
                rhs=Interval(lower="0.25102034170123456789012", upper="0.25102034170123456789013"),
                slack=1.1015,
                error=2e-23,
                domain="every data set with n = 4 and $C_{\\max} \\le 1/2$",
                certificate="certificates/lemma4.hermite-gershgorin.json",
                seconds=0.27,
            ),
            check(
                "lemma4.rankin",
                Kind.EXACT,
                reading="charitable",
                lhs="n",
                rhs="d + 1 for C_max <= 0",
                domain="d = 2 ... 24",
            ),
        ),
    )


def _theorem5() -> tuple[ClaimRecord, ClaimRecord]:
    slope, decay = _plots()
    return ClaimRecord(
        id="theorem5.kl-tau",
        title=r"Theorem 5: KL of $\tau$",
        statement=r"$\mathrm{KL}(\tau_t\,\|\,\tau_0) \le \frac{C_{KL}}{\lambda_0^2 \bar\beta^2}$ for all $t$.",
        source="arXiv 2403.09889, Theorem 5",
        assumptions=("assumption1", "assumption2", "assumption3"),
        verdict=Verdict.SUPPORTED,
        readings=(
            ReadingRecord(
                id="stated",
                text="As it stands, with the constant of the derivation.",
                verdict=Verdict.SUPPORTED,
                because="some check of its truth passed",
                formulas={"bound": r"\frac{C_{KL} n^{2}}{\beta^{2} \lambda_{0}^{2}}"},
            ),
        ),
        checks=(
            check(
                "theorem5.kl-tau.flow",
                Kind.SIMULATED,
                lhs=Estimate(value=0.002351234, error=4.1e-5),
                rhs=Interval(lower="0.9131", upper="0.9134"),
                slack=388.3,
                error=4.1e-5,
                cases=5,
                domain="n = 4, d = 3, tanh, $\\beta$ from 10 to 160",
                seconds=9.84,
                plots=(slope,),
            ),
            check(
                "theorem5.kl-tau.slope",
                Kind.SIMULATED,
                lhs=Estimate(value=-2.003, error=0.011),
                rhs="-2",
                error=0.011,
                cases=5,
                domain="log-log slope in $\\beta$",
                seconds=0.02,
            ),
        ),
    ), ClaimRecord(
        id="theorem5.loss",
        title="Theorem 5: loss decay",
        statement=r"$\mathcal{L}(t) \le \frac{1}{2} e^{-\beta^2 \lambda_0 t/n}$ while $t < t_{\max}$.",
        source="arXiv 2403.09889, Theorem 5",
        assumptions=("assumption1", "assumption2", "assumption3"),
        verdict=Verdict.SUPPORTED,
        readings=(
            ReadingRecord(
                id="stated",
                text="As it stands.",
                verdict=Verdict.SUPPORTED,
                because="some check of its truth passed",
                formulas={"bound": r"\frac{e^{- \frac{\beta^{2} \lambda_{0} t}{n}}}{2}"},
            ),
        ),
        checks=(
            check(
                "theorem5.loss.flow",
                Kind.SIMULATED,
                lhs=Estimate(value=0.0000754, error=3e-7),
                rhs=Estimate(value=0.00614, error=1e-5),
                slack=81.4,
                error=3e-7,
                cases=81,
                domain="n = 4, d = 3, tanh, 81 times in [0, 4]",
                seconds=4.11,
                plots=(decay,),
            ),
            check(
                "theorem5.loss.lambda-half",
                Kind.SIMULATED,
                question=Question.APPLIES,
                lhs=Estimate(value=0.1255, error=0.0004),
                rhs=Estimate(value=0.2488, error=0.0009),
                slack=1.983,
                error=0.0009,
                domain="$\\lambda_{\\min}(G_2(t))$ against $\\lambda_0/2$ along the same flow",
            ),
        ),
    )


def _theorem6() -> ClaimRecord:
    return ClaimRecord(
        id="theorem6.rate",
        title="Theorem 6: the generalisation bound",
        statement=r"With probability at least $1-\delta$, the population error is $\mathcal{O}(1/\sqrt{n})$.",
        source="arXiv 2403.09889, Theorem 6",
        assumptions=("assumption1", "assumption2", "assumption3"),
        verdict=Verdict.GAP,
        readings=(
            ReadingRecord(
                id="stated",
                text="The rate follows from Theorem 5 and the Rademacher bound alone.",
                verdict=Verdict.GAP,
                because="an exact or certified check shows that it does not follow from what is cited",
            ),
            ReadingRecord(
                id="repaired",
                text=r"The rate holds if $y^\top G_2^{-1} K G_2^{-1} y$ stays bounded in $n$.",
                verdict=Verdict.INCONCLUSIVE,
                because="a simulated or sampled check denies it (no certificate, hence no refutation)",
            ),
        ),
        checks=(
            check(
                "theorem6.composition",
                Kind.EXACT,
                passed=False,
                question=Question.FOLLOWS,
                lhs=r"order of $n$ in $\sqrt{r/n}$ with $r = C n^2/(\lambda^2\beta^2)$: $+1/2$",
                rhs="-1/2",
                reason="the composed bound grows with $n$ whatever $\\beta$ is",
            ),
            check(
                "theorem6.random-labels",
                Kind.SAMPLED,
                reading="repaired",
                passed=False,
                lhs=Estimate(value=61.2, error=2.4),
                rhs=Estimate(value=2.2, error=0.2),
                slack=0.0359,
                error=2.4,
                cases=200,
                domain="d = 10, uniform on the sphere, n = 16 ... 1024, sign labels",
                reason="the quadratic form grows faster than $n$ (95 % confidence)",
                seconds=6.6,
            ),
            check(
                "theorem6.search",
                Kind.SAMPLED,
                reading="repaired",
                passed=None,
                crashed=True,
                cases=0,
                reason="the worker process ended: out of memory",
            ),
        ),
    )


def make_constants() -> tuple[ConstantRecord, ...]:
    """Constants of the sample."""
    return (
        ConstantRecord(
            id="lambda_min_G2",
            latex=r"\lambda_{\min}(G_2) = \lambda_{\min}\left(G_{2}\right)",
            formula="lambda_min(G2)",
            value=Interval(lower="0.25102034170123456789012", upper="0.25102034170123456789013"),
            evidence="certified",
            depends_on=(),
            source="arXiv 2403.09889, Lemma 4",
        ),
        ConstantRecord(
            id="C_KL",
            latex=r"C_{KL} = 4 K \sqrt{\max_{i} \left(G_{2}\right)_{ii}}",
            formula="4*K*sqrt(max_G2)",
            orders={"lambda_0": "0", "n": "0", "C_1": "?"},
            value=Interval(lower="91.31", upper="91.34"),
            evidence="certified",
            depends_on=("lambda_min_G2",),
            source="arXiv 2403.09889, Theorem 5",
            needs="$|\\sigma_0'''| \\le C_3$, which Assumption 3 does not grant",
        ),
        ConstantRecord(
            id="n_max",
            latex=r"n_{\max}",
            formula="floor(13.158)",
            value=Interval(lower="13", upper="13"),
            evidence="certified",
            depends_on=(),
            source="Delsarte's linear programme",
        ),
    )


def make_review() -> Review:
    """A review such as a run of the first paper leaves behind."""
    kl, loss = _theorem5()
    points = [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["-3/5", "-4/5", "0"]]
    return Review(
        mfcheck="0.1.0",
        paper="scaled-resnets",
        title="Generalization of Scaled Deep ResNets in the Mean-Field Regime",
        source="Chen, Liu, Lu, Chrysos and Cevher, ICLR 2024, arXiv:2403.09889",
        seed=SEED,
        budget="standard",
        setting={
            "n": 4,
            "d": 3,
            "points": points,
            "labels": ["1/2", "-1/2", "1", "0.25"],
            "origin": "referee-data.csv",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "activation": "tanh",
            "parameters": {"alpha": "1", "beta": "40", "C_max": "1/2"},
        },
        versions={"python": "3.11.9", "sympy": "1.14.0", "python-flint": "0.9.0", "numpy": "2.4.0"},
        complete=True,
        assumptions=(
            AssumptionRecord(
                id="assumption1",
                title="Assumption 1: separated data",
                statement=r"$\|x_i\| = 1$, $|y_i| \le 1$, $\langle x_i, x_j\rangle \le C_{\max} < 1$ for $i \ne j$.",
                source="arXiv 2403.09889, Assumption 1",
                met=True,
                reason="largest inner product 0 over 6 pairs",
            ),
            AssumptionRecord(
                id="assumption2",
                title="Assumption 2: Gaussian initialisation",
                statement=r"$\tau_0$ and $\nu_0(\cdot, s)$ are standard Gaussian for every $s$.",
                source="arXiv 2403.09889, Assumption 2",
                met=True,
                reason="by construction",
            ),
            AssumptionRecord(
                id="assumption3",
                title="Assumption 3: the activation",
                statement=r"$|\sigma_0(x)| \le C_1 \max(|x|, 1)$, $|\sigma_0'|, |\sigma_0''| \le C_1$.",
                source="arXiv 2403.09889, Assumption 3",
                met=None,
                reason="the enclosure of sup $|\\sigma_0''|$ on an unbounded interval could not be decided",
            ),
        ),
        claims=(_lemma4(), kl, loss, _theorem6()),
        findings=(
            Finding(
                id="lemma4-strict",
                severity="major",
                claim="lemma4",
                text="Read as it stands, Lemma 4 is false: for fixed $d$ the smallest eigenvalue tends to 0 as $n$"
                " grows. The constant must depend on $C_{\\max}$ and the activation.",
                evidence=("lemma4.circle-witness",),
                reproduce="mfcheck check scaled-resnets:lemma4 --seed 20240309",
            ),
            Finding(
                id="theorem6-rate",
                severity="major",
                claim="theorem6.rate",
                text="The stated rate does not follow from the stated chain: putting the KL bound of Theorem 5 into"
                " the Rademacher bound gives $\\sqrt{C n}/\\lambda$.",
                evidence=("theorem6.composition", "theorem6.random-labels"),
                reproduce="mfcheck check scaled-resnets:theorem6.rate --seed 20240309",
            ),
            Finding(
                id="c3",
                severity="minor",
                claim="theorem5.kl-tau",
                text="The constant of Theorem 5 needs a bound on $\\sigma_0'''$, which Assumption 3 does not grant.",
                evidence=("theorem5.kl-tau.flow",),
                reproduce="mfcheck constants scaled-resnets --activation tanh",
            ),
            Finding(
                id="slack",
                severity="remark",
                claim="theorem5.kl-tau",
                text="At $\\beta = 40$ the bound on KL exceeds the simulated value by a factor of about 390.",
                evidence=("theorem5.kl-tau.flow", "theorem5.kl-tau.slope"),
                reproduce="mfcheck check scaled-resnets:theorem5.kl-tau --seed 20240309",
            ),
        ),
        constants=make_constants(),
        references=(
            "Y. Chen, F. Liu, Y. Lu, G. G. Chrysos, V. Cevher. Generalization of Scaled Deep ResNets in the Mean-Field"
            " Regime. ICLR 2024. arXiv:2403.09889.",
            "F. Johansson. Arb: efficient arbitrary-precision midpoint-radius interval arithmetic. IEEE Trans. Comput."
            " 66 (2017). doi:10.1109/TC.2017.2690633.",
        ),
    )


def make_power() -> PowerRecord:
    """The power of the sample's checks."""
    details = (
        PlantedRecord(
            id="lemma4.doubled",
            kind="constant doubled",
            claim="lemma4",
            expected=("lemma4.hermite-gershgorin",),
            rejected_by=("lemma4.hermite-gershgorin",),
            caught=True,
            why_false="for $n = 4$ on the circle the smallest eigenvalue is below twice the bound",
        ),
        PlantedRecord(
            id="theorem5.sign",
            kind="sign flipped",
            claim="theorem5.loss",
            expected=("theorem5.loss.flow",),
            rejected_by=(),
            caught=False,
            why_false="the loss does not grow",
        ),
    )
    return PowerRecord(
        paper="scaled-resnets",
        seed=SEED,
        planted=2,
        caught=1,
        missed=("theorem5.sign",),
        details=details,
    )


def make_simulation() -> SimulationRecord:
    """A simulation of the sample's paper."""
    end = {
        name: Estimate(value=value, error=error)
        for name, value, error in (
            ("loss", 7.54e-5, 3e-7),
            ("KL_tau", 0.002351234, 4.1e-5),
            ("KL_nu", 1.1e-6, 4e-8),
            ("movement_tau", 0.0771, 0.0004),
            ("movement_nu", 0.00121, 0.00002),
            ("lambda_min_G", 0.2491, 0.0009),
            ("lambda_min_G2", 0.2488, 0.0009),
        )
    }
    return SimulationRecord(
        paper="scaled-resnets",
        setting={"n": 4, "d": 3, "activation": "tanh", "parameters": {"beta": "40"}},
        seed=SEED,
        end_time=4.0,
        time=(0.0, 2.0, 4.0),
        series={"loss": Series(value=(0.5, 0.006, 7.54e-5), error=(0.0, 2e-5, 3e-7))},
        plots=_plots(),
        **end,
    )


@pytest.fixture(scope="session")
def review() -> Review:
    return make_review()


@pytest.fixture(scope="session")
def power() -> PowerRecord:
    return make_power()


@pytest.fixture(scope="session")
def simulation() -> SimulationRecord:
    return make_simulation()


@pytest.fixture(scope="session")
def constants() -> ConstantsRecord:
    return ConstantsRecord(
        paper="scaled-resnets", setting=make_review().setting, constants=make_constants()
    )


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$x$ and $y_1$",
    "$\\frac{1}{$",
    "a | b\n\n# heading\n\n- item",
    "[link](javascript:alert(1)) ![img](http://example.org/x.png)",
    "`code` ``` *bold* _it_ ~~no~~ \\(x\\) \\[y\\] $",
    "[bold red]markup[/] \x1b[31mred\x1b[0m \x07",
    "\udcff\u202egnp.exe\u2066",
    "λ_min ≥ 0 — ∫ 🙂 漢字 \x00",
    "",
    "   ",
)


TEXT = st.sampled_from(PAYLOADS) | st.text(max_size=30)
FLOAT = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    (0.0, 1.0, -1.0, 1e-300, 1e300, 5e-324, 1.7e308)
)
VALUE = st.one_of(
    st.none(),
    TEXT,
    st.builds(Estimate, value=FLOAT, error=FLOAT),
    st.builds(Interval, lower=TEXT | FLOAT.map(repr), upper=TEXT | FLOAT.map(repr)),
)


def _tuples(inner: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(inner, max_size=most).map(tuple)


@st.composite
def _curves(draw: st.DrawFn) -> Curve:
    number = draw(st.integers(0, 4) | st.just(60))
    numbers = st.lists(FLOAT, min_size=number, max_size=number).map(tuple)
    errors = st.lists(FLOAT.map(abs), min_size=number, max_size=number).map(tuple)
    return Curve(
        label=draw(TEXT),
        x=draw(numbers),
        y=draw(numbers),
        error=draw(st.none() | errors),
        style=draw(st.sampled_from(("line", "points", "bound"))),
    )


PLOT = st.builds(
    Plot,
    id=TEXT,
    title=TEXT,
    x_label=TEXT,
    y_label=TEXT,
    x_log=st.booleans(),
    y_log=st.booleans(),
    curves=_tuples(_curves()),
)
CHECK = st.builds(
    CheckRecord,
    id=TEXT,
    kind=st.sampled_from(Kind),
    reading=TEXT | st.just("stated"),
    question=st.sampled_from(Question),
    passed=st.sampled_from((True, False, None)),
    scope=st.sampled_from(Scope),
    lhs=VALUE,
    rhs=VALUE,
    slack=st.none() | FLOAT,
    error=st.none() | FLOAT,
    cases=st.integers(0, 10**9),
    domain=TEXT,
    reason=TEXT,
    crashed=st.booleans(),
    seconds=FLOAT.map(abs),
    seed=st.integers(0, 2**64),
    certificate=st.none() | TEXT,
    plots=_tuples(PLOT, 1),
)
READING = st.builds(
    ReadingRecord,
    id=TEXT | st.just("stated"),
    text=TEXT,
    verdict=st.sampled_from(Verdict),
    because=TEXT,
    formulas=st.dictionaries(TEXT, TEXT, max_size=2),
)
CLAIM = st.builds(
    ClaimRecord,
    id=TEXT,
    title=TEXT,
    statement=TEXT,
    source=TEXT,
    assumptions=_tuples(TEXT),
    verdict=st.sampled_from(Verdict),
    readings=_tuples(READING),
    checks=_tuples(CHECK),
)
FINDING = st.builds(
    Finding,
    id=TEXT,
    severity=st.sampled_from(("major", "minor", "remark")),
    claim=TEXT,
    text=TEXT,
    evidence=_tuples(TEXT),
    reproduce=TEXT,
)
ASSUMPTION = st.builds(
    AssumptionRecord,
    id=TEXT,
    title=TEXT,
    statement=TEXT,
    source=TEXT,
    met=st.sampled_from((True, False, None)),
    reason=TEXT,
)
CONSTANT = st.builds(
    ConstantRecord,
    id=TEXT,
    latex=TEXT,
    formula=TEXT,
    value=st.builds(Interval, lower=TEXT | FLOAT.map(repr), upper=TEXT | FLOAT.map(repr)),
    evidence=TEXT,
    depends_on=_tuples(TEXT),
    source=TEXT,
    needs=TEXT,
    orders=st.dictionaries(TEXT, TEXT, max_size=2),
)
SETTING = st.one_of(
    st.dictionaries(
        TEXT, st.recursive(TEXT | FLOAT | st.none(), st.lists, max_leaves=4), max_size=3
    ),
    st.builds(
        dict,
        origin=TEXT,
        activation=TEXT,
        sha256=st.none() | TEXT,
        points=st.lists(st.lists(TEXT, max_size=3), max_size=3) | TEXT,
        labels=st.lists(TEXT, max_size=3) | TEXT,
        parameters=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
)


@pytest.fixture(scope="session")
def hostile() -> st.SearchStrategy[Review]:
    """Reviews whose every string may be an attack, and whose every number may be extreme."""
    return st.builds(
        Review,
        mfcheck=TEXT,
        paper=TEXT,
        title=TEXT,
        source=TEXT,
        seed=st.integers(0, 2**64),
        budget=TEXT,
        setting=SETTING,
        versions=st.dictionaries(TEXT, TEXT, max_size=2),
        complete=st.booleans(),
        missing=_tuples(TEXT),
        assumptions=_tuples(ASSUMPTION, 1),
        claims=_tuples(CLAIM),
        findings=_tuples(FINDING),
        constants=_tuples(CONSTANT),
        references=_tuples(TEXT),
    )


@pytest.fixture(scope="session")
def plots() -> st.SearchStrategy[Plot]:
    return PLOT


@pytest.fixture(scope="session")
def hostile_text() -> st.SearchStrategy[str]:
    return TEXT
