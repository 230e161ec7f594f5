"""Memory of a run: stated before it starts, refused if it does not fit."""

import os

from mfcheck.dynamics.resnet.blocks import CHUNK, GROUP, group_count, part_size, scratch_size
from mfcheck.dynamics.resnet.errors import MemoryLimitError
from mfcheck.dynamics.resnet.problem import Numerics, Problem

VECTORS = (
    11  # start, its copy, current, new, four slopes, two work vectors, one for the Gram matrices
)
DOUBLE = 8


def memory_estimate(problem: Problem, numerics: Numerics) -> int:
    """Return the bytes that one `integrate` needs (one replicate at full resolution)."""
    n, d, L, M = problem.n, problem.d, numerics.depth, numerics.particles
    stages = 2 if numerics.scheme == "midpoint" else 1
    state = numerics.decoder_size * (d + 2) + L * M * (2 * d + 1) + L + 1
    groups = group_count(max(M, numerics.decoder_size))
    scratch = groups * (scratch_size(d, d) + part_size(n, d) + 8)
    features = L * stages * n * (2 * d + 1)
    gram = 2 * stages * n * (GROUP * CHUNK + 8 * stages * n)
    outputs = numerics.outputs * (n + 2 * L + 8) + 2 * n * n
    return int(DOUBLE * (VECTORS * state + scratch + features + gram + outputs))


def in_words(count: int) -> str:
    """Return a number of bytes in MB or GB.

    >>> in_words(3_456_789), in_words(665_801_234_567)
    ('3.46 MB', '666 GB')
    """
    return f"{count / 1e6:.3g} MB" if count < 1e9 else f"{count / 1e9:.3g} GB"


def available_memory() -> int | None:
    """Return the bytes of free memory, or None where the system does not tell."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def check_memory(problem: Problem, numerics: Numerics, runs: int = 1) -> int:
    """Return the estimate for `runs` runs at once.

    Raises:
        MemoryLimitError: it exceeds `numerics.memory_limit`, or 80 % of the free memory.
    """
    needed = runs * memory_estimate(problem, numerics)
    free = available_memory()
    limit = numerics.memory_limit
    if limit is None:
        limit = None if free is None else free * 4 // 5
    if limit is not None and needed > limit:
        share = max(4, int(numerics.particles * limit / needed) // 4 * 4)
        raise MemoryLimitError(
            f"the run needs {in_words(needed)} and may use {in_words(limit)}: take fewer "
            f"particles (about {share}), fewer depth steps or fewer threads"
        )
    return needed
