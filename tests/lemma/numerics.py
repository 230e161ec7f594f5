"""Margins of statements in floats, by an evaluator that shares nothing with the prover: for tests alone."""

import ast
import math
import re

import numpy as np
from scipy import special
from scipy.optimize import minimize

W = np.linspace(-13, 13, 5201)
DENSITY = np.exp(-(W**2) / 2) / math.sqrt(2 * math.pi) * (W[1] - W[0])


def kl(p, q):
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


FUNCTIONS = {
    "exp": np.exp, "log": np.log, "ln": np.log, "sqrt": np.sqrt, "cbrt": np.cbrt, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asinh": np.arcsinh, "atanh": np.arctanh, "erf": special.erf, "erfc": special.erfc,
    "abs": np.abs, "lgamma": special.gammaln, "sigmoid": special.expit, "relu": lambda u: np.maximum(u, 0),
    "softplus": lambda u: np.logaddexp(0, u), "logcosh": lambda u: np.logaddexp(u, -u) - math.log(2),
    "silu": lambda u: u * special.expit(u), "gelu": lambda u: u * special.ndtr(u), "Phi": special.ndtr,
    "phi": lambda u: np.exp(-u * u / 2) / math.sqrt(2 * math.pi), "H": lambda p: special.entr(p) + special.entr(1 - p),
    "KL": kl, "kappa0": lambda c: 1 - np.arccos(c) / math.pi, "xlogx": lambda x: -special.entr(x),
    "kappa1": lambda c: (np.sqrt(1 - c * c) + c * (math.pi - np.arccos(c))) / math.pi,
    "max": lambda *u: np.max(np.broadcast_arrays(*u), axis=0),
    "min": lambda *u: np.min(np.broadcast_arrays(*u), axis=0),
}  # fmt: skip
OPERATIONS = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}


def expectation(node, env, laws):
    """Return `E node` by sums over a fine grid, two tied Gaussians over a plane of it."""
    used = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in laws]
    names = sorted(set(used))
    if not names:
        return value(node, env, laws)
    if len(names) == 1:
        mean, variance = (value(ast.parse(t, mode="eval").body, env, laws) for t in laws[names[0]])
        return np.sum(
            value(node, {**env, names[0]: mean + math.sqrt(variance) * W}, laws) * DENSITY
        )
    c = env["c"]
    x, y = W[::8], W[::8]
    weights = np.outer(DENSITY[::8], DENSITY[::8]) * 64
    first, second = x[:, None] + 0 * y, c * x[:, None] + math.sqrt(1 - c * c) * y
    return np.sum(value(node, {**env, names[0]: first, names[1]: second}, laws) * weights)


def value(node, env, laws):
    """Return the value of an expression."""
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        return env[node.id] if node.id in env else {"pi": math.pi, "e": math.e}[node.id]
    if isinstance(node, ast.UnaryOp):
        return -value(node.operand, env, laws)
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](value(node.left, env, laws), value(node.right, env, laws))
    if isinstance(node, ast.Subscript):
        if node.value.id == "E":
            return expectation(node.slice, env, laws)
        square = ast.BinOp(node.slice, ast.Pow(), ast.Constant(2))
        return expectation(square, env, laws) - expectation(node.slice, env, laws) ** 2
    if node.func.id == "d":
        name, h = node.args[1].id, 1e-3
        at = [value(node.args[0], {**env, name: env[name] + k * h}, laws) for k in (-2, -1, 1, 2)]
        return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)
    return FUNCTIONS[node.func.id](*[value(a, env, laws) for a in node.args])


def margin(node, env, laws):
    """Return how far a formula is from failing, as a part of the size of its sides; below 0 it fails."""
    if isinstance(node, ast.BoolOp):
        parts = [margin(v, env, laws) for v in node.values]
        return max(parts) if isinstance(node.op, ast.Or) else min(parts)
    sides = [float(value(s, env, laws)) for s in (node.left, *node.comparators)]
    found = []
    for a, op, b in zip(sides, node.ops, sides[1:], strict=False):
        gap = {ast.LtE: b - a, ast.Lt: b - a, ast.GtE: a - b, ast.Gt: a - b, ast.NotEq: abs(a - b)}
        found.append(gap.get(type(op), -abs(a - b)) / (1 + abs(a) + abs(b)))
    return min(found)


