"""Write the certificates of the folders `accept` and `reject` anew: `python tests/certificates/regenerate.py`.

A name in `reject` begins with the verdict that the checker must give.
"""

import copy
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_poly

from mfcheck import verify
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.kernels.separation import equal_inner_products, separation_bound
from mfcheck.rigor import certificate as make
from mfcheck.rigor.codes import gegenbauer_coefficients, n_max
from mfcheck.rigor.eigen import SmallestEigenvalue, certified_lambda_min
from mfcheck.symbolic.activation import LIBRARY

HERE = Path(__file__).parent
Certificate = dict[str, Any]
TANH = LIBRARY["tanh"]

THREE = [[1, 0], [Fraction("-0.6"), Fraction("0.8")], [Fraction(1, 3), Fraction(-3, 2)]]


CIRCLE = make.make(
    "system",
    {
        "equations": ["x**2 + y**2 - 1", "x - y"],
        "unknowns": {"x": ["0.7", "0.71421356"], "y": ["0.70", "0.71421356"]},
        "inputs": {},
    },
    {"bits": 32, "slope_bits": 16, "inverse": [["0.354", "0.5"], ["0.354", "-0.5"]]},
)
"""A circle meets a line at (1, 1)/sqrt 2."""
MEANS = make.make(
    "system",
    {
        "equations": [
            "normal(x, (u - tanh(x + 1))*exp(s*tanh(x + 1)))",
            "s + t*u",
        ],
        "unknowns": {"u": ["0.4288", "0.4298"], "s": ["-0.4298", "-0.4288"]},
        "inputs": {"t": "1"},
    },
    {"bits": 32, "slope_bits": 12, "inverse": [["1", "0.2"], ["-1", "0.8"]]},
)
"""The mean of tanh(x + 1) under the law of density exp(s tanh(x + 1)), with s = -t times that mean."""
ARCS = make.make(
    "recursion",
    {
        "constants": {"a": "1/2"},
        "start": {"rho": "1/2", "S": "0"},
        "steps": {
            "rho": "rho + a*(arc1(rho) - rho)",
            "S": "(1 - a + a*arc0(rho))*S + (arc1(rho) + rho*arc0(rho))/2",
        },
        "values": {
            "r_1": {"after": 1, "formula": "S", "lower": "0.47116", "upper": "0.47117"},
            "r_100": {"after": 100, "formula": "S/100", "lower": "0.28677", "upper": "0.28678"},
        },
    },
    {"bits": 80, "slopes": {"rho": ["-1", "1", "1"]}},
)
"""Kernels of residual ReLU networks with 1 and 100 layers, alpha = 1, at the cosine 1/2."""


def circle(n: int) -> list[list[str]]:
    return [[f"cos(2*pi*{k}/{n})", f"sin(2*pi*{k}/{n})"] for k in range(n)]


def on_circle(n: int, activation: str, order: int = 1) -> SmallestEigenvalue:
    with ctx.workprec(200):
        c = [(1 + arb.cos_pi_fmpq(fmpq(2 * k, n))) / 2 for k in range(n)]
        row = [DualKernel(LIBRARY[activation], 40).value(x, order) for x in c]
        return certified_lambda_min(
            arb_mat([[row[(i - j) % n] for j in range(n)] for i in range(n)]), 40
        )


def of_points(points: list[list[Fraction]], activation: str, order: int = 1) -> SmallestEigenvalue:
    return certified_lambda_min(
        DualKernel(LIBRARY[activation], 30).value(half_gram(points), order), 40
    )


