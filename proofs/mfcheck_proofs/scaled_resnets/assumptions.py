"""Assumptions 1 to 3 as predicates on settings, with settings that meet them, and which activations pass."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mfcheck.claims import Answer, Assumption, Setting
from mfcheck.errors import InputError
from mfcheck.points.data import random_data
from mfcheck.rigor.assumption import Judgement, judge
from mfcheck.rigor.ball import bounds
from mfcheck.rigor.suprema import Supremum
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS, NEEDS_B0, NEEDS_C3
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate

# --- Assumption 1 ----------------------------------------------------------------------------------------------------


def data_on_sphere(setting: Setting) -> Answer:
    """Distinct unit points, |y| <= 1: Assumption 1 with C_max the largest inner product of the data."""
    try:
        validate(setting)
    except InputError as error:
        return Answer(False, str(error))
    if setting.data.repeated is not None:
        i, j = setting.data.repeated
        return Answer(False, f"rows {i + 1} and {j + 1} are the same point, and $G$ is singular")
    return Answer(True, rf"$n = {setting.data.n}$ distinct unit points, $C_{{\max}} = {setting.data.C_max:.6g}$")


def random_sphere(rng: np.random.Generator) -> Setting:
    """Independent uniform points of a sphere, labels +1 and -1; coordinates are rounded to 12 digits."""
    return replace(DEFAULT, data=random_data(rng))


# --- Assumption 2 ----------------------------------------------------------------------------------------------------


def gaussian_start(_: Setting) -> Answer:
    """Assumption 2 is about the initial measures, which every setting has by construction."""
    return Answer(True, "the solver and the kernels start from standard Gaussian measures")


# --- Assumption 3 ----------------------------------------------------------------------------------------------------


def smooth_activation(setting: Setting) -> Answer:
    """Assumption 3 by certified suprema over the whole line."""
    found = judge(setting.activation)
    reasons = "; ".join(found.reasons)
    if found.answer == "holds":
        return Answer(True, rf"$C_1 \le {bounds(found.C1, 8)[1]}$" + (f"; {reasons}" if reasons else ""))
    return Answer(False if found.answer == "fails" else None, reasons)


def library_activation(rng: np.random.Generator) -> Setting:
    """The default data with an activation of the library."""
    names = sorted(LIBRARY)
    return Setting(DEFAULT.data, LIBRARY[names[int(rng.integers(len(names)))]], DEFAULT.values)


def library() -> Mapping[str, Answer]:
    """Judge every activation of the library: its least C_1, and what later steps need beyond Assumption 3."""
    return {name: _surveyed(judge(found)) for name, found in LIBRARY.items()}


_THIRD = "'''"


def _surveyed(found: Judgement) -> Answer:
    more = f"{_bound('', found.B[0])}; {_bound(_THIRD, found.B[3])}"
    if found.answer != "holds":
        met = False if found.answer == "fails" else None
        return Answer(met, "; ".join([*found.reasons, more]))
    return Answer(True, rf"$C_1 \le {bounds(found.C1, 8)[1]}$; {more}")


def _bound(primes: str, found: Supremum) -> str:
    name = rf"\sup|\sigma_0{primes}|"
    if found.state == "finite":
        return rf"${name} \le {bounds(found.value, 8)[1]}$"
    return rf"${name} = \infty$" if found.state == "infinite" else f"${name}$ is {found.state}"


def beyond_assumption_3() -> dict[str, tuple[str, ...]]:
    """Return what is needed of the activation beyond Assumption 3, each with the claims and constants that need it."""
    claims = {
        NEEDS_C3: ("theorem-5-kl-tau", "theorem-5-kl-nu"),
        NEEDS_B0: ("theorem-6-rademacher", "theorem-6-composition"),
    }
    return {
        need: (*ids, *(constant.id for constant in CONSTANTS if need in constant.needs)) for need, ids in claims.items()
    }


ASSUMPTIONS = (
    Assumption(
        "assumption-1",
        "Data on the sphere, separated",
        r"For $x_i \ne x_j$ drawn from $\mu_X$, with probability 1: $|x_i| = 1$, $|y_i| \le 1$, "
        r"$\langle x_i, x_j\rangle \le C_{\max} < 1$.",
        "arXiv 2403.09889, Assumption 1",
        data_on_sphere,
        random_sphere,
        reads=("points", "labels"),
    ),
    Assumption(
        "assumption-2",
        "Gaussian initialisation",
        r"$\tau_0$ and $\nu_0(\cdot, s)$ are standard Gaussian for every $s$.",
        "arXiv 2403.09889, Assumption 2",
        gaussian_start,
        random_sphere,
        reads=(),
    ),
    Assumption(
        "assumption-3",
        "Activation of linear growth, two bounded derivatives",
        r"$|\sigma_0(x)| \le C_1\max(|x|, 1)$, $|\sigma_0'(x)| \le C_1$, $|\sigma_0''(x)| \le C_1$ for all $x$.",
        "arXiv 2403.09889, Assumption 3",
        smooth_activation,
        library_activation,
        reads=("activation",),
        survey=library,
        beyond=beyond_assumption_3(),
    ),
)
