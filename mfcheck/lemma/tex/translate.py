r"""Statements in TeX, put into the grammar of statements where no guess is needed: `\ln(1+x) \ge x - \frac{x^2}{2}`.

Whatever paper can leave open is refused with its place: `\log x y`, `\sin(x)^2`, `1/2x`, `|x|y|z|`, `x^10`,
`\frac{df}{dx}`, a letter before a bracket that is not declared. `\log` is the natural one. Letters side by side are a
product, unless the word that they make has a meaning. The reading is for the user to see.
"""

import re
from collections.abc import Collection, Mapping

from mfcheck.errors import InputError
from mfcheck.lemma.tex.names import ATOM, POWER, PRODUCT, SUM, Part
from mfcheck.lemma.tex.ranges import Ranges, without_quantifiers
from mfcheck.lemma.tex.tokens import Macro, Token
from mfcheck.lemma.tex.words import (
    ACCENTS,
    BARS,
    GREEK,
    HINTS,
    LOGIC,
    NAMED,
    NAMES_OF_FUNCTIONS,
    OVER,
    PAIRS,
    RELATIONS,
    SOME,
    TIMES,
    UPRIGHT,
)

_DERIVATIVE = re.compile(
    r"(?:d|\\partial)(?:\^([1-9]))?\|(?:d|\\partial) ?([A-Za-z]|\\[a-z]+)(?:\^([1-9]))?"
)
"""Above and below the stroke of a derivative that has its expression behind it."""


def is_tex(text: str) -> bool:
    """Say whether a statement is written in TeX: the grammar itself has no backslash, brace or dollar."""
    return any(c in text for c in "\\{}$")


def reading(
    text: str,
    declared: Collection[str] = (),
    functions: Collection[str] = (),
    macros: Mapping[str, Macro] | None = None,
) -> str:
    """Return a TeX formula in the grammar of statements; see `reading_and_declarations`."""
    return reading_and_declarations(text, declared, functions, macros)[0]


def reading_and_declarations(
    text: str,
    declared: Collection[str] = (),
    functions: Collection[str] = (),
    macros: Mapping[str, Macro] | None = None,
) -> tuple[str, tuple[str, ...]]:
    r"""Return a TeX formula in the grammar of statements, and what it declares by `\forall` or under `\mathbb{E}`.

    Args:
        text: the formula, without or with dollars around it.
        declared: names that are numbers, so that `x(1-x)` is a product.
        functions: names that `--def` defines, so that `f(x)` is a value.
        macros: what the paper gives names to.

    Raises:
        InputError: something cannot be read without guessing; the message shows the place.
    """
    some = SOME.match(text)
    start = some.end() if some else 0
    blank = " " * start + text[start:]
    body = re.sub(r"^(\s*)(\$\$?|\\\(|\\\[)", lambda m: " " * len(m[0]), blank)
    body = re.sub(r"(\$\$?|\\\)|\\\])\s*[.,;]?\s*$", "", body)
    body, said = without_quantifiers(body)
    names = {n for d in said for n in re.findall(r"[A-Za-z]\w*", d)} - {"in", "real", "integer"}
    try:
        reader = _Reader(body, {*declared, *names}, functions, macros)
        reader.declarations = said
        found = reader.statement()
    except RecursionError:
        raise InputError("the formula is too deeply nested") from None
    return (f"{some[0].strip()} {found}" if some else found), tuple(reader.declarations)


