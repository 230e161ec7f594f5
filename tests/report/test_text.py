import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.report.text import clean, one_line, pieces


@given(st.text())
@settings(deadline=None)
def test_cleaned_text_can_be_written_and_drives_no_terminal(text: str) -> None:
    shown = clean(text)
    shown.encode("utf-8")
    assert not any((ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 for c in shown)
    assert len(shown) == len(text)


@pytest.mark.parametrize(
    "char", ["\x1b", "\x00", "\x07", "\u202e", "\u2066", "\udcff", "\ufffe", "\x9b"]
)
def test_what_must_not_be_shown_is_replaced(char: str) -> None:
    assert clean(f"a{char}b") == "a\ufffdb"


def test_letters_of_all_scripts_stay() -> None:
    words = "λ_min ≥ 0 — ∫ 🙂 漢字 é"
    assert clean(words) == words


@given(st.text(alphabet="a1 $\\\n{}", max_size=40))
@settings(deadline=None)
def test_pieces_put_together_are_the_text(text: str) -> None:
    again = "".join(f"${p.text}$" if p.tex else p.text for p in pieces(text))
    assert again == text


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$a$ and $b$", ["a", "b"]),
        ("costs $5 and $6", []),
        ("$5$6", []),
        (r"\$a$", []),
        ("$ a$", []),
        ("$a $", []),
        ("$$a$$", []),
        ("$a", []),
        (r"$\frac{1}{2}$-Lipschitz", [r"\frac{1}{2}"]),
    ],
)
def test_where_tex_begins_and_ends(text: str, formulas: list[str]) -> None:
    assert [p.text for p in pieces(text) if p.tex] == formulas


def test_one_line() -> None:
    assert one_line(" a\n\n b\t") == "a b"
