"""The constants of the paper: reference values, orders, and the whole chain of bounds along a solved flow."""

import itertools
import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp

from mfcheck.claims import Data, Setting
from mfcheck.constants import evaluate as rigorous
from mfcheck.constants.graph import ConstantGraph
from mfcheck.constants.orders import orders
from mfcheck.errors import InputError
from mfcheck.rigor import certificate
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck.verify import verify
from mfcheck_proofs.scaled_resnets import leaves
from mfcheck_proofs.scaled_resnets import symbols as s
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS, NEEDS_B0, NEEDS_C3
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, PARAMETERS

Array = NDArray[np.float64]
PAPER: Any = types.SimpleNamespace(constants=CONSTANTS, parameters=PARAMETERS)
GRAPH = ConstantGraph(CONSTANTS, PARAMETERS)
FIXED = {
    *("lambda_min_G2", "lambda_min_A", "Lambda_HG", "n_max", "r_max", "C_KL"),
    *("beta_threshold", "movement_leading", "C_KL_leading"),
}


def circle(n: int, labels: tuple[int, ...] | None = None) -> Setting:
    """Nearly equispaced rational points of the circle, exactly on it."""
    points = []
    for j in range(n):
        tangent = Fraction(math.tan(math.pi * (2 * j - n + 1) / (2 * n))).limit_denominator(10**9)
        square = tangent**2
        points.append(((1 - square) / (1 + square), 2 * tangent / (1 + square)))
    signs = labels or tuple(1 - 2 * (j % 2) for j in range(n))
    return replace(DEFAULT, data=Data(tuple(points), tuple(map(Fraction, signs))))


def evaluated(setting: Setting, digits: int = 15, **options: bool) -> dict[str, Any]:
    records = rigorous.evaluate_constants(PAPER, setting, digits, **options)
    return {record.id: record for record in records}


def middle(record: Any) -> float:
    return (float(record.value.lower) + float(record.value.upper)) / 2


# --- values ----------------------------------------------------------------------------------------------------------


def test_the_promised_ids_are_there() -> None:
    assert {c.id for c in CONSTANTS} >= FIXED


def test_every_constant_of_the_default_setting_is_certified_to_thirty_digits() -> None:
    for record in evaluated(DEFAULT, 30).values():
        assert record.evidence == "certified"
        lower, upper = Fraction(record.value.lower), Fraction(record.value.upper)
        assert lower <= upper
        assert upper - lower <= abs(lower) / Fraction(10) ** 28


@pytest.mark.parametrize(
    ("n", "smallest", "explicit"), [(4, "0.251020", "0.227881"), (8, "0.0446861", "0.00503808")]
)
def test_reference_values_of_the_circle(n: int, smallest: str, explicit: str) -> None:
    found = evaluated(circle(n), 12)
    assert middle(found["lambda_min_G2"]) == pytest.approx(float(smallest), rel=2e-6)
    assert middle(found["Lambda_HG"]) == pytest.approx(float(explicit), rel=3e-6)
    assert middle(found["n_max"]) in (n, n + 1)


def test_two_precisions_agree() -> None:
    coarse, fine = evaluated(DEFAULT, 10), evaluated(DEFAULT, 25)
    for id, record in fine.items():
        assert Fraction(coarse[id].value.lower) <= Fraction(record.value.lower)
        assert Fraction(record.value.upper) <= Fraction(coarse[id].value.upper)


def _square_A(x: float) -> float:
    return math.tanh(x) ** 2


def _square_G2(x: float) -> float:
    return math.tanh(x) ** 2 + 2 / math.cosh(x) ** 4


def _square_K(x: float) -> float:
    slope = 1 / math.cosh(x) ** 2
    return (math.tanh(x) + x * slope + 4 * math.tanh(x) * slope) ** 2


def _mean(square: Callable[[float], float]) -> float:
    """E square(x), x of variance |x_i|^2 + 1 = 2."""

    def integrand(x: float) -> float:
        return square(x) * math.exp(-x * x / 4) / (2 * math.sqrt(math.pi))

    return float(quad(integrand, -30, 30, limit=200, epsabs=1e-13)[0])


