"""What is solved, and how finely."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from mfcheck.errors import InputError
from mfcheck.symbolic.activation import Activation

Array = npt.NDArray[np.float64]
Initial = Literal["antithetic", "iid", "sobol"]
Scheme = Literal["midpoint", "euler"]
LayerDraws = Literal["shared", "independent"]
UNIT_TOLERANCE = 1e-9
LARGEST = 2**40
"""The largest whole number that a size may be: beyond it memory is refused in numbers that nobody reads."""


def _array(name: str, value: object, ndim: int) -> Array:
    try:
        array = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be an array of numbers") from error
    if array.ndim != ndim or array.size == 0:
        raise InputError(f"{name} must be a nonempty array of {ndim} dimension(s)")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must hold finite numbers")
    array.setflags(write=False)
    return array


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(f"{name} must be a number")
    if not np.isfinite(value):
        raise InputError(f"{name} must be finite")
    return float(value)


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, activation and scales of the flow (arXiv 2403.09889, eqs. (1)-(3)).

    Attributes:
        X: points `(n, d)`, unit rows.
        y: labels `(n,)`.
        activation: the function `s0`.
        alpha: scale of the encoder, `alpha >= 0`.
        beta: scale of the output, `beta > 0`.

    Raises:
        InputError: shapes differ, numbers are not finite, rows are not of unit length, or a scale is
            out of range.
    """

    X: Array
    y: Array
    activation: Activation
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "X", _array("X", self.X, 2))
        object.__setattr__(self, "y", _array("y", self.y, 1))
        object.__setattr__(self, "alpha", _number("alpha", self.alpha))
        object.__setattr__(self, "beta", _number("beta", self.beta))
        if self.y.shape[0] != self.X.shape[0]:
            raise InputError(f"X has {self.X.shape[0]} rows, y has {self.y.shape[0]} entries")
        off = np.abs(np.linalg.norm(self.X, axis=1) - 1.0)
        if off.max() > UNIT_TOLERANCE:
            raise InputError(f"row {int(off.argmax()) + 1} of X is not of unit length")
        if not np.any(self.y):
            raise InputError("all labels are zero: the flow starts at its end")
        if self.alpha < 0:
            raise InputError("alpha must not be negative")
        if self.beta <= 0:
            raise InputError("beta must be positive")

    @property
    def n(self) -> int:
        """Number of data points."""
        return int(self.X.shape[0])

    @property
    def d(self) -> int:
        """Dimension of the data."""
        return int(self.X.shape[1])


@dataclass(frozen=True)
class Numerics:
    """How finely the flow is resolved.

    Attributes:
        depth: depth steps L; the encoder has one layer of particles per step.
        particles: particles M of each encoder layer; a multiple of 4.
        decoder_particles: particles of the decoder; None: 8 M, since the decoder costs little and
            carries most of the noise.
        initial: `antithetic` pairs (f = 0, Z = x, p = 0 exactly at the start), `iid` draws, or
            scrambled `sobol` points in antithetic pairs.
        seed: seed of all draws.
        tolerance: relative tolerance of the time integration.
        end_time: end of the flow in its own time; None: until the loss has fallen by `loss_factor`,
            at most until the slowest mode has fallen by its square root.
        frozen: parts that do not move, out of `tau` and `nu`.
        replicates: independent sets of particles behind each reported value, at least 2.
        outputs: number of output times, including 0 and the end.
        loss_factor: see `end_time`.
        scheme: depth scheme, `midpoint` (second order) or `euler` (the residual network itself).
        layer_draws: `shared`: a particle is a path in depth that starts constant, so its
            discretisation in depth has no noise; `independent`: each layer has its own draws.
        memory_limit: bytes that a run may use; None: 80 % of what is available.
        max_evaluations: evaluations of the flow after which a run is given up.
        max_seconds: seconds after which `simulate` or `integrate` is given up; None: never.

    Raises:
        InputError: a value is out of range.
    """

    depth: int = 16
    particles: int = 1024
    decoder_particles: int | None = None
    initial: Initial = "antithetic"
    seed: int = 0
    tolerance: float = 1e-4
    end_time: float | None = None
    frozen: frozenset[str] = field(default_factory=frozenset)
    replicates: int = 4
    outputs: int = 33
    loss_factor: float = 1e-8
    scheme: Scheme = "midpoint"
    layer_draws: LayerDraws = "shared"
    memory_limit: int | None = None
    max_evaluations: int = 100_000
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_choices(self)
        if not 1e-12 <= _number("tolerance", self.tolerance) <= 0.1:
            raise InputError("tolerance must lie between 1e-12 and 0.1")
        if not 0 < _number("loss_factor", self.loss_factor) < 1:
            raise InputError("loss_factor must lie between 0 and 1")
        for name in ("end_time", "max_seconds"):
            value = getattr(self, name)
            if value is not None and _number(name, value) <= 0:
                raise InputError(f"{name} must be positive")

    @property
    def decoder_size(self) -> int:
        """Number of particles of the decoder."""
        return 8 * self.particles if self.decoder_particles is None else self.decoder_particles


def _check_sizes(numerics: Numerics) -> None:
    least = {
        "depth": 1,
        "particles": 4,
        "seed": 0,
        "replicates": 2,
        "outputs": 2,
        "max_evaluations": 1,
    }
    least["decoder_size"] = 4
    most = {"replicates": 10_000, "outputs": 100_000}
    for name, smallest in least.items():
        value = getattr(numerics, name)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < smallest:
            raise InputError(f"{name} must be a whole number, at least {smallest}")
        if value > most.get(name, LARGEST):
            raise InputError(f"{name} must be at most {most.get(name, LARGEST)}")
    for count in (numerics.particles, numerics.decoder_size):
        if count % 4:
            raise InputError("numbers of particles must be multiples of 4")
        if numerics.initial == "sobol" and count & (count - 1):
            raise InputError("Sobol points need a power of two as the number of particles")


def _check_choices(numerics: Numerics) -> None:
    choices = {
        "initial": ("antithetic", "iid", "sobol"),
        "scheme": ("midpoint", "euler"),
        "layer_draws": ("shared", "independent"),
    }
    for name, allowed in choices.items():
        if getattr(numerics, name) not in allowed:
            raise InputError(f"{name} must be one of {', '.join(allowed)}")
    object.__setattr__(numerics, "frozen", frozenset(numerics.frozen))
    if not numerics.frozen <= {"tau", "nu"}:
        raise InputError("frozen may name tau and nu")
    if numerics.frozen == {"tau", "nu"}:
        raise InputError("nothing moves with both tau and nu frozen")
