"""One step of the flow (forward, adjoint, all particle velocities) against NumPy, PyTorch and JAX.

Each implementation runs in its own process with its own number of threads; one is active at a time, and
they take turns, so that a disturbance of the machine meets all of them. All first agree on residuals and
velocities. The decoder has as many particles as each layer, the encoder is the Euler network (`--scheme
midpoint`: two stages per layer, mfcheck and NumPy only).

    python benchmarks/bench_particles_step.py --rounds 20

Two times are given: wall time at the best number of threads, which other work on the machine spoils, and
processor time with one thread, which it spoils less; and the ratios of both, round by round.

PyTorch and JAX are needed for their rows only; without them these rows are left out.
"""

import argparse
import importlib.util
import json
import multiprocessing as mp
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
Step = Callable[[], tuple[Array, Array, Array]]


@dataclass(frozen=True)
class Case:
    n: int = 64
    d: int = 16
    M: int = 2048
    L: int = 32
    scheme: str = "euler"
    alpha: float = 1.0
    beta: float = 40.0

    def arrays(self) -> tuple[Array, Array, Array, Array]:
        """Data, labels, decoder `(d + 2, M)` and encoder `(L, 2 d + 1, M)`, away from the start."""
        rng = np.random.default_rng(0)
        X = rng.normal(size=(self.n, self.d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        tau = rng.normal(size=(self.d + 2, self.M))
        nu = rng.normal(size=(self.L, 2 * self.d + 1, self.M))
        return X, rng.uniform(-1, 1, self.n), tau, nu


def mfcheck_step(case: Case, threads: int) -> Step:
    import numba

    from mfcheck.dynamics.resnet import Flow, Numerics, Problem, State
    from mfcheck.symbolic.activation import LIBRARY

    numba.set_num_threads(threads)
    X, y, tau, nu = case.arrays()
    state = State(tau, nu)
    numerics = Numerics(
        depth=case.L, particles=case.M, decoder_particles=case.M, scheme=case.scheme
    )
    problem = Problem(X, y, LIBRARY["tanh"], case.alpha, case.beta)
    flow = Flow(problem, numerics, state, parallel=threads > 1)
    d_tau, d_nu = np.empty_like(tau), np.empty_like(nu)

    def step() -> tuple[Array, Array, Array]:
        evaluation = flow.evaluate(state, d_tau, d_nu)
        return evaluation.residual, d_tau, d_nu

    return step


def numpy_step(case: Case, _threads: int) -> Step:
    """Hand-written adjoint, values of tanh kept, all products by BLAS, output arrays reused."""
    X, y, tau, nu = case.arrays()
    n, d, M, L = case.n, case.d, case.M, case.L
    h = case.alpha / L
    stages = 2 if case.scheme == "midpoint" else 1
    S = np.empty((L, stages, n, M))
    S_end, ds, slope = np.empty((n, M)), np.empty((n, M)), np.empty((n, M))
    Z = np.empty((L, stages, n, d))
    d_tau, d_nu = np.empty_like(tau), np.empty_like(nu)
    spare = np.empty((d, M))

    def layer(P: Array, z: Array, s: Array) -> Array:
        np.matmul(z, P[d : 2 * d], out=s)
        s += P[2 * d]
        np.tanh(s, out=s)
        return s @ P[:d].T / M

    def adjoint(P: Array, z: Array, s: Array, g: Array, eps: Array, V: Array, add: bool) -> Array:
        m = g.shape[1]
        np.matmul(g, P[:m], out=ds)
        np.multiply(s, s, out=slope)
        np.subtract(1.0, slope, out=slope)
        np.multiply(ds, slope, out=ds)
        for rows, left, right in ((slice(0, m), g, s), (slice(m, m + d), z, ds)):
            out = spare[: rows.stop - rows.start] if add else V[rows]
            np.matmul(-(eps[:, None] * left).T, right, out=out)
            if add:
                V[rows] += out
        V[m + d] = (V[m + d] if add else 0.0) - eps @ ds
        return ds @ P[m : m + d].T / M

    def step() -> tuple[Array, Array, Array]:
        z = X.copy()
        for k in range(L):
            Z[k, 0] = z
            flux = layer(nu[k], z, S[k, 0])
            if stages == 2:
                Z[k, 1] = z + 0.5 * h * flux
                flux = layer(nu[k], Z[k, 1], S[k, 1])
            z = z + h * flux
        np.matmul(z, tau[1 : d + 1], out=S_end)
        np.add(S_end, tau[d + 1], out=S_end)
        np.tanh(S_end, out=S_end)
        e = case.beta * (S_end @ tau[0] / M) - y
        eps = case.beta / n * e
        p = adjoint(tau, z, S_end, np.ones((n, 1)), eps, d_tau, False)
        for k in range(L - 1, -1, -1):
            g = p
            for stage in range(stages - 1, -1, -1):
                add = stage < stages - 1
                mu = adjoint(nu[k], Z[k, stage], S[k, stage], g, case.alpha * eps, d_nu[k], add)
                g = 0.5 * h * mu
                p = p + h * mu
        return e, d_tau, d_nu

    return step


def torch_step(case: Case, threads: int) -> Step:
    """The hand-written adjoint in PyTorch."""
    import torch

    torch.set_num_threads(threads)
    X, y, tau, nu = (torch.from_numpy(a) for a in case.arrays())
    n, d, M, L = case.n, case.d, case.M, case.L
    h = case.alpha / L
    S = torch.empty((L + 1, n, M), dtype=torch.float64)
    ds, slope = torch.empty((n, M), dtype=torch.float64), torch.empty((n, M), dtype=torch.float64)
    d_tau, d_nu = torch.empty_like(tau), torch.empty_like(nu)
    one = torch.ones((n, 1), dtype=torch.float64)

    def adjoint(P: Array, z: Array, s: Array, g: Array, eps: Array, V: Array) -> Array:
        m = g.shape[1]
        torch.matmul(g, P[:m], out=ds)
        torch.mul(s, s, out=slope)
        torch.sub(1.0, slope, out=slope)
        ds.mul_(slope)
        torch.matmul(-(eps[:, None] * g).T, s, out=V[:m])
        torch.matmul(-(eps[:, None] * z).T, ds, out=V[m : m + d])
        torch.matmul(-eps[None], ds, out=V[m + d :])
        return ds @ P[m : m + d].T / M

    @torch.inference_mode()
    def step() -> tuple[Array, Array, Array]:
        z, kept = X, []
        for k in range(L):
            kept.append(z)
            torch.addmm(nu[k, 2 * d], z, nu[k, d : 2 * d], out=S[k]).tanh_()
            z = torch.addmm(z, S[k], nu[k, :d].T, alpha=h / M)
        torch.addmm(tau[d + 1], z, tau[1 : d + 1], out=S[L]).tanh_()
        e = case.beta * (S[L] @ tau[0] / M) - y
        eps = case.beta / n * e
        p = adjoint(tau, z, S[L], one, eps, d_tau)
        for k in range(L - 1, -1, -1):
            p = p + h * adjoint(nu[k], kept[k], S[k], p, case.alpha * eps, d_nu[k])
        return e, d_tau, d_nu

    return step


def torch_autograd_step(case: Case, threads: int) -> Step:
    import torch

    torch.set_num_threads(threads)
    X, y, tau, nu = (torch.from_numpy(a) for a in case.arrays())
    n, d, M, L = case.n, case.d, case.M, case.L
    tau.requires_grad_()
    layers = [layer.clone().requires_grad_() for layer in nu]

    def step() -> tuple[Array, Array, Array]:
        z = X
        for P in layers:
            s = torch.tanh(torch.addmm(P[2 * d], z, P[d : 2 * d]))
            z = torch.addmm(z, s, P[:d].T, alpha=case.alpha / L / M)
        f = case.beta / M * (torch.tanh(torch.addmm(tau[d + 1], z, tau[1 : d + 1])) @ tau[0])
        e = f - y
        gradients = torch.autograd.grad((e * e).sum() / (2 * n), [tau, *layers])
        return e.detach(), -M * gradients[0], torch.stack(gradients[1:]).mul_(-M * L)

    return step


def jax_step(case: Case, _threads: int) -> Step:
    """`scan` over layers, `grad` of the loss, compiled; threads are set by the process's affinity."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y, tau, nu = (jnp.asarray(a) for a in case.arrays())
    n, d, M, L = case.n, case.d, case.M, case.L

    def residual(parameters: Array) -> Array:
        tau, nu = parameters

        def layer(z: Array, P: Array) -> tuple[Array, None]:
            s = jnp.tanh(z @ P[d : 2 * d] + P[2 * d])
            return z + case.alpha / L / M * (s @ P[:d].T), None

        z, _ = jax.lax.scan(layer, X, nu)
        return case.beta / M * (jnp.tanh(z @ tau[1 : d + 1] + tau[d + 1]) @ tau[0]) - y

    def loss(parameters: Array) -> tuple[Array, Array]:
        e = residual(parameters)
        return e @ e / (2 * n), e

    @jax.jit
    def velocities(parameters: Array) -> tuple[Array, Array, Array]:
        (g_tau, g_nu), e = jax.grad(loss, has_aux=True)(parameters)
        return e, -M * g_tau, -M * L * g_nu

    def step() -> tuple[Array, Array, Array]:
        return tuple(jax.block_until_ready(velocities((tau, nu))))  # type: ignore[return-value]

    return step


def limit_step(case: Case, threads: int) -> Step:
    """The limit: products at the speed of a large dgemm, tanh by the faster of NumPy and PyTorch."""
    size = 1536
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, size, size))
    out = np.empty_like(a)
    x = rng.normal(size=(case.n, case.M))
    y = np.empty_like(x)
    elements = case.n * case.M * (case.L * (2 if case.scheme == "midpoint" else 1) + 1)
    flops = 2.0 * case.d * (6 * elements - 3 * case.n * case.M)
    tanh: Callable[[], object] = lambda: np.tanh(x, out=y)  # noqa: E731
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(threads)
        tx, ty = torch.from_numpy(x), torch.from_numpy(y)

        def with_torch() -> object:
            return torch.tanh(tx, out=ty)

        if best(with_torch, 20)[0] < best(tanh, 20)[0]:
            tanh = with_torch

    def seconds() -> Array:
        products = best(lambda: np.matmul(a, b, out=out), 3) * flops / (2.0 * size**3)
        return products + best(tanh, 20) * elements / x.size

    return seconds  # type: ignore[return-value]


def best(function: Callable[[], object], repeats: int) -> Array:
    """Return the least wall time and the least processor time, in seconds."""
    times = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        function()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    return np.min(times, axis=0)


STEPS: dict[str, tuple[Callable[[Case, int], Step], str | None, str]] = {
    "mfcheck": (mfcheck_step, None, "euler midpoint"),
    "NumPy + BLAS": (numpy_step, None, "euler midpoint"),
    "PyTorch, hand-written adjoint": (torch_step, "torch", "euler"),
    "PyTorch, autograd": (torch_autograd_step, "torch", "euler"),
    "JAX, scan + grad, jit": (jax_step, "jax", "euler"),
    "limit": (limit_step, None, "euler midpoint"),
}


def serve(name: str, threads: int, case: Case, pipe: Connection) -> None:
    """Run one implementation in this process: answer `check` and `time` requests."""
    if name.startswith("JAX") and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    step = STEPS[name][0](case, threads)
    while True:
        request = pipe.recv()
        if request == "check":
            pipe.send(tuple(np.array(part) for part in step()))
        elif request == "time":
            pipe.send(step() if name == "limit" else best(step, 6))
        else:
            return


def start(name: str, threads: int, case: Case) -> tuple[Any, Connection]:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ["NUMBA_NUM_THREADS"] = str(os.cpu_count())
    here, there = mp.Pipe()
    process = mp.get_context("spawn").Process(
        target=serve, args=(name, threads, case, there), daemon=True
    )
    process.start()
    return process, here


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scheme", choices=["euler", "midpoint"], default="euler")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    case = Case(scheme=options.scheme)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = [
        (name, threads)
        for name, (_, module, schemes) in STEPS.items()
        for threads in range(1, (cores or 1) + 1)
        if (module is None or importlib.util.find_spec(module)) and case.scheme in schemes
    ]
    workers = {key: start(*key, case) for key in names}
    check(workers)
    times: dict[tuple[str, int], list[Any]] = {key: [] for key in names}
    for _ in range(options.rounds):
        for key, (_, pipe) in workers.items():
            pipe.send("time")
            times[key].append(pipe.recv())
    for process, pipe in workers.values():
        pipe.send("stop")
        process.join()
    result = summary(times, case)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def check(workers: dict[tuple[str, int], tuple[Any, Connection]]) -> None:
    """Fail unless all implementations agree on residuals and velocities."""
    reference = None
    for (name, _), (_, pipe) in workers.items():
        if name == "limit":
            continue
        pipe.send("check")
        found = pipe.recv()
        reference = reference or found
        for a, b in zip(reference, found, strict=True):
            error = np.abs(a - b).max() / np.abs(a).max()
            if not error < 1e-12:
                raise SystemExit(f"{name} differs: {error:.2g}")


def summary(times: dict[tuple[str, int], list[Any]], case: Case) -> dict[str, Any]:
    """Wall time at the best number of threads, processor time of one thread, and ratios of both."""
    rows: dict[str, Any] = {}
    for (name, threads), values in times.items():
        wall = np.array(values)[:, 0]
        row = rows.setdefault(name, {"wall": wall, "threads": threads})
        if wall.min() < row["wall"].min():
            row.update(wall=wall, threads=threads)
        if threads == 1:
            row["processor"] = np.array(values)[:, 1]
    ours = dict(rows["mfcheck"])
    for row in rows.values():
        for kind in ("wall", "processor"):
            measured = row.pop(kind)
            ratios = np.quantile(measured / ours[kind], [0.1, 0.5, 0.9])
            row[f"{kind}_ms"] = [
                round(1e3 * float(t), 2) for t in (measured.min(), np.median(measured))
            ]
            row[f"{kind}_over_mfcheck"] = round(float(measured.min() / ours[kind].min()), 3)
            row[f"{kind}_over_mfcheck_spread"] = [round(float(r), 3) for r in ratios]
    return {"case": case.__dict__, "rows": rows}


if __name__ == "__main__":
    main()
