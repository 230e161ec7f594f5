from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfcheck import load_paper
from mfcheck.claims import Data, Inequality, Variable
from mfcheck.falsify import strategies as draw
from mfcheck.points import configurations as conf
from mfcheck.symbolic.activation import LIBRARY, activation

SIZE = st.tuples(st.integers(2, 7), st.integers(2, 5))
PAPER = load_paper("scaled-resnets")
relaxed = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)


def unit(points: conf.Points) -> bool:
    return all(conf.inner(p, p) == 1 for p in points)


@given(st.data(), st.fractions(-3, 3, max_denominator=7))
def test_rationals_stay_in_their_range(data: st.DataObject, low: Fraction) -> None:
    high = low + Fraction(1, 3)
    assert low <= data.draw(draw.rationals(low, high)) <= high


@given(st.data(), SIZE)
def test_point_sets_are_different_points_of_norm_one(
    data: st.DataObject, size: tuple[int, int]
) -> None:
    points = data.draw(draw.point_sets(*size))
    assert (len(points), len(points[0])) == size
    assert unit(points)
    assert conf.distinct(points)


@given(st.data(), SIZE)
def test_clusters_are_tight(data: st.DataObject, size: tuple[int, int]) -> None:
    n, d = size
    spread = Fraction(1, 50)
    points = data.draw(draw.clusters(n, d, spread))
    assert len(points) == n
    assert unit(points)
    assert conf.distinct(points)
    for point in points:
        gap = 2 - 2 * conf.inner(point, points[0])
        assert gap <= 4 * (d - 1) * spread**2


@given(st.data(), SIZE)
def test_antipodal_points_come_in_pairs(data: st.DataObject, size: tuple[int, int]) -> None:
    points = data.draw(draw.antipodal(*size))
    assert len(points) == size[0]
    assert unit(points)
    assert conf.distinct(points)
    pairs = zip(points[::2], points[1::2], strict=False)
    assert all(conf.inner(x, y) == -1 for x, y in pairs)


@given(st.data(), SIZE)
def test_near_duplicates_are_near_but_different(data: st.DataObject, size: tuple[int, int]) -> None:
    points = data.draw(draw.near_duplicates(*size))
    assert 2 <= len(points) <= size[0]
    assert unit(points)
    assert conf.distinct(points)
    closest = max(conf.inner(x, y) for x, y in combinations(points, 2))
    assert 1 - closest <= Fraction(1, 4000)


@given(st.data(), SIZE, st.fractions(Fraction(1, 50), 2, max_denominator=60))
def test_C_max_is_exactly_as_prescribed(
    data: st.DataObject, size: tuple[int, int], tangent: Fraction
) -> None:
    points = data.draw(draw.with_C_max(*size, tangent))
    assert 2 <= len(points) <= size[0]
    assert unit(points)
    inner = [conf.inner(x, y) for x, y in combinations(points, 2)]
    assert max(inner) == conf.angle(tangent)[0] == inner[0]


@relaxed
@given(draw.codes())
def test_codes_are_different_points_near_norm_one(points: conf.Points) -> None:
    assert conf.distinct(points)
    assert all(abs(conf.inner(p, p) - 1) < Fraction(1, 10**20) for p in points)


@relaxed
@given(draw.any_points())
def test_any_points_are_data_that_a_setting_takes(points: conf.Points) -> None:
    assert len(points) >= 2
    assert conf.distinct(points)
    data = Data(points, (Fraction(1),) * len(points))
    assert np.allclose(np.linalg.norm(data.X, axis=1), 1)


@given(st.integers(1, 6).flatmap(draw.labels))
def test_labels_are_admissible(labels: tuple[Fraction, ...]) -> None:
    assert all(abs(y) <= 1 for y in labels)
    assert any(labels)


@relaxed
@given(draw.activations())
def test_activations_are_what_their_names_say(found: object) -> None:
    assert activation(found.name) == found  # type: ignore[attr-defined]


@given(st.integers(0, 10**6))
def test_typed_activations_are_fixed_by_the_stream(seed: int) -> None:
    drawn = [repr(draw.typed(np.random.default_rng(seed), 2)) for _ in range(2)]
    assert drawn[0] == drawn[1]


VARIABLE = Variable("beta", Fraction(1, 100), Fraction(1000), log=True)


@given(draw.scales(VARIABLE))
def test_scales_stay_in_their_range(value: Fraction) -> None:
    assert VARIABLE.low <= value <= VARIABLE.high


@pytest.mark.parametrize("varies", [(), ("labels",), ("points", "activation"), ("points", "beta")])
def test_only_what_the_inequality_depends_on_varies(varies: tuple[str, ...]) -> None:
    ranges = (VARIABLE,) if "beta" in varies else ()
    inequality = Inequality(
        "q",
        "",
        varies,
        lambda s, f: (0.0, 1.0),
        lambda c, f: (0, 1),
        reading="stated",
        own=(Variable("T", Fraction(0), Fraction(1)),),
        ranges=ranges,
    )
    default = PAPER.default

    @relaxed
    @given(draw.cases(PAPER, inequality, 4, st.sampled_from(list(LIBRARY.values()))))
    def check(case: object) -> None:
        setting = case.setting  # type: ignore[attr-defined]
        assert "points" in varies or setting.data.points == default.data.points
        assert {"points", "labels"} & set(varies) or setting.data.labels == default.data.labels
        assert "activation" in varies or setting.activation == default.activation
        assert all(v == default[name] for name, v in setting.values if name not in varies)
        assert 0 <= case["T"] <= 1  # type: ignore[index]

    check()


def test_exploring_is_repeatable_and_goes_uphill() -> None:
    def run(seed: int) -> list[Fraction]:
        seen: list[Fraction] = []

        def objective(value: Fraction) -> float:
            seen.append(value)
            return float(value)

        draw.explore(draw.rationals(0, 1), objective, 60, seed)
        return seen

    first = run(3)
    assert first == run(3)
    assert len(first) >= 60
    assert max(first) > Fraction(9, 10)
