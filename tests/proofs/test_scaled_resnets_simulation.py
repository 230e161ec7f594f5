"""`mfcheck simulate` for the paper: seven quantities with errors, bounds and plots; options; early ends."""

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from mfcheck.claims import Setting
from mfcheck.claims.record import SimulationRecord
from mfcheck.claims.trial import SimulationStopped, Trial
from mfcheck.dynamics.resnet import QUANTITIES, MemoryLimitError, simulate
from mfcheck.dynamics.resnet.trial import numerics
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets.flow import linear_kernels, problem
from mfcheck_proofs.scaled_resnets.simulation import _holds, simulation
from mfcheck_proofs.scaled_resnets.values import value_of

DEFAULTS = {option.name: option.default for option in simulation.options}


def small(**values: Any) -> Setting:
    return paper.default.with_values(
        **({"depth": Fraction(2), "particles": Fraction(256)} | values)
    )


def run(setting: Setting | None = None, **options: str) -> SimulationRecord:
    quick = {"replicates": "4"}
    return simulation(setting or small(), 3, None, quick | options)


def test_seven_quantities_each_with_error_bound_and_plot() -> None:
    record = run()
    assert list(record.final) == list(QUANTITIES)
    plots = {plot.id: plot for plot in record.plots}
    for name, end in record.final.items():
        assert end.error > 0
        assert end.value == record.series[name].value[-1]
        parts = record.series[name].parts
        assert set(parts) == {"particles", "bias in M", "depth", "time steps"}
        bound, plot = record.bounds[name], plots[name]
        assert bound.holds is True, name
        found, drawn = plot.curves[:2]
        assert found.y == record.series[name].value
        assert found.error == record.series[name].error
        assert drawn.style == "bound"
        assert drawn.y == bound.value
        assert drawn.x == record.time
    again = SimulationRecord.model_validate_json(record.model_dump_json())
    assert again == record


def test_bounds_are_those_of_the_theorem() -> None:
    setting = small(beta=Fraction(50))
    record = run(setting)
    n, time = setting.data.n, np.array(record.time)
    lowest = float(np.linalg.eigvalsh(linear_kernels(setting)[0])[0])
    loss = np.mean(setting.data.y**2) / 2 * np.exp(-(50**2) * lowest * time / n)
    assert record.bounds["loss"].value == pytest.approx(loss, rel=1e-9)
    C = float(value_of(setting, "C_KL").mid())
    for name in ("KL_tau", "KL_nu"):
        assert record.bounds[name].value[0] == pytest.approx(C * n**2 / (lowest * 50) ** 2)
    for name in ("lambda_min_G", "lambda_min_G2"):
        assert record.bounds[name].value[-1] == pytest.approx(lowest / 2)
        assert record.bounds[name].side == "lower"


def test_a_false_bound_is_denied_and_a_close_one_left_open() -> None:
    setting = small()
    solution = simulate(problem(setting, 40.0), numerics(Trial(setting, 3, DEFAULTS), 2, 256))
    KL = solution.series["KL_tau"]
    assert _holds(KL, KL.value + 2 * KL.error, upper=True) is True
    assert _holds(KL, KL.value / 100, upper=True) is False
    assert _holds(KL, KL.value + 0.5 * KL.error, upper=True) is None
    low = solution.series["lambda_min_G2"]
    assert _holds(low, low.value - 2 * low.error, upper=False) is True
    # Three replicates: a no needs many errors.
    assert _holds(low, low.value + 50 * low.error, upper=False) is False


def test_a_bound_is_promised_only_where_the_theorem_applies() -> None:
    below = run()
    assert not any(bound.applies for bound in below.bounds.values())
    assert any(r"\beta \ge" in note for note in below.notes)
    assert "not promised" in below.plots[0].curves[1].label
    least = int(float(value_of(small(), "beta_threshold").upper())) + 1
    above = run(small(beta=Fraction(least)))
    assert all(bound.applies and bound.holds for bound in above.bounds.values())
    assert not any(r"\beta \ge" in note for note in above.notes)
    still = run(small(beta=Fraction(least)), frozen="tau", end_time="1e-5")
    assert not any(bound.applies for bound in still.bounds.values())
    assert still.bounds["loss"].holds is False
    assert any("nothing is learnt" in note for note in still.notes)


def test_the_distance_is_enclosed() -> None:
    (note,) = [note for note in run().notes if "W_2" in note]
    low, high, low_nu, high_nu = map(float, re.findall(r"(?:between|and) ([\d.e-]+[\d])", note))
    assert 0 < low <= high
    assert 0 < low_nu <= high_nu
    # one particle's draws differ from the mean of replicates, and few hide how the law has moved
    assert high == pytest.approx(run().final["movement_tau"].value, rel=0.2)
    assert low > 0.3 * high


def test_parts_can_be_frozen_and_the_encoder_left_out() -> None:
    fixed = run(frozen="nu")
    none = run(small(alpha=Fraction(0)))
    for record in (fixed, none):
        assert record.final["KL_nu"].value == record.final["movement_nu"].value == 0
        assert record.final["loss"].value < 1e-6
    assert fixed.final["KL_tau"].value == pytest.approx(none.final["KL_tau"].value, rel=1e-6)


def test_an_unbounded_derivative_leaves_no_bound_that_needs_it() -> None:
    setting = small()
    wild = Setting(setting.data, activation("exp(x/4)"), setting.values)
    record = run(wild, end_time="0.001", initial="sobol")
    assert set(record.bounds) <= {"loss", "lambda_min_G", "lambda_min_G2"}
    assert any("infinite" in note for note in record.notes)
    assert any("has not converged" in note for note in record.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"initial": "gauss"}, "initial must be one of"),
        ({"frozen": "mu"}, "frozen may name"),
        ({"tolerance": "tight"}, "tolerance: 'tight' is not a finite number"),
        ({"tolerance": "none"}, "tolerance must lie"),
        ({"replicates": "2.5"}, "not a whole number"),
        ({"replicates": "1"}, "at least 2"),
        ({"max_memory": "inf"}, "not a finite number"),
        ({"end_time": "-1"}, "end_time must be positive"),
    ],
)
def test_bad_options(options: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        run(**options)


def test_memory_is_said_first_and_refused_with_advice() -> None:
    said: list[str] = []
    simulation(small(), 0, None, {"replicates": "2", "tolerance": "1e-2"}, said.append)
    assert len(said) == 1
    assert "MB of memory" in said[0]
    with pytest.raises(MemoryLimitError, match="fewer particles"):
        run(max_memory="1e-6")


def test_early_ends_keep_what_there_is() -> None:
    with pytest.raises(SimulationStopped, match="evaluations were made") as stopped:
        run(tolerance="1e-9", max_evaluations="400")
    record = stopped.value.record
    assert "raise max_evaluations" in record.reason
    assert record.options["max_evaluations"] == "400"
    assert 0 < record.time[-1] <= record.reached
    assert set(record.series) == set(QUANTITIES)
    assert all(len(values) == len(record.time) for values in record.series.values())
    assert record.series["loss"][-1] < record.series["loss"][0]
    with pytest.raises(SimulationStopped, match=r"would need about .* evaluations") as refused:
        run(small(beta=Fraction(10**6)), end_time="1")
    assert refused.value.record.time == ()
    assert refused.value.record.reached == 0
    with pytest.raises(SimulationStopped, match="seconds allowed have passed") as late:
        run(tolerance="1e-10", max_seconds="0.05")
    assert len(late.value.record.time) > 0
