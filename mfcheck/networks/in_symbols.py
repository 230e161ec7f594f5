"""A residual network with finitely many neurons and layers, in exact symbols, for identities that hold at every value.

With M neurons a layer, L residual layers and a generic activation s0,
`z_{l+1} = z_l + (alpha / L) (1/M) sum_k u_k s0(w_k.z_l + b_k)`, `f = beta (1/M) sum_j a_j s0(w_j.z_L + b_j)`.
The loss is `(1/n) sum_i (f_i - y_i)^2 / 2`.
"""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from mfcheck.symbolic.generic import s0, s1

Values = dict[sp.Symbol, sp.Expr]


def vector(name: str, d: int) -> sp.ImmutableMatrix:
    """Return a vector of real symbols, shape (d, 1)."""
    return sp.ImmutableMatrix(sp.symbols(f"{name}_:{d}", real=True))


@dataclass(frozen=True)
class Neuron:
    """A neuron `out s0(w.z + b)`: `out` has shape (1, 1) in the last layer, (d, 1) in a residual one."""

    out: sp.ImmutableMatrix
    w: sp.ImmutableMatrix
    b: sp.Symbol

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """All coordinates."""
        return (*self.out, *self.w, self.b)

    def inner(self, z: sp.ImmutableMatrix) -> sp.Expr:
        """Return w.z + b."""
        return self.w.dot(z) + self.b

    def value(self, z: sp.ImmutableMatrix) -> sp.ImmutableMatrix:
        """Return out s0(w.z + b)."""
        return self.out * s0(self.inner(z))

    def pull(self, z: sp.ImmutableMatrix, p: sp.ImmutableMatrix) -> sp.ImmutableMatrix:
        """Return the gradient in z of p.value(z)."""
        return self.w * (p.dot(self.out) * s1(self.inner(z)))


@dataclass(frozen=True)
class System:
    """Inputs, labels, particles, and the network's values on them.

    Args:
        n: inputs.
        L: residual layers.
        M: neurons of each layer, the last one included.
        d: dimension of an input.
        y: labels of the inputs.
        heads: neurons of the last layer.
        layers: neurons of the residual layers.
        z: `z[i][l]` is the feature of input i before layer l (l = L: after the last).
        p: `p[i][l]` is the gradient of `f/beta` in `z[i][l]`, by the recursion backwards through the layers.
        f: outputs.
    """

    n: int
    L: int
    M: int
    d: int
    y: tuple[sp.Symbol, ...]
    heads: tuple[Neuron, ...]
    layers: tuple[tuple[Neuron, ...], ...]
    z: tuple[tuple[sp.ImmutableMatrix, ...], ...]
    p: tuple[tuple[sp.ImmutableMatrix, ...], ...]
    f: tuple[sp.Expr, ...]

    @property
    def residuals(self) -> tuple[sp.Expr, ...]:
        """e_i = f(x_i) - y_i."""
        return tuple(f - y for f, y in zip(self.f, self.y, strict=True))

    @property
    def loss(self) -> sp.Expr:
        """(1/n) sum_i e_i^2 / 2."""
        return sum(e**2 for e in self.residuals) / (2 * self.n)

    @property
    def e(self) -> tuple[sp.Symbol, ...]:
        """Symbols for the residuals."""
        return tuple(vector("e", self.n))

    def seen(self, layer: int) -> tuple[list[sp.ImmutableMatrix], list[sp.ImmutableMatrix], Values]:
        """Return symbols for what a layer sees, and their values: `z[i]` it takes, and `p[i]` behind it.

        The last layer, of index L, takes the last features; no other is behind it, and p is the gradient in them.
        """
        z, p = ([vector(f"{name}{i}", self.d) for i in range(self.n)] for name in ("zeta", "pi"))
        behind, values = min(layer + 1, self.L), Values()
        for i in range(self.n):
            values |= dict(zip(z[i], self.z[i][layer], strict=True))
            values |= dict(zip(p[i], self.p[i][behind], strict=True))
        return z, p, values

    def slope(self, v: sp.Symbol) -> sp.Expr:
        """Return dL/dv for a coordinate of a particle, over the symbols of the residuals."""
        return sp.diff(self.loss, v).xreplace(dict(zip(self.residuals, self.e, strict=True)))


@lru_cache(maxsize=4)
def residual_system(
    alpha: sp.Expr, beta: sp.Expr, n: int = 2, L: int = 2, M: int = 2, d: int = 2
) -> System:
    """Return the network of that size, alpha the scale of its branches and beta of its output, written out."""
    zero, one, step = sp.zeros(d, 1), sp.ImmutableMatrix([1]), alpha / (L * M)
    heads = tuple(
        Neuron(vector(f"a{j}", 1), vector(f"w{j}", d), sp.Symbol(f"b{j}", real=True))
        for j in range(M)
    )
    layers = tuple(
        tuple(
            Neuron(
                vector(f"u{k}l{m}", d), vector(f"v{k}l{m}", d), sp.Symbol(f"c{k}l{m}", real=True)
            )
            for m in range(M)
        )
        for k in range(L)
    )
    paths, adjoints = [], []
    for i in range(n):
        z = [vector(f"x{i}", d)]
        for layer in layers:
            z.append(z[-1] + step * sum((t.value(z[-1]) for t in layer), zero))
        p = [sum((h.pull(z[-1], one) for h in heads), zero) / M]
        for layer, here in zip(reversed(layers), reversed(z[:-1]), strict=True):
            p.insert(0, p[0] + step * sum((t.pull(here, p[0]) for t in layer), zero))
        paths.append(tuple(z))
        adjoints.append(tuple(p))
    f = tuple(beta / M * sum(h.value(z[-1])[0] for h in heads) for z in paths)
    return System(
        n, L, M, d, tuple(vector("y", n)), heads, layers, tuple(paths), tuple(adjoints), f
    )