def float_values(setting: Setting) -> dict[sp.Symbol, float]:
    """Every constant in double precision, from NumPy and the formulas alone (tanh)."""
    data = setting.data
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    hermite = [np.ones_like(nodes), nodes]
    for k in range(2, 110):
        hermite.append((nodes * hermite[-1] - math.sqrt(k - 1) * hermite[-2]) / math.sqrt(k))
    mu = np.array(hermite) @ (weights / weights.sum() * np.tanh(math.sqrt(2) * nodes))
    half = (1 + data.X @ data.X.T) / 2
    r = np.arange(len(mu))
    A, G2, K = (
        np.tensordot((1 + r) ** k * mu**2, half[None] ** r[:, None, None], 1) for k in range(3)
    )
    # On the diagonal the series converges slowly; there the kernels are E s0^2, E[s0^2 + 2 s0'^2] and E k^2.
    for matrix, square in ((A, _square_A), (G2, _square_G2), (K, _square_K)):
        np.fill_diagonal(matrix, _mean(square))
    y, c = data.y, np.linalg.solve(G2, data.y)
    largest = float(np.max(half - np.eye(data.n)))
    lost = (1 + r) * mu**2 @ np.minimum(1, (data.n - 1) * largest**r)
    ramp = sp.Symbol("ell_gamma", nonnegative=True)
    return {
        **{p.symbol: setting.number(p.name) for p in PARAMETERS},
        **{s.n: data.n, s.d: data.d, s.C_max: data.C_max, s.y_norm: float(np.linalg.norm(y))},
        **{s.B_0: 1, s.B_1: 1, s.B_2: 4 / 27**0.5, s.B_3: 2, s.B_g: math.tanh(1)},
        **{s.lambda_0: np.linalg.eigvalsh(G2)[0], s.lambda_a: np.linalg.eigvalsh(A)[0]},
        **{s.Lambda: G2[0, 0] - lost, s.Q_m: y @ c, s.Q_KL: c @ K @ c / 2, ramp: 0.0},
        s.n_max: middle(evaluated(setting, 5)["n_max"]),
    }


def derived_values(values: Mapping[sp.Symbol, float]) -> dict[str, float]:
    known = dict(values)
    found = {}
    for node in GRAPH:
        if node.symbol not in known:
            symbols = sorted(node.formula.free_symbols, key=str)
            f = sp.lambdify(symbols, node.formula, "numpy")
            known[node.symbol] = float(f(*[known[symbol] for symbol in symbols]))
        found[node.id] = float(known[node.symbol])
    return found


def test_enclosures_hold_an_independent_computation_in_doubles() -> None:
    setting = DEFAULT.with_values(beta=2000)
    expected, found = derived_values(float_values(setting)), evaluated(setting, 12)
    assert expected.keys() == found.keys()
    for id, value in expected.items():
        assert middle(found[id]) == pytest.approx(value, rel=1e-7, abs=1e-12), id


# --- what is infinite, undefined, or out of reach --------------------------------------------------------------------


def test_a_formula_with_a_bound_of_the_activation_says_that_it_needs_one() -> None:
    named = {
        c.id: c.needs for c in CONSTANTS if s.B_0 in c.formula.free_symbols and c.value is None
    }
    assert {"rademacher", "rademacher_encoder", "generalization_bound_data"} <= set(named)
    for id, needs in named.items():
        assert NEEDS_B0 in needs, id
    third = {c.id: c.needs for c in CONSTANTS if s.C_3 in c.formula.free_symbols}
    assert third
    for id, needs in third.items():
        assert NEEDS_C3 in needs, id


def test_an_unbounded_activation_makes_what_needs_a_bound_infinite() -> None:
    found = evaluated(replace(DEFAULT, activation=LIBRARY["softplus"]), 8)
    for id in ("B_0", "rademacher", "generalization_bound"):
        assert (found[id].value.lower, found[id].value.upper) == ("inf", "inf")
        assert found[id].evidence == "certified: infinite"
    assert math.isfinite(middle(found["C_KL"]))


def test_a_kink_leaves_constants_without_a_value_and_the_others_intact() -> None:
    found = evaluated(replace(DEFAULT, activation=activation("relu(x)")), 6, strict=False)
    assert "jumps at x = 0" in found["B_2"].evidence
    assert found["C_KL"].evidence == found["B_2"].evidence.replace("B_2", "C_KL")
    assert found["C_KL"].value is None
    assert found["lambda_min_G2"].evidence == "certified"


