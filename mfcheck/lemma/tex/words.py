"""The words of TeX that a statement may use, and what each is in the grammar of statements."""

import re
from typing import Final

OPERATORS: Final = frozenset(
    (
        "E",
        "Var",
        "d",
        "sum",
        "int",
        "sup",
        "dot",
        "norm",
        "gram",
        "lambda_min",
        "lambda_max",
        "trace",
        "softmax",
    )
)

GREEK = frozenset(
    (
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "rho",
        "varrho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "ell",
    )
)
NAMED = {"lambda": "lam"}
NAMES_OF_FUNCTIONS = {
    **{
        f: f
        for f in ("log", "exp", "sin", "cos", "tan", "cot", "sinh", "cosh", "tanh", "min", "max")
    },
    "ln": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
}
ALIASES = {
    "sgn": "sign",
    "ReLU": "relu",
    "GELU": "gelu",
    "SiLU": "silu",
    "artanh": "atanh",
    "arctanh": "atanh",
    "arsinh": "asinh",
    "tr": "trace",
    "Tr": "trace",
}
RELATIONS = {
    **{
        r"\le": "<=",
        r"\leq": "<=",
        r"\leqslant": "<=",
        r"\ge": ">=",
        r"\geq": ">=",
        r"\geqslant": ">=",
    },
    **{r"\ne": "!=", r"\neq": "!=", r"\lt": "<", r"\gt": ">", "<": "<", ">": ">", "=": "="},
}
LOGIC = {
    **{r"\Rightarrow": "implies", r"\implies": "implies", r"\Longrightarrow": "implies"},
    **{r"\iff": "iff", r"\Leftrightarrow": "iff"},
    **{r"\land": "and", r"\wedge": "and", r"\lor": "or", r"\vee": "or"},
}
PAIRS = {
    **{"(": ")", "[": "]", r"\{": r"\}", "L(": "R)", "L[": "R]", r"L\{": r"R\}"},
    **{r"\langle": r"\rangle", r"L\langle": r"R\rangle"},
}
BARS = {"|": "|", r"\lvert": r"\rvert", r"\|": r"\|", r"\lVert": r"\rVert"}
TIMES = (r"\cdot", r"\times", "*")
OVER = ("/", r"\div")
ACCENTS = {rf"\{a}": a for a in ("hat", "tilde", "bar", "check")}
UPRIGHT = (r"\mathrm", r"\operatorname", r"\text", r"\mathop", r"\textrm", r"\mathsf")
HINTS = {
    r"\forall": "write \\forall x \\in [a, b]: before the formula, or behind it",
    r"\infty": "infinity is no number; declare an unbounded range instead",
    r"\pm": "two statements in one: write both",
    r"\right": "bracket closed but not opened",
    r"\mathbb": r"of these letters only \mathbb{E}[...] has a meaning here",
    "'": "a prime has a meaning behind a function alone, as f'(x) with f defined by --def",
    "!": "factorials are not read",
}
SOME = re.compile(r"\s*for\s+some\s+[A-Za-z]\w*\s*:")
