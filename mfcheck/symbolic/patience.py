"""An end for symbolic algebra that may take for ever: by the number of calls, the same on every machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class _TooManyError(BaseException):
    """Not to be caught on the way: SymPy goes on after many exceptions."""


def within(calls: int, work: Callable[[], T]) -> T | None:
    """Return what a function returns; None if it takes more than so many calls of Python functions.

    A million of them take about half a second of processor time.

    >>> within(100, lambda: sum(range(9))), within(100, lambda: [int(str(k)) for k in map(lambda x: x, range(200))])
    (36, None)
    """
    left = calls
    before = sys.getprofile()

    def count(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG001
        nonlocal left
        if event == "call":
            left -= 1
            if left < 0:
                raise _TooManyError

    sys.setprofile(count)
    try:
        return work()
    except _TooManyError:
        return None
    finally:
        sys.setprofile(before)
