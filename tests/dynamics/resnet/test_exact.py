"""The reported errors cover the true ones: linear activation in closed form, leading orders."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from mfcheck.dynamics.resnet import Numerics, Problem, Solution, simulate
from mfcheck.symbolic.activation import LIBRARY, Activation, X

MakeProblem = Callable[..., Problem]
IDENTITY = Activation("identity", X)


def one_point(alpha: float = 0.0) -> Problem:
    return Problem(np.array([[0.6, 0.8]]), np.array([0.9]), IDENTITY, alpha, 1.5)


def angle(problem: Problem, times: np.ndarray) -> np.ndarray:
    """Hyperbolic angle of the linear decoder on one point: `f = -beta sqrt2 sinh(2 angle)`.

    Along `z = (x, 1)`, `|z|^2 = 2`, the flow turns `a + w.z/|z|` by `exp(-angle)` and `a - w.z/|z|` by
    `exp(angle)`, all other directions stay; the law stays Gaussian.
    """

    def slope(_t: float, theta: np.ndarray) -> np.ndarray:
        f = -problem.beta * np.sqrt(2) * np.sinh(2 * theta)
        return np.asarray(problem.beta * np.sqrt(2) * (f - problem.y[0]))

    found = solve_ivp(slope, (0, times[-1]), [0.0], t_eval=times, rtol=1e-10, atol=1e-13)
    return np.asarray(found.y[0])


def decoder_law(problem: Problem, times: np.ndarray) -> Mapping[str, np.ndarray]:
    """Loss, entropy, movement and Gram matrix of the linear decoder on one point, exactly."""
    theta = angle(problem, times)
    f = -problem.beta * np.sqrt(2) * np.sinh(2 * theta)
    return {
        "loss": (f - problem.y[0]) ** 2 / 2,
        "KL_tau": np.cosh(2 * theta) - 1,
        "movement_tau": np.sqrt((np.exp(-theta) - 1) ** 2 + (np.exp(theta) - 1) ** 2),
        "lambda_min_G2": 4 * np.cosh(2 * theta),
    }


def covered(solution: Solution, exact: Mapping[str, np.ndarray]) -> float:
    """Share of the final values whose reported error covers the true one."""
    hits = [
        abs(solution.final[name].value - values[-1]) <= solution.final[name].error
        for name, values in exact.items()
    ]
    return float(np.mean(hits))


@pytest.mark.parametrize("initial", ["antithetic", "sobol"])
def test_linear_decoder_on_one_point(initial: str) -> None:
    problem = one_point()
    choice = Numerics(depth=2, particles=4, decoder_particles=2**12, initial=initial, seed=4)  # type: ignore[arg-type]
    solution = simulate(problem, choice)
    exact = decoder_law(problem, solution.time)
    for name, values in exact.items():
        series = solution.series[name]
        inside = np.abs(series.value - values) <= series.error + 1e-12
        assert inside.mean() >= 0.9, name
        assert inside[-1], name
        assert np.all(series.error <= 0.15 * values.max()), name
    wrong = {"KL_tau": 0.5 * exact["KL_tau"], "movement_tau": 1.3 * exact["movement_tau"]}
    assert covered(solution, wrong) == 0.0


def test_errors_cover_the_truth_as_often_as_they_say() -> None:
    problem = one_point()
    shares: list[list[float]] = []
    for seed in range(20):
        choice = Numerics(
            depth=2, particles=4, decoder_particles=128, seed=seed, outputs=4, tolerance=1e-3
        )
        solution = simulate(problem, choice, threads=1)
        exact = decoder_law(problem, solution.time)
        shares.append([covered(solution, {name: values}) for name, values in exact.items()])
    # 95 % intervals, 4 quantities that follow one another: were all four always right or wrong
    # together, fewer than 16 hits in 20 would have probability 0.3 %
    assert np.all(np.mean(shares, axis=0) >= 0.8)


def linear_network(problem: Problem, times: np.ndarray, depth: int) -> Mapping[str, np.ndarray]:
    """The linear network by closed moment equations: Gaussian laws, propagated by their flow maps.

    `u' = -A v`, `v' = -A^T u` with `v = (w, b)`, `A = alpha sum_i eps_i p_i z_i^T`, layer by layer, and
    the same for the decoder with `u = a`, `p = 1`; features cross half a layer by
    the series of the matrix exponential, whose fourth term is far below rounding of what is compared.
    """
    n, d = problem.X.shape
    k = d + 1
    sizes = [(1 + k) ** 2] + [(d + k) ** 2] * depth

    def split(y: np.ndarray) -> list[np.ndarray]:
        parts = np.split(y, np.cumsum(sizes)[:-1])
        return [part.reshape(round(part.size**0.5), -1) for part in parts]

    def pass_through(maps: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        z = np.hstack([problem.X, np.ones((n, 1))])
        features, steps = [], []
        for layer in maps[1:]:
            C = np.zeros((k, k))
            C[:d] = (layer @ layer.T)[:d, d:]
            C *= problem.alpha / (2 * depth)
            half = np.eye(k) + C @ (np.eye(k) + C @ (np.eye(k) + C / 3) / 2)
            features.append(z @ half.T)
            z = features[-1] @ half.T
            steps.append(half)
        moment = (maps[0] @ maps[0].T)[0, 1:]
        e = problem.beta * z @ moment - problem.y
        p = np.append(moment[:d], 0.0)
        adjoints = []
        for half in reversed(steps):
            p = half.T @ p
            adjoints.append(p[:d].copy())
            p = half.T @ p
        return features, np.array(adjoints[::-1]), np.column_stack([z, e])

    def slope(_t: float, y: np.ndarray) -> np.ndarray:
        maps = split(y)
        features, adjoints, end = pass_through(maps)
        z, e = end[:, :-1], end[:, -1]
        eps = problem.beta / n * e
        rates = []
        for index, F in enumerate(maps):
            outer = 1 if index == 0 else d
            if index == 0:
                A = (eps @ z)[None]
            else:
                A = problem.alpha * np.outer(adjoints[index - 1], eps @ features[index - 1])
            B = np.zeros_like(F)
            B[:outer, outer:] = -A
            B[outer:, :outer] = -A.T
            rates.append((B @ F).ravel())
        return np.concatenate(rates)

    start = np.concatenate([np.eye(round(size**0.5)).ravel() for size in sizes])
    found = solve_ivp(slope, (0, times[-1]), start, t_eval=[times[-1]], rtol=1e-6, atol=1e-9)
    maps = split(found.y[:, -1])

    def entropy(F: np.ndarray) -> float:
        S = F @ F.T
        return 0.5 * float(np.trace(S) - len(S) - np.linalg.slogdet(S)[1])

    moved = [float(np.linalg.norm(F - np.eye(len(F)))) for F in maps]
    return {
        "KL_tau": np.array([entropy(maps[0])]),
        "KL_nu": np.array([max(entropy(F) for F in maps[1:])]),
        "movement_tau": np.array([moved[0]]),
        "movement_nu": np.array([max(moved[1:])]),
    }


def test_linear_network_with_its_encoder() -> None:
    points = np.array([[1.0, 0.0], [0.28, 0.96]])
    problem = Problem(points, np.array([0.9, -0.7]), IDENTITY, 1.2, 1.5)
    choice = Numerics(depth=8, particles=2**10, initial="sobol", seed=1, tolerance=1e-3)
    solution = simulate(problem, choice)
    exact = linear_network(problem, solution.time, 16)
    for name, values in exact.items():
        estimate = solution.final[name]
        assert abs(estimate.value - values[-1]) <= estimate.error, name
        assert estimate.error <= 0.25 * values[-1], name
    assert exact["KL_nu"][0] > 0.003
    frozen = linear_network(Problem(points, problem.y, IDENTITY, 0.9, 1.5), solution.time, 16)
    assert covered(solution, {k: frozen[k] for k in ("KL_nu", "movement_nu")}) == 0.0


def hermite_forms(problem: Problem) -> tuple[float, float]:
    """Return `y^T G2^-1 y` and `y^T G2^-1 K G2^-1 y / 2` from the Hermite series of the activation."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    s0 = sp.lambdify(X, problem.activation.expr, "scipy")(np.sqrt(2) * nodes)
    c = (1 + problem.X @ problem.X.T) / 2
    hermite = [np.ones_like(nodes), nodes]
    G2, K = np.zeros_like(c), np.zeros_like(c)
    for r in range(40):
        mu = weights @ (s0 * hermite[r]) / weights.sum()
        G2 += (1 + r) * mu**2 * c**r
        K += (1 + r) ** 2 * mu**2 * c**r
        hermite.append((nodes * hermite[-1] - np.sqrt(r + 1) * hermite[-2]) / np.sqrt(r + 2))
    v = np.linalg.solve(G2, problem.y)
    return float(problem.y @ v), float(v @ K @ v) / 2


