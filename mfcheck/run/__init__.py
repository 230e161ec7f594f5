"""Runs the checks of a paper in worker processes, keeps their evidence, and makes the record of a review."""

from mfcheck.run.inputs import build_setting, read_data
from mfcheck.run.session import Interrupted, power, read_setting, review
from mfcheck.run.tasks import Event, Result, Started, Task

__all__ = [
    "Event",
    "Interrupted",
    "Result",
    "Started",
    "Task",
    "build_setting",
    "power",
    "read_data",
    "read_setting",
    "review",
]
