"""Text for TeX: words escaped, formulas let through only if all their commands are known."""

import re
import unicodedata
from itertools import zip_longest

from mfcheck.report.mathml import refused
from mfcheck.report.text import clean, one_line, pieces

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    "'": "'",
    "[": "{[}",
    "]": "{]}",
    "\xa0": "~",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
}
_TYPED = {"'": r"\textquotesingle{}", '"': r"\textquotedbl{}"}
_MARKS, _BREAK = frozenset("/-_.,:=*+()"), r"\allowbreak{}"
"""In ids and commands a line may end after these; TeX alone would let it end at blanks only."""
_MATH = {
    "±": r"\pm", "×": r"\times", "·": r"\cdot", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "→": r"\to", "∞": r"\infty", "√": r"\surd", "∈": r"\in", "∎": r"\blacksquare", "✓": r"\checkmark",
    "✗": r"\times", "∅": r"\emptyset", "∫": r"\int", "−": "-", "‖": r"\Vert", "⟨": r"\langle", "⟩": r"\rangle",
}  # fmt: skip
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)")
_GREEK_NAMES = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
        " omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    )
)

COMMANDS = frozenset(
    re.findall(
        r"\w+",
        "frac dfrac tfrac sqrt sum prod int iint oint lim limsup liminf sup inf max min arg det dim ker gcd deg"
        " sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan exp log ln Pr"
        " left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr mid middle"
        " lesssim gtrsim leqslant geqslant"
        " le leq ge geq lt gt ne neq approx sim simeq equiv cong propto ll gg to mapsto rightarrow leftarrow"
        " Rightarrow Leftarrow Leftrightarrow iff implies infty partial nabla forall exists in notin ni subset"
        " subseteq supset supseteq cup cap setminus emptyset pm mp times cdot cdots ldots dots vdots ddots div ast"
        " star circ bullet oplus otimes odot wedge vee neg lnot land lor prec preceq succ succeq perp parallel top"
        " hat bar tilde vec dot ddot overline underline widehat widetilde overbrace underbrace overset underset"
        " mathrm mathbf mathbb mathcal mathfrak mathsf mathtt mathit boldsymbol bm operatorname text textrm textbf"
        " textit mbox quad qquad lbrace rbrace lbrack rbrack langle rangle lvert rvert lVert rVert Vert vert lfloor"
        " rfloor lceil rceil prime ell hbar Re Im aleph top limits nolimits displaystyle textstyle scriptstyle"
        " binom choose begin end cr not colon because therefore epsilon varepsilon vartheta varphi varrho varsigma"
        " nonumber thinspace medspace thickspace negthinspace",
    )
) | _GREEK_NAMES  # fmt: skip
"""The commands that a formula may hold; all else is shown as code."""

ENVIRONMENTS = frozenset(
    re.findall(r"\w+", "matrix pmatrix bmatrix vmatrix Vmatrix smallmatrix cases array aligned")
)
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^}]*)\}")
_SYMBOLS = frozenset(r"{}|,:;! \\")
_LONGEST = 4000


def _char(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char in _MATH:
        return f"${_MATH[char]}$"
    if char.isascii() or (char.isalpha() and ord(char) < 0x180):
        return char
    greek = _GREEK.fullmatch(unicodedata.name(char, ""))
    name = "" if greek is None else greek[2].replace("LAMDA", "LAMBDA").lower()
    name = name.capitalize() if greek is not None and greek[1] == "CAPITAL" else name
    return f"$\\{name}$" if name in _GREEK_NAMES else f"[U+{ord(char):04X}]"


def plain(text: object) -> str:
    r"""Return words in which TeX finds no command: all that is special is escaped, the unknown spelt out.

    >>> plain("50% of λ_1")
    '50\\% of $\\lambda$\\_1'
    """
    return "".join(map(_char, one_line(text)))


def code(text: object) -> str:
    """Return text in typewriter letters, with hyphens and quotes as they are typed; lines break after marks too."""
    shown = one_line(text)
    typed = "".join(
        (_TYPED.get(char) or _char(char))
        + (_BREAK if char in _MARKS and after not in _MARKS else "")
        for char, after in zip_longest(shown, shown[1:], fillvalue="-")
    )
    return rf"\texttt{{{re.sub('-(?=-)', '-{}', typed)}}}"


def _balanced(latex: str) -> bool:
    depth = 0
    for match in re.finditer(r"\\.|[{}]", latex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth < 0:
            return False
    pairs = len(re.findall(r"\\left(?![A-Za-z])", latex)) == len(
        re.findall(r"\\right(?![A-Za-z])", latex)
    )
    return depth == 0 and pairs


def _environments(latex: str) -> bool:
    """Say whether environments are known, and closed in the order in which they were opened."""
    opened = []
    for kind, name in _ENVIRONMENT.findall(latex):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
        if name not in ENVIRONMENTS:
            return False
    return not opened and len(re.findall(r"\\(?:begin|end)(?![A-Za-z])", latex)) == len(
        _ENVIRONMENT.findall(latex)
    )


_ODD = re.compile(r"[$%#~&\x00-\x1f\x7f\\]")
_INNERMOST = re.compile(r"\\begin\{\w+\}(?:(?!\\begin)[^$%#~])*?\\end\{\w+\}")
_SCRIPT = r"(?:\\[A-Za-z]+|\\.|[^\\])"
_DOUBLE = re.compile(rf"_\s*{_SCRIPT}\s*_|(?:\^\s*{_SCRIPT}|')\s*\^|[_^]\s*(?:[_^]|$)")
_GROUP = re.compile(r"\{([^{}]*)\}")


def _scripts(latex: str) -> bool:
    """Say whether every script has a base of its own: TeX stops at `x_1_2`."""
    rest = re.sub(r"\\[{}]", "0", latex)
    while match := _GROUP.search(rest):
        if _DOUBLE.search(match[1]):
            return False
        rest = f"{rest[: match.start()]}0{rest[match.end() :]}"
    return _DOUBLE.search(rest) is None


def is_formula(latex: str) -> bool:
    """Say whether TeX can set this as a formula and can be led to nothing else by it."""
    if not latex.strip() or len(latex) > _LONGEST or refused(latex) or not latex.isascii():
        return False
    known = all(n in COMMANDS or n in _SYMBOLS for n in _COMMAND.findall(latex))
    bare = _COMMAND.sub("", _without_environments(latex))
    if not known or _ODD.search(bare):
        return False
    return _balanced(latex) and _environments(latex) and _scripts(latex)


def _without_environments(latex: str) -> str:
    """Drop what stands inside environments, where alone `&` may separate columns."""
    before = ""
    while before != latex:
        before, latex = latex, _INNERMOST.sub("", latex)
    return latex


def math(latex: str) -> str:
    """Return a formula between dollar signs, or its source in typewriter letters."""
    source = one_line(latex)
    return f"${source}$" if is_formula(source) else code(source)


def words(text: object) -> str:
    """Return prose with `$...$` kept as formulas and all else escaped."""
    found = "".join(math(p.text) if p.tex else plain_piece(p.text) for p in pieces(clean(text)))
    return found.strip()


def plain_piece(text: str) -> str:
    """Return escaped words, with the blanks at both ends."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() and text.strip() else ""
    return left + plain(text) + right
