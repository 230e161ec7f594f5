"""Names, functions and expectations in TeX formulas: where they begin, and how far they reach."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from mfcheck.lemma.library import FUNCTIONS
from mfcheck.lemma.tex.tokens import Marks, Token
from mfcheck.lemma.tex.words import (
    ACCENTS,
    ALIASES,
    BARS,
    GREEK,
    HINTS,
    NAMED,
    NAMES_OF_FUNCTIONS,
    OPERATORS,
    OVER,
    PAIRS,
    TIMES,
    UPRIGHT,
)

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
"""The strength of the outermost operation of a reading."""


@dataclass(frozen=True)
class Part:
    """A piece of the reading with the strength of its outermost operation."""

    text: str
    strength: int = ATOM

    def at_least(self, strength: int) -> str:
        """Return the text, in brackets if its outermost operation is weaker."""
        return self.text if self.strength >= strength else f"({self.text})"


class Names(Marks, ABC):
    """Reads names and what is written like one; expressions are read by the class below it."""

    @abstractmethod
    def sum(self) -> Part:
        """Read terms with signs between them."""

    @abstractmethod
    def base(self) -> Part:
        """Read a factor without its power."""

    @abstractmethod
    def exponent(self) -> Part:
        """Read `^2` or `^{...}`."""

    @abstractmethod
    def bracket(self, many: bool = False) -> list[Part]:
        """Read a bracketed expression, or several with commas between them."""

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
            if self.bars_seen and (self.bars or self.marks[self.k - 1].text not in BARS.values()):
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
            in (
                r"\sum",
                r"\int",
                r"\sup",
                r"\lfloor",
                r"\pi",
                r"\frac",
                r"\tfrac",
                r"\dfrac",
                r"\sqrt",
                r"\mathbb",
                r"\E",
                r"\Var",
            )
            or command in UPRIGHT
            or command in ACCENTS
        )

    def letters(self) -> Part:
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

    def named(self, token: Token, word: str = "") -> Part:
        """Read the subscript of a name, and what follows it."""
        name = word or (token.text if token.kind == "letter" else token.text[1:])
        name = NAMED.get(name, name)
        if name in ("E", "Var") and name not in self.declared:
            return self.expectation(name, token)
        if token.text == r"\lambda" and self.peek() == "_" and not word:
            extreme = self.eigenvalue()
            if extreme is not None:
                return self.call(extreme, token)
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
        return Part(name)

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

    def upright(self, token: Token) -> Part:
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

    def expectation(self, name: str, token: Token) -> Part:
        """Read `E[...]`."""
        if self.peek() == "_":
            self.law()
        if self.peek() not in ("[", "L[", "(", "L("):
            raise self.refuse(
                f"write {name}[...], and declare over what by --for 'z ~ N(0,1)'", token
            )
        return Part(f"{name}[{self.bracket()[0].text}]")

    @abstractmethod
    def law(self) -> None:
        """Read the subscript of an expectation."""

    def eigenvalue(self) -> str | None:
        r"""Read `_{\max}` or `_{\min}` behind a lambda; None if something else is there."""
        for length in (1, 3):
            marks = [self.peek(j + 1) for j in range(length)]
            inner = marks[0] if length == 1 else marks[1]
            braced = length == 1 or (marks[0], marks[2]) == ("{", "}")
            if braced and inner in (r"\max", r"\min"):
                self.k += 1 + length
                return f"lambda_{inner[1:]}"
        return None

    def call(self, name: str, token: Token) -> Part:
        r"""Read the argument of a function, in brackets or one mark; `\sin^2 x` is a square, `^{-1}` is refused."""
        base, power = "", ""
        if self.peek() in ("'", "^") and self.primes():
            return self.derivative(name, token)
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
            return Part(f"({text})**{power}", POWER) if power else Part(text, PRODUCT)
        return Part(f"{text}**{power}", POWER) if power else Part(text)

    def primes(self) -> int:
        r"""Return how many primes stand here, `'` or `^{\prime}`."""
        marks = [t.text for t in self.marks[self.k : self.k + 8]]
        if marks[0] == "^":
            inside = (
                marks[1:2]
                if marks[1:2] != ["{"]
                else marks[2 : marks.index("}")]
                if "}" in marks
                else []
            )
            return len(inside) if inside and set(inside) == {r"\prime"} else 0
        return next((j for j, t in enumerate(marks) if t != "'"), len(marks))

    def derivative(self, name: str, token: Token) -> Part:
        """Read `f'(x)`: the argument is a name."""
        count = self.primes()
        while self.peek() != "(" and self.peek() != "L(":
            if self.token().text not in ("'", "^", "{", "}", r"\prime"):
                raise self.refuse(f"write {name}'(x)", token)
            self.k += 1
        inside = self.bracket()[0].text
        if inside not in self.declared:
            reason = f"of {name}' only the value at a declared name is read, as {name}'(x)"
            raise self.refuse(reason, token)
        if self.peek() == "^":
            raise self.refuse("a power of the argument, or of the derivative? write brackets")
        text = f"{name}({inside})"
        for _ in range(count):
            text = f"d({text}, {inside})"
        return Part(text)

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
