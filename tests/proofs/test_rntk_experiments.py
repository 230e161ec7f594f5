"""Sweeps that resume, and image files that are what they say."""

import gzip
import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.kernels.matrix import FastKernel
from mfcheck_proofs.rntk_scaling.experiments import (
    Cell,
    Images,
    Sweep,
    kernel_error,
    run_sweep,
    table,
)
from mfcheck_proofs.rntk_scaling.images import on_sphere, read_cifar, read_idx
from mfcheck_proofs.rntk_scaling.regression import fast_kernel


def counting(calls: list[Cell], fail_at: int | None = None) -> Sweep:
    def work(cell: Cell, rng: np.random.Generator) -> Mapping[str, float]:
        if cell["k"] == fail_at:
            raise KeyboardInterrupt
        calls.append(cell)
        return {"value": float(rng.random())}

    return Sweep("count", tuple({"k": k} for k in range(4)), work)


def test_a_sweep_resumes(tmp_path: Path) -> None:
    calls: list[Cell] = []
    with pytest.raises(KeyboardInterrupt):
        run_sweep(counting(calls, fail_at=2), tmp_path)
    assert [c["k"] for c in calls] == [0, 1]
    found = run_sweep(counting(calls), tmp_path)
    assert [c["k"] for c in calls] == [0, 1, 2, 3]
    assert found == run_sweep(counting([]), tmp_path / "anew")
    assert "| k | value |" in table(found)


def test_a_damaged_result_is_named(tmp_path: Path) -> None:
    run_sweep(counting([]), tmp_path)
    path = sorted(tmp_path.glob("*.json"))[0]
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        run_sweep(counting([]), tmp_path)
    path.write_text(json.dumps({"cell": {"k": 99}}), encoding="utf-8")
    with pytest.raises(InputError, match="not the result"):
        run_sweep(counting([]), tmp_path)


def test_kernel_error_on_two_clusters() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 80)
    X = rng.standard_normal((80, 4)) * 0.1
    X[:, 0] += 2 * labels - 1
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    r: FastKernel = fast_kernel(0.8, 20)
    assert kernel_error(Images(X, labels, 40), r)["error"] == 0


# --- files -----------------------------------------------------------------------------------------------------------


def idx(data: np.ndarray) -> bytes:
    return bytes([0, 0, 8, data.ndim]) + struct.pack(f">{data.ndim}I", *data.shape) + data.tobytes()


IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"images{suffix}"
    raw = idx(IMAGES)
    path.write_bytes(gzip.compress(raw) if suffix else raw)
    assert np.array_equal(read_idx(path), IMAGES)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (idx(IMAGES)[:-1], "truncated: 23 bytes"),
        (idx(IMAGES) + b"x", "1 bytes beyond"),
        (idx(IMAGES)[:7], "truncated in the header"),
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
    path.write_bytes(gzip.compress(idx(IMAGES))[:-9])
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
    path.write_bytes(rows.tobytes()[:-1])
    with pytest.raises(InputError, match="not a whole number"):
        read_cifar(path, kind)  # type: ignore[arg-type]
    rows[1, before - 1] = 200
    path.write_bytes(rows.tobytes())
    with pytest.raises(InputError, match="label 200"):
        read_cifar(path, kind)  # type: ignore[arg-type]


def test_on_sphere() -> None:
    assert np.linalg.norm(on_sphere(IMAGES), axis=1) == pytest.approx([1, 1])
    with pytest.raises(InputError, match="image 1 is black"):
        on_sphere(np.zeros((1, 2, 2), dtype=np.uint8))