def test_alpha_zero_freezes_the_encoder() -> None:
    found = evaluated(DEFAULT.with_values(alpha=0), 8)
    assert middle(found["D"]) == middle(found["C_KL_nu"]) == middle(found["movement_nu"]) == 0


def test_too_many_digits_are_refused_at_once() -> None:
    with pytest.raises(InputError, match="digits must be between 1 and 200, got 100000"):
        evaluated(DEFAULT, 100_000)


def test_the_hermite_gershgorin_bound_says_where_it_stops() -> None:
    near = Fraction(1, 1000)
    square = near * near
    rows = ((1, 0), ((1 - square) / (1 + square), 2 * near / (1 + square)), (0, 1))
    data = Data(tuple(tuple(map(Fraction, row)) for row in rows), (Fraction(1),) * 3)
    found = evaluated(replace(DEFAULT, data=data), 6)["Lambda_HG"]
    assert found.value is None
    assert "C_max is too near 1" in str(found.reason)


@pytest.mark.parametrize("cosine", [Fraction(0), Fraction(1, 2), Fraction(-1, 3)])
def test_cosine_bound_is_exact_where_the_cosine_is_simple(cosine: Fraction) -> None:
    inner = {
        Fraction(0): ((1, 0), (0, 1)),
        Fraction(1, 2): ((1, 1, 0), (0, 1, 1)),
        Fraction(-1, 3): ((1, 1, 1), (1, -1, -1)),
    }[cosine]
    points = tuple(tuple(map(Fraction, row)) for row in inner)
    setting = replace(DEFAULT, data=Data(points, (Fraction(1),) * 2))
    assert leaves.cosine_bound(setting) == cosine


def test_cosine_bound_of_long_decimals_fits_a_certificate() -> None:
    """Nine decimals a coordinate, as a user's file has them: every pair is compared in 50 digits of mpmath."""
    X = np.random.default_rng(5).standard_normal((8, 5))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    points = tuple(tuple(Fraction(f"{v:.9f}") for v in row) for row in X)
    labels = tuple(Fraction((-1) ** k) for k in range(8))
    setting = replace(DEFAULT, data=Data(points, labels, "test"))
    bound = leaves.cosine_bound(setting)
    with mpmath.workdps(50):
        rows = [mpmath.matrix([mpmath.mpf(v.numerator) / v.denominator for v in p]) for p in points]
        cosines = [
            mpmath.fdot(a, b) / mpmath.norm(a) / mpmath.norm(b)
            for i, a in enumerate(rows)
            for b in rows[:i]
        ]
        gap = mpmath.mpf(bound.numerator) / bound.denominator - max(cosines)
        assert 0 < gap < mpmath.mpf(10) ** -14
    proof = certificate.code_bound(leaves.code_size(5, bound))
    assert verify(json.dumps(proof)).status == "accepted"


def test_cosine_bound_exceeds_every_inner_product() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(-50, 50, (6, 3))
    points = tuple(tuple(Fraction(int(v)) for v in row) for row in rows)
    setting = replace(DEFAULT, data=Data(points, (Fraction(1),) * 6))
    assert 0 <= float(leaves.cosine_bound(setting)) - setting.data.C_max < 1e-12


# --- orders ----------------------------------------------------------------------------------------------------------


def test_orders_in_n_and_beta() -> None:
    table = orders(CONSTANTS)
    half = sp.Rational(1, 2)
    expected = {
        "r_max": {s.n: -half},
        "C_KL": {s.n: 0, s.C_3: 1},
        "KL_bound_coarse": {s.n: 2, s.beta: -2},
        "KL_bound_tau": {s.n: half, s.beta: -2, s.y_norm: 2},
        "KL_bound_nu": {s.beta: -4},
        "movement_nu": {s.beta: -2},
        "beta_threshold": {s.n: half, s.y_norm: 1},
        "beta_threshold_path": {s.n: 3 * half},
        "beta_threshold_stated": {s.n: 3 * half, s.Lambda: -1},
        "rademacher_coarse": {s.n: half},
        "rademacher_leading": {s.n: -half},
    }
    for id, row in expected.items():
        assert {p: table[id][p] for p in row} == row, id


