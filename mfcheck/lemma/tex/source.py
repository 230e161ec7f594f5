r"""Formulas of a paper's TeX source that a comment makes statements: `$\ln(1+x) \le x$. % mfcheck: x >= 0`.

The comment stands behind an inline formula on its line, behind a row of `align`, inside or behind a display. It holds
declarations with semicolons between them, and `where: ...`, `expect: ...`, `id: ...` where they are wanted.
"""

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mfcheck.errors import InputError
from mfcheck.lemma.tex.tokens import Macro

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%([^\n]*)")
_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|lstlisting|minted|comment)\}.*?\\end\{\1\}|\\verb\*?([^\w\s*])[^\n]*?\2",
    re.DOTALL,
)
_ROWED = ("align", "alignat", "flalign", "gather", "eqnarray")
_SINGLE = ("equation", "displaymath", "math", "multline")
_ENVIRONMENTS = "|".join((*_ROWED, *_SINGLE))
_MATH = re.compile(
    rf"\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}(?P<body>.*?)\\end\{{(?P=name)\}}"
    r"|\\\[(?P<display>.*?)\\\]|\\\((?P<inline>.*?)\\\)"
    r"|(?<!\\)\$\$(?P<dollars>.*?)(?<!\\)\$\$|(?<!\\)\$(?P<dollar>[^$]*?)(?<!\\)\$",
    re.DOTALL,
)
_MACRO = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*\{"
    r"|\\def\s*(\\[A-Za-z]+)\s*\{"
)
_OPERATOR = re.compile(r"\\DeclareMathOperator\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*\{([^{}]*)\}")
_LABEL = re.compile(r"\\label\{([^{}]*)\}")


@dataclass(frozen=True)
class Marked:
    """A formula with the text of its comment, the line (from 1) of the formula, and its label."""

    formula: str
    comment: str
    line: int
    label: str | None = None


@dataclass(frozen=True)
class _Formula:
    start: int
    end: int
    text: str
    rows: bool = False
    inline: bool = False


def marked(source: str) -> tuple[Marked, ...]:
    """Return the formulas of a TeX file that have a comment `% mfcheck: ...`, in the order of the comments.

    Raises:
        InputError: a comment belongs to no formula, or to several; the message names the line.
    """
    lines = [0, *(k + 1 for k, c in enumerate(source) if c == "\n")]
    text, comments = _without_comments(source)
    formulas = list(_formulas(text))
    return tuple(_owner(at, said, text, formulas, lines) for at, said in comments)


def macros(source: str) -> Mapping[str, Macro]:
    r"""Return what `\newcommand`, `\def` and `\DeclareMathOperator` define in a TeX file."""
    text, _ = _without_comments(source)
    found: dict[str, Macro] = {}
    for match in _MACRO.finditer(text):
        body = _braced(text, match.end() - 1)
        if body is not None:
            found[match[1] or match[3]] = Macro(body, int(match[2] or 0))
    for match in _OPERATOR.finditer(text):
        found[match[1]] = Macro(rf"\operatorname{{{match[2]}}}")
    return {name: m for name, m in found.items() if name not in m.body}


def _braced(text: str, start: int) -> str | None:
    depth = 0
    for k in range(start, len(text)):
        depth += (text[k] == "{") - (text[k] == "}")
        if depth == 0:
            return text[start + 1 : k]
    return None


def _without_comments(source: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the source with comments and verbatim parts as blanks of the same length, and the comments for mfcheck."""
    text = _VERBATIM.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), source)
    found = []
    for match in _COMMENT.finditer(text):
        said = re.fullmatch(r"\s*mfcheck\s*:(.*)", match[2])
        if said is not None:
            found.append((match.start(2) - 1, said[1].strip()))
    return _COMMENT.sub(lambda m: m[1] + " " * (len(m[2]) + 1), text), found


def _formulas(text: str) -> "list[_Formula]":
    found = []
    for match in _MATH.finditer(text):
        kind = str(match.lastgroup)
        rows = kind == "body" and match["name"].rstrip("*") in _ROWED
        inline = kind in ("inline", "dollar")
        found.append(_Formula(match.start(kind), match.end(kind), match[kind], rows, inline))
    return found


def _owner(at: int, said: str, text: str, formulas: "list[_Formula]", lines: list[int]) -> Marked:
    """Return the formula that a comment belongs to."""
    line = bisect.bisect_right(lines, at)
    before = [f for f in formulas if f.start <= at]
    if not before:
        raise InputError(f"line {line}: no formula before this comment")
    formula = before[-1]
    if at <= formula.end:
        return _inside(at, said, formula, lines)
    if formula.rows and re.search(r"\\\\\s*(?:\[[^\]]*\])?\s*\S", formula.text):
        raise InputError(f"line {line}: which row? put the comment at the end of the row")
    between = text[formula.end : at]
    reach = between.count("\n")
    if reach > (0 if formula.inline else 1):
        raise InputError(f"line {line}: no formula right before this comment")
    return _made(formula.text, said, formula.start, lines)


def _inside(at: int, said: str, formula: _Formula, lines: list[int]) -> Marked:
    if not formula.rows:
        return _made(formula.text, said, formula.start, lines)
    cuts = [m.end() for m in re.finditer(r"\\\\\*?(?:\[[^\]]*\])?", formula.text)]
    offset = at - formula.start
    ends = [*cuts, len(formula.text)]
    # A comment behind the end of a row, on its line, belongs to that row.
    starts = [0, *cuts]
    k = bisect.bisect_right(cuts, offset)
    if k > 0 and not formula.text[starts[k] : offset].strip():
        k -= 1
    row = re.sub(r"\\\\\*?(?:\[[^\]]*\])?$", "", formula.text[starts[k] : ends[k]])
    return _made(row, said, formula.start + starts[k], lines)


def _made(formula: str, said: str, start: int, lines: list[int]) -> Marked:
    label = _LABEL.search(formula)
    blank = re.match(r"\s*", formula)
    start += blank.end() if blank else 0
    return Marked(
        " ".join(formula.split()),
        said,
        bisect.bisect_right(lines, start),
        label[1] if label else None,
    )
