"""The flow as a paper's simulation: the options that a user has, what it says before it starts, and what it leaves.

A paper gives the problem and the sizes of its setting; it adds bounds, pictures and sentences of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mfcheck.claims.experiment import Option
from mfcheck.claims.record import Series
from mfcheck.claims.trial import Stop, Trial
from mfcheck.dynamics.resnet.errors import FlowError
from mfcheck.dynamics.resnet.memory import in_words
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.simulate import plan, simulate
from mfcheck.dynamics.resnet.solution import QUANTITIES, Solution
from mfcheck.dynamics.resnet.trajectory import Trajectory
from mfcheck.dynamics.resnet.transport import distances

NONE = "none"
OPTIONS = (
    Option("initial", "antithetic", "draws of the start: antithetic, iid or sobol"),
    Option("frozen", NONE, "what does not move: none, tau or nu"),
    Option("tolerance", "1e-4", "relative tolerance of the time integration"),
    Option("end_time", NONE, "end in the flow's own time; none: once the loss has fallen by 1e-8"),
    Option("replicates", "4", "independent sets of particles behind each number"),
    Option("decoder_particles", NONE, "particles of tau; none: 8 times those of nu"),
    Option("max_evaluations", "100000", "evaluations after which a run is given up"),
    Option("max_seconds", NONE, "seconds after which the simulation is given up"),
    Option("max_memory", NONE, "GB that it may use; none: 80 % of what is free"),
)
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "loss": "$L(t)$",
        "KL_tau": r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$",
        "KL_nu": r"$\max_s \mathrm{KL}(\nu_t\,\|\,\nu_0)$",
        "movement_tau": r"movement of $\tau$",
        "movement_nu": r"$\max_s$ movement of $\nu$",
        "lambda_min_G": r"$\lambda_{\min}(G)$",
        "lambda_min_G2": r"$\lambda_{\min}(G_2)$",
    }
)
"""Names of `QUANTITIES` in pictures; tau is the law of the decoder's particles, nu that of the encoder's."""
PARTS = {"particles": "particles", "size": "bias in M", "depth": "depth", "time": "time steps"}


def numerics(trial: Trial, depth: int, particles: int) -> Numerics:
    """Return the solver's sizes, with the options of a trial.

    Raises:
        InputError: an option that is no number, or out of range.
    """
    memory, frozen = trial.real("max_memory"), trial.options["frozen"]
    return Numerics(
        depth=depth,
        particles=particles,
        decoder_particles=trial.whole("decoder_particles"),
        initial=trial.options["initial"],  # type: ignore[arg-type]  # checked by Numerics
        seed=trial.seed,
        tolerance=trial.real("tolerance") or 0.0,
        end_time=trial.real("end_time"),
        frozen=frozenset() if frozen == NONE else frozenset({frozen}),
        replicates=trial.whole("replicates") or 0,
        memory_limit=None if memory is None else int(1e9 * memory),
        max_evaluations=trial.whole("max_evaluations") or 0,
        max_seconds=trial.real("max_seconds"),
    )


def solve(trial: Trial, problem: Problem, sizes: Numerics) -> Solution:
    """Say what the simulation will take, and solve the flow.

    Raises:
        InputError: the depth is odd, or more memory than there is.
        Stop: the flow diverged, its step collapsed, or it took longer than allowed.
    """
    planned = plan(problem, sizes)
    trial.say(
        f"{planned.runs} runs of {sizes.depth} layers with {sizes.particles} particles each and "
        f"{sizes.decoder_size} of the predictor; needs {in_words(planned.memory)} of memory"
    )
    try:
        return simulate(problem, sizes, trial.progress)
    except FlowError as error:
        run: Trajectory | None = error.trajectory
        time = () if run is None else plain(run.time)
        series = {} if run is None else {name: plain(getattr(run, name)) for name in QUANTITIES}
        reason = f"{error.what}: {error.advice}" if error.advice else error.what
        raise Stop(reason, error.time, time, series) from error


def plain(values: Array) -> tuple[float, ...]:
    """Return the numbers of an array, shape (T,), for a record."""
    return tuple(map(float, values))


def recorded(solution: Solution) -> dict[str, Series]:
    """Return each quantity over time for a record, with the parts of its error in words."""
    return {
        name: Series(
            value=plain(found.value),
            error=plain(found.error),
            parts={words: plain(getattr(found, part)) for part, words in PARTS.items()},
        )
        for name, found in solution.series.items()
    }


def closing(solution: Solution) -> list[str]:
    """Say between what W2 lies at the end, for the particles of one replicate, and what the simulation took.

    The movement, a root mean square over particles, bounds W2 from above.
    """
    run, cost = solution.reference, solution.cost
    layer = int(run.movement[-1, 1:].argmax())
    pairs = (
        (r"\tau", run.start.tau, run.final.tau),
        (r"\nu", run.start.nu[layer], run.final.nu[layer]),
    )
    words = []
    for name, start, end in pairs:
        at = distances(start, end, assignment=False)
        words.append(rf"$W_2({name}_t, {name}_0)$ between {at.lower:.3g} and {at.upper:.3g}")
    return [
        f"At the end, for the particles of one replicate: {', '.join(words)}.",
        f"{cost.runs} runs, {cost.evaluations} evaluations of the flow, {in_words(cost.memory)}.",
    ]
