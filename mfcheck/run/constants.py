"""The graph of constants of a paper, evaluated in a setting."""

from mfcheck.claims.model import Paper
from mfcheck.claims.record import ConstantRecord
from mfcheck.claims.setting import Setting

DIGITS = 15


def constant_records(
    paper: Paper, setting: Setting, digits: int = DIGITS
) -> tuple[ConstantRecord, ...]:
    """Return every constant of the paper with a certified enclosure of the given number of digits.

    Raises:
        InputError: a constant cannot be evaluated in this setting.
    """
    if not paper.constants:
        return ()
    from mfcheck.rigor.constants import evaluate_constants

    return tuple(evaluate_constants(paper, setting, digits))