def test_the_paper_has_no_constant_that_depends_on_the_dimension() -> None:
    """C_KL and r_max are free of d: the weights enter through directions only."""
    assert all(s.d not in row for id, row in orders(CONSTANTS).items() if id != "d")


# --- the leading order refutes KL <= C n / (lambda_0 beta^2) ----------------------------------------------------------


@pytest.mark.parametrize("n", [4, 6, 8])
def test_alternating_labels_on_the_circle_cost_more_than_n_over_lambda(n: int) -> None:
    """Alternating signs are a frequency n/2, which c^r reaches from r = n/2 on: K >= (1 + n/2) G2 there."""
    found = evaluated(circle(n), 12)
    kl, movement = middle(found["C_KL_leading"]), middle(found["movement_leading"])
    assert 2 * kl >= (1 + n / 2) * movement * (1 - 1e-6)
    assert movement == pytest.approx(n / middle(found["lambda_min_G2"]), rel=1e-6)


def leading_kl(n: int, target: Callable[[float], float]) -> float:
    """(1/2) y^T G2^-1 K G2^-1 y of labels target(x_1) at equispaced points of the circle."""
    points = circle(n).data.points
    labels = tuple(Fraction(target(float(point[0]))) for point in points)
    setting = replace(DEFAULT, data=Data(points, labels))
    return float(rigorous.enclose_constant(GRAPH, setting, "C_KL_leading", 8).mid())


def test_the_form_of_one_neuron_is_bounded_and_that_of_a_mixture_of_steep_ones_is_not() -> None:
    """Both targets are means over measures of finite second moment, as Theorem 6 assumes."""
    steepness = np.arange(1.0, 200)
    share = steepness**-3.2 / (steepness**-3.2).sum()

    def mixture(x: float) -> float:
        return float(share @ np.tanh(steepness * x))

    one, many = (
        [leading_kl(n, target) for n in (24, 32, 40)]
        for target in (lambda x: math.tanh(2 * x + 0.5), mixture)
    )
    assert one[1:] == pytest.approx([22.48, 22.48], rel=1e-3)
    assert many[2] / many[1] > many[1] / many[0] > 3