def accepted() -> dict[str, Certificate]:
    """Certificates that must pass."""
    three = of_points(THREE, "sin")
    equal = equal_inner_products(TANH, Fraction(1, 2))
    lower, upper = (
        (equal - arb(10) ** -7).str(8, radius=False),
        (equal + arb(10) ** -7).str(8, radius=False),
    )
    found = {
        "lambda_min-tanh-circle-4": make.lambda_min(circle(4), "tanh", on_circle(4, "tanh")),
        "lambda_min-tanh-circle-32": make.lambda_min(circle(32), "tanh", on_circle(32, "tanh")),
        "lambda_min-erf-A": make.lambda_min(circle(5), "erf", on_circle(5, "erf", 0), "A"),
        "lambda_min-gelu-K": make.lambda_min(circle(3), "gelu", on_circle(3, "gelu", 2), "K"),
        "lambda_min-sin-rational": make.lambda_min(
            THREE, "sin", three, C_max=Fraction(2, 5), digits=5
        ),
        "counterexample-tanh-circle-8": make.counterexample(
            circle(8), "tanh", on_circle(8, "tanh"), Fraction(1, 20), Fraction(71, 100)
        ),
        "separation-tanh-4": make.separation("tanh", 4, Fraction(0), separation_bound(TANH, 4, 0)),
        "separation-cos-3": make.separation(
            "cos", 3, Fraction(1, 3), separation_bound(LIBRARY["cos"], 3, "1/3"), digits=4
        ),
        "inequality-equal-inner-products": make.inequality(
            "A1(1) - A1((1 + C)/2)", {"C": "1/2"}, lower, upper, "tanh", digits=10
        ),
        "inequality-interval": make.inequality(
            "max(x, sqrt(y))*exp(-x**2) + atan(y)/3",
            {"x": ("0.3", "0.31"), "y": ("1.9", "2")},
            lower="1.60",
            upper="1.68",
        ),
    }
    for name, (d, C) in {
        "kissing-2": (2, "1/2"),
        "kissing-3": (3, "1/2"),
        "kissing-4": (4, "1/2"),
        "kissing-8": (8, "1/2"),
        "kissing-24": (24, "1/2"),
        "rankin": (5, "-1/9"),
        "cross-polytope": (7, "0"),
        "volume": (12, "99/100"),
    }.items():
        found[f"code_bound-{name}"] = make.code_bound(n_max(d, C))
    variance = make.root(
        "4*normal(z, tanh(sqrt(q)*z)**2) + s**2 - q",
        "q",
        "2.2537",
        "2.2538",
        {"s": "3/10"},
        digits=10,
    )
    slope = make.inequality(
        "4*normal(z, (1 - tanh(sqrt(q)*z)**2)**2)", {"q": "q"}, "1.32", "1.33", digits=10
    )
    found |= {
        "root-variance": variance,
        "inequality-normal": make.inequality(
            "normal(z, tanh(z)**2)", {}, "0.39429449", "0.3942945", digits=10
        ),
        "inequality-pair": make.inequality(
            "pair(z, 1/2, max(z, 0), max(z, 0))", {}, "0.30449889", "0.3044989", digits=10
        ),
        "inequality-integral": make.inequality(
            "integral(t, 0, pi/2, exp(cos(t)))", {}, "3.1043", "3.1044", digits=8
        ),
        "zeros-cosine": make.zeros("cos(x) - x/10", "x", (-10, 10), 7),
        "zeros-variance": make.zeros(
            "4*normal(z, tanh(s*z)**2) + b**2 - s**2", "s", ("1/4", None), 1, {"b": "3/10"}, 3
        ),
        "half_line-second-derivative": make.half_line(
            "-2*tanh(x)*(1 - tanh(x)**2)", "x", 0, 8, "-0.77", "0", bisect=20
        ),
        "inequality-step": make.inequality(
            "pair(z, 1/2, step(z), step(z))", {}, "0.333333", "0.333334", digits=8
        ),
        "bundle-zero": make.bundle({"q": variance, "slope": slope}),
        "system-circle": CIRCLE,
        "system-means": MEANS,
        "recursion-arc-cosines": ARCS,
        "bundle-system": make.bundle(
            {
                "meeting": CIRCLE,
                "product": make.inequality(
                    "x*y", {"x": "meeting.x", "y": "meeting.y"}, "0.48", "0.52", digits=8
                ),
            }
        ),
    }
    ratio = make.inequality("2*sqrt(g)/l", {"l": "lambda_0", "g": "1.5"}, lower="1", upper="20")
    found["bundle-chain"] = make.bundle(
        {"lambda_0": make.lambda_min(THREE, "sin", three, digits=5), "ratio": ratio}
    )
    return found


def edited(
    certificate: Certificate, edit: Callable[[Certificate], Any], forge: bool = True
) -> Certificate:
    """Return a changed copy; with `forge`, statement and digest are made to fit again."""
    changed = copy.deepcopy(certificate)
    edit(changed)
    if forge:
        changed["statement"] = verify.statement(changed["kind"], changed["claim"])
        changed["sha256"] = verify.digest(changed)
    return changed


