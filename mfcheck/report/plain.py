"""LaTeX as one line of Unicode, for terminals: grouping is kept by brackets, so that no formula changes its meaning."""

import html
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from mfcheck.report.mathml import refused
from mfcheck.report.text import one_line, pieces

_RELATIONS = frozenset("~=≠≤≥<>≈≪≫→∼≃≲≳∈⊂⊆∝↦⇒≔≡")
_BINARY = frozenset("+-±×∘⊗⊙")
_BIG = frozenset("∑∏∫⋃⋂")
_OPEN, _CLOSE = frozenset("([{⟨"), frozenset(")]}⟩")
_KINDS = {",": "comma", ";": "comma", "|": "bar", "‖": "bar", "/": "slash"}
_PRIMES = {"″": "′′", "‴": "′′′"}
_SAME = {"−": "-", "∗": "*", "⋅": "·", "∣": "|", "∥": "‖", "⊤": "T"}
_ACCENTS = {"¯": "\u0304", "‾": "\u0304", "^": "\u0302", "~": "\u0303", "˜": "\u0303"} | {
    "˙": "\u0307",
    "¨": "\u0308",
    "→": "\u20d7",
}
_SUPERSCRIPTS = dict(zip("0123456789+-niktrT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵏᵗʳᵀ", strict=True))
_SUBSCRIPTS = dict(zip("0123456789+-=ijkmnrst", "₀₁₂₃₄₅₆₇₈₉₊₋₌ᵢⱼₖₘₙᵣₛₜ", strict=True))
_SINGLE = re.compile(r"√?(?:[^\W\d_][₀-₉⁰-⁹²³¹\u0300-\u036f]*|\d+)|[dδ∂]\w")
_INNERMOST = re.compile(r"\([^()]*\)")
_OPERATOR = re.compile(r" ([-+=≠≥≤<>∈→]) ")
_SMALL = frozenset((*_SUPERSCRIPTS.values(), *_SUBSCRIPTS.values()))
_LONGEST_SCRIPT = 4
_LEFT = frozenset(("letter", "number", "close", "fraction", "word", "script"))
_RIGHT = frozenset(("letter", "number", "open", "fraction", "word", "script", "big"))


class _Token(NamedTuple):
    """A part of a formula: its text, and what it is to its neighbours."""

    text: str
    kind: str


class _UnknownError(ValueError):
    """The formula has a part that one line of text cannot show."""


def _words(element: Element) -> str:
    words = html.unescape(element.text or "")
    if words.startswith("\\") and len(words) > 1:
        raise _UnknownError(words)
    return "".join(_SAME.get(c, c) for c in words)


def _leaf(element: Element) -> _Token:
    text = _words(element)
    if element.tag == "mtext":
        return _Token(text.replace("\u00a0", " "), "text")
    if element.tag == "mspace":
        return _Token("", "space")
    if element.tag == "mn":
        return _Token(text, "number")
    if len(text) > 1 and text.isalpha():
        return _Token(text, "word")
    kinds = {"relation": _RELATIONS, "binary": _BINARY, "big": _BIG, "open": _OPEN, "close": _CLOSE}
    named = next((kind for kind, signs in kinds.items() if text in signs), None)
    other = "letter" if element.tag == "mi" else "sign"
    return _Token(text, named or _KINDS.get(text, other))


def _group(element: Element) -> str:
    return _join(_tokens(element))


def _bracketed(text: str) -> str:
    """Put brackets around all but a number, a letter with small digits, its root, or a differential."""
    return text if _SINGLE.fullmatch(text) else f"({text})"


def _fraction(element: Element) -> _Token:
    over, under = map(_group, element)
    outside = over
    while (inner := _INNERMOST.sub("", outside)) != outside:
        outside = inner
    above = f"({over})" if set(outside) & set("+-±/,= ") else over
    return _Token(f"{above}/{_bracketed(under)}", "fraction")


def _root(element: Element) -> _Token:
    inside = "".join(map(_group, element)) if element.tag == "msqrt" else _group(element[0])
    if element.tag == "msqrt":
        return _Token(f"√{_bracketed(inside)}", "script")
    return _Token(f"{_bracketed(inside)}^(1/{_group(element[1])})", "script")


def _script(text: str, letters: dict[str, str], sign: str) -> str:
    """Return a script in Unicode's small letters, or behind a sign."""
    if set(text) <= {"′", *_PRIMES}:
        return text
    tight = text.replace(" ", "")
    if len(tight) <= _LONGEST_SCRIPT and set(tight) <= set(letters):
        return "".join(letters[c] for c in tight)
    # Letters side by side name an index below, and are a product above.
    name = text.isalnum() and set(text).isdisjoint(_SMALL) and (sign == "_" or text.isdigit())
    if len(text) == 1 or name:
        return f"{sign}{text}"
    return f"{sign}({_OPERATOR.sub(lambda m: m[1], text)})"


