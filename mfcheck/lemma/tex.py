r"""Statements in TeX, put into the grammar of statements where no guess is needed: `\ln(1+x) \ge x - \frac{x^2}{2}`.

Whatever paper can leave open is refused with its place: `\log x y`, `\sin(x)^2`, `1/2x`, `|x|y|z|`, `x^10`,
`\frac{d}{dx}`, a letter before a bracket that is not declared. `\log` is the natural one. Letters side by side are a
product, unless the word that they make has a meaning. The reading is for the user to see.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mfcheck.errors import InputError
from mfcheck.lemma.library import FUNCTIONS
from mfcheck.lemma.tex_tokens import Macro, Marks, Token, refusal
from mfcheck.lemma.tex_words import (
    ACCENTS,
    ALIASES,
    BARS,
    GREEK,
    HINTS,
    LOGIC,
    NAMED,
    NAMES_OF_FUNCTIONS,
    OPERATORS,
    OVER,
    PAIRS,
    RELATIONS,
    SOME,
    TIMES,
    UPRIGHT,
)

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4


@dataclass(frozen=True)
class _Part:
    """A piece of the reading with the strength of its outermost operation."""

    text: str
    strength: int = ATOM

    def at_least(self, strength: int) -> str:
        return self.text if self.strength >= strength else f"({self.text})"


def is_tex(text: str) -> bool:
    """Say whether a statement is written in TeX: the grammar itself has no backslash, brace or dollar."""
    return any(c in text for c in "\\{}$")


def reading(
    text: str,
    declared: Collection[str] = (),
    functions: Collection[str] = (),
    macros: Mapping[str, Macro] | None = None,
) -> str:
    """Return a TeX formula in the grammar of statements.

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
    found = _Reader(body, declared, functions, macros).statement()
    return f"{some[0].strip()} {found}" if some else found


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
        if name in ("in", "sim", "infty", "pi"):
            return {"in": " in ", "sim": " ~ ", "infty": "inf", "pi": "pi"}[name]
        raise refusal(text, f"{match[0]} has no meaning in a declaration", match.start())

    shown = text.replace("$", " ").replace(r"\mathcal{N}", "N").replace(r"\mathcal N", "N")
    shown = re.sub(r"_\{(\w+)\}", r"_\1", shown)
    return re.sub(r"\\(?:[A-Za-z]+|.)", put, shown)


