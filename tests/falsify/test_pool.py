import pytest

from mfcheck.falsify.attack import attack
from mfcheck.falsify.pool import Pool, Reference
from mfcheck.falsify.search import Sizes, search

FLOOR = "theorem-5-spectrum/stated/spectral-floor-start"
TARGET = Reference("scaled-resnets", "theorem-5-spectrum", FLOOR)
SIZES = Sizes(sampled=60, guided=20, optimised=10_000, max_n=5, max_d=3)


def test_a_small_search_stays_in_this_process() -> None:
    with Pool(4) as pool:
        assert pool.perform(TARGET, Sizes(60, 20, 400, 5, 3), 0) is None
    with Pool(1) as pool:
        assert pool.perform(TARGET, SIZES, 0) is None


def test_the_result_does_not_depend_on_the_processes() -> None:
    target = TARGET.target()
    with Pool(2) as pool:
        perform = pool.perform(TARGET, SIZES, 5)
        assert perform is not None
        shared = search(target, SIZES, 5, perform)
    alone = search(target, SIZES, 5)
    assert shared.busy > 0
    for name in ("sampled", "tried", "largest", "case", "visits"):
        assert getattr(shared, name) == getattr(alone, name), name


def test_a_planted_error_is_attacked_in_another_process_too() -> None:
    planted = "theorem-5-spectrum/stated/three-halves"
    reference = Reference("scaled-resnets", "theorem-5-spectrum", FLOOR, planted)
    with Pool(2) as pool:
        record = attack(reference.target(), SIZES, 1, pool.perform(reference, SIZES, 1))
    assert record.counterexample is not None
    assert f"{planted!r}" in record.counterexample.python


@pytest.mark.parametrize(
    "names", [("nothing", None, None), (None, "nothing", None), (None, None, "nothing")]
)
def test_unknown_names_are_refused(names: tuple[str | None, str | None, str | None]) -> None:
    claim, inequality, planted = names
    reference = Reference(
        "scaled-resnets",
        claim or "theorem-5-spectrum",
        inequality or FLOOR,
        planted,
    )
    with pytest.raises(KeyError):
        reference.target()
