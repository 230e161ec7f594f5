"""Whether an activation is bounded with its derivatives: by hand, and where a supremum is open."""

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.rigor import bounded
from mfcheck.symbolic.activation import LIBRARY, Activation, X


@pytest.mark.parametrize(
    ("expr", "highest", "answer"),
    [
        (sp.tanh(X), 3, True),
        (sp.Max(X, -1) - X, 0, False),
        (sp.exp(-(X**2)), 2, True),
        (X, 1, False),
        (sp.Max(0, sp.Min(1, X)), 0, True),
        (sp.Max(0, sp.Min(1, X)), 2, False),
    ],
)
def test_bounded_derivatives(expr: sp.Expr, highest: int, answer: bool) -> None:
    assert bounded.bounded_derivatives(Activation("", expr), highest)[0] is answer


def test_an_open_supremum_is_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open at one order: open at all, unless a later one is infinite."""
    real = bounded.derivative_supremum
    states = {0: "finite", 1: "unknown", 2: "finite"}

    def open_at_one(activation: Activation, order: int, digits: int) -> Any:
        return replace(real(activation, order, digits), state=states[order], reason="open")

    monkeypatch.setattr(bounded, "derivative_supremum", open_at_one)
    assert bounded.bounded_derivatives(LIBRARY["tanh"], 0)[0] is True
    assert bounded.bounded_derivatives(LIBRARY["tanh"], 2)[0] is None
    states[2] = "infinite"
    assert bounded.bounded_derivatives(LIBRARY["tanh"], 2)[0] is False


def test_what_has_no_enclosure_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> Any:
        raise InputError("no enclosure")

    monkeypatch.setattr(bounded, "derivative_supremum", refuses)
    assert bounded.bounded_derivatives(LIBRARY["tanh"], 1) == (None, "no enclosure")
