"""Terms of a statement: shared, exact, built by functions that tidy up as they go.

A term is an immutable node; equal terms are one object. Numbers are exact fractions. A sum holds rational
coefficients, a product rational exponents; a fractional exponent stands for a base that is not negative.
Tidying may drop a factor `x/x`, so what a text requires to be defined is recorded by its reader, not here.
"""

from mfcheck.lemma.terms.calculus import (
    NORMAL,
    body_of,
    derivative,
    expectation,
    jumps,
    rebuild,
    slope_under,
    substitute,
)
from mfcheck.lemma.terms.functions import call
from mfcheck.lemma.terms.nodes import (
    MAX_BITS,
    UNARY,
    Term,
    add,
    combination,
    div,
    forget,
    mul,
    neg,
    num,
    order,
    pi,
    power,
    product,
    scale,
    size,
    split_factor,
    sqrt,
    sub,
    table_size,
    var,
)
from mfcheck.lemma.terms.written import text

__all__ = [
    "MAX_BITS",
    "NORMAL",
    "UNARY",
    "Term",
    "add",
    "body_of",
    "call",
    "combination",
    "derivative",
    "div",
    "expectation",
    "forget",
    "jumps",
    "mul",
    "neg",
    "num",
    "order",
    "pi",
    "power",
    "product",
    "rebuild",
    "scale",
    "size",
    "slope_under",
    "split_factor",
    "sqrt",
    "sub",
    "substitute",
    "table_size",
    "text",
    "var",
]