@pytest.mark.parametrize("n", [4, 10, 16])
def test_the_lazy_walk_on_the_circle_is_least_likely_at_the_far_side(n: int) -> None:
    """Its law after r steps gives the eigenvalues of the Schur powers: alternating labels meet the smallest one."""
    c = (1 + np.cos(2 * np.pi * np.arange(n) / n)) / 2
    law = np.eye(n)[0]
    for r in range(1, 40):
        law = law / 2 + (np.roll(law, 1) + np.roll(law, -1)) / 4
        assert law == pytest.approx(np.fft.fft(c**r).real / n, abs=1e-14)
        assert (np.diff(law[: n // 2 + 1]) <= 1e-15).all()


# --- the whole chain -------------------------------------------------------------------------------------------------


def rule(dim: int) -> tuple[Array, Array]:
    """Tensor Gauss-Hermite rule with three nodes a side: all moments that the derivation uses are Gaussian."""
    x, w = np.sqrt(3) * np.array([-1.0, 0.0, 1.0]), np.array([1, 4, 1]) / 6
    nodes = np.array(list(itertools.product(x, repeat=dim)))
    return nodes, np.array([np.prod(v) for v in itertools.product(w, repeat=dim)])


@dataclass
class Neurons:
    """Neurons `(u, w, b)`, rows of `values`, at points z (n, d) with adjoint p (n, k); tanh."""

    values: Array
    z: Array
    p: Array

    def __post_init__(self) -> None:
        k = self.p.shape[1]
        self.u, self.w, b = self.values[:, :k], self.values[:, k:-1], self.values[:, -1]
        self.pre = self.z @ self.w.T + b
        self.s0, self.s1 = np.tanh(self.pre), 1 / np.cosh(self.pre) ** 2
        self.amplitude = self.p @ self.u.T

    def gradient(self, e: Array) -> Array:
        """Sum_i e_i grad [(p_i.u) s0(w.z_i+b)], shape of `values`."""
        inner = (e[:, None] * self.amplitude * self.s1).T
        return np.column_stack([(e[:, None] * self.s0).T @ self.p, inner @ self.z, inner.sum(1)])

    def entropy(self, e: Array) -> Array:
        """Sum_i e_i (p_i.u) k_{z_i}, shape (N,)."""
        size = 1 + (self.z**2).sum(1, keepdims=True)
        k = self.s0 + self.pre * self.s1 + 2 * size * self.s0 * self.s1
        result: Array = e @ (self.amplitude * k)
        return result

    def jacobian_gram(self, weights: Array) -> Array:
        slope = self.amplitude * self.s1
        direct = (self.s0 * weights) @ self.s0.T * (self.p @ self.p.T)
        result: Array = direct + (slope * weights) @ slope.T * (1 + self.z @ self.z.T)
        return result


@dataclass
class Flow:
    """The gradient flow of the network of `depth` layers, in time scaled by n/beta^2, with both entropies."""

    X: Array
    y: Array
    alpha: float
    beta: float
    depth: int = 2

    def __post_init__(self) -> None:
        d = self.X.shape[1]
        (self.omega, self.tau), (theta, self.nu) = rule(d + 2), rule(2 * d + 1)
        self.theta = np.stack([theta] * self.depth)
        self.ones = np.ones((len(self.X), 1))

    def split(self, state: Array) -> tuple[Array, Array, Array]:
        size = self.omega.size
        omega, theta = state[:size], state[size : size + self.theta.size]
        rest = state[size + self.theta.size :]
        return omega.reshape(self.omega.shape), theta.reshape(self.theta.shape), rest

    def forward(self, theta: Array) -> list[Array]:
        d, states = self.X.shape[1], [self.X]
        for layer in theta:
            s0 = np.tanh(states[-1] @ layer[:, d : 2 * d].T + layer[:, -1])
            states.append(states[-1] + self.alpha / self.depth * (s0 * self.nu) @ layer[:, :d])
        return states

    def rates(self, _: float, state: Array) -> Array:
        omega, theta, _rest = self.split(state)
        states = self.forward(theta)
        heads = Neurons(omega, states[-1], self.ones)
        e = self.beta * (heads.amplitude * heads.s0) @ self.tau - self.y
        start = Neurons(self.omega, states[-1], self.ones).entropy(e)
        entropies = [-self.tau @ (heads.entropy(e) - start) / self.beta]
        p, moves = (heads.amplitude * heads.s1 * self.tau) @ heads.w, []
        for z, layer, old in zip(states[-2::-1], theta[::-1], self.theta[::-1], strict=True):
            cells = Neurons(layer, z, p)
            moves.append(-self.alpha / self.beta * cells.gradient(e))
            change = cells.entropy(e) - Neurons(old, z, p).entropy(e)
            entropies.append(-self.alpha / self.beta * self.nu @ change)
            p = p + self.alpha / self.depth * (cells.amplitude * cells.s1 * self.nu) @ cells.w
        parts = [-heads.gradient(e) / self.beta, np.stack(moves[::-1])]
        return np.concatenate([*[part.ravel() for part in parts], entropies])

    def loss_and_floor(self, state: Array) -> tuple[float, float]:
        omega, theta, _ = self.split(state)
        heads = Neurons(omega, self.forward(theta)[-1], self.ones)
        e = self.beta * (heads.amplitude * heads.s0) @ self.tau - self.y
        return float(e @ e), float(np.linalg.eigvalsh(heads.jacobian_gram(self.tau))[0])

    def run(self, time: float) -> dict[str, Array]:
        start = np.concatenate([self.omega.ravel(), self.theta.ravel(), np.zeros(1 + self.depth)])
        times = np.linspace(0, time, 12)
        found = solve_ivp(self.rates, (0, time), start, t_eval=times, rtol=1e-9, atol=1e-13)
        rows: dict[str, list[float]] = {
            key: [] for key in ("e2", "floor", "m_tau", "m_nu", "KL_tau", "KL_nu")
        }
        for state in found.y.T:
            omega, theta, entropies = self.split(state)
            e2, floor = self.loss_and_floor(state)
            m_nu = [rms(layer - old, self.nu) for layer, old in zip(theta, self.theta, strict=True)]
            values = (e2, floor, rms(omega - self.omega, self.tau), max(m_nu))
            for key, value in zip(rows, (*values, entropies[0], max(entropies[1:])), strict=True):
                rows[key].append(value)
        return {"t": times, **{key: np.array(row) for key, row in rows.items()}}


def rms(field: Array, weights: Array) -> float:
    return float(np.sqrt(weights @ (field**2).sum(axis=1)))


X = np.array([[1.0, 0.0], [-0.6, 0.8], [-0.28, -0.96]])


@pytest.fixture(scope="module")
def chain() -> tuple[dict[str, Array], dict[str, float], float]:
    """A flow just above the threshold, in the direction that moves furthest, and the constants of its own measure."""
    flow = Flow(X, np.zeros(3), 1.0, 1.0)
    heads = Neurons(flow.omega, X, flow.ones)
    values, vectors = np.linalg.eigh(heads.jacobian_gram(flow.tau))
    flow.y = vectors[:, 0] / np.abs(vectors[:, 0]).max()
    setting = DEFAULT.with_values(alpha=1, beta=1)
    known = float_values(setting) | {
        s.n: 3,
        s.d: 2,
        s.lambda_0: values[0],
        s.y_norm: float(np.linalg.norm(flow.y)),
    }
    flow.beta = 1.01 * derived_values(known)["beta_threshold"]
    constants = derived_values(known | {s.beta: flow.beta})
    return flow.run(40 / values[0]), constants, flow.beta


def test_the_bootstrap_closes_along_the_flow(chain: Any) -> None:
    run, constants, _ = chain
    assert run["e2"][-1] < 1e-12 * run["e2"][0]
    assert max(run["m_tau"].max(), run["m_nu"].max()) <= constants["r_max"]
    assert run["floor"].min() >= constants["lambda_min_G2"] / 2


def test_the_loss_decays_as_stated(chain: Any) -> None:
    run, constants, beta = chain
    rate = constants["loss_rate"] * constants["n"] / beta**2
    bound = run["e2"][0] * np.exp(-rate * run["t"])
    assert (run["e2"] <= bound * (1 + 1e-6) + 1e-15).all()


@pytest.mark.parametrize(
    ("quantity", "bound"),
    [
        ("m_tau", "movement_PL"),
        ("m_tau", "movement_path"),
        ("m_nu", "movement_nu"),
        ("KL_tau", "KL_bound_tau"),
        ("KL_tau", "KL_bound_coarse"),
        ("KL_nu", "KL_bound_nu"),
        ("KL_nu", "KL_bound_coarse"),
    ],
)
def test_every_bound_holds_along_the_flow(chain: Any, quantity: str, bound: str) -> None:
    run, constants, _ = chain
    assert 0 < run[quantity].max() <= constants[bound]


def test_movement_bound_halved_is_false(chain: Any) -> None:
    """Labels along the slowest direction: the limit is |y|/(beta sqrt(lambda_0)), the bound sqrt(2) times that."""
    run, constants, _ = chain
    assert run["m_tau"].max() > constants["movement_PL"] / 2


def test_bounds_keep_the_order_of_beta(chain: Any) -> None:
    """KL(nu) is two orders in beta below KL(tau), both in the flow and in the bounds."""
    run, constants, beta = chain
    assert run["KL_nu"].max() * beta**2 < 50 * run["KL_tau"].max()
    assert constants["KL_bound_nu"] < constants["KL_bound_tau"]


@pytest.mark.parametrize("radius", [1e-7, 0.03, 0.5, 0.75, 1.0, 1.5, 2.0, 1e3])
def test_the_price_of_a_radius_that_the_sample_decides(radius: float) -> None:
    """Radii 2^j share delta by weights w = 2/(3 (|j|+1)(|j|+2)), in all one; that above a radius pays log 1/w."""
    j = sp.Symbol("j", integer=True, positive=True)
    tail = sp.summation(1 / ((j + 1) * (j + 2)), (j, 1, sp.oo))
    assert sp.Rational(2, 3) * (sp.Rational(1, 2) + 2 * tail) == 1
    level = math.ceil(math.log2(radius))
    assert radius <= 2.0**level <= 2 * radius
    (formula,) = (c.formula for c in CONSTANTS if c.id == "strata")
    (symbol,) = formula.free_symbols
    price = math.log(2) + float(formula.subs(symbol, radius))
    assert math.log(3 * (abs(level) + 1) * (abs(level) + 2) / 2) <= price + 1e-12
    assert price - math.log(3 * (abs(level) + 1) * (abs(level) + 2) / 2) <= math.log(6)
