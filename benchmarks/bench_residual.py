"""Loss and gradient of a residual network: `dynamics.residual` against the first paper's solver at equal work.

Both run the Euler network with the same neurons; the first paper's decoder has the fewest particles it takes (four),
the other network a square loss on one coordinate. Runs alternate; the ratio is of the best times
(processor time with one thread, wall time with more).

    python benchmarks/bench_residual.py
"""

import argparse
import json
import time
from collections.abc import Callable

import numba
import numpy as np

from mfcheck.dynamics.residual import Residual, SquareLoss
from mfcheck.dynamics.residual_blocks import Block, CompiledNeurons, Neurons
from mfcheck.dynamics.resnet import Flow, Numerics, Problem, State
from mfcheck.symbolic.activation import LIBRARY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=64)
    parser.add_argument("--d", type=int, default=16)
    parser.add_argument("--M", type=int, default=2048)
    parser.add_argument("--L", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    numba.set_num_threads(options.threads)
    n, d, M, L = options.n, options.d, options.M, options.L
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    theta, tau = rng.normal(size=(L, 2 * d + 1, M)), rng.normal(size=(d + 2, 4))
    problem = Problem(x, rng.uniform(-1, 1, n), LIBRARY["tanh"], 1.0, 1.0)
    numerics = Numerics(depth=L, particles=M, decoder_particles=4, scheme="euler")
    state = State(tau, theta)
    flow = Flow(problem, numerics, state, parallel=options.threads > 1)
    velocities = np.empty_like(tau), np.empty_like(theta)
    loss = SquareLoss(problem.y[:, None], np.eye(1, d))

    def run(block: Block, out: np.ndarray | None = None) -> Callable[[], object]:
        network = Residual(block, x, loss)
        return lambda: network.evaluate(theta, out=out)

    cases: dict[str, Callable[[], object]] = {
        "first paper's solver": lambda: flow.evaluate(state, *velocities),
        "residual, compiled": run(
            CompiledNeurons(LIBRARY["tanh"], options.threads > 1), velocities[1]
        ),
        "residual, BLAS": run(Neurons.of(LIBRARY["tanh"])),
    }
    # Other work on the machine spoils processor time less.
    clock = time.process_time if options.threads == 1 else time.perf_counter
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(options.rounds):
        for name, case in cases.items():
            began = clock()
            case()
            best[name] = min(best[name], clock() - began)
    base = best["first paper's solver"]
    rows = {
        name: {"ms": round(1e3 * t, 2), "speed": round(base / t, 3)} for name, t in best.items()
    }
    print(json.dumps({"case": vars(options), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
