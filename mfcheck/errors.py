"""The errors that mfcheck raises on purpose."""

from collections.abc import Iterable


class InputError(ValueError):
    """Wrong usage or unusable input; the message is one line, meant for the user (exit status 2)."""


def meant(name: str, known: Iterable[str]) -> str:
    """Return a question, in brackets, after a name that is close to a known one; nothing if none is.

    >>> meant("scaled-resnet", ["lln", "scaled-resnets"])
    " (did you mean 'scaled-resnets'?)"
    """
    from difflib import get_close_matches

    close = get_close_matches(name[:60], list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def reason(error: Exception) -> str:
    """Return what the system says of a file that it refuses, without a number; else the text of the error."""
    return getattr(error, "strerror", None) or str(error)


class LimitError(RuntimeError):
    """A computation ended early; what it would have decided stays open. `what` says in words what happened."""

    what: str = ""
