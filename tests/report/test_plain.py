import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.report.plain import plain, plain_prose


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\lambda_{\min}(G_2(\tau_t,\nu_t)) \ge \tfrac12\lambda_0", "λ_min(G₂(τₜ, νₜ)) ≥ (1/2)λ₀"),
        (r"\mathrm{KL}(\tau_t\,\|\,\tau_0)", "KL(τₜ ‖ τ₀)"),
        (r"\sum_{k\ge0} (1+k)\mu_k^2 c_{ij}^k", "∑_(k≥0) (1 + k)μₖ²cᵢⱼᵏ"),
        (r"\sup_x|\sigma_0'''(x)| \le C_3", "sup_x |σ₀‴(x)| ≤ C₃"),
        (r"y^\top G_2^{-1} K G_2^{-1} y", "yᵀG₂⁻¹KG₂⁻¹y"),
        (r"\mathbb{E}_\tau|\nabla h|^2 \log n", "𝔼_τ|∇h|² log n"),
        (r"C_{\max}<1", "C_max < 1"),
        (r"1 - \delta, -1", "1 - δ, -1"),
        (r"\dot\tau_t", "τ̇ₜ"),
        (r"\text{for } x", "for x"),
        (r"L'' x'", "L″x′"),
        (r"\sqrt[3]{x+1}", "(x + 1)^(1/3)"),
        (r"\sum_{i=1}^n x_i", "∑ᵢ₌₁ⁿ xᵢ"),
        (r"\max_{i \ne j} \langle x_i, x_j\rangle", "max_(i≠j) ⟨xᵢ, xⱼ⟩"),
        (r"x_i \sim \mu_X", "xᵢ ~ μ_X"),
        (r"\mathcal{C}(\mathcal{P}^2; [0, 1])", "𝒞(𝒫²; [0, 1])"),
        (r"\int_0^\infty \frac{\beta}{n}|e(t)|_1\,\mathrm{d}t", "∫₀^∞ (β/n)|e(t)|₁ dt"),
    ],
)
def test_formulas_of_the_papers_read_well(latex: str, text: str) -> None:
    assert plain(latex) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{1+C}{2}", "(1 + C)/2"),
        (r"\frac{1}{2n}", "1/(2n)"),
        (r"\frac{(1+a)(1+b)}{2}", "(1 + a)(1 + b)/2"),
        (r"a\frac{b}{c}d", "a(b/c)d"),
        (r"a/\frac{b}{c}", "a/(b/c)"),
        (r"\frac{a}{b}(c)", "(a/b)(c)"),
        (r"x^{n-1}", "xⁿ⁻¹"),
        (r"x^{a-b}", "x^(a-b)"),
        (r"n^{-1/2}", "n^(-1/2)"),
        (r"{\frac ab}^2", "(a/b)²"),
        (r"{(a+b)}^2", "((a + b))²"),
        (r"\sqrt{\frac{\log(2/\delta)}{2n}}", "√(log(2/δ)/(2n))"),
        (r"\sqrt{ab}", "√(ab)"),
        (r"\frac{1}{\frac{1}{x}}", "1/(1/x)"),
        (r"-\nabla\frac{\delta L}{\delta\tau}", "-∇(δL/δτ)"),
        (r"k_{z_i}(p)", "k_(zᵢ)(p)"),
        (r"t e^{cst}", "te^(cst)"),
        (r"\sqrt{2} B_0 \sqrt{n}", "√2 B₀√n"),
    ],
)
def test_brackets_keep_what_two_dimensions_said(latex: str, text: str) -> None:
    assert plain(latex) == text


@pytest.mark.parametrize(
    "latex",
    [r"\unknown{x}", r"x_", r"\frac{a}", r"\begin{cases}a\\b\end{cases}", r"\def\a{b}\a", ""],
)
def test_what_is_not_known_stays_as_it_is(latex: str) -> None:
    assert plain(latex) == latex


def test_prose_keeps_all_but_its_formulas() -> None:
    assert (
        plain_prose("costs $5,\nfor $n\\ge2$ points, $\\unknown$")
        == "costs $5, for n ≥ 2 points, \\unknown"
    )


@given(st.text(alphabet="ax12_^{}()\\+-/|, &#;", max_size=30))
@settings(deadline=None, max_examples=200)
def test_any_text_gives_one_line_without_commands_to_the_terminal(text: str) -> None:
    shown = plain(text)
    assert not any(unicodedata.category(c) == "Cc" for c in shown)
    assert plain_prose(f"${text}$").isprintable()


def test_character_references_cannot_smuggle_escapes() -> None:
    assert "\x1b" not in plain(r"\text{&#27;[31m}")
    assert "\x1b" not in plain("&#27;")
