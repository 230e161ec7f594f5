"""Letters with an index that stand in plain words are formulas; ids, paths and options are not."""

import pytest

from mfcheck.report.markdown import prose
from mfcheck.report.plain import plain_prose


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("at chi_1 = 1, sigma_w = 1.5.", "at χ₁ = 1, σ_w = 1.5."),
        ("lambda_max(G) of y_i and sigma_w^2", "λ_max(G) of yᵢ and σ_w²"),
        ("like chi_1^(l/2)", "like χ₁^(l/2)"),
        ("tau_inf, R_lambda, C_max", "τ_∞, R_λ, C_max"),
        (r"$\chi_1$ and chi_1", "χ₁ and χ₁"),
        ("file x_1.csv, runs/a_1/b, --set sigma_w=2, `a_1`", None),
        ("the check slack-chi_1 and chi_1-slope; weight_var; m_i_j", None),
    ],
)
def test_names_in_words(words: str, shown: str | None) -> None:
    assert plain_prose(words) == (words if shown is None else shown)


def test_names_are_tex_in_markdown() -> None:
    assert prose("at chi_1 = 1") == r"at $\chi _ {1}$ = 1"
