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


def unknown(what: str, name: str, known: Iterable[str], whose: str) -> InputError:
    """Return the error for a name that is none of the known ones: the one that may be meant, and all there are.

    >>> str(unknown("claim", "theorem-5-los", ["theorem-5-loss"], "toy has"))
    "unknown claim 'theorem-5-los' (did you mean 'theorem-5-loss'?); toy has: theorem-5-loss"
    """
    known = list(known)
    listed = ", ".join(known) or "none"
    return InputError(f"unknown {what} {name[:60]!r}{meant(name, known)}; {whose}: {listed}")


def reason(error: Exception) -> str:
    """Return what the system says of a file that it refuses, without a number; else the text of the error."""
    return getattr(error, "strerror", None) or str(error)


class LimitError(RuntimeError):
    """A computation ended early; what it would have decided stays open. `what` says in words what happened."""

    what: str = ""
