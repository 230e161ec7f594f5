"""One free-standing statement, from a line of text to a verdict."""

from mfcheck.lemma.answer import Answer
from mfcheck.lemma.verdict import check

__all__ = ["Answer", "check"]
