r"""Operators with a range in TeX, `\sum_{k=1}^{n}`, `\int_a^b ... dx`, `\sup_{x \in [a, b]}`; what quantifiers declare.

How far an operator reaches is clear where nothing is added behind its term; else brackets are asked for.
"""

import re
from abc import abstractmethod

from mfcheck.lemma.tex.names import ATOM, PRODUCT, Names, Part
from mfcheck.lemma.tex.tokens import Token, refusal
from mfcheck.lemma.tex.words import GREEK, NAMED, RELATIONS

_SETS = (
    (re.compile(r"\\in\s*\\mathbb\s*\{?\s*R\s*\}?\s*\^\s*\{?\s*(\d+)\s*\}?"), r" vector(\1)"),
    (re.compile(r"\\in\s*\\mathbb\s*\{?\s*R\s*\}?(?!\s*[\^_])"), " real"),
    (re.compile(r"\\in\s*\\mathbb\s*\{?\s*Z\s*\}?(?!\s*[\^_])"), " integer"),
)
_ALL = re.compile(r"\\forall\b|\\(?:text|textrm|mathrm|quad\s*\\text)\s*\{\s*for all\s*\}")
_ROW = re.compile(
    r"\s*\\begin\{(align|equation|gather|multline)(\*?)\}(.*)\\end\{\1\2\}\s*", re.DOTALL
)


def plain_declaration(text: str) -> str:
    r"""Return a declaration in which `\lambda \ge 0` is `lam >= 0`; what is not TeX stays as it is.

    Raises:
        InputError: a command in it is no name and no relation.
    """

    def put(match: re.Match[str]) -> str:
        name = match[0][1:]
        if match[0] in RELATIONS:
            return f" {RELATIONS[match[0]]} "
        if name in GREEK:
            return NAMED.get(name, name)
        if name in (
            ",",
            ";",
            ":",
            "!",
            "quad",
            "qquad",
            " ",
            "left",
            "right",
            "big",
            "bigl",
            "bigr",
        ):
            return " "
        if name in ("in", "sim", "infty", "pi"):
            return {"in": " in ", "sim": " ~ ", "infty": "inf", "pi": "pi"}[name]
        raise refusal(text, f"{match[0]} has no meaning in a declaration", match.start())

    shown = text.replace("$", " ").replace(r"\mathcal{N}", "N").replace(r"\mathcal N", "N")
    for pattern, word in _SETS:
        shown = pattern.sub(word, shown)
    shown = re.sub(r"\\[td]?frac\s*(?:\{(\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d))", r"\1\2/\3\4", shown)
    shown = re.sub(r"_\{(\w+)\}", r"_\1", shown)
    return re.sub(r"\\(?:[A-Za-z]+|.)", put, shown)


def without_quantifiers(text: str) -> tuple[str, list[str]]:
    r"""Return a formula without `\forall x \ge 0:` before or `\forall x \ge 0` behind it, and what these declare."""
    row = _ROW.fullmatch(text)
    if row is not None and not re.search(r"\\\\", row[3]):
        text = row[3]
    found: list[str] = []
    while (match := _ALL.match(text.lstrip())) is not None:
        rest = text.lstrip()[match.end() :]
        end = next((k for k, c in enumerate(rest) if c in ":," and _is_end(rest, k)), None)
        if end is None:
            return text, found
        found.append(rest[:end].strip())
        text = rest[end + 1 :]
    match = _ALL.search(text)
    if match is not None and match.start() > 0:
        head = re.sub(r"(\\q?quad|[\s,~.])+$", "", text[: match.start()])
        found += [p.strip() for p in _ALL.split(text[match.end() :])]
        text = head
    return text, [plain_declaration(re.sub(r"[.,;\s]+$", "", d)) for d in found]


def _is_end(text: str, k: int) -> bool:
    """Say whether a comma or colon outside brackets ends a declaration: a comma between names does not."""
    before = text[:k]
    if sum(before.count(c) for c in "([{") != sum(before.count(c) for c in ")]}"):
        return False
    said = re.search(r"\\in\b|\\[lg]eq?\b|\\sim\b|[<>=]", before) is not None
    return text[k] == ":" or said


