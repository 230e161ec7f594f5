"""Section 5: the experiments as resumable sweeps; each cell is one JSON file, so that nothing finished is lost."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.interpolant import interpolant
from mfcheck.kernels.matrix import FastKernel
from mfcheck_proofs.rntk_scaling.images import on_sphere
from mfcheck_proofs.rntk_scaling.regression import (
    EXPONENTS,
    fast_kernel,
    gradient_flow,
    synthetic_risks,
)

Array = NDArray[np.float64]
Cell = Mapping[str, Any]

SYNTHETIC_DEPTHS = (20, 50, 100)
ALPHAS = (1.0, 0.1, 0.01)
ALPHA_DEPTH = 50
CONSTANT_DEPTHS = (20, 50, 100)
TIMES = np.geomspace(1, 1e6, 80)


@dataclass(frozen=True)
class Sweep:
    """Cells of an experiment, and the work of one: plain data in, plain numbers out."""

    name: str
    cells: tuple[Cell, ...]
    work: Callable[[Cell, np.random.Generator], Mapping[str, float]]
    context: str = ""
    """What the cells depend on beside themselves, such as a digest of the data."""


def run_sweep(
    sweep: Sweep, folder: Path, seed: int = 0, watch: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Return all cells with their results; finished ones are taken from `folder`, each new one is written at once.

    Raises:
        InputError: a file of the folder is not the result of its cell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, cell in enumerate(sweep.cells):
        key = _digest(sweep, cell, seed)
        path = folder / f"{sweep.name}-{key}.json"
        if path.exists():
            found.append(_stored(path, cell))
        else:
            rng = np.random.default_rng(np.random.SeedSequence([seed, int(key, 16)]))
            done = {"cell": dict(cell), "result": dict(sweep.work(cell, rng))}
            draft = path.with_suffix(".part")
            draft.write_text(json.dumps(done), encoding="utf-8")
            draft.replace(path)
            found.append(done)
        if watch is not None:
            watch(number + 1, len(sweep.cells))
    return found


def _digest(sweep: Sweep, cell: Cell, seed: int) -> str:
    text = json.dumps([sweep.name, dict(cell), seed, sweep.context], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stored(path: Path, cell: Cell) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"{path.name} is damaged; remove it to run its cell again") from None
    if not isinstance(data, dict) or data.get("cell") != json.loads(json.dumps(dict(cell))):
        raise InputError(f"{path.name} is not the result of its cell; remove it to run it again")
    return data


# --- Y = <X, b> + 0.1 noise ------------------------------------------------------------------------------------------


def synthetic_sweep(repeats: int = 20) -> Sweep:
    """Best risk along the kernel gradient flow at gamma 0.4, 0.6, 0.8, L 20, 50, 100."""

    def work(cell: Cell, rng: np.random.Generator) -> Mapping[str, float]:
        j = EXPONENTS.index(cell["gamma"])
        risks = synthetic_risks(rng, repeats, (cell["depth"],))[:, j, 0]
        error = float(risks.std(ddof=1)) / np.sqrt(repeats)
        return {"risk": float(risks.mean()), "error": float(error)}

    cells = [{"gamma": g, "depth": L} for g in EXPONENTS for L in SYNTHETIC_DEPTHS]
    return Sweep("synthetic", tuple(cells), work, f"repeats {repeats}")


# --- images ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Images:
    """Unit rows and classes, split into training and test part."""

    X: Array
    labels: NDArray[np.int64]
    train: int

    def digest(self) -> str:
        """Return a SHA-256 of everything."""
        data = self.X.tobytes() + self.labels.astype(np.int64).tobytes()
        return hashlib.sha256(data + str(self.train).encode()).hexdigest()


def digits(train: int = 1000, seed: int = 0) -> Images:
    """Return the 8 x 8 digits that scikit-learn ships, shuffled.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise InputError("the digits need scikit-learn: install mfcheck[experiments]") from None
    bunch = load_digits()
    order = np.random.default_rng(seed).permutation(len(bunch.target))
    return Images(on_sphere(bunch.images[order]), bunch.target[order].astype(np.int64), train)


def kernel_error(images: Images, r: FastKernel) -> Mapping[str, float]:
    """Return the least test error along the kernel gradient flow on one-hot labels, and its time."""
    X, test = images.X[: images.train], images.X[images.train :]
    classes = int(images.labels.max()) + 1
    onehot = np.eye(classes)[images.labels[: images.train]] - 1 / classes
    K, cross = r.matrix(X), r.matrix(test, X)
    scores = np.stack([gradient_flow(K, column, cross, TIMES) for column in onehot.T], axis=-1)
    wrong = (scores.argmax(axis=-1) != images.labels[images.train :]).mean(axis=1)
    best = int(np.argmin(wrong))
    return {"error": float(wrong[best]), "time": float(TIMES[best]), "last": float(wrong[-1])}


def image_sweep(images: Images) -> Sweep:
    """The image experiments: alpha 1, 0.1, 0.01 at L = 50; alpha = 1 at L 20, 50, 100; L^-gamma; r_1 is gamma = 8."""

    def work(cell: Cell, _rng: np.random.Generator) -> Mapping[str, float]:
        return kernel_error(images, _kernel(cell))

    constant = [{"alpha": a, "depth": ALPHA_DEPTH} for a in ALPHAS]
    deep = [{"alpha": 1.0, "depth": L} for L in CONSTANT_DEPTHS if L != ALPHA_DEPTH]
    decaying = [{"gamma": g, "depth": ALPHA_DEPTH} for g in (*EXPONENTS, 8.0)]
    return Sweep("images", (*constant, *deep, *decaying), work, images.digest())


def _kernel(cell: Cell) -> FastKernel:
    if "gamma" in cell:
        return fast_kernel(cell["gamma"], cell["depth"])
    return FastKernel(interpolant(kernel(cell["depth"], repr(cell["alpha"] ** 2))))


def table(results: Iterable[Mapping[str, Any]]) -> str:
    """Return results as a Markdown table."""
    rows = [{**r["cell"], **r["result"]} for r in results]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in rows:
        values = [
            f"{row[k]:.4g}" if isinstance(row.get(k), float) else str(row.get(k, "")) for k in names
        ]
        lines.append("| " + " | ".join(values) + " |")
    return "\n".join(lines)
