"""The errors that mfcheck raises on purpose."""


class InputError(ValueError):
    """Wrong usage or unusable input; the message is one line, meant for the user (exit status 2)."""