class Ranges(Names):
    """Reads operators with a range; terms are read by the class below it."""

    declarations: list[str]

    @abstractmethod
    def term(self) -> Part:
        """Read factors."""

    def ranged(self, token: Token) -> Part | None:
        """Read what a command with a range starts; None if it is no such command."""
        if token.text == r"\sum":
            return self.sum_sign(token)
        if token.text == r"\sup":
            return self.supremum(token)
        if token.text == r"\int":
            return self.integral(token)
        if token.text == r"\lfloor":
            inside = self.sum()
            self.close(r"\rfloor", token)
            return Part(f"floor({inside.text})")
        return None

    def limits(self, token: Token) -> tuple[list[Token], list[Token]]:
        """Return the marks below and above an operator."""
        parts: dict[str, list[Token]] = {}
        while self.peek() in ("_", "^"):
            side = self.take().text
            parts[side] = self.group()
        if set(parts) != {"_", "^"}:
            raise self.refuse("limits are wanted below and above", token)
        return parts["_"], parts["^"]

    def group(self) -> list[Token]:
        """Take what TeX takes as one argument."""
        first = self.take()
        if first.text != "{":
            return [first]
        found: list[Token] = []
        depth = 1
        while True:
            token = self.take()
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return found
            found.append(token)

    def within(self, marks: list[Token], token: Token) -> Part:
        """Read marks that stand for one expression."""
        outer, place = self.marks, self.k
        self.marks, self.k = marks, 0
        if not marks:
            self.marks, self.k = outer, place
            raise self.refuse("something is missing here", token)
        found = self.sum()
        if self.k < len(self.marks):
            raise self.refuse("this cannot be read here without guessing")
        self.marks, self.k = outer, place
        return found

    def reach(self, token: Token) -> str:
        """Read the term that an operator is about, with nothing added behind it."""
        found = self.term()
        if self.peek() in ("+", "-"):
            raise self.refuse(f"does {token.text} reach behind this sign? write brackets")
        return found.text

    def sum_sign(self, token: Token) -> Part:
        r"""Read `\sum_{k=1}^{n} ...`."""
        below, above = self.limits(token)
        if len(below) < 3 or below[0].kind != "letter" or below[1].text != "=":
            raise self.refuse(r"write \sum_{k=1}^{n}", token)
        first, last = self.within(below[2:], token), self.within(above, token)
        outer, self.declared = self.declared, self.declared | {below[0].text}
        inside = self.reach(token)
        self.declared = outer
        return Part(f"sum({inside}; {below[0].text}, {first.text}, {last.text})")

    def supremum(self, token: Token) -> Part:
        r"""Read `\sup_{x \in [a, b]} ...`."""
        if self.peek() != "_":
            raise self.refuse(r"write \sup_{x \in [a, b]}", token)
        self.take()
        marks = self.group()
        if len(marks) < 3 or marks[1].text != r"\in":
            raise self.refuse(r"write \sup_{x \in [a, b]}", token)
        text = " ".join(t.text.removeprefix("L").removeprefix("R") for t in marks[1:])
        name = self.name_of(marks[0])
        outer, self.declared = self.declared, self.declared | {name}
        inside = self.reach(token)
        self.declared = outer
        where = " ".join(plain_declaration(text).split())
        return Part(f"sup({inside}; {name} {where})")

    def name_of(self, token: Token) -> str:
        """Return the name that one mark is."""
        word = token.text[1:] if token.kind == "command" else token.text
        if token.kind != "letter" and word not in GREEK:
            raise self.refuse("this is no name", token)
        return NAMED.get(word, word)

    def integral(self, token: Token) -> Part:
        r"""Read `\int_a^b ... dx`: up to the first `d` with a name behind it."""
        below, above = self.limits(token)
        low, high = self.within(below, token), self.within(above, token)
        depth = 0
        for k in range(self.k, len(self.marks) - 1):
            text = self.marks[k].text
            depth += (text in ("{", "(", "[", "L(", "L[")) - (text in ("}", ")", "]", "R)", "R]"))
            after = self.marks[k + 1]
            is_name = after.kind == "letter" or after.text[1:] in GREEK
            if depth == 0 and text == "d" and is_name and "d" not in self.declared:
                break
        else:
            raise self.refuse("the integral has no dx", token)
        marks, name = self.marks[self.k : k], self.name_of(self.marks[k + 1])
        self.k = k + 2
        outer, self.declared = self.declared, self.declared | {name}
        inside = self.within(marks, token)
        self.declared = outer
        return Part(f"int({inside.text}; {name}, {low.text}, {high.text})")

    def transposed(self, base: Part) -> Part | None:
        r"""Read `^\top` and what follows it: a dot product; None if no transpose follows."""
        following = [self.peek(j) for j in range(4)]
        if following[:2] == ["^", r"\top"]:
            self.k += 2
        elif following == ["^", "{", r"\top", "}"]:
            self.k += 4
        else:
            return None
        if not self.starts():
            raise self.refuse(r"a transpose stands before a factor: write \langle u, v\rangle")
        return Part(f"dot({base.text}, {self.factors().at_least(PRODUCT)})", ATOM)

    @abstractmethod
    def factors(self) -> Part:
        """Read factors side by side."""

    def law(self) -> None:
        r"""Read the subscript of an expectation: `_z`, or `_{z \sim N(0,1)}`, which declares z."""
        self.take()
        marks = self.group()
        if len(marks) == 1:
            name = self.name_of(marks[0])
            if name not in self.declared:
                raise self.refuse(f"declare {name}, for example --for '{name} ~ N(0,1)'", marks[0])
            return
        text = "".join(t.text.removeprefix("L").removeprefix("R") for t in marks)
        text = re.sub(r"\\mathcal\{?N\}?|\\mathrm\{?N\}?", "N", text).replace(r"\sim", "~")
        if re.fullmatch(r"[A-Za-z]\w*~N\([^~;]*\)", text) is None:
            raise self.refuse(r"write \mathbb{E}_{z \sim N(0,1)}[...]", marks[0])
        name, _, rest = text.partition("~")
        self.declared = self.declared | {name}
        if f"{name} ~ {rest}" not in self.declarations:
            self.declarations.append(f"{name} ~ {rest}")