def not_positive_definite() -> Certificate:
    """`(t-1/2) (1-t) (t+1)^8` is at most 0 on [-1, 1/2] and vanishes at 1, but some `f_k` are negative."""
    square, rest = fmpq_poly([1, 1]) ** 4, fmpq_poly([1, -1])
    weights = gegenbauer_coefficients(3, fmpq_poly([fmpq(-1, 2), 1]) * rest * square**2)
    lists = {"coefficients": weights, "square": square.coeffs(), "rest": rest.coeffs()}
    witness = {key: [str(x) for x in part] for key, part in lists.items()}
    claim = {"dimension": 3, "cosine": "1/2", "upper": "5"}
    return make.make("code_bound", claim, {"method": "delsarte", **witness, "ends": [0, 1]})


def rejected(good: dict[str, Certificate]) -> dict[str, str]:
    """Texts that must not pass: false claims, claims that the hints do not prove, and broken files."""
    circle4, three = good["lambda_min-tanh-circle-4"], good["lambda_min-sin-rational"]
    code8, code3 = good["code_bound-kissing-8"], good["code_bound-kissing-3"]
    chain, hg = good["bundle-chain"], good["separation-tanh-4"]
    equal, refuted = good["inequality-equal-inner-products"], good["counterexample-tanh-circle-8"]

    def claim(base: Certificate, **changes: Any) -> Certificate:
        return edited(base, lambda c: c["claim"].update(changes))

    def witness(base: Certificate, **changes: Any) -> Certificate:
        return edited(base, lambda c: c["witness"].update(changes))

    objects = {
        "rejected-lambda_min-lower-too-large": claim(circle4, lower="0.25102018"),
        "rejected-lambda_min-upper-too-small": claim(circle4, upper="0.25102017"),
        "rejected-lambda_min-other-kernel": claim(circle4, kernel="A"),
        "rejected-lambda_min-other-activation": claim(circle4, activation="erf"),
        "rejected-lambda_min-wrong-vector": witness(circle4, vector=["1", "1", "1", "1"]),
        "rejected-lambda_min-zero-vector": witness(circle4, vector=["0", "0", "0", "0"]),
        "rejected-lambda_min-too-few-bits": witness(good["lambda_min-tanh-circle-32"], bits=32),
        "rejected-lambda_min-too-few-terms": witness(good["lambda_min-tanh-circle-32"], terms=8),
        "rejected-lambda_min-C_max-too-small": claim(three, C_max="1/5"),
        "rejected-lambda_min-coincident-points": claim(
            three, points=[["1", "0"], ["2", "0"], ["0", "1"]]
        ),
        "rejected-counterexample-candidate-too-small": claim(refuted, upper="1/25"),
        "rejected-separation-too-large": claim(hg, lower="0.25103"),
        "rejected-separation-more-points": claim(hg, n=5),
        "rejected-code-one-less": claim(code8, upper="239"),
        "rejected-code-other-dimension": claim(code8, dimension=9),
        "rejected-code-other-cosine": claim(code8, cosine="51/100"),
        "rejected-code-wrong-factor": witness(code8, rest=["-1"]),
        "rejected-code-positive-polynomial": edited(
            code8,
            lambda c: c["witness"].update(
                coefficients=["1", "1"], square=["1"], rest=["1", "1"], ends=[0, 0]
            ),
        ),
        "rejected-code-not-positive-definite": not_positive_definite(),
        "rejected-code-negative-coefficient": edited(
            code8, lambda c: c["witness"]["coefficients"].__setitem__(1, "-1")
        ),
        "rejected-code-circle": edited(
            good["code_bound-kissing-2"], lambda c: c["claim"].update(upper="5")
        ),
        "rejected-code-rankin": claim(good["code_bound-rankin"], upper="5"),
        "rejected-code-volume": claim(good["code_bound-volume"], upper="1000"),
        "rejected-inequality-lower": claim(equal, lower="0.4365"),
        "rejected-inequality-upper": claim(equal, upper="0.4364"),
        "rejected-inequality-not-real": claim(equal, formula="log(C - 1)"),
        "rejected-inequality-normal-upper": claim(good["inequality-normal"], upper="0.394294490"),
        "rejected-inequality-pair-lower": claim(good["inequality-pair"], lower="0.30449890"),
        "rejected-inequality-pair-too-near-one": claim(
            good["inequality-pair"], formula="pair(z, 1, z, z)", upper="2"
        ),
        "rejected-inequality-normal-does-not-exist": claim(
            good["inequality-normal"], formula="normal(z, exp(z**2/2))"
        ),
        "rejected-inequality-integral-pole": claim(
            good["inequality-integral"], formula="integral(t, -1, 1, 1/t)"
        ),
        "rejected-root-no-change-of-sign": claim(good["root-variance"], upper="2.25371"),
        "rejected-root-pole": claim(good["root-variance"], formula="1/(q - 2.25375)", inputs={}),
        "rejected-root-step": claim(
            good["root-variance"], formula="step(q - 2.25375) - 1/2", inputs={}
        ),
        "rejected-inequality-step-upper": claim(good["inequality-step"], upper="0.3333331"),
        "rejected-zeros-one-more": claim(good["zeros-cosine"], count=8),
        "rejected-zeros-one-less": claim(good["zeros-cosine"], count=6),
        "rejected-zeros-double": claim(good["zeros-cosine"], formula="1 - cos(x)", count=3),
        "rejected-zeros-at-the-end": claim(
            good["zeros-cosine"], formula="x - 10", lower="0", count=1
        ),
        "rejected-zeros-pole": claim(good["zeros-cosine"], formula="1/(x - 1/3)", count=1),
        "rejected-zeros-jump": claim(good["zeros-cosine"], formula="step(x - 1/3) - 1/2", count=1),
        "rejected-zeros-beyond": witness(good["zeros-variance"], reach="2"),
        "malformed-zeros-reach": witness(good["zeros-cosine"], reach="2"),
        "malformed-zeros-variable": claim(good["zeros-variance"], variable="b"),
        "malformed-zeros-count": claim(good["zeros-cosine"], count=-1),
        "rejected-half_line-lower": claim(good["half_line-second-derivative"], lower="-0.7698"),
        "rejected-half_line-far": claim(
            good["half_line-second-derivative"], formula="-x/1000", upper="0"
        ),
        "rejected-system-box-shifted": claim(
            CIRCLE, unknowns={"x": ["0.708", "0.72"], "y": ["0.70", "0.71421356"]}
        ),
        "rejected-system-other-inverse": witness(CIRCLE, inverse=[["0.354", "-0.5"]] * 2),
        "rejected-system-no-solution": claim(CIRCLE, equations=["x**2 + y**2 + 1", "x - y"]),
        "rejected-system-double": claim(
            CIRCLE, equations=["(x - y)**2", "x - y"], unknowns={"x": ["-1", "1"], "y": ["-1", "1"]}
        ),
        "rejected-system-other-law": claim(MEANS, inputs={"t": "2"}),
        "malformed-system-one-equation": claim(CIRCLE, equations=["x - y"]),
        "malformed-system-unknown-is-input": claim(CIRCLE, inputs={"x": "1"}),
        "rejected-recursion-sharper": edited(
            ARCS, lambda c: c["claim"]["values"]["r_100"].update(lower="0.286773")
        ),
        "rejected-recursion-one-step-less": edited(
            ARCS, lambda c: c["claim"]["values"]["r_100"].update(after=99)
        ),
        "rejected-recursion-other-step": edited(
            ARCS, lambda c: c["claim"]["steps"].update(rho="rho + a*(arc1(rho) - rho)/2")
        ),
        "rejected-recursion-slope": witness(ARCS, slopes={"rho": ["-1", "1", "99/100"]}),
        "rejected-recursion-leaves": witness(ARCS, slopes={"rho": ["-1", "3/4", "1"]}),
        "malformed-recursion-too-long": edited(
            ARCS, lambda c: c["claim"]["values"]["r_100"].update(after=10**9)
        ),
        "malformed-recursion-no-step": edited(ARCS, lambda c: c["claim"]["steps"].pop("S")),
        "malformed-half_line-reach": witness(good["half_line-second-derivative"], reach="-1"),
        "malformed-root-variable": claim(good["root-variance"], variable="s"),
        "malformed-normal-free-name": claim(
            good["inequality-normal"], formula="normal(z, tanh(x)**2)"
        ),
        "rejected-bundle-with-a-false-part": edited(
            chain,
            lambda c: c["claim"]["parts"].__setitem__(
                1,
                {
                    "name": "ratio",
                    "certificate": claim(c["claim"]["parts"][1]["certificate"], upper="1"),
                },
            ),
        ),
        "malformed-changed-claim-old-digest": edited(
            circle4, lambda c: c["claim"].update(lower="0.2"), False
        ),
        "malformed-weaker-claim-old-digest": edited(
            code8, lambda c: c["claim"].update(upper="241"), False
        ),
        "malformed-statement": edited(code8, lambda c: c.update(statement="at most 240"), False),
        "malformed-statement-new-digest": {
            **code8,
            "statement": "at most 240",
            "sha256": verify.digest({**code8, "statement": "at most 240"}),
        },
        "malformed-format": edited(code8, lambda c: c.update(format="mfcheck-certificate/0")),
        "malformed-unknown-kind": {**code8, "kind": "proof"},
        "malformed-unknown-key": edited(code8, lambda c: c["claim"].update(note="true")),
        "malformed-missing-key": {k: v for k, v in code8.items() if k != "witness"},
        "malformed-number-not-text": claim(code8, upper=240),
        "malformed-boolean-for-integer": claim(code8, dimension=True),
        "malformed-fraction-over-zero": claim(code8, upper="240/0"),
        "malformed-number-in-words": claim(code8, upper="many"),
        "malformed-no-bounds": edited(
            circle4, lambda c: [c["claim"].pop(k) for k in ("lower", "upper")]
        ),
        "malformed-wrong-length-vector": witness(circle4, vector=["1", "-1"]),
        "malformed-wrong-length-point": claim(circle4, points=[["1", "0"], ["0"]]),
        "malformed-no-points": claim(circle4, points=[]),
        "malformed-wrong-dimension": claim(circle4, dimension=3),
        "malformed-point-not-a-formula": claim(
            three, points=[["1", "import os"], ["0", "1"], ["1", "1"]]
        ),
        "malformed-point-calls": claim(three, points=[["1", "open(1)"], ["0", "1"], ["1", "1"]]),
        "malformed-C_max-one": claim(three, C_max="1"),
        "malformed-ends": witness(code8, ends=[2, 2]),
        "malformed-degree": witness(code3, coefficients=["1"] * 100),
        "malformed-method": witness(code8, method="faith"),
        "malformed-input-reversed": claim(equal, inputs={"C": ["1/2", "1/3"]}),
        "malformed-input-unknown": claim(equal, inputs={"C": "lambda_0"}),
        "malformed-bits": witness(circle4, bits=10**9),
        "malformed-bundle-in-bundle": edited(
            chain, lambda c: c["claim"]["parts"][0].update(certificate=copy.deepcopy(chain))
        ),
    }
    texts = {name: make.dumps(data) for name, data in objects.items()}
    text = make.dumps(code8)
    texts |= {
        "malformed-truncated": text[: len(text) // 2],
        "malformed-empty": "",
        "malformed-not-json": "lambda_min >= 1",
        "malformed-array": f"[{text}]",
        "malformed-null": "null",
        "malformed-duplicate-key": text.replace('"kind"', '"kind": "code_bound",\n "kind"', 1),
        "malformed-NaN": text.replace('"240"', "NaN", 1),
        "malformed-Infinity": text.replace('"240"', "Infinity", 1),
        "malformed-float": text.replace('"240"', "240.0", 1),
        "malformed-trailing-text": text + "{}",
        "malformed-deep": '{"claim":' * 2000 + "1" + "}" * 2000,
    }
    return texts


def main() -> None:
    good = accepted()
    for folder, texts in (
        ("accept", {name: make.dumps(data) for name, data in good.items()}),
        ("reject", rejected(good)),
    ):
        (HERE / folder).mkdir(exist_ok=True)
        for old in (HERE / folder).glob("*.json"):
            old.unlink()
        for name, text in texts.items():
            (HERE / folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