class _Reader(Marks):
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

    def sum(self) -> _Part:
        """Read terms with signs between them."""
        sign = self.take().text if self.peek() in ("-", "+") else ""
        first = self.term()
        if sign != "-" and self.peek() not in ("+", "-"):
            return first
        text = first.text if sign != "-" else "-" + first.at_least(PRODUCT)
        while self.peek() in ("+", "-"):
            sign = self.take().text
            text += f" {sign} {self.term().at_least(PRODUCT)}"
        return _Part(text, SUM)

    def term(self) -> _Part:
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
                found = _Part(f"{found.at_least(PRODUCT)}/{under.at_least(POWER)}", PRODUCT)
            elif self.starts():
                self.side_by_side()
                found = _times(found, self.factor())
            else:
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

    def starts(self) -> bool:
        """Say whether the next mark starts a factor."""
        if self.k >= len(self.marks):
            return False
        token = self.marks[self.k]
        if token.kind in ("number", "letter"):
            return True
        if token.text in ("|", r"\|"):
            if self.bars and self.bars[-1] == token.text:
                return False
            if self.bars_seen:
                raise self.refuse("does this bar open or close? write \\lvert and \\rvert")
            return True
        return (
            token.text in PAIRS
            or token.text in BARS
            or token.text == "{"
            or (token.kind == "command" and self.is_factor(token.text))
        )

    def is_factor(self, command: str) -> bool:
        """Say whether a command starts a factor."""
        name = command[1:]
        return (
            name in GREEK
            or name in NAMES_OF_FUNCTIONS
            or command
            in (r"\pi", r"\frac", r"\tfrac", r"\dfrac", r"\sqrt", r"\mathbb", r"\E", r"\Var")
            or command in UPRIGHT
            or command in ACCENTS
        )

    def factor(self) -> _Part:
        """Read something with its power."""
        start = self.token()
        base = self.base()
        if self.peek() != "^":
            return base
        if start.text != "{" and base.strength == POWER:
            raise self.refuse("a power of a power: write brackets")
        exponent = self.exponent()
        if self.peek() == "^":
            raise self.refuse("two exponents: write brackets")
        if base.text == "e" and "e" not in self.declared:
            return _Part(f"exp({exponent.text})")
        return _Part(f"{base.at_least(ATOM)}**{exponent.at_least(ATOM)}", POWER)

    def exponent(self) -> _Part:
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

    def argument(self) -> _Part:
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
                self.named(token) if token.kind != "number" else _Part(self.marks[self.k - 1].text)
            )
        raise self.refuse("write braces here")

    def base(self) -> _Part:
        """Read a factor without its power."""
        token = self.token()
        text = token.text
        if token.kind == "number":
            self.k += 1
            return _Part(text if text[0] != "." else "0" + text)
        if token.kind == "letter":
            return self.letters()
        if text in BARS:
            return self.bar()
        if text == r"\langle" or text == r"L\langle":
            return _Part(f"dot({', '.join(p.text for p in self.bracket(many=True))})")
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

    def bar(self) -> _Part:
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
        return _Part(
            f"{'abs' if opener.text in ('|', chr(92) + 'lvert') else 'norm'}({inside.text})"
        )

    def bracket(self, many: bool = False) -> list[_Part]:
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

    # Names and functions.

    def letters(self) -> _Part:
        """Read a letter; a word with a meaning must not be one by chance."""
        first = self.take()
        if self.marks[self.k - 2].kind != "letter" or not first.joined or self.k < 2:
            word, k = first.text, self.k
            while k < len(self.marks) and self.marks[k].kind == "letter" and self.marks[k].joined:
                word += self.marks[k].text
                k += 1
            known = (
                *FUNCTIONS,
                *OPERATORS,
                *self.declared,
                *self.functions,
                "pi",
                "and",
                "or",
                "not",
            )
            if len(word) > 1 and word in known:
                raise self.refuse(
                    f"a word, or a product of letters? write \\{word}, \\mathrm{{{word}}} or spaces",
                    first,
                )
        return self.named(first)

    def named(self, token: Token, word: str = "") -> _Part:
        """Read the subscript of a name, and what follows it."""
        name = word or (token.text if token.kind == "letter" else token.text[1:])
        name = NAMED.get(name, name)
        if name in ("E", "Var") and name not in self.declared:
            return self.expectation(name, token)
        if self.peek() == "_":
            self.k += 1
            name = f"{name}_{self.subscript()}"
        if name in self.functions:
            return self.call(name, token)
        if self.peek() in ("(", "L(") and name not in (*self.declared, "e", "pi"):
            if name == "Phi":
                return self.call(name, token)
            raise self.refuse(
                f"a product, or a value of a function? declare {name}, define it by --def, "
                f"or write \\operatorname{{...}}",
                token,
            )
        if name not in self.declared and (name in FUNCTIONS or name in OPERATORS - {"E", "d"}):
            raise self.refuse(f"{name} is a function and needs brackets", token)
        return _Part(name)

    def subscript(self) -> str:
        """Read `_1` or `_{ij}` as a part of a name."""
        token = self.take()
        if token.kind in ("letter", "number") and (token.kind == "letter" or len(token.text) == 1):
            return token.text
        if token.text[1:] in GREEK:
            return token.text[1:]
        if token.text != "{":
            raise self.refuse("write braces around this subscript", token)
        name = ""
        while self.peek() != "}":
            part = self.take()
            if part.text in (*UPRIGHT, "{", ","):
                name += "_" if part.text == "," else ""
                if part.text in UPRIGHT:
                    self.close("{", part)
                    name += self.word(part)
                continue
            shown = part.text.lstrip("\\")
            if not re.fullmatch(r"\w+", shown):
                raise self.refuse("this subscript is no name", part)
            name += shown
        self.k += 1
        return name

    def word(self, opener: Token) -> str:
        """Read letters and digits up to a closing brace."""
        name = ""
        while self.peek() != "}":
            part = self.take()
            if part.kind not in ("letter", "number") and part.text not in ("_", r"\_"):
                raise self.refuse("only letters and digits are read here", part)
            name += part.text.lstrip("\\")
        self.close("}", opener)
        return name

    def command(self) -> _Part:
        """Read what a command starts."""
        token = self.take()
        name = token.text[1:]
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

    def accented(self, token: Token) -> _Part:
        r"""Read `\hat{x}` as the name `x_hat`."""
        inside = self.argument()
        if not re.fullmatch(r"\w+", inside.text):
            raise self.refuse("only a name can carry this", token)
        return self.named(token, f"{inside.text}_{ACCENTS[token.text]}")

    def upright(self, token: Token) -> _Part:
        r"""Read `\mathbb{E}[...]`, `\operatorname{erf}(...)`, `\mathrm{e}`."""
        name = self.word(self.take()) if self.peek() == "{" else self.take().text
        if token.text == r"\mathbb" and name != "E":
            raise self.refuse(HINTS[r"\mathbb"], token)
        name = ALIASES.get(name, NAMES_OF_FUNCTIONS.get(name, name))
        if name in FUNCTIONS or name in OPERATORS - {"E", "Var"}:
            return self.call(name, token)
        if token.text in (r"\text", r"\textrm") or not re.fullmatch(r"[A-Za-z]\w*", name):
            raise self.refuse(f"{name} is no name and no function that is known here", token)
        return self.named(token, name)

    def expectation(self, name: str, token: Token) -> _Part:
        """Read `E[...]`."""
        if self.peek() not in ("[", "L["):
            raise self.refuse(
                f"write {name}[...], and declare over what by --for 'z ~ N(0,1)'", token
            )
        return _Part(f"{name}[{self.bracket()[0].text}]")

    def fraction(self, token: Token) -> _Part:
        """Read a fraction; a derivative looks like one."""
        start = self.k
        above = self.argument()
        middle = self.k
        below = self.argument()
        over, under = (
            "".join(t.text for t in self.marks[a:b]).strip("{}")
            for a, b in ((start, middle), (middle, self.k))
        )
        if re.match(r"d($|[A-Za-z\\^])", over) and re.match(r"d[A-Za-z\\]", under):
            raise self.refuse("a derivative? write d(expression, x), not in TeX", token)
        return _Part(f"{above.at_least(PRODUCT)}/{below.at_least(POWER)}", PRODUCT)

    def root(self) -> _Part:
        """Read a square root, or another one."""
        order = "2"
        if self.peek() == "[":
            order = self.bracket()[0].text
        inside = self.argument()
        if order == "2":
            return _Part(f"sqrt({inside.text})")
        if order == "3":
            return _Part(f"cbrt({inside.text})")
        return _Part(
            f"{inside.at_least(ATOM)}**(1/{order if order.isalnum() else f'({order})'})", POWER
        )

    def call(self, name: str, token: Token) -> _Part:
        r"""Read the argument of a function, in brackets or one mark; `\sin^2 x` is a square, `^{-1}` is refused."""
        base, power = "", ""
        if name == "log" and self.peek() == "_":
            self.k += 1
            base = self.subscript()
        if self.peek() == "^":
            power = self.exponent().text
            if not power.isdigit() or int(power) < 2:
                raise self.refuse(f"an inverse, or a power? write ({name}(x))^{{...}}", token)
        if self.peek() in PAIRS and self.peek() not in (r"\langle", r"L\langle"):
            inside = ", ".join(p.text for p in self.bracket(many=True))
            if self.peek() == "^":
                raise self.refuse(
                    "a power of the argument, or of the value? write it behind the name, or inside"
                )
        else:
            inside = self.bare(name, token)
        text = f"{name}({inside})"
        if base:
            text = f"{text}/log({base})"
            return _Part(f"({text})**{power}", POWER) if power else _Part(text, PRODUCT)
        return _Part(f"{text}**{power}", POWER) if power else _Part(text)

    def bare(self, name: str, token: Token) -> str:
        """Read an argument without brackets: one mark, with nothing behind it that might belong to it."""
        if name in ("min", "max") or name not in FUNCTIONS:
            raise self.refuse(f"{name} needs brackets", token)
        if self.peek() == "{" or not self.starts():
            raise self.refuse(f"{name} needs an argument: write brackets", token)
        if self.token().text[1:] in NAMES_OF_FUNCTIONS:
            raise self.refuse(f"how far does {name} reach? write brackets", token)
        inside = self.base()
        following = self.peek()
        if following in ("^", *OVER, *TIMES) or (
            self.starts() and following[1:] not in NAMES_OF_FUNCTIONS
        ):
            raise self.refuse(f"does this belong to the argument of {name}? write brackets")
        return inside.text


def _times(left: _Part, right: _Part) -> _Part:
    return _Part(f"{left.at_least(PRODUCT)}*{right.at_least(POWER)}", PRODUCT)
