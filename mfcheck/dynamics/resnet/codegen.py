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

from mfcheck.dynamics.resnet.emit import function
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import Activation, X

_LOG = logging.getLogger(__name__)
_VALUE = sp.Symbol("s")
_KERNELS, _VECTORS = "# --- kernels ---\n", "# --- vectors ---\n"
_IMPORTS = """from mfcheck.dynamics.resnet.elementary import (
    asinh, atan, cos, erf, exp, log, sin
)
from mfcheck.dynamics.resnet.simd import fma, lane, root, with_lane


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
    if value.has(X) or not value.is_polynomial(generator):
        return None
    inverse = sp.solve(sp.Eq(value, _VALUE), generator)
    found = []
    for order in (1, 2):
        slope = activation.derivative(order).subs(atoms[0], generator)
        if len(inverse) != 1 or slope.has(X) or not slope.is_polynomial(generator):
            return None
        found.append(sp.factor(sp.expand(slope.subs(generator, inverse[0]))))
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


def header(parallel: bool = False) -> str:
    """Return the imports of a generated module."""
    head = _template("kernels").split(_KERNELS)[0]
    head = head[head.index("import numpy") : head.index("@internal")]
    return f"{head}{_IMPORTS}PARALLEL = {parallel}\n\n\n"


def module_source(activation: Activation, parallel: bool = False) -> str:
    """Return the source of the module of kernels for this activation."""
    body = _template("kernels").split(_KERNELS)[1] + _template("vectors").split(_VECTORS)[1]
    return header(parallel) + activation_source(activation) + body


def _template(name: str) -> str:
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def cache_folder() -> Path:
    """Return the folder that keeps generated modules and their machine code."""
    return Path(platformdirs.user_cache_dir("mfcheck", appauthor=False)) / "kernels"


def _name(source: str) -> str:
    parts = [source, numba.__version__, *map(_template, ("blocks", "elementary", "simd"))]
    return f"mfcheck_kernels_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"


def _keep(name: str, source: str) -> Path | None:
    """Write the module to the cache folder, or return None if that cannot be done.

    A file that is already right is left alone: numba drops machine code older than its source.
    """
    folder = cache_folder()
    target = folder / f"{name}.py"
    try:
        (folder / "__pycache__").mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (target.is_file() and target.read_text(encoding="utf-8") == source):
            handle, draft = tempfile.mkstemp(dir=folder, suffix=".tmp", text=True)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(source)
            Path(draft).replace(target)
    except OSError as error:
        _LOG.info("compiled kernels are not kept: %s", error)
        return None
    return target if os.access(folder / "__pycache__", os.W_OK) else None


@lru_cache(maxsize=1)
def _temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="mfcheck-kernels-")


def load_module(source: str) -> ModuleType:
    """Import a module of that source, kept in the cache folder or else in a temporary one."""
    name = _name(source)
    path = _keep(name, source)
    if path is None:
        path = Path(_temporary_folder().name) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py file always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # numba looks modules up by name when it loads machine code
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=32)
def kernels(activation: Activation, parallel: bool = False) -> ModuleType:
    """Return the module of compiled kernels of this activation, with or without threads.

    The generated source is stored in the user's cache folder, where numba keeps the machine code; if
    that folder cannot be written, the kernels are compiled anew in each process.

    Raises:
        InputError: the expression holds a function that has no numerical code.
    """
    return load_module(module_source(activation, parallel))
