"""Numbers with their errors in sentences: no more digits than the error leaves, and never less error than there is."""

import math
import re

from mfcheck.claims.record import Estimate


def quoted(found: Estimate) -> str:
    """Return `value ± error` for a sentence, to two digits of the error, which covers the rounding.

    A number without an error stands alone, rounded to six digits.

    >>> quoted(Estimate(value=-0.51278, error=0.00889)), quoted(Estimate(value=2.5437e-6, error=8.1e-8))
    ('-0.5128 ± 0.0090', '2.544e-06 ± 8.2e-08')
    """
    if found.error <= 0 or not math.isfinite(found.error):
        return f"{found.value:.6g}"
    place = max(math.floor(math.log10(found.error)) - 1, -300)
    size = math.floor(math.log10(abs(found.value))) if found.value else place
    value = f"{found.value:#.{max(1, size - place + 1)}g}".replace(".e", "e").rstrip(".")
    units = math.ceil((found.error + abs(float(value) - found.value)) / 10.0**place)
    if units >= 100:  # two digits of it would be fewer
        units, place = math.ceil(units / 10), place + 1
    error = f"{units * 10.0**place:#.2g}".rstrip(".")
    return f"{value} ± {error}"


def quoted_tex(found: Estimate) -> str:
    r"""Return `quoted` as TeX between dollar signs; `$0$` of a zero without an error.

    >>> print(quoted_tex(Estimate(value=4.585e-6, error=2.7e-7)))
    $4.59 \cdot 10^{-6} \pm 2.8 \cdot 10^{-7}$
    """
    if found.value == found.error == 0:
        return "$0$"
    powers = re.sub(r"e([-+]?[0-9]+)", _power, quoted(found))
    return f"${powers}$".replace("±", r"\pm")


def _power(match: re.Match[str]) -> str:
    return rf" \cdot 10^{{{int(match[1])}}}"
