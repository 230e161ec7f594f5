"""Check certificate files without trusting the program that wrote them: `python -m mfcheck.verify FILE`.

This package imports the standard library and mpmath alone, and nothing else of mfcheck. An accepted claim is proved
anew: in intervals of mpmath (its elementary functions widened by 8 bits), in integers with explicit rounding, or in
fractions. docs/certificates.md has the format and the proofs of the error bounds used here.
"""

from .checker import (
    FORMAT,
    KINDS,
    MAX_PARTS,
    Verdict,
    digest,
    main,
    statement,
    verify,
    verify_paths,
)
from .codes import MAX_DEGREE
from .eigenvalues import MAX_POINTS
from .formulas import BINDERS, FUNCTIONS
from .kernels import ACTIVATIONS, MAX_BITS, MAX_TERMS, ORDERS
from .reading import (
    MAX_DEPTH,
    MAX_SIZE,
    MAX_WORK,
    MalformedError,
    UnprovedError,
    parse_json,
    printable,
)

__all__ = [
    "ACTIVATIONS",
    "BINDERS",
    "FORMAT",
    "FUNCTIONS",
    "KINDS",
    "MAX_BITS",
    "MAX_DEGREE",
    "MAX_DEPTH",
    "MAX_PARTS",
    "MAX_POINTS",
    "MAX_SIZE",
    "MAX_TERMS",
    "MAX_WORK",
    "ORDERS",
    "MalformedError",
    "UnprovedError",
    "Verdict",
    "digest",
    "main",
    "parse_json",
    "printable",
    "statement",
    "verify",
    "verify_paths",
]
