"""How a run of the flow can fail, and what is kept then."""

from typing import TYPE_CHECKING

from mfcheck.errors import InputError, LimitError

if TYPE_CHECKING:
    from mfcheck.dynamics.resnet.trajectory import Trajectory


class MemoryLimitError(InputError):
    """The run would need more memory than it may use; nothing was started."""


class FlowError(LimitError):
    """A run of the flow ended early.

    Attributes:
        what: what happened.
        advice: what to change in the arguments of the run; empty if nothing helps.
        time: time of the flow that was reached.
        trajectory: everything computed up to then, or None if the run had not begun.
    """

    def __init__(
        self, message: str, time: float, trajectory: "Trajectory | None", advice: str = ""
    ) -> None:
        saved = 0 if trajectory is None else trajectory.time.size
        self.what = message
        self.advice = advice
        reason = f"{message}: {advice}" if advice else message
        super().__init__(f"{reason} (reached time {time:.6g}; {saved} output times saved)")
        self.time = time
        self.trajectory = trajectory


class DivergenceError(FlowError):
    """A velocity or the loss stopped being finite."""


class StepCollapseError(FlowError):
    """The step fell to rounding level: the tolerance cannot be met."""


class StepLimitError(FlowError):
    """The run needs, or needed, more time steps than allowed."""


class InterruptedFlowError(FlowError, KeyboardInterrupt):
    """The run was interrupted from the keyboard."""
