"""Solutions of systems in certificates: against Newton's method of mpmath, and forgeries."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import pytest

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import checker

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "certificates" / "accept"
CIRCLE, MEANS = (
    json.loads((FOLDER / f"system-{name}.json").read_text(encoding="utf-8"))
    for name in ("circle", "means")
)


def verdict(claim: Json, witness: Json) -> verify.Verdict:
    return verify.verify(json.dumps(certificate.make("system", claim, witness)))


def solved(
    equations: list[str], unknowns: dict[str, list[str]], inverse: list[list[str]], **inputs: Any
) -> verify.Verdict:
    claim = {"equations": equations, "unknowns": unknowns, "inputs": inputs}
    return verdict(claim, {"bits": 32, "slope_bits": 12, "inverse": inverse})


def tilted(s: Any) -> tuple[Any, Any, Any]:
    """Masses of `exp(s tanh(x + 1))`, and of it times tanh(x + 1) and its square, by mpmath."""

    def mass(k: int) -> Any:
        def f(x: Any) -> Any:
            t = mpmath.tanh(x + 1)
            return t**k * mpmath.exp(s * t) * mpmath.npdf(x)

        return mpmath.quad(f, [-10, -4, -1, 1, 4, 10])

    return mass(0), mass(1), mass(2)


def tilted_box(radius: float) -> tuple[Json, Json]:
    """The solution of the certificate `system-means`, by mpmath, with the slopes there."""
    with mpmath.workdps(20):
        s = mpmath.findroot(lambda s: s + tilted(s)[1] / tilted(s)[0], -0.4)
        z, f, g = tilted(s)
        u, spread = -s, g - f * f / z
        inverse = mpmath.matrix([[z, -spread], [1, 1]]) ** -1
        ends = {
            name: [mpmath.nstr(x - radius, 15), mpmath.nstr(x + radius, 15)]
            for name, x in (("u", u), ("s", s))
        }
    claim = {**MEANS["claim"], "unknowns": ends}
    rows = [[mpmath.nstr(inverse[i, j], 8) for j in range(2)] for i in range(2)]
    return claim, {"bits": 40, "slope_bits": 8, "inverse": rows}


@pytest.mark.parametrize("radius", [1e-3, 1e-6, 1e-10])
def test_a_law_that_depends_on_its_own_mean(radius: float) -> None:
    claim, witness = tilted_box(radius)
    assert verdict(claim, witness).status == "accepted"
    for name, shift in (("u", 1.5), ("u", -1.5), ("s", 1.5), ("s", -1.5)):
        ends = [mpmath.nstr(mpmath.mpf(x) + shift * radius, 15) for x in claim["unknowns"][name]]
        moved = {**claim, "unknowns": {**claim["unknowns"], name: ends}}
        assert verdict(moved, witness).status == "rejected"


def test_for_all_inputs() -> None:
    """x = sqrt t: exactly one zero for each t, if the box is wide enough for all of them."""
    unknowns = {"x": ["1.4", "1.5"]}
    assert solved(["x**2 - t"], unknowns, [["0.345"]], t=["2", "2.1"]).status == "accepted"
    assert solved(["x**2 - t"], unknowns, [["0.345"]], t=["2", "2.3"]).status == "rejected"


def test_slopes_are_those_of_the_whole_box() -> None:
    """In the middle of [-3/2, 3/2] all looks as if `x^3 - x` had one zero there; it has three."""
    assert solved(["x**3 - x"], {"x": ["-3/2", "3/2"]}, [["-1"]]).status == "rejected"
    assert solved(["x**3 - x"], {"x": ["-1/4", "1/4"]}, [["-1"]]).status == "accepted"


def test_the_radius_of_the_box_counts_in_full() -> None:
    """`x^3 - x` has three zeros in the box; `|1 - Y J|` goes up to 1.83, so that half of the radius would do."""
    assert solved(["x**3 - x"], {"x": ["-6/5", "6/5"]}, [["-1/4"]]).status == "rejected"


@pytest.mark.parametrize(
    "equation",
    [
        "log(x)",
        "sqrt(x) - 1",
        "x**(3/2) - 1",
        "x**1.5 - 1",
        "1/x - 1",
        "x*log(x)",
        "arc1(x/2 + 1/2) - 1",
        "normal(z, log(x + z**2*0))",
        "tanh(log(x))",
        "exp(log(x)) - 1",
    ],
)
def test_what_is_not_defined_on_the_whole_box_is_rejected(equation: str) -> None:
    """All vanish at 1, the middle; on [1/2, 3/2] all but `arc1`, whose end is at 1, have one zero."""
    for low, high, inside in (("-1/2", "5/2", False), ("0", "2", False), ("0.9", "1.1", True)):
        found = solved([equation], {"x": [low, high]}, [["1"]])
        whole = inside and "arc1" not in equation
        assert (found.status == "accepted") <= whole


@pytest.mark.parametrize(
    ("equation", "slope"), [("log(x)", "1"), ("sqrt(x) - 1", "2"), ("1/x - 1", "-1")]
)
def test_what_is_defined_there_is_accepted(equation: str, slope: str) -> None:
    assert solved([equation], {"x": ["0.9", "1.1"]}, [[slope]]).status == "accepted"


def test_what_is_said() -> None:
    found = solved(
        ["x*y - 1", "x - t*y"], {"x": ["1", "2"], "y": ["0.5", "1"]}, [["0", "0"]] * 2, t="2"
    )
    said = verify.statement(
        "system",
        {
            "equations": ["x*y - 1", "x - t*y"],
            "unknowns": {"x": ["1", "2"], "y": ["0.5", "1"]},
            "inputs": {"t": "2"},
        },
    )
    assert found.status == "rejected"
    assert said == "for t = 2: x*y - 1 = 0, x - t*y = 0 for exactly one x in [1, 2], y in [0.5, 1]"


# --- what must be refused -----------------------------------------------------------------------------------


def claimed(**changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["claim"].update(changes)


def hinted(**changes: Any) -> Callable[[Json], Any]:
    return lambda c: c["witness"].update(changes)


X, Y = ["0.7", "0.71421356"], ["0.70", "0.71421356"]
REJECTED: dict[str, Callable[[Json], Any]] = {
    "x above": claimed(unknowns={"x": ["0.7072", "0.72"], "y": Y}),
    "x below": claimed(unknowns={"x": ["0.69", "0.7071"], "y": Y}),
    "y above": claimed(unknowns={"x": X, "y": ["0.7072", "0.72"]}),
    "the other solution is far": claimed(unknowns={"x": ["-0.8", "-0.75"], "y": ["-0.8", "-0.75"]}),
    "both solutions": claimed(unknowns={"x": ["-1", "1"], "y": ["-1", "1"]}),
    "only at the end": claimed(
        unknowns={"x": ["0.5", "0.75"], "y": ["0.70710678118654752", "0.75"]}
    ),
    "another radius": claimed(equations=["x**2 + y**2 - 1.1", "x - y"]),
    "another line": claimed(equations=["x**2 + y**2 - 1", "x - 2*y"]),
    "no solution": claimed(equations=["x**2 + y**2 + 1", "x - y"]),
    "a line of solutions": claimed(equations=["x - y", "2*x - 2*y"]),
    "a double solution": claimed(equations=["(x - y)**2", "x + y - 1.41421356"]),
    "one equation twice": claimed(equations=["x - y", "x - y"]),
    "a pole": claimed(equations=["1/(x - 0.707)", "x - y"]),
    "a logarithm beyond its domain": claimed(equations=["log(x - 0.71) + 5", "x - y"]),
    "a root at its end": claimed(equations=["sqrt(x - 0.7)", "x - y"]),
    "a jump": claimed(equations=["step(x - 0.7071) - 1/2", "x - y"]),
    "a kink": claimed(equations=["max(x, y) - 0.7071", "x - y"]),
    "the inverse of the other circle": hinted(inverse=[["-0.354", "0.5"], ["-0.354", "-0.5"]]),
    "columns exchanged": hinted(inverse=[["0.5", "0.354"], ["-0.5", "0.354"]]),
    "the slopes in place of the inverse": hinted(inverse=[["1.414", "1.414"], ["1", "-1"]]),
    "rows exchanged": hinted(inverse=[["0.354", "-0.5"], ["0.354", "0.5"]]),
    "no inverse": hinted(inverse=[["0", "0"], ["0", "0"]]),
    "twice the inverse": hinted(inverse=[["0.708", "1"], ["0.708", "-1"]]),
    "a huge inverse": hinted(inverse=[["1e9", "0"], ["0", "1e9"]]),
    "an expectation that does not exist": claimed(equations=["normal(t, exp(x*t**2))-1", "x - y"]),
}
MALFORMED: dict[str, Callable[[Json], Any]] = {
    "no equation": claimed(equations=[], unknowns={}),
    "one equation": claimed(equations=["x - y"]),
    "three equations": claimed(equations=["x", "y", "x - y"]),
    "an equation that is no text": claimed(equations=["x - y", 1]),
    "an equation that is a list": claimed(equations=["x - y", ["x"]]),
    "a name of its own": claimed(equations=["x - y", "x - z"]),
    "an unknown that is an input": claimed(inputs={"x": "1"}),
    "an unknown that is bound": claimed(equations=["normal(x, x*y)", "x - y"]),
    "a point": claimed(unknowns={"x": "0.7071", "y": Y}),
    "ends reversed": claimed(unknowns={"x": X[::-1], "y": Y}),
    "ends that are words": claimed(unknowns={"x": ["low", "high"], "y": Y}),
    "three ends": claimed(unknowns={"x": [*X, "1"], "y": Y}),
    "an unknown with the name of a function": claimed(unknowns={"exp": X, "y": Y}),
    "an unknown with the name pi": claimed(unknowns={"pi": X, "y": Y}),
    "an unknown from another part": claimed(unknowns={"x": "law.x", "y": Y}),
    "no witness": lambda c: c.update(witness={}),
    "a row less": hinted(inverse=[["0.354", "0.5"]]),
    "a short row": hinted(inverse=[["0.354"], ["0.354", "-0.5"]]),
    "a row that is a text": hinted(inverse=["ab", "cd"]),
    "an entry that is a float in words": hinted(inverse=[["nan", "0"], ["0", "inf"]]),
    "bits": hinted(bits=10**6),
    "few bits of slopes": hinted(slope_bits=0),
    "more bits of slopes": hinted(slope_bits=33),
    "a key": claimed(note="true"),
    "too many": claimed(equations=["x"] * 17, unknowns={f"x{k}": ["-1", "1"] for k in range(17)}),
}


@pytest.mark.parametrize(
    ("edits", "status"), [(REJECTED, "rejected"), (MALFORMED, "malformed")], ids=["false", "form"]
)
def test_forgeries(
    forgeries: Callable[..., None], edits: dict[str, Callable[[Json], Any]], status: str
) -> None:
    forgeries(CIRCLE, edits, status)


def test_a_part_with_several_numbers_is_named_once_and_whole() -> None:
    product = certificate.inequality("x*y", {"x": "a.x", "y": "a.y"}, "0.48", "0.52", digits=8)
    assert (
        verify.verify(json.dumps(certificate.bundle({"a": CIRCLE, "b": product}))).status
        == "accepted"
    )
    for other in ("a", "a.z", "b.x", "x"):
        lost = certificate.inequality("x*x", {"x": other}, "0.4", "0.6", digits=8)
        bundle = certificate.bundle({"a": CIRCLE, "b": lost})
        assert verify.verify(json.dumps(bundle)).status == "malformed"
    twice = certificate.bundle({"a": CIRCLE})
    twice["claim"]["parts"] *= 2
    again = certificate.make("bundle", twice["claim"], {})
    assert verify.verify(json.dumps(again)).status == "malformed"


def test_what_was_proved_costs_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_proved", {})
    text = json.dumps(MEANS)
    prices = []
    for _ in range(2):
        assert verify.verify(text).status == "accepted"
        prices.append(verify.MAX_WORK - checker.effort.left)
    assert prices[0] == prices[1] > 1000
    assert len(checker._proved) == 1
    assert verify.verify(text, prices[0]).status == "accepted"
    assert verify.verify(text, prices[0] - 1).status == "malformed"
    monkeypatch.setattr(checker, "_proved", {})
    assert verify.verify(text, prices[0] - 1).status == "malformed"


def test_few_proofs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_proved", {})
    monkeypatch.setattr(checker, "_REMEMBERED", 2)
    for k in range(4):
        found = solved([f"x - {k}/4"], {"x": ["-1", "1"]}, [["1"]])
        assert found.status == "accepted"
    assert len(checker._proved) == 2


def test_large_systems_end_in_a_limit() -> None:
    body = "*".join(["(1 + erf(x0*t)**2)"] * 60)
    names = [f"x{k}" for k in range(16)]
    unit = [[str(int(i == j)) for j in range(16)] for i in range(16)]
    claim = {
        "equations": [f"normal(t, {body}) + {name}" for name in names],
        "unknowns": {name: ["-1", "1"] for name in names},
        "inputs": {},
    }
    found = verdict(claim, {"bits": 256, "slope_bits": 256, "inverse": unit})
    assert found.status in ("malformed", "rejected")
