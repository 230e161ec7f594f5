"""The network of the paper with finitely many particles and layers, in exact symbols (generic activation).

With `M` particles per measure and `L` explicit Euler layers,
`z_{l+1} = z_l + (alpha / L) (1/M) sum_k u s0(w.z_l + b)`, `f = beta (1/M) sum_j a s0(w.z_L + b)`.
"""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from mfcheck.symbolic.generic import s0, s1
from mfcheck_proofs.scaled_resnets.symbols import alpha, beta

Vector = tuple[sp.Symbol, ...]


@dataclass(frozen=True)
class Head:
    """A particle omega = (a, w, b) of the predictor."""

    a: sp.Symbol
    w: Vector
    b: sp.Symbol

    @property
    def symbols(self) -> Vector:
        """All coordinates of omega."""
        return (self.a, *self.w, self.b)


@dataclass(frozen=True)
class Neuron:
    """A particle theta = (u, w, b) of the encoder."""

    u: Vector
    w: Vector
    b: sp.Symbol

    @property
    def symbols(self) -> Vector:
        """All coordinates of theta."""
        return (*self.u, *self.w, self.b)


def dot(v: tuple[sp.Expr, ...], w: tuple[sp.Expr, ...]) -> sp.Expr:
    """Return the Euclidean inner product."""
    return sum((x * y for x, y in zip(v, w, strict=True)), sp.Integer(0))


@dataclass(frozen=True)
class System:
    """Inputs, labels, particles, and the network's values on them.

    `z[i][l]` is the feature of input i before layer l (l = L: after the last), `p[i][l]` the discrete adjoint there:
    `p_L = E_tau[a s0' w]`, `p_l = p_{l+1} + (alpha / L) E_nu[(p_{l+1}.u) s0' w]`.
    """

    n: int
    L: int
    M: int
    d: int
    x: tuple[Vector, ...]
    y: Vector
    heads: tuple[Head, ...]
    layers: tuple[tuple[Neuron, ...], ...]
    z: tuple[tuple[tuple[sp.Expr, ...], ...], ...]
    p: tuple[tuple[tuple[sp.Expr, ...], ...], ...]
    f: tuple[sp.Expr, ...]

    @property
    def residuals(self) -> tuple[sp.Expr, ...]:
        """e_i = f(x_i) - y_i."""
        return tuple(f - y for f, y in zip(self.f, self.y, strict=True))

    @property
    def loss(self) -> sp.Expr:
        """(1/n) sum_i e_i^2 / 2."""
        return sum(e**2 for e in self.residuals) / (2 * self.n)


def _vector(name: str, d: int) -> Vector:
    return tuple(sp.Symbol(f"{name}_{i}", real=True) for i in range(d))


def _forward(x: Vector, layers: tuple[tuple[Neuron, ...], ...]) -> tuple[tuple[sp.Expr, ...], ...]:
    z: list[tuple[sp.Expr, ...]] = [tuple(x)]
    step = alpha / (len(layers) * len(layers[0]))
    for layer in layers:
        here = z[-1]
        values = [s0(dot(t.w, here) + t.b) for t in layer]
        z.append(
            tuple(here[k] + step * sum(t.u[k] * v for t, v in zip(layer, values, strict=True)) for k in range(len(x)))
        )
    return tuple(z)


def _adjoint(
    z: tuple[tuple[sp.Expr, ...], ...], heads: tuple[Head, ...], layers: tuple[tuple[Neuron, ...], ...]
) -> tuple[tuple[sp.Expr, ...], ...]:
    last, d = z[-1], len(z[-1])
    slopes = [h.a * s1(dot(h.w, last) + h.b) / len(heads) for h in heads]
    top = tuple(sum(c * h.w[k] for c, h in zip(slopes, heads, strict=True)) for k in range(d))
    p = [top]
    step = alpha / (len(layers) * len(layers[0]))
    for layer, here in zip(reversed(layers), reversed(z[:-1]), strict=True):
        above = p[0]
        pulls = [dot(above, t.u) * s1(dot(t.w, here) + t.b) for t in layer]
        p.insert(
            0, tuple(above[k] + step * sum(c * t.w[k] for c, t in zip(pulls, layer, strict=True)) for k in range(d))
        )
    return tuple(p)


@lru_cache(maxsize=4)
def system(n: int = 2, L: int = 2, M: int = 2, d: int = 2) -> System:
    """Return the particle system of that size, with every quantity written out."""
    x = tuple(_vector(f"x{i}", d) for i in range(n))
    y = _vector("y", n)
    heads = tuple(Head(sp.Symbol(f"a{j}"), _vector(f"w{j}", d), sp.Symbol(f"b{j}")) for j in range(M))
    layers = tuple(
        tuple(Neuron(_vector(f"u{k}l{m}", d), _vector(f"v{k}l{m}", d), sp.Symbol(f"c{k}l{m}")) for m in range(M))
        for k in range(L)
    )
    z = tuple(_forward(point, layers) for point in x)
    p = tuple(_adjoint(path, heads, layers) for path in z)
    f = tuple(beta * sum(h.a * s0(dot(h.w, path[-1]) + h.b) for h in heads) / M for path in z)
    return System(n, L, M, d, x, y, heads, layers, z, p, f)