class _Reader(Ranges):
    """Reads one formula from left to right."""

    # From the statement down.

    def statement(self) -> str:
        """Read all of it."""
        if not self.marks:
            raise InputError("the formula is empty")
        parts = [self.chain()]
        while self.peek() in LOGIC:
            if LOGIC[self.peek()] in ("implies", "iff") and {"implies", "iff"} & set(parts):
                raise self.refuse("two arrows: write two statements, or brackets not in TeX")
            parts += [LOGIC[self.take().text], self.chain()]
        if self.k < len(self.marks):
            raise self.unread()
        return " ".join(parts)

    def unread(self) -> InputError:
        """Return the error for a mark that fits nowhere."""
        token = self.token()
        shown = token.text[1:] if re.match(r"R[^a-z]", token.text) else token.text
        if shown in (*PAIRS.values(), r"\rvert", r"\rVert", "}"):
            return self.refuse("bracket closed but not opened")
        return self.refuse(HINTS.get(shown, f"{shown} cannot be read here without guessing"))

    def chain(self) -> str:
        """Read sides with relations between them."""
        if self.peek() in RELATIONS:
            raise self.refuse("the left side is missing; a row has to be a whole statement")
        text = self.sum().text
        while self.peek() in RELATIONS:
            text += f" {RELATIONS[self.take().text]} "
            text += self.sum().text
        return text

    def sum(self) -> Part:
        """Read terms with signs between them."""
        sign = self.take().text if self.peek() in ("-", "+") else ""
        first = self.term()
        if sign != "-" and self.peek() not in ("+", "-"):
            return first
        text = first.text if sign != "-" else "-" + first.at_least(PRODUCT)
        while self.peek() in ("+", "-"):
            sign = self.take().text
            text += f" {sign} {self.term().at_least(PRODUCT)}"
        return Part(text, SUM)

    def term(self) -> Part:
        """Read factors; those without a sign between them are multiplied where that is clear."""
        found = self.factor()
        while True:
            if self.peek() in TIMES:
                self.k += 1
                found = _times(found, self.factor())
            elif self.peek() in OVER:
                self.k += 1
                under = self.factor()
                if self.starts():
                    raise self.refuse("is this below the stroke? write brackets, or \\frac")
                found = Part(f"{found.at_least(PRODUCT)}/{under.at_least(POWER)}", PRODUCT)
            elif self.starts():
                self.side_by_side()
                found = _times(found, self.factor())
            else:
                return found

    def factors(self) -> Part:
        """Read factors side by side."""
        found = self.factor()
        while self.starts():
            self.side_by_side()
            found = _times(found, self.factor())
        return found

    def side_by_side(self) -> None:
        """Refuse factors side by side that have another reading."""
        before, token = self.marks[self.k - 1], self.token()
        if token.kind == "number":
            raise self.refuse("a number after a factor: write \\cdot between them, or brackets")
        if before.kind == "number" and token.text in (r"\frac", r"\tfrac", r"\dfrac"):
            inside = "".join(t.text for t in self.marks[self.k + 1 :])
            if re.match(r"\d\d|(\{\d+\}|\d)(\{\d+\}|\d)", inside):
                raise self.refuse("sum or product? write + or \\cdot before this fraction")

    def factor(self) -> Part:
        """Read something with its power."""
        start = self.token()
        base = self.base()
        if self.peek() != "^":
            return base
        product = self.transposed(base)
        if product is not None:
            return product
        if start.text not in (*PAIRS, "{") and base.strength < ATOM:
            raise self.refuse("a power of which part? write brackets")
        exponent = self.exponent()
        if self.peek() == "^":
            raise self.refuse("two exponents: write brackets")
        if base.text == "e" and "e" not in self.declared:
            return Part(f"exp({exponent.text})")
        return Part(f"{base.at_least(ATOM)}**{exponent.at_least(ATOM)}", POWER)

    def exponent(self) -> Part:
        """Read `^2` or `^{...}`."""
        self.take()
        token = self.token()
        if token.kind == "number" and len(token.text) > 1:
            raise self.refuse(f"TeX raises the first digit alone: write ^{{{token.text}}}")
        if token.text in ("*", r"\ast", r"\prime", r"\top", r"\circ", "-", "+"):
            raise self.refuse(
                "this exponent cannot be read; write braces around a sign, dot products as \\langle"
            )
        return self.argument()

    def argument(self) -> Part:
        """Read what TeX takes as an argument: a braced group, or one mark."""
        token = self.token()
        if token.text == "{":
            self.k += 1
            found = self.sum()
            self.close("}", token)
            return found
        if token.kind == "number" and len(token.text) > 1:
            rest = Token("number", token.text[1:], token.at + 1, True)
            self.marks[self.k : self.k + 1] = [Token("number", token.text[0], token.at), rest]
        if token.kind in ("number", "letter") or token.text[1:] in (*GREEK, "pi"):
            self.k += 1
            return (
                self.named(token) if token.kind != "number" else Part(self.marks[self.k - 1].text)
            )
        raise self.refuse("write braces here")

    def base(self) -> Part:
        """Read a factor without its power."""
        token = self.token()
        text = token.text
        if token.kind == "number":
            self.k += 1
            return Part(text if text[0] != "." else "0" + text)
        if token.kind == "letter":
            return self.letters()
        if text in BARS:
            return self.bar()
        if text == r"\langle" or text == r"L\langle":
            return Part(f"dot({', '.join(p.text for p in self.bracket(many=True))})")
        if text in PAIRS:
            return self.bracket()[0]
        if text == "{":
            self.k += 1
            found = self.sum()
            self.close("}", token)
            if found.strength < ATOM:
                raise self.refuse("braces are not seen on paper: write brackets", token)
            return found
        if token.kind == "command" and self.is_factor(text):
            return self.command()
        raise self.unread()

    def bar(self) -> Part:
        """Read an absolute value or a norm."""
        opener = self.take()
        if opener.text == "|" and self.peek() == "|":
            raise self.refuse(
                "absolute values in each other, or a norm? write \\lvert or \\lVert", opener
            )
        self.bars.append(opener.text)
        self.bars_seen = self.bars_seen or opener.text in ("|", r"\|")
        inside = self.sum()
        self.close(BARS[opener.text], opener)
        self.bars.pop()
        if opener.text not in ("|", r"\lvert") and self.peek() == "_":
            self.take()
            if [t.text for t in self.group()] != ["2"]:
                raise self.refuse("only the Euclidean norm is read", opener)
        return Part(
            f"{'abs' if opener.text in ('|', chr(92) + 'lvert') else 'norm'}({inside.text})"
        )

    def bracket(self, many: bool = False) -> list[Part]:
        """Read a bracketed expression, or several with commas between them."""
        opener = self.take()
        outer, self.bars = self.bars, []
        found = [self.sum()]
        while many and self.peek() == ",":
            self.k += 1
            found.append(self.sum())
        self.close(PAIRS[opener.text], opener)
        self.bars = outer
        return found

    # What commands start.

    def command(self) -> Part:
        """Read what a command starts."""
        token = self.take()
        name = token.text[1:]
        found = self.ranged(token)
        if found is not None:
            return found
        if name in NAMES_OF_FUNCTIONS:
            return self.call(NAMES_OF_FUNCTIONS[name], token)
        if token.text in (r"\frac", r"\tfrac", r"\dfrac"):
            return self.fraction(token)
        if token.text == r"\sqrt":
            return self.root()
        if token.text in ACCENTS:
            return self.accented(token)
        if token.text == r"\mathbb" or token.text in UPRIGHT:
            return self.upright(token)
        return self.named(token)

    def accented(self, token: Token) -> Part:
        r"""Read `\hat{x}` as the name `x_hat`."""
        inside = self.argument()
        if not re.fullmatch(r"\w+", inside.text):
            raise self.refuse("only a name can carry this", token)
        return self.named(token, f"{inside.text}_{ACCENTS[token.text]}")

    def fraction(self, token: Token) -> Part:
        """Read a fraction; a derivative looks like one."""
        start, over, under = self.k, "", ""
        if self.peek() == "{" and self.peek(1) in ("d", r"\partial"):
            over, under = ("".join(t.text for t in self.group()) for _ in range(2))
        derivative = self.derivative_by(over, under, token)
        if derivative is not None:
            return derivative
        self.k = start
        above, below = self.argument(), self.argument()
        if re.match(r"d($|[A-Za-z\\^])", over) and re.match(r"d[A-Za-z\\]", under):
            reason = r"a derivative? write \frac{d}{dx} before what it acts on, in brackets"
            raise self.refuse(reason, token)
        return Part(f"{above.at_least(PRODUCT)}/{below.at_least(POWER)}", PRODUCT)

    def derivative_by(self, over: str, under: str, token: Token) -> Part | None:
        r"""Read what stands behind `\frac{d}{dx}` or `\frac{\partial^2}{\partial x^2}`; None if it is none of these."""
        found = _DERIVATIVE.fullmatch(f"{over}|{under}".replace("{", "").replace("}", ""))
        if found is None or "d" in self.declared:
            return None
        name = found[2].lstrip("\\")
        if (found[1] or "") != (found[3] or ""):
            raise self.refuse("the orders of this derivative differ", token)
        start = self.token()
        if start.text not in PAIRS and not (
            start.kind == "command" and start.text[1:] in NAMES_OF_FUNCTIONS
        ):
            raise self.refuse("how far does this derivative reach? write brackets behind it")
        inside = self.base()
        if self.peek() == "^":
            raise self.refuse("a power of the argument, or of the derivative? write brackets")
        text = inside.text
        for _ in range(int(found[1] or 1)):
            text = f"d({text}, {NAMED.get(name, name)})"
        return Part(text)

    def root(self) -> Part:
        """Read a square root, or another one."""
        order = "2"
        if self.peek() == "[":
            order = self.bracket()[0].text
        inside = self.argument()
        if order == "2":
            return Part(f"sqrt({inside.text})")
        if order == "3":
            return Part(f"cbrt({inside.text})")
        return Part(
            f"{inside.at_least(ATOM)}**(1/{order if order.isalnum() else f'({order})'})", POWER
        )


def _times(left: Part, right: Part) -> Part:
    return Part(f"{left.at_least(PRODUCT)}*{right.at_least(POWER)}", PRODUCT)
