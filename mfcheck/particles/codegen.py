"""From an activation in SymPy to a module of compiled kernels, kept on disk between runs."""

import hashlib
import importlib.util
import logging
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numba
import platformdirs
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.particles.emit import function
from mfcheck.symbolic.activation import Activation, X

_LOG = logging.getLogger(__name__)
_VALUE = sp.Symbol("s")
_MARK = "# --- kernels ---\n"
_IMPORTS = """from mfcheck.particles.elementary import (
    asinh, atan, cos, erf, exp, log, positive, sign, sin, step
)
from mfcheck.particles.simd import absolute, root


"""


def slopes_in_value(activation: Activation) -> tuple[sp.Expr, sp.Expr] | None:
    """Return `s0'` and `s0''` as polynomials in the value `s = s0(x)`, if they are such, else None.

    True for tanh (`1 - s^2`) and for the logistic function (`s (1 - s)`): their derivatives then
    cost no second transcendental function.
    """
    atoms = [a for a in activation.expr.atoms(sp.Function) if a.has(X)]
    if len(atoms) != 1:
        return None
    generator = sp.Symbol("generator")
    value = activation.expr.subs(atoms[0], generator)
    if value.has(X):
        return None
    inverse = sp.solve(sp.Eq(value, _VALUE), generator)
    if len(inverse) != 1:
        return None
    found = []
    for order in (1, 2):
        slope = activation.derivative(order).subs(atoms[0], generator)
        slope = sp.factor(sp.simplify(slope.subs(generator, inverse[0])))
        if slope.has(X) or not slope.is_polynomial(_VALUE):
            return None
        found.append(slope)
    return found[0], found[1]


def activation_source(activation: Activation) -> str:
    """Return the source of `value(x)` and `slopes(x, s)`, which gives `s0'` and `s0''` at `x`.

    Raises:
        InputError: the expression holds a function that has no numerical code.
    """
    derivatives = activation.derivative(1), activation.derivative(2)
    if any(d.has(sp.DiracDelta) for d in derivatives):
        raise InputError(
            f"activation {activation.name!r} has no second derivative, which relative entropy needs"
        )
    slopes = slopes_in_value(activation) or derivatives
    return function("value", "x", [activation.expr]) + function("slopes", "x, s", [*slopes])


def module_source(activation: Activation, parallel: bool = False) -> str:
    """Return the source of the module of kernels for this activation."""
    template = Path(__file__).with_name("kernels.py").read_text(encoding="utf-8")
    head, body = template.split(_MARK)
    head = head[head.index("import numpy") : head.index("@internal")]
    return head + _IMPORTS + f"PARALLEL = {parallel}\n\n\n" + activation_source(activation) + body


def _write(source: str) -> tuple[Path, bool]:
    """Write the module where compiled code may be kept; return its path and whether it persists."""
    parts = (
        Path(__file__).with_name(f"{part}.py").read_text()
        for part in ("blocks", "elementary", "simd")
    )
    versions = "\n".join([numba.__version__, *parts])
    name = hashlib.sha256((versions + source).encode()).hexdigest()[:20]
    folder = Path(platformdirs.user_cache_dir("mfcheck", appauthor=False)) / "kernels"
    target = folder / f"mfcheck_kernels_{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (target.is_file() and target.read_text(encoding="utf-8") == source):
            with tempfile.NamedTemporaryFile(
                "w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8"
            ) as draft:
                draft.write(source)
            Path(draft.name).replace(target)
        (folder / "__pycache__").mkdir(exist_ok=True)
        if os.access(folder / "__pycache__", os.W_OK):
            return target, True
    except OSError as error:
        _LOG.info("compiled kernels are not kept: %s", error)
    fallback = Path(tempfile.mkdtemp(prefix="mfcheck-kernels-")) / target.name
    fallback.write_text(source, encoding="utf-8")
    return fallback, False


@lru_cache(maxsize=32)
def kernels(activation: Activation, parallel: bool = False) -> ModuleType:
    """Return the module of compiled kernels of this activation, with or without threads.

    The generated source is stored in the user's cache folder, where numba keeps the machine code; if
    that folder cannot be written, the kernels are compiled anew in each process.

    Raises:
        InputError: the expression holds a function that has no numerical code.
    """
    path, _persistent = _write(module_source(activation, parallel))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py file always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # numba looks modules up by name when it loads machine code
    spec.loader.exec_module(module)
    return module
