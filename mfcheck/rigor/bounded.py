"""Is an activation bounded with so many bounded continuous derivatives? Decided by certified suprema."""

from mfcheck.errors import InputError
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.symbolic.activation import Activation


def bounded_derivatives(activation: Activation, highest: int) -> tuple[bool | None, str]:
    """Return whether derivatives 0 to `highest` exist everywhere and are bounded, with the reason in words.

    None where a supremum is neither bounded nor shown to be infinite.
    """
    open_: str = ""
    for order in range(highest + 1):
        name = "the activation" if order == 0 else f"its derivative {order}"
        try:
            found = derivative_supremum(activation, order, 4)
        except InputError as error:
            return None, str(error)
        if found.state in ("infinite", "undefined"):
            return False, f"{name} is not bounded, or does not exist: {found.reason}"
        if found.state == "unknown":
            open_ = open_ or f"whether {name} is bounded is not known: {found.reason}"
    return (None, open_) if open_ else (True, f"derivatives 0 to {highest} are bounded")
