"""The experiments of the paper: image files that are what they say, kernels and networks that learn."""

import gzip
import importlib.util
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from mfcheck import load_paper
from mfcheck.claims.record import Estimate, PointRecord
from mfcheck.errors import InputError
from mfcheck.kernels.classify import error_on_test
from mfcheck.points.image_files import on_sphere, read_cifar, read_idx
from mfcheck.points.images import Images, read_images, split, train_size
from mfcheck.run.experiment import find, read_options, run_experiment
from mfcheck_proofs.rntk_scaling import experiments as networks
from mfcheck_proofs.rntk_scaling.experiments import (
    TIMES,
    alpha,
    fast_kernel,
    synthetic_risks,
)

NEEDED = "MFCHECK_EXTRAS" in os.environ
PAPER = load_paper("rntk-scaling")
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None and not NEEDED, reason="needs PyTorch"
)
needs_sklearn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None and not NEEDED, reason="needs scikit-learn"
)


def easy_images(n: int = 700) -> Images:
    """Two classes: bright above, or bright below."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    pixels = rng.integers(1, 60, (n, 4, 4)).astype(np.uint8)
    pixels[labels == 0, :2] += 120
    pixels[labels == 1, 2:] += 120
    return Images(pixels, labels)


# --- kernels ---------------------------------------------------------------------------------------------------------


def test_scales() -> None:
    assert alpha("L^-0.5", 16) == 0.25
    assert alpha("0.1", 16) == 0.1
    assert fast_kernel("r_1", 20).table.depth == 1


def test_kernel_error_on_easy_images() -> None:
    parts = split(easy_images(), 60, np.random.default_rng(0))
    assert error_on_test(fast_kernel("L^-0.8", 20), parts, TIMES) == 0


def test_a_degenerate_kernel_generalises_worse() -> None:
    """Equal seeds are equal data, so that one pair of risks can be compared."""
    risks = [
        synthetic_risks({"gamma": g, "depth": 50}, np.random.default_rng(3)) for g in (0.0, 0.8)
    ]
    assert risks[0]["risk"] > 3 * risks[1]["risk"]
    assert all(r["risk"] >= r["risk_at_best_time"] for r in risks)
    assert TIMES[0] == 1


@needs_sklearn
def test_digits_at_the_command_line(tmp_path: Path) -> None:
    first = find(PAPER, "images").prepare(
        {"data": "digits", "images": "", "labels": "", "train": "50"}
    )
    numbers = first.work({"alpha": "r_1", "depth": 20}, np.random.default_rng(0))
    assert 0.02 < numbers["test_error"] < 0.4


def test_splits_are_disjoint_and_random() -> None:
    images = easy_images()
    images.pixels[:, 0, 0] = np.arange(700) % 251 + 1
    images.pixels[:, 0, 1] = np.arange(700) // 251 + 1
    parts = split(images, 60, np.random.default_rng(0))
    rows = [tuple(row) for part in (parts.train, parts.validation, parts.test) for row in part.X]
    assert len(rows) == len(set(rows)) == 700
    assert parts.shape == (1, 4, 4)
    other = split(images, 60, np.random.default_rng(1))
    assert not np.array_equal(other.train.X, parts.train.X)


# --- networks --------------------------------------------------------------------------------------------------------


def test_plots_of_the_networks() -> None:
    error = Estimate(value=0.1, error=0.01)
    names = ("test_error", "training_error", "kernel_test_error")
    values = dict.fromkeys(names, error)
    points = [PointRecord(cell=dict(c), values=values, replicates=2) for c in networks.CELLS]
    assert len(networks._against_kernel(points).curves) == 2


# --- files -----------------------------------------------------------------------------------------------------------


def idx(data: np.ndarray) -> bytes:
    return bytes([0, 0, 8, data.ndim]) + struct.pack(f">{data.ndim}I", *data.shape) + data.tobytes()


PIXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"images{suffix}"
    raw = idx(PIXELS)
    path.write_bytes(gzip.compress(raw) if suffix else raw)
    assert np.array_equal(read_idx(path), PIXELS)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (idx(PIXELS)[:-1], "truncated: 23 bytes"),
        (idx(PIXELS) + b"x", "1 bytes beyond"),
        (idx(PIXELS)[:7], "truncated in the header"),
        (b"\x80\x04pickled", "not an IDX file"),
        (b"", "not an IDX file"),
    ],
)
def test_bad_idx(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        read_idx(path)


def test_truncated_gzip_and_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.gz"
    path.write_bytes(gzip.compress(idx(PIXELS))[:-9])
    with pytest.raises(InputError, match="cannot read"):
        read_idx(path)
    with pytest.raises(InputError, match="cannot read"):
        read_idx(tmp_path / "none")


@pytest.mark.parametrize(("kind", "before"), [("cifar10", 1), ("cifar100", 2)])
def test_cifar(tmp_path: Path, kind: str, before: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 10, (3, before + 3072), dtype=np.uint8)
    path = tmp_path / "batch.bin"
    path.write_bytes(rows.tobytes())
    images, labels = read_cifar(path, kind)  # type: ignore[arg-type]
    assert images.shape == (3, 3, 32, 32)
    assert np.array_equal(labels, rows[:, before - 1])
    found = read_images({"data": kind, "images": str(path), "labels": ""})
    assert found.classes == int(labels.max()) + 1
    path.write_bytes(rows.tobytes()[:-1])
    with pytest.raises(InputError, match="not a whole number"):
        read_cifar(path, kind)  # type: ignore[arg-type]
    rows[1, before - 1] = 200
    path.write_bytes(rows.tobytes())
    with pytest.raises(InputError, match="label 200"):
        read_cifar(path, kind)  # type: ignore[arg-type]


def test_on_sphere() -> None:
    assert np.linalg.norm(on_sphere(PIXELS), axis=1) == pytest.approx([1, 1])
    with pytest.raises(InputError, match="image 1 is black"):
        on_sphere(np.zeros((1, 2, 2), dtype=np.uint8))


def files(folder: Path, n: int, labels: int) -> list[str]:
    images = easy_images(max(n, labels))
    (folder / "im").write_bytes(idx(images.pixels[:n]))
    (folder / "lab").write_bytes(idx(images.labels[:labels].astype(np.uint8)))
    return ["data=idx", f"images={folder / 'im'}", f"labels={folder / 'lab'}"]


def test_an_experiment_reads_idx_files(tmp_path: Path) -> None:
    sets = [*files(tmp_path, 600, 600), "train=50"]
    experiment = find(PAPER, "images")
    sweep = experiment.prepare(read_options(experiment, sets))
    numbers = sweep.work({"alpha": "L^-0.8", "depth": 20}, np.random.default_rng(0))
    assert numbers == {"test_error": 0.0}


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["data=png"], "data must be digits, idx, cifar10 or cifar100"),
        (["data=idx"], "idx needs two files"),
        (["data=cifar10"], "cifar10 needs one file"),
        (["images=x"], "the digits take no files"),
    ],
)
def test_bad_data_options(sets: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_experiment(PAPER, "images", sets)


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="im holds 600 images, lab 599 labels"):
        run_experiment(PAPER, "images", files(tmp_path, 600, 599))
    with pytest.raises(InputError, match="400 images are too few"):
        run_experiment(PAPER, "images", files(tmp_path, 400, 400))
    with pytest.raises(InputError, match="train must be a whole number from 10 to 200"):
        run_experiment(PAPER, "images", [*files(tmp_path, 600, 600), "train=201"])
    with pytest.raises(InputError, match="must hold images"):
        run_experiment(
            PAPER,
            "images",
            ["data=idx", f"images={tmp_path / 'lab'}", f"labels={tmp_path / 'lab'}"],
        )
    assert train_size({"train": "200"}, easy_images(600)) == 200