class Table:
    """One line of `kinds.txt`, with a way to draw points of its domain."""

    def __init__(self, line):
        self.kind, truth, self.statement, self.declared, self.where = (
            [p.strip() for p in line.split("|")] + [""] * 2
        )[:5]
        self.truth = truth == "T"
        self.laws, self.names, self.whole, self.above = {}, {}, set(), None
        for part in filter(None, (p.strip() for p in self.declared.split(";"))):
            self._declare(part)
        self.node = ast.parse(self.statement.replace(" = ", " == "), mode="eval").body
        self.inside = ast.parse(self.where, mode="eval").body if self.where else None

    def _declare(self, part):
        law = re.fullmatch(r"(.*?) ~ N\((.*)\)", part)
        if law:
            for n in law[1].split(","):
                self.laws[n.strip()] = ("0", "1") if "[[" in law[2] else law[2].split(",")
            return
        head, kind, rest = re.fullmatch(
            r"([\w, ]+?)\s+(real|integer|in|>=|<=|>|<)\s*(.*)", part
        ).groups()
        low, high = -math.inf, math.inf
        if kind == "in":
            low, high = (self._number(t) for t in rest[1:-1].split(","))
        elif kind in (">=", ">") or (kind == "integer" and rest):
            text = rest.removeprefix(">=").removeprefix(">")
            if text.strip().isalpha():
                self.above = (head, text.strip())
            low = 0.0 if text.strip().isalpha() else self._number(text)
        elif kind in ("<=", "<"):
            high = self._number(rest)
        for n in (n.strip() for n in head.split(",")):
            self.names[n] = (low, high)
            if kind == "integer":
                self.whole.add(n)

    @staticmethod
    def _number(text):
        return float(value(ast.parse(text.strip(), mode="eval").body, {}, {}))

    def draw(self, rng):
        """Return a point of the domain, or None."""
        env = {}
        for name, (low, high) in self.names.items():
            env[name] = self._coordinate(
                rng, low, high, name in self.whole, 0.6 if self.laws else 1.3
            )
        if len(env) > 1 and rng.random() < 0.3:
            a, b = rng.sample(list(env), 2)
            env[a] = env[b] * (1 + rng.choice((0, 1e-3, -1e-2, 0.1)))
        return env if self.contains(env) else None

    @staticmethod
    def _coordinate(rng, low, high, whole, far):
        if whole:
            a = int(low) if low > -math.inf else -rng.choice((2, 30))
            return float(a + rng.randrange(rng.choice((5, 60))))
        if low > -math.inf and high < math.inf:
            near = 10 ** rng.uniform(-6, 0)
            return rng.choice(
                (
                    low + (high - low) * rng.random(),
                    low + (high - low) * near,
                    high - (high - low) * near,
                )
            )
        if low > -math.inf:
            return low + 10 ** rng.uniform(-4, far)
        if high < math.inf:
            return high - 10 ** rng.uniform(-4, far)
        return rng.choice((-1, 1)) * 10 ** rng.uniform(-3, far)

    def contains(self, env):
        """Say whether a point is in the domain."""
        for n, (low, high) in self.names.items():
            if not low <= env[n] <= high or (n in self.whole and env[n] != round(env[n])):
                return False
        if self.above and not env[self.above[0]] > env[self.above[1]]:
            return False
        return self.inside is None or margin(self.inside, env, {}) > 0

    def margin(self, env):
        """Return the margin at a point, nan where floats do not reach."""
        with np.errstate(all="ignore"):
            return margin(self.node, env, self.laws)

    def tolerance(self):
        """Return the error of the floats here: of the grid for expectations, of differences for derivatives."""
        return 1e-4 if "d(" in self.statement or len(self.laws) > 1 else 1e-5 if self.laws else 1e-9

    def least(self, rng, count=300):
        """Return the least margin found at random points and from the worst of them downhill."""
        if not self.names:
            return self.margin({})
        if self.laws:
            count //= 3 if len(self.laws) == 1 else 20
        points = [p for _ in range(count) if (p := self.draw(rng)) is not None]
        rated = sorted((m, k) for k, p in enumerate(points) if not math.isnan(m := self.margin(p)))
        best = rated[0][0]
        if self.whole or best < -1e-4 or len(self.laws) > 1:
            return best
        names = list(self.names)
        for _, k in rated[:3]:
            start = [points[k][n] for n in names]

            def goal(x):
                env = dict(zip(names, x, strict=True))
                m = self.margin(env) if self.contains(env) else 1.0
                return 1.0 if math.isnan(m) else m

            best = min(
                best, minimize(goal, start, method="Nelder-Mead", options={"maxiter": 150}).fun
            )
        return best


def table(path):
    """Return the lines of a table of statements."""
    return [
        Table(line) for line in path.read_text().splitlines() if line and not line.startswith("#")
    ]
