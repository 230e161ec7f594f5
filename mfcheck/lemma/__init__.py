"""One free-standing statement, from a line of text to a verdict."""

from mfcheck.lemma.verdict import Answer, check

__all__ = ["Answer", "check"]
