"""The errors that mfcheck raises on purpose."""


class InputError(ValueError):
    """Wrong usage or unusable input; the message is one line, meant for the user (exit status 2)."""


class LimitError(RuntimeError):
    """A computation ended early; what it would have decided stays open. `what` says in words what happened."""

    what: str = ""