def _scripted(element: Element) -> _Token:
    base, *scripts = element
    tokens = _tokens(base)
    text = _join(tokens)
    kind = tokens[0].kind if len(tokens) == 1 else "script"
    if base.tag in ("mfrac", "msqrt", "mroot", "mrow") and len(text) > 1 and kind != "word":
        text = f"({text})"
    below = element.tag in ("msub", "munder", "msubsup", "munderover")
    for script, lower in zip(scripts, (below, False), strict=False):
        words = _group(script)
        # A name below a letter stays a name: C_max.
        named = lower and [t.kind for t in _tokens(script)] == ["word"]
        letters = {} if named else _SUBSCRIPTS if lower else _SUPERSCRIPTS
        text += _script(words, letters, "_" if lower else "^")
    for mark, run in _PRIMES.items():
        text = text.replace(mark, run)
    for mark, run in reversed(_PRIMES.items()):
        text = text.replace(run, mark)
    kinds = {"word": "big", "big": "big", "bar": "close", "close": "close"}
    return _Token(text, kinds.get(kind, "script"))


def _over(element: Element) -> _Token:
    mark = _words(element[1])
    base = _group(element[0])
    if mark not in _ACCENTS:
        return _scripted(element)
    return _Token(unicodedata.normalize("NFC", base + _ACCENTS[mark]), "letter")


def _tokens(element: Element) -> list[_Token]:
    if element.tag in ("mi", "mn", "mo", "mtext", "mspace"):
        return [_leaf(element)]
    if element.tag in ("math", "mrow", "mstyle", "mpadded"):
        return [token for child in element for token in _tokens(child)]
    one = {"mfrac": _fraction, "msqrt": _root, "mroot": _root, "mover": _over}
    one |= dict.fromkeys(("msub", "msup", "msubsup", "munder", "munderover"), _scripted)
    if element.tag not in one:
        raise _UnknownError(element.tag)
    return [one[element.tag](element)]


def _isolated(tokens: list[_Token]) -> list[_Token]:
    """Put brackets around fractions that are multiplied by a neighbour."""
    kinds = ["", *(token.kind for token in tokens if token.kind != "space"), ""]
    solid = [token for token in tokens if token.kind != "space"]
    wrapped = {
        id(token)
        for token, before, after in zip(solid, kinds, kinds[2:], strict=False)
        if token.kind == "fraction"
        and (before in _LEFT | {"slash", "sign"} or after in _RIGHT | {"bar"})
    }
    return [_Token(f"({t.text})", "fraction") if id(t) in wrapped else t for t in tokens]


def _gap(left: _Token, right: _Token, before: str) -> bool:
    """Say whether a blank stands between two tokens; `before` is the kind of what precedes the left one."""
    if "space" in (left.kind, right.kind) or left.kind in ("relation", "comma"):
        return left.kind != "space"
    if right.kind == "relation" or (right.kind == "binary" and left.kind in _LEFT | {"bar"}):
        return True
    if left.kind == "binary":
        return before in _LEFT | {"bar"}
    if left.kind in ("big", "word"):
        return right.kind in _RIGHT - {"open"} | {"bar"} or (left.kind, right.kind) == (
            "big",
            "open",
        )
    if right.kind in ("big", "word"):
        return left.kind in _LEFT
    long = left.text.startswith("√") or re.search(r"[_^]\w+$", left.text) is not None
    return long and left.kind == "script" and right.kind in ("letter", "number", "script")


def _join(tokens: list[_Token]) -> str:
    parts, before = "", ""
    shown = _isolated(tokens)
    for left, right in zip(shown, [*shown[1:], None], strict=True):
        parts += left.text
        if right is not None and _gap(left, right, before):
            parts += " "
        before = left.kind
    return " ".join(parts.split())


@lru_cache(maxsize=4096)
def plain(latex: str) -> str:
    r"""Return a formula as one line of Unicode, or its LaTeX where a part of it is not known.

    >>> plain(r"\lambda_{\min}(G_2) \ge \frac{1}{2n}\bar\beta^2")
    'λ_min(G₂) ≥ (1/(2n))β̄²'
    >>> plain(r"\unknown{x}")
    '\\unknown{x}'
    """
    source = one_line(latex)
    try:
        if refused(source):
            return source
        return one_line(_group(convert_to_element(source))) or source
    except Exception:  # the converter raises whatever its parser runs into
        return source


def plain_prose(text: object) -> str:
    """Return words on one line with `$...$` as Unicode."""
    return one_line("".join(plain(p.text) if p.tex else p.text for p in pieces(text)))
