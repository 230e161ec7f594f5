"""The experiment on images: networks against their formulas in NumPy, resume, options, what the plots show."""

import importlib.util
import io
import json
import os
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from mfcheck.dynamics.resnet import Trajectory
from mfcheck.dynamics.resnet.classify import wrong_signs
from mfcheck.errors import InputError
from mfcheck.points.images import Images
from mfcheck.points.two_classes import TwoClasses, two_classes
from mfcheck.report.terminal import print_experiment
from mfcheck.run.experiment import find, read_options, run_experiment
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets.experiments import (
    DIGITS,
    THRESHOLD,
    TIMES,
    draw,
    stated,
    train,
)

Array = NDArray[np.float64]
DEFAULTS = {option.name: option.default for option in DIGITS.options}
ONE = Fraction(1)


def easy_images(n: int = 60) -> Images:
    """Three classes: bright above, bright below, and noise."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    pixels = rng.integers(1, 60, (n, 3, 2)).astype(np.uint8)
    pixels[labels == 0, :1] += 120
    pixels[labels == 1, 2:] += 120
    return Images(pixels, labels)


def easy(train: int = 4) -> TwoClasses:
    return two_classes(easy_images(), DEFAULTS | {"classes": "0,1", "train": str(train)})


def idx(data: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, data.ndim]) + struct.pack(f">{data.ndim}I", *data.shape) + data.tobytes()


def sets(folder: Path, *more: str) -> list[str]:
    images = easy_images()
    (folder / "im").write_bytes(idx(images.pixels))
    (folder / "lab").write_bytes(idx(images.labels.astype(np.uint8)))
    files = ["data=idx", f"images={folder / 'im'}", f"labels={folder / 'lab'}"]
    return [*files, "classes=0,1", "train=4", "widths=4,8", "depths=1,2", *more]


def trained(
    width: int = 8, depth: int = 2, beta: int = 5
) -> tuple[Trajectory, Array, Array, float]:
    setting, X, y = draw(easy(), ONE, np.random.default_rng(1))
    setting = setting.with_values(beta=Fraction(beta))
    run = train(setting, width, depth, 3, at_threshold=False)
    return run, X, y, stated(setting)[1]["lambda_0"]


def test_the_trained_network_is_a_residual_network() -> None:
    """Its wrong signs, against layers z + (alpha/L) mean_j u_j tanh(w_j z + b_j) written out in NumPy."""
    run, X, y, _ = trained()
    z, d = X, X.shape[1]
    for layer in run.final.nu:
        u, w, b = layer[:d], layer[d : 2 * d], layer[2 * d]
        z = z + np.tanh(z @ w + b) @ u.T / layer.shape[1] / len(run.final.nu)
    a, w, b = run.final.tau[0], run.final.tau[1:-1], run.final.tau[-1]
    f = 5 * np.tanh(z @ w + b) @ a / len(a)
    assert wrong_signs(run, X, y) == pytest.approx(np.mean(f * y <= 0))
    assert wrong_signs(run, X, np.sign(f)) == 0
    assert wrong_signs(run, X, -np.sign(f)) == 1
    assert not np.allclose(z, X, atol=1e-3)


def test_the_smallest_eigenvalue_at_the_start() -> None:
    """Where G = G2, against gradients of a tanh(w.x + b) over the drawn neurons."""
    run, _, _, _ = trained()
    X = run.problem.X
    a, w, b = run.start.tau[0], run.start.tau[1:-1], run.start.tau[-1]
    act = np.tanh(X @ w + b)
    inner = a * (1 - act**2)
    G = (act @ act.T + (inner @ inner.T) * (X @ X.T + 1)) / len(a)
    assert run.lambda_min_G[0] == pytest.approx(np.linalg.eigvalsh(G)[0], rel=1e-8)


def test_lambda_0_is_the_limit_of_wide_networks() -> None:
    """A width of 65 536 is within its Monte Carlo error of the certified value."""
    setting, _, _ = draw(easy(), ONE, np.random.default_rng(1))
    X, rng = setting.data.X, np.random.default_rng(5)
    a, b = rng.standard_normal((2, 2**16))
    w = rng.standard_normal((X.shape[1], 2**16))
    act = np.tanh(X @ w + b)
    inner = a * (1 - act**2)
    G = (act @ act.T + (inner @ inner.T) * (X @ X.T + 1)) / len(a)
    _, found = stated(setting)
    assert found["lambda_0"] == pytest.approx(np.linalg.eigvalsh(G)[0], rel=0.1)
    assert found["bound_any_beta"] < found["bound"]
    assert found["leading_order"] < found["bound"]


def test_training_falls_and_moves_less_at_larger_beta() -> None:
    small, large = trained(beta=5)[0], trained(beta=50)[0]
    for run in (small, large):
        assert np.all(np.diff(run.loss) < 0)
    assert 0 < large.movement_nu[-1] < small.movement_nu[-1] / 5


def test_a_tiny_run_and_its_resumption(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    options = sets(tmp_path, f"betas=5,{THRESHOLD}")
    first = run_experiment(paper, "digits", options, replicates=2, out=folder)
    assert len(first.points) == 8
    for point in first.points:
        values = point.values
        assert 0 <= values["test_error"].value <= 0.5
        assert values["bound"].value > values["bound_any_beta"].value > 1
        assert values["lambda_least"].value <= values["lambda_start"].value
        assert (values["encoder_moved"].value == 0) == (point.cell["beta"] == THRESHOLD)
    kept = (folder / "digits.jsonl").read_text().splitlines()
    assert len(kept) == 16
    changed = [json.loads(line) for line in kept[:10]]
    changed[0]["numbers"]["test_error"] = 1.0
    (folder / "digits.jsonl").write_text("\n".join(map(json.dumps, changed)) + "\n" + kept[10][:30])
    again = run_experiment(paper, "digits", options, replicates=2, out=folder)
    assert again.points[0].values["test_error"].value != first.points[0].values["test_error"].value
    assert again.points[1:] == first.points[1:]
    assert (folder / "digits.jsonl").read_text().splitlines()[10:] == kept[10:]
    _check_plots({plot.id: {c.label: c for c in plot.curves} for plot in first.plots})


def _check_plots(found: dict[str, dict]) -> None:  # type: ignore[type-arg]
    assert list(found["digits-lambda-width"]) == [
        "width 4",
        "width 8",
        "half, as Theorem 5 needs it",
    ]
    assert list(found["digits-lambda-depth"])[:2] == ["depth 1", "depth 2"]
    assert list(found["digits-lambda-beta"])[:2] == ["beta = 5", f"beta = {THRESHOLD}"]
    assert found["digits-loss"]["beta = 5"].x == tuple(TIMES)
    assert found["digits-error-width"]["beta = 5"].x == (4, 8)
    assert found["digits-error-depth"]["bound at the threshold"].x == (1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("classes=0", "classes must be two different numbers"),
        ("classes=1,1", "classes must be two different numbers"),
        ("classes=0,3", "classes must be a whole number from 0 to 2"),
        ("train=3", "train must be a whole number from 4"),
        ("widths=6", "widths must be multiples of 4, got 6"),
        ("widths=many", "widths must be a whole number"),
        ("depths=0", "depths must be a whole number from 1"),
        ("betas=4,large", "betas must be a positive decimal such as 0.5, got 'large'"),
        ("betas=0", "betas must be a positive decimal"),
        ("alpha=-1", "alpha must be a positive decimal"),
        ("alphas=1", "unknown option 'alphas'"),
    ],
)
def test_bad_options(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_experiment(paper, "digits", [*sets(tmp_path), change])


def test_equal_images_are_refused() -> None:
    images = easy_images()
    images.pixels[:] = images.pixels[0]
    classes = two_classes(images, DEFAULTS | {"classes": "0,1", "train": "4"})
    with pytest.raises(InputError, match="are the same point"):
        draw(classes, ONE, np.random.default_rng(0))


@pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None and "MFCHECK_EXTRAS" not in os.environ,
    reason="needs scikit-learn",
)
def test_digits() -> None:
    sweep = DIGITS.prepare(DEFAULTS)
    assert len(sweep.cells) == 27
    numbers = sweep.work({"width": 32, "depth": 2, "beta": "40"}, np.random.default_rng(0))
    assert numbers["test_error"] < 0.3


def test_points_of_curves_are_not_in_the_table(tmp_path: Path) -> None:
    record = run_experiment(
        paper, "digits", sets(tmp_path, "betas=5", "widths=4", "depths=1"), replicates=1
    )
    out = io.StringIO()
    print_experiment(record, Console(file=out, width=300))
    assert "test_error" in out.getvalue()
    assert "loss@" in record.model_dump_json()
    assert "loss@" not in out.getvalue()


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is not None, reason="scikit-learn is there")
def test_without_scikit_learn_there_is_one_line() -> None:
    experiment = find(paper, "digits")
    with pytest.raises(InputError, match="the digits need scikit-learn: pip install"):
        experiment.prepare(read_options(experiment, []))


def test_what_has_no_value_is_refused_and_not_passed_on_as_no_number() -> None:
    """Without a bound of the activation Theorem 6 has no bound, though Theorem 5 has a threshold."""
    setting, _, _ = draw(easy(), ONE, np.random.default_rng(1))
    assert all(np.isfinite(list(stated(setting)[1].values())))
    with pytest.raises(InputError, match="has no finite value for these images"):
        stated(replace(setting, activation=activation("softplus")))
