"""LaTeX to MathML that a browser shows by itself, with nothing in it but known elements and attributes."""

import html
import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from mfcheck.report.text import clean

_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup"
        " munder mover munderover mmultiscripts mprescripts none mtable mtr mtd",
    )
)
_ATTRIBUTES = frozenset(
    re.findall(
        r"\w+",
        "display stretchy fence form accent accentunder movablelimits largeop lspace rspace minsize maxsize width"
        " height depth voffset linethickness columnalign columnlines rowlines rowspacing columnspacing displaystyle"
        " scriptlevel mathvariant linebreak notation",
    )
)
_VALUE = re.compile(r"[A-Za-z0-9 .%+-]{1,80}")
_REFUSED = re.compile(
    r"\\(?:(?:re|provide)?newcommand|[gex]?def|let|require|href|url|style|class|cssId|unicode)(?![A-Za-z])"
)
_LETTER = re.compile(r"(?:LATIN|GREEK) (CAPITAL|SMALL) LETTER (\w+)|(DIGIT \w+)")
_PRIMES = re.compile(r"'{2,}")
_BARS = frozenset("|‖∣")
_RELATIONS = frozenset("=≤≥<>≈≪≫→∼")
_LONG_LINE = 60
_LONGEST = 20_000
_VARIANTS = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "script": "SCRIPT",
    "fraktur": "FRAKTUR",
    "sans-serif": "SANS-SERIF",
    "monospace": "MONOSPACE",
}


def refused(latex: str) -> bool:
    """Say whether the LaTeX defines macros, sets links or styles, or is too long to be a formula."""
    return len(latex) > _LONGEST or _REFUSED.search(latex) is not None


class _NotMathMLError(ValueError):
    """The converter met LaTeX that it does not know, or gave what must not reach a page."""


def _primes(match: re.Match[str]) -> str:
    # The converter stacks them on a letter that has a subscript.
    return "^{" + r"\prime" * len(match[0]) + "}"


def _styled(char: str, variant: str) -> str:
    """Return the letter of that style: browsers ignore all values of mathvariant but "normal"."""
    letter = _LETTER.fullmatch(unicodedata.name(char, ""))
    if letter is None:
        return char
    name = " ".join(filter(None, letter.groups()))
    style = _VARIANTS[variant]
    for full in (f"MATHEMATICAL {style} {name}", f"{style} {name}"):
        with suppress(KeyError):
            return unicodedata.lookup(full)
    return char


def _text(element: Element) -> str:
    # The converter writes symbols as character references, and words as they come.
    words = html.unescape(element.text or "")
    if element.tag in ("mi", "mo") and words.startswith("\\") and len(words) > 1:
        raise _NotMathMLError(f"unknown command {words}")
    variant = element.get("mathvariant", "normal")
    return "".join(_styled(c, variant) for c in words) if variant in _VARIANTS else words


def _attributes(element: Element) -> str:
    kept = {
        name: value
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    if kept.get("mathvariant", "normal") != "normal":
        del kept["mathvariant"]
    if element.tag == "mo" and html.unescape(element.text or "") in _BARS and not kept.get("form"):
        kept |= {"lspace": "0", "rspace": "0"}  # else browsers take them for relations
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())


def _serialise(element: Element) -> str:
    if element.tag not in _ELEMENTS:
        raise _NotMathMLError(f"unknown element {element.tag}")
    inside = "".join(map(_serialise, element))
    return f"<{element.tag}{_attributes(element)}>{escape(_text(element))}{inside}</{element.tag}>"


def _breakable(root: Element) -> list[Element]:
    """Split a long formula after its outermost relations: browsers break lines only between formulas."""
    words = "".join(root.itertext())
    ends = [i for i, part in enumerate(root[0]) if html.unescape(part.text or "") in _RELATIONS]
    if len(words) < _LONG_LINE or not ends:
        return [root]
    cuts = [0, *(i + 1 for i in ends), len(root[0])]
    lines = []
    for start, end in pairwise(cuts):
        line = Element("math", root.attrib)
        row = SubElement(line, "mrow")
        row.extend(list(root[0])[start:end])
        if len(row) and end - 1 in ends:
            row[-1].set("form", "infix")
        if len(row):
            lines.append(line)
    return lines


@lru_cache(maxsize=4096)
def to_mathml(latex: str, block: bool = False) -> Markup:
    r"""Return MathML for a formula, or its LaTeX as code where that fails.

    The converter's own output cannot be trusted: it copies the text of `\text` and the arguments of `\href` and
    `\style` into the page. Only its tree is used, and written out here with known elements, known attributes,
    and all text escaped.

    >>> print(to_mathml(r"\unknown{x}"))
    <code class="tex">\unknown{x}</code>
    """
    source = clean(latex)
    try:
        if refused(source):
            raise _NotMathMLError("refused")
        root = convert_to_element(
            _PRIMES.sub(_primes, source), display="block" if block else "inline"
        )
        if not len(root) or not len(root[0]):
            raise _NotMathMLError("empty")
        return Markup("".join(_serialise(part) for part in ([root] if block else _breakable(root))))
    except Exception:  # the converter raises whatever its parser runs into
        return Markup('<code class="tex">{}</code>').format(source)