def test_leading_orders_in_beta() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    y = rng.uniform(-1, 1, 4)
    choice = Numerics(
        depth=2, particles=512, decoder_particles=2**13, initial="sobol", tolerance=1e-3
    )
    betas = np.array([40.0, 80.0, 160.0])
    runs = [simulate(Problem(points, y, LIBRARY["tanh"], 1.0, beta), choice) for beta in betas]
    movement, entropy = hermite_forms(runs[0].problem)
    last = runs[-1].final
    for name, law, power in (("movement_tau", movement**0.5, 1), ("KL_tau", entropy, 2)):
        value, error = last[name].value * betas[-1] ** power, last[name].error * betas[-1] ** power
        # the next order is O(1/beta^2) relative: 0.1 % at beta = 160
        assert abs(value - law) <= error + 0.002 * law
        assert error < 0.03 * law
        assert abs(value - 1.1 * law) > error
    for name, power in (("KL_tau", -2), ("KL_nu", -4), ("movement_tau", -1), ("movement_nu", -2)):
        logs = np.log([run.final[name].value for run in runs])
        slope = np.polyfit(np.log(betas), logs, 1)[0]
        assert slope == pytest.approx(power, abs=0.03), name


def test_leading_order_of_the_entropy_within_one_percent() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    problem = Problem(points, rng.uniform(-1, 1, 4), LIBRARY["tanh"], 1.0, 160.0)
    thorough = Numerics(
        depth=2, particles=64, decoder_particles=2**15, initial="sobol", tolerance=5e-4,
        replicates=6, outputs=9,
    )  # fmt: skip
    found = simulate(problem, thorough).final["KL_tau"]
    law = hermite_forms(problem)[1] / problem.beta**2
    assert found.error < 0.01 * law
    assert abs(found.value - law) < 0.01 * law
    # the next order is 0.1 %
    assert abs(found.value - law) <= found.error + 0.001 * law
