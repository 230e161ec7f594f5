import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.claims import Data, Parameter, Setting
from mfcheck.claims.setting import parameter, read_exact, setting_of
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation

BETA = Parameter(
    "beta", sp.Symbol("beta"), Fraction(10), "scale", Fraction(0), Fraction(100), open_minimum=True
)
WIDTH = Parameter("width", sp.Symbol("M"), Fraction(64), "particles", Fraction(2), integer=True)
fractions = st.fractions(-1000, 1000, max_denominator=1000)


def make(points: list[tuple[Fraction, ...]], **values: Fraction) -> Setting:
    data = Data(tuple(points), tuple(Fraction(0) for _ in points))
    return Setting(data, activation("tanh"), tuple(values.items()))


PLANE = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(0), Fraction(2))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        (" 1e3 ", Fraction(1000)),
        ("+.5", Fraction(1, 2)),
        ("-1/3", Fraction(-1, 3)),
        ("2.", Fraction(2)),
        ("1E-2", Fraction(1, 100)),
    ],
)
def test_numbers_are_read_exactly(text: str, value: Fraction) -> None:
    assert read_exact(text) == value


WORDS = "nan inf 1/0 1/00 0x1 1_000 1,5 1/2/3 1.5/2 . ١ __import__('os')"


@pytest.mark.parametrize("text", ["1e-300", "1e100", "-1e1000", "9" * 61, "1." + "0" * 61])
def test_a_number_beyond_the_limit_is_refused_with_the_limit(text: str) -> None:
    with pytest.raises(InputError, match="beyond the limit: exponents are from -99 to 99"):
        read_exact(text)
    assert read_exact("1e-99") == Fraction(1, 10**99)


@pytest.mark.parametrize("text", ["", "1 2", *WORDS.split()])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a finite number"):
        read_exact(text)


@given(fractions)
def test_a_fraction_survives_its_text(value: Fraction) -> None:
    assert read_exact(str(value)) == value


@given(st.text(max_size=20))
def test_no_text_gives_anything_but_a_number_or_a_refusal(text: str) -> None:
    try:
        value = read_exact(text)
    except InputError:
        return
    assert value == Fraction(text)


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        (BETA, "0", "beta must be > 0, got 0"),
        (BETA, "-1", "beta must be > 0, got -1"),
        (BETA, "101", "beta must be <= 100, got 101"),
        (BETA, "x", "beta: 'x' is not a finite number"),
        (WIDTH, "2.5", "width must be an integer, got 5/2"),
        (WIDTH, "1", "width must be >= 2, got 1"),
    ],
)
def test_values_out_of_range_are_refused(parameter: Parameter, text: str, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        parameter.read(text)
    assert str(refusal.value) == message


def test_values_in_range_are_read() -> None:
    assert BETA.read("100") == 100
    assert WIDTH.read("2") == 2


def test_rows_are_unit_vectors() -> None:
    setting = make(PLANE)
    assert (setting.data.n, setting.data.d) == (2, 2)
    np.testing.assert_allclose(setting.data.X, [[0.6, 0.8], [0, 1]], rtol=1e-15)
    assert setting.data.C_max == pytest.approx(0.8, rel=1e-15)
    assert setting.data.y.shape == (2,)


def test_values_are_changed_by_name_only() -> None:
    setting = make(PLANE, beta=Fraction(1, 3))
    assert setting.with_values(beta=2)["beta"] == 2
    assert setting["beta"] == Fraction(1, 3)
    assert setting.number("beta") == pytest.approx(1 / 3)
    with pytest.raises(KeyError, match="gamma"):
        setting.with_values(gamma=1)


@given(st.lists(st.tuples(fractions, fractions), min_size=2, max_size=4), fractions)
def test_a_setting_survives_its_description(
    points: list[tuple[Fraction, ...]], beta: Fraction
) -> None:
    setting = make(points, beta=beta)
    described = json.loads(json.dumps(setting.describe()))
    again = Setting.restore(described, setting.activation)
    assert again == setting
    assert again.digest() == setting.digest()
    assert hash(again) == hash(setting)


def test_the_digest_tells_settings_apart() -> None:
    setting = make(PLANE, beta=Fraction(1))
    others = [
        make(PLANE[::-1], beta=Fraction(1)),
        setting.with_values(beta=2),
        Setting(setting.data, activation("sin"), setting.values),
    ]
    digests = {other.digest() for other in (setting, *others)}
    assert len(digests) == 4


def test_the_first_points_keep_their_labels() -> None:
    points = tuple((Fraction(k), Fraction(1)) for k in range(4))
    data = Data(points, (Fraction(1), Fraction(-1), Fraction(0), Fraction(1)), "own", "digest")
    assert data.first(2) == Data(points[:2], (Fraction(1), Fraction(-1)), "own")
    assert data.first(4).labels == data.labels
    with pytest.raises(InputError, match="there are 4 points, not 5"):
        data.first(5)


@pytest.mark.parametrize("value", [0.1, np.float64(0.1), np.float32(0.5), True, 1 + 0j])
def test_no_float_becomes_the_number_next_to_it(value: Any) -> None:
    one = Fraction(1)
    for made in (
        lambda: parameter("w", value, "weight"),
        lambda: parameter("w", 1, "weight", least=value),
        lambda: parameter("w", 1, "weight", above=value),
        lambda: setting_of((parameter("w", 1, "weight"),)).with_values(w=value),
        lambda: Setting(values=(("w", value),)),
        lambda: Data(((one, value),), (one,)),
        lambda: Data(((one, one),), (value,)),
    ):
        with pytest.raises(InputError, match="not an exact number"):
            made()


@pytest.mark.parametrize(
    "value", ["1/10", "0.1", Fraction(1, 10), Decimal("0.1"), sp.Rational(1, 10)]
)
def test_exact_numbers_are_kept(value: Any) -> None:
    tenth = Fraction(1, 10)
    assert parameter("w", value, "weight", least=value).minimum == tenth
    data = Data(((value,),), (np.int64(3),))
    assert (data.points, data.labels) == (((tenth,),), (Fraction(3),))
