"""What a paper means by "one step of gradient descent": every factor is a field of its own.

A network of N neurons with inputs in R^d is `f(x) = N^-output_power sum_i c_i sigma(d^-input_power w_i . x)`. One step
moves each trained coordinate `theta` of a neuron by

    theta <- (1 - 2 decay s) theta + 2 loss_factor gradient_factor s (y - f(x)) d(c sigma)/d theta + noise,
    s = step N^-step_power d^-step_dimension_power,    noise of variance noise_factor s / beta in each coordinate,

which is gradient descent on the loss `loss_factor (y - f)^2` with the particle's gradient, that is without the factor
`N^-output_power` of the output. At time t the number of steps is
`floor(t clock N^clock_power d^clock_dimension_power)`.
A wrong paper differs in one field: `replace(convention, loss_factor=1)`.
"""

import math
from dataclasses import dataclass, fields
from typing import Literal, SupportsFloat

from mfcheck.errors import InputError

Order = Literal["simultaneous", "gauss-seidel"]


@dataclass(frozen=True)
class Convention:
    """The factors of a training rule, see the module. Numbers may come from SymPy; they are kept as floats.

    Attributes:
        loss_factor: of `(y - f)^2`: 1/2 or 1.
        step: coefficient of the step.
        step_power: the step falls like `N^-step_power`.
        step_dimension_power: the step falls like `d^-step_dimension_power`.
        clock: coefficient of the number of steps in a unit of time.
        clock_power: the number of steps grows like `N^clock_power`.
        clock_dimension_power: the number of steps grows like `d^clock_dimension_power`.
        gradient_factor: what the gradient is multiplied by in the step.
        hidden_factor: extra factor in the step of the weights `w`; -1 is a planted sign error, 0 freezes them.
        outer_factor: extra factor in the step of the weights `c`; 0 freezes them.
        noise_factor: variance of the noise over `s / beta`, `c` in `sqrt(c s / beta) g`; 0 without noise.
        beta: inverse temperature.
        decay: coefficient `lam` of the ridge term `lam/2 |theta|^2` beside half the loss: shrinks by `1 - 2 lam s`.
        output_power: the output is divided by `N^output_power`.
        input_power: products `w . x` are divided by `d^input_power`.
        order: both layers from old values, or `w` from the new `c`.
    """

    loss_factor: float = 0.5
    step: float = 1.0
    step_power: float = 1.0
    step_dimension_power: float = 0.0
    clock: float = 1.0
    clock_power: float = 1.0
    clock_dimension_power: float = 0.0
    gradient_factor: float = 1.0
    hidden_factor: float = 1.0
    outer_factor: float = 1.0
    noise_factor: float = 0.0
    beta: float = 1.0
    decay: float = 0.0
    output_power: float = 1.0
    input_power: float = 0.0
    order: Order = "simultaneous"

    def __post_init__(self) -> None:
        """Turn numbers into floats, and refuse what is no rule.

        Raises:
            InputError: a factor is not a finite real number, or negative where it cannot be; or the order is unknown.
        """
        for field in fields(self):
            if field.name != "order":
                object.__setattr__(self, field.name, _number(field.name, getattr(self, field.name)))
        if self.order not in ("simultaneous", "gauss-seidel"):
            raise InputError(f"unknown order of updates: {self.order!r}")
        if self.noise_factor < 0 or self.beta <= 0:
            raise InputError("the noise factor cannot be negative, and beta must be positive")

    def size(self, width: int, dimension: int = 1) -> float:
        """Return the step `s` at width N in dimension d."""
        return float(self.step * width**-self.step_power * dimension**-self.step_dimension_power)

    def rate(self, width: int, dimension: int = 1) -> float:
        """Return the factor of `(y - f) d(c sigma)/d theta` in one step."""
        return 2 * self.loss_factor * self.gradient_factor * self.size(width, dimension)

    def shrinkage(self, width: int, dimension: int = 1) -> float:
        """Return what a step multiplies weights by, `1 - 2 decay s`."""
        return 1 - 2 * self.decay * self.size(width, dimension)

    def noise(self, width: int, dimension: int = 1) -> float:
        """Return the standard deviation of the noise that a step adds to each trained coordinate."""
        return math.sqrt(max(0.0, self.noise_factor * self.size(width, dimension) / self.beta))

    def steps(self, time: float, width: int, dimension: int = 1) -> int:
        """Return the number of steps up to a time; products that are integers but for rounding count as such."""
        count = time * self.clock * width**self.clock_power * dimension**self.clock_dimension_power
        return math.floor(float(count) * (1 + 1e-12) + 1e-12)

    def output_scale(self, width: int) -> float:
        """Return the factor of the sum over neurons in the output."""
        return float(width**-self.output_power)

    def input_scale(self, dimension: int) -> float:
        """Return the factor of the products `w . x`."""
        return float(dimension**-self.input_power)


def _number(name: str, value: SupportsFloat) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is not a number: {value!s:.40}") from None
    if not math.isfinite(number):
        raise InputError(f"{name} is not finite")
    return number
