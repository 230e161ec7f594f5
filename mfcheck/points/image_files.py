"""Image files as arrays: IDX (MNIST) and the binary form of CIFAR; sizes are checked, nothing is unpickled."""

import gzip
import struct
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mfcheck.errors import InputError, reason

Bytes = NDArray[np.uint8]

MAX_BYTES = 2**30
_IDX_UNSIGNED = 0x08
_CIFAR_PIXELS = 3 * 32 * 32
_LABELS = {"cifar10": 1, "cifar100": 2}


def read_idx(path: Path) -> Bytes:
    """Return the array of an IDX file of unsigned bytes, plain or gzipped; shape as the header says.

    Raises:
        InputError: unreadable, not such a file, truncated, or longer than its header says.
    """
    raw = _read(path)
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != _IDX_UNSIGNED or raw[3] == 0:
        raise InputError(f"{path.name}: not an IDX file of unsigned bytes")
    rank = raw[3]
    start = 4 + 4 * rank
    if len(raw) < start:
        raise InputError(f"{path.name}: truncated in the header")
    shape = struct.unpack(f">{rank}I", raw[4:start])
    size = 1
    for length in shape:
        size *= length
    _require_size(path, len(raw) - start, size)
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)


def read_cifar(path: Path, kind: Literal["cifar10", "cifar100"]) -> tuple[Bytes, Bytes]:
    """Return images (n, 3, 32, 32) and labels (n,) of a binary CIFAR file; of CIFAR-100 the fine labels.

    Raises:
        InputError: unreadable, empty, of a size that is not a whole number of records, or with an impossible label.
    """
    raw = _read(path)
    record = _LABELS[kind] + _CIFAR_PIXELS
    if not raw or len(raw) % record:
        raise InputError(
            f"{path.name}: {len(raw)} bytes are not a whole number of {kind} records of {record} bytes"
        )
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, record)
    labels = rows[:, _LABELS[kind] - 1]
    classes = 10 if kind == "cifar10" else 100
    if int(labels.max()) >= classes:
        raise InputError(f"{path.name}: label {int(labels.max())} in a file of {classes} classes")
    return rows[:, _LABELS[kind] :].reshape(-1, 3, 32, 32), labels


def _read(path: Path) -> bytes:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            raw = bytes(file.read(MAX_BYTES + 1))
    except (OSError, EOFError) as error:
        raise InputError(f"cannot read {str(path)!r}: {reason(error)}") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path.name}: larger than {MAX_BYTES // 2**20} MiB")
    return raw


def _require_size(path: Path, found: int, needed: int) -> None:
    if found < needed:
        raise InputError(
            f"{path.name}: truncated: {found} bytes of data where the header says {needed}"
        )
    if found > needed:
        raise InputError(f"{path.name}: {found - needed} bytes beyond what the header says")


def on_sphere(images: Bytes) -> NDArray[np.float64]:
    """Return images as unit rows, shape (n, pixels).

    Raises:
        InputError: an image is zero everywhere.
    """
    rows = images.reshape(len(images), -1).astype(float)
    norms = np.linalg.norm(rows, axis=1)
    if len(norms) and not norms.min() > 0:
        raise InputError(f"image {int(np.argmin(norms)) + 1} is black: it has no direction")
    return np.asarray(rows / norms[:, None])
