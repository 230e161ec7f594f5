"""The checker: what it must accept, what it must refuse, and each of its parts against other arithmetic."""

import ast
import copy
import dataclasses
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy as sp
from flint import arb, arb_mat, ctx, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.commands.lemma_certificates import verify_all
from mfcheck.gaussian.dual import DualKernel
from mfcheck.gaussian.hermite import hermite_coefficients, totals
from mfcheck.kernels.separation import separation_bound
from mfcheck.rigor import codes
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.expression import parse
from mfcheck.verify import checker, eigenvalues, formulas, kernels, reading
from mfcheck.verify import codes as bounds_of_codes

Json = dict[str, Any]

FOLDER = Path(__file__).parent / "certificates"
ACCEPT = sorted((FOLDER / "accept").glob("*.json"))
REJECT = sorted((FOLDER / "reject").glob("*.json"))
CHEAP = [path for path in ACCEPT if path.name.startswith(("code_bound", "inequality-interval"))]
FORGED = [
    *CHEAP,
    *(
        FOLDER / "accept" / f"{name}.json"
        for name in ("lambda_min-sin-rational", "separation-cos-3")
    ),
]


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    before = formulas.iv.prec
    formulas.iv.prec = 200
    with ctx.workprec(300), mpmath.workprec(400):
        yield
    formulas.iv.prec = before


def load(name: str) -> Json:
    found: Json = json.loads((FOLDER / "accept" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def forged(data: Json) -> Json:
    """Make statement and digest fit a changed claim, as a forger would."""
    changed = {**data, "statement": verify.statement(data["kind"], data["claim"])}
    return {**changed, "sha256": verify.digest(changed)}


def changed(name: str, claim: Json | None = None, witness: Json | None = None) -> verify.Verdict:
    data = load(name)
    data["claim"].update(claim or {})
    data["witness"].update(witness or {})
    return verify.verify(json.dumps(forged(data)))


# --- the two folders ------------------------------------------------------------------------------


def test_there_are_certificates_of_each_kind() -> None:
    assert {load(path.stem)["kind"] for path in ACCEPT} == set(verify.KINDS)
    assert len(REJECT) > 50


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_true_certificates_are_accepted(path: Path) -> None:
    verdict = verify.verify(path)
    assert verdict.status == "accepted", verdict.reason
    assert verdict.statement == load(path.stem)["statement"]
    assert verdict.kind == load(path.stem)["kind"]


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_false_and_broken_certificates_are_refused_in_one_line(path: Path) -> None:
    verdict = verify.verify(path)
    assert verdict.status == path.name.split("-")[0]
    assert verdict.reason
    assert "\n" not in verdict.reason
    assert len(verdict.reason) < 200
    assert not verdict.statement


# --- mutations ------------------------------------------------------------------------------------


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All paths in a tree of JSON."""
    yield path
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def other_text(text: str, rng: random.Random) -> str:
    i = rng.randrange(len(text) + 1)
    fresh = rng.choice("0123456789-+./*e()x ")
    edits = [
        text[:i] + fresh + text[i:],
        text[:i] + fresh + text[i + 1 :],
        text[:i] + text[i + 1 :],
    ]
    edits += ["-" + text, text.removeprefix("-"), text + "0", text[::-1], f"1/{text}"]
    return rng.choice(edits)


def other_value(value: Any, rng: random.Random) -> Any:
    """A value that differs, by type."""
    if rng.random() < 0.05:
        return rng.choice([None, True, 0.5, "0", "1", [], {}, 10**30, -1, float("nan")])
    if isinstance(value, str):
        return other_text(value, rng)
    if isinstance(value, bool | int):
        return value + rng.choice([-2, -1, 1, 2, 10, -value, value, 10**9])
    result = copy.copy(value)
    if isinstance(result, list) and result:
        i, j = rng.randrange(len(result)), rng.randrange(len(result))
        action = rng.randrange(4)
        if action == 0:
            del result[i]
        elif action == 1:
            result.insert(i, result[j])
        elif action == 2:
            result[i], result[j] = result[j], result[i]
        else:
            result.append("1")
    elif isinstance(result, dict) and result:
        key, second = rng.choice(list(result)), rng.choice(list(result))
        action = rng.randrange(4)
        if action == 0:
            del result[key]
        elif action == 1:
            result[key + "_"] = result.pop(key)
        elif action == 2:
            result[key], result[second] = result[second], result[key]
        else:
            result["extra"] = "1"
    return result


def mutated(data: Json, rng: random.Random, spare: tuple[str, ...] = ()) -> Json:
    """A copy with one to three random edits, none below a key in `spare`."""
    result = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        path = rng.choice([p for p in places(result) if p and not set(p) & set(spare)])
        parent = result
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = other_value(parent[path[-1]], rng)
    return result


@pytest.mark.slow
def test_no_mutation_that_changes_the_claim_passes() -> None:
    """Claims are bound to a digest, so an accepted mutation can have touched the hints alone."""
    rng = random.Random(1)
    accepted = 0
    originals = {path: load(path.stem) for path in ACCEPT}
    for round_ in range(160):
        for path, data in originals.items():
            slow = path not in CHEAP  # other hints there cost seconds each
            if slow and round_ >= 80:
                continue
            changed = mutated(data, rng, ("bits", "terms") if not slow else ("witness",))
            verdict = verify.verify(json.dumps(changed))
            if verdict.status == "accepted":
                accepted += 1
                assert {**changed, "witness": 0} == {**data, "witness": 0}
            else:
                assert verdict.reason
    assert accepted > 0


def test_no_edit_of_the_text_passes_with_another_claim() -> None:
    rng = random.Random(2)
    for path in CHEAP:
        text = path.read_text(encoding="utf-8")
        original = json.loads(text)
        for _ in range(150):
            i = rng.randrange(len(text))
            cut = rng.choice(
                [
                    text[:i],
                    text[:i] + text[i + 1 :],
                    text[:i] + rng.choice('0"9{}[],: -e') + text[i + 1 :],
                ]
            )
            if verify.verify("{" + cut[1:]).status == "accepted":
                assert {**json.loads("{" + cut[1:]), "witness": 0} == {**original, "witness": 0}


def truth(data: Json) -> bool:
    """Whether a claim of a well-formed certificate is true, or proved by its hints, by python-flint."""
    claim, witness = data["claim"], data["witness"]
    judge = {
        "lambda_min": true_lambda_min,
        "separation": true_separation,
        "code_bound": true_code_bound,
        "inequality": true_inequality,
    }
    return judge[data["kind"]](claim, witness)


def true_lambda_min(claim: Json, _: Json) -> bool:
    rows = [[enclose(parse(x), prec=300) for x in row] for row in claim["points"]]
    norms = [sum((x * x for x in row), arb(0)).sqrt() for row in rows]
    n = len(rows)
    inner = [
        [
            sum((x * y for x, y in zip(p, q, strict=True)), arb(0)) / (norms[i] * norms[j])
            for j, q in enumerate(rows)
        ]
        for i, p in enumerate(rows)
    ]
    c = arb_mat([[arb(1) if i == j else (1 + inner[i][j]) / 2 for j in range(n)] for i in range(n)])
    order = verify.ORDERS[claim["kernel"]]
    found = certified_lambda_min(DualKernel(LIBRARY[claim["activation"]], 30).value(c, order))
    bounds = {
        key: enclose(parse(claim[key]), prec=300)
        for key in ("lower", "upper", "C_max")
        if key in claim
    }
    good = [len(row) == claim["dimension"] for row in rows]
    if "lower" in bounds:
        good.append(bool(bounds["lower"] <= found.upper))
    if "upper" in bounds:
        good.append(bool(bounds["upper"] >= found.lower))
    if "C_max" in bounds:
        good += [not bool(inner[i][j] > bounds["C_max"]) for i, j in combinations(range(n), 2)]
    return all(good)


def true_separation(claim: Json, _: Json) -> bool:
    activation, order = LIBRARY[claim["activation"]], verify.ORDERS[claim["kernel"]]
    bound = separation_bound(activation, claim["n"], Fraction(claim["C_max"]), order=order)
    return bool(enclose(parse(claim["lower"])) <= bound.upper())


KNOWN_CODES = [
    (2, "1/2", 6),
    (3, "0.4473", 12),
    (4, "1/2", 24),
    (8, "1/2", 240),
    (24, "1/2", 196560),
]


def true_code_bound(claim: Json, witness: Json) -> bool:
    d, C, bound = claim["dimension"], Fraction(claim["cosine"]), Fraction(claim["upper"])
    if (
        d < 1
        or not -1 <= C < 1
        or any(d >= e and Fraction(D) <= C and n > bound for e, D, n in KNOWN_CODES)
    ):
        return False
    if witness["method"] != "delsarte":
        return True if C > 0 and d > 2 else bound >= codes.n_max(d, C).n_max
    f, square, rest = (
        [Fraction(x) for x in witness[key]] for key in ("coefficients", "square", "rest")
    )
    q, g = (fmpq_poly([codes._fmpq(x) for x in part]) for part in (square, rest))
    proof = codes._proved(d, C, q, g, tuple(witness["ends"]))
    while len(f) > 1 and f[-1] == 0:
        f.pop()
    return proof is not None and list(proof.gegenbauer) == f and bound >= sum(f) // f[0]


def true_inequality(claim: Json, _: Json) -> bool:
    names = sorted(claim["inputs"])
    symbols = {name: sp.Symbol(name, real=True) for name in names}
    ends = {k: v if isinstance(v, list) else [v, v] for k, v in claim["inputs"].items()}
    text = claim["formula"].replace("max(x, sqrt(y))", "m")
    formula = parse(text, [*names, "m"])
    for k in range(4):
        values = {
            symbols[name]: enclose(parse(ends[name][k & 1 if i else k >> 1]), prec=300)
            for i, name in enumerate(names)
        }
        if "m" in text:
            x, y = (values[symbols[name]] for name in ("x", "y"))
            values[sp.Symbol("m", real=True)] = x.max(y.sqrt())
        value = enclose(formula, values, prec=300)
        if (
            "lower" in claim
            and not value.upper() >= enclose(parse(claim["lower"]), prec=300).lower()
        ):
            return False
        if (
            "upper" in claim
            and not value.lower() <= enclose(parse(claim["upper"]), prec=300).upper()
        ):
            return False
    return True


def test_forged_mutations_pass_only_if_they_are_true() -> None:
    """The forger makes the digest fit too: what then passes must be true."""
    rng = random.Random(3)
    accepted = 0
    for path in FORGED:
        data = load(path.stem)
        for _ in range(200):
            change = mutated(data, rng, ("bits", "terms", "sha256", "statement", "format", "kind"))
            try:
                change = forged(change)
            except (KeyError, TypeError, ValueError, verify.MalformedError):
                continue  # no longer an object of this kind
            if verify.verify(json.dumps(change)).status == "accepted":
                accepted += 1
                assert truth(change), change
    assert accepted > 100  # weaker claims, other true claims, longer proofs


# --- reading --------------------------------------------------------------------------------------


def test_it_imports_nothing_but_the_standard_library_and_mpmath() -> None:
    names = set()
    files = sorted(Path(verify.__file__).parent.glob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1
                names |= {str(node.module).split(".")[0]} if node.level == 0 else set()
    assert len(files) > 5
    assert names - set(sys.stdlib_module_names) == {"mpmath"}


def test_paths_and_texts(tmp_path: Path) -> None:
    path = FOLDER / "accept" / "code_bound-kissing-8.json"
    text = path.read_text(encoding="utf-8")
    for source in (path, str(path), text, "  " + text):
        assert verify.verify(source).status == "accepted"
    assert verify.verify(tmp_path).reason == "no such file"
    assert verify.verify(tmp_path / "none").reason == "no such file"
    assert verify.verify("no/such/file").status == "malformed"
    assert verify.verify("bad\0name").status == "malformed"
    huge = tmp_path / "huge.json"
    huge.write_text(" " * (verify.MAX_SIZE + 1), encoding="utf-8")
    assert "larger" in verify.verify(huge).reason
    assert "longer" in verify.verify("{" + " " * verify.MAX_SIZE).reason
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "UnicodeDecodeError" in verify.verify(binary).reason


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(FOLDER / "accept" / "code_bound-kissing-8.json")
    false = str(FOLDER / "reject" / "rejected-code-one-less.json")
    assert verify.main([good]) == 0
    assert ": at most 240 unit vectors" in capsys.readouterr().out
    assert verify.main([false, good]) == 1
    assert ": the bound of the size" in capsys.readouterr().out
    assert verify.main([good, str(tmp_path / "none.json"), false]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert verify.main([]) == 2


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("accept/code_bound-kissing-24", 0),
        ("reject/rejected-code-one-less", 1),
        ("reject/malformed-null", 2),
    ],
)
def test_command_runs_as_a_module(name: str, status: int) -> None:
    root = Path(verify.__file__).parents[2]
    command = [sys.executable, "-m", "mfcheck.verify", str(FOLDER / f"{name}.json")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ("196560" in done.stdout) is (status == 0)


def test_files_and_folders_give_one_status(tmp_path: Path) -> None:
    accepted, rejected, broken = (
        (FOLDER / name).read_text(encoding="utf-8")
        for name in (
            "accept/code_bound-kissing-8.json",
            "reject/rejected-code-one-less.json",
            "reject/malformed-null.json",
        )
    )
    assert verify.verify_paths([tmp_path])[1] == verify.verify_paths([])[1] == 2
    for place, text, status in (
        ("b/c/1.json", accepted, 0),
        ("b/2.json", rejected, 1),
        ("a.json", broken, 2),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text, encoding="utf-8")
        (tmp_path / "note.txt").write_text(text, encoding="utf-8")
        results, found = verify.verify_paths([tmp_path])
        assert found == status
    assert [Path(name).name for name, _ in results] == ["a.json", "2.json", "1.json"]
    single, found = verify.verify_paths([str(tmp_path / "b/2.json"), tmp_path / "b/c/1.json"])
    assert ([verdict.status for _, verdict in single], found) == (["rejected", "accepted"], 1)


def test_both_commands_find_the_same_certificates_below_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (FOLDER / "accept/code_bound-kissing-8.json").read_text(encoding="utf-8")
    run = tmp_path / "out"
    (run / "certificates").mkdir(parents=True)
    (run / "run.json").write_text("{}", encoding="utf-8")
    (run / "certificates/a.json").write_text(good, encoding="utf-8")
    (tmp_path / "plain/folder.json/deep").mkdir(parents=True)
    (tmp_path / "plain/folder.json/deep/b.json").write_text(good, encoding="utf-8")
    for folder, name in ((run, "a.json"), (tmp_path / "plain", "b.json")):
        [(seen, verdict)], status = verify.verify_paths([folder])
        assert (Path(seen).name, verdict.status, status) == (name, "accepted", 0)
        assert [(Path(p).name, s) for p, s in verify_all([folder])[0]] == [(name, verdict)]
    (run / "certificates/a.json").unlink()
    (run / "certificates/gone.json").symlink_to("/nowhere.json")
    assert verify.verify_paths([run])[1] == verify_all([run])[1] == 2
    capsys.readouterr()
    assert verify.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_every_rejected_certificate_gives_status_one() -> None:
    for path in REJECT:
        expected = {"rejected": 1, "malformed": 2}[path.name.split("-")[0]]
        assert verify.verify_paths([path])[1] == expected, path.name


def test_names_and_reasons_cannot_spoof_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nasty = "\x1b[2K\x1b[Gx.json: accepted: 0 = 1\u202e\nü"
    file = tmp_path / nasty
    file.write_text("null", encoding="utf-8")
    assert verify.main([str(file), str(tmp_path / "no: accepted"), str(tmp_path / 'no"such')]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(c.isprintable() or c == "\n" for c in err)
    assert [line.split(":")[0] for line in err.splitlines()] == ["malformed"] * 3
    assert '\\x1b[2K\\x1b[Gx.json: accepted: 0 = 1\\u202e\\nü"' in err
    data = load("code_bound-kissing-8")
    for change in (
        {"kind": nasty},
        {"witness": {**data["witness"], "method": nasty}},
        {"witness": {nasty: "1"}},
        {"format": nasty},
    ):
        verdict = verify.verify(json.dumps({**data, **change}))
        assert (verdict.reason + verdict.kind + verdict.statement).isprintable()
    for name, claim in (
        ("lambda_min-sin-rational", {"activation": nasty}),
        ("lambda_min-sin-rational", {"kernel": nasty}),
        ("lambda_min-sin-rational", {"points": [[nasty, "0"]] * 3}),
        ("inequality-interval", {"formula": nasty}),
        ("inequality-interval", {"inputs": {nasty: "1"}}),
        ("inequality-interval", {"inputs": {"x": nasty}}),
    ):
        verdict = changed(name, claim)
        assert verdict.status == "malformed"
        assert (verdict.reason + verdict.statement).isprintable()


def test_an_error_of_the_checker_accepts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise AttributeError("a bug")

    kind = verify.KINDS["code_bound"]
    monkeypatch.setattr(checker, "KINDS", {"code_bound": dataclasses.replace(kind, prove=broken)})
    verdict = verify.verify(FOLDER / "accept" / "code_bound-kissing-8.json")
    assert verdict == verify.Verdict(
        "malformed", "the checker gave up (AttributeError)", "code_bound"
    )


# --- what is stated -------------------------------------------------------------------------------


def test_statements_name_the_points() -> None:
    said = verify.verify(FOLDER / "accept" / "lambda_min-sin-rational.json").statement
    assert "(1, 0), (-3/5, 4/5), (1/3, -3/2), each divided by its norm" in said
    data = load("lambda_min-tanh-circle-32")
    said = data["statement"]
    assert "the 32 points with SHA-256 " in said
    assert "the first (cos(2*pi*0/32), sin(2*pi*0/32))" in said
    assert len(said) < 500
    for other in ({"points": data["claim"]["points"][::-1]}, {"upper": "7"}, {"activation": "sin"}):
        assert verify.statement("lambda_min", {**data["claim"], **other}) != said


def test_statement_of_a_bundle_says_what_each_part_states() -> None:
    data = load("bundle-chain")
    said = verify.verify(json.dumps(data)).statement
    for part in data["claim"]["parts"]:
        assert f"({part['name']}) {part['certificate']['statement']}" in said
    assert said.endswith("(ratio) 1 <= 2*sqrt(g)/l <= 20 for l = lambda_0, g = 1.5")


@pytest.mark.parametrize("name", ["lambda_min-sin-rational", "inequality-interval"])
def test_every_part_of_a_claim_is_in_its_statement(name: str) -> None:
    data = load(name)
    claim = data["claim"]
    claim.setdefault("activation", "tanh")
    for key in claim:
        if key in ("lower", "upper", "C_max", "formula", "activation", "kernel"):
            other = {**claim, key: "17"}
        elif key == "dimension":
            other = {**claim, key: 17}
        else:
            other = {**claim, key: [["17"]] if key == "points" else {"z": "17"}}
        assert verify.statement(data["kind"], other) != verify.statement(data["kind"], claim), key


def test_claims_without_a_form_have_no_statement() -> None:
    for claim in ({}, {"points": 1}, {"points": []}, {"parts": [1]}, {"inputs": []}):
        for kind in verify.KINDS:
            with pytest.raises(verify.MalformedError, match="form"):
                verify.statement(kind, claim)


# --- points that are no unit vectors --------------------------------------------------------------


@pytest.mark.parametrize("points", [[["0", "0"]], [["1", "0"], ["0", "0"], ["0", "1"]]])
def test_the_origin_is_no_unit_vector(points: list[list[str]]) -> None:
    for claim in (
        {"points": points, "lower": "0.0001"},
        {"points": [["1-1", "sin(0)"]], "lower": "0.0001"},
    ):
        data = load("lambda_min-sin-rational")
        del data["claim"]["upper"], data["claim"]["C_max"]
        data["claim"].update(claim)
        verdict = verify.verify(json.dumps(forged(data)))
        assert (verdict.status, verdict.reason) == (
            "rejected",
            "a point is not known to differ from zero",
        )


@pytest.mark.parametrize("dimension", [0, -1])
def test_a_dimension_below_one_is_refused(dimension: int) -> None:
    claim = {"dimension": dimension, "points": [[]]}
    verdict = changed("lambda_min-sin-rational", claim)
    assert (verdict.status, verdict.reason) == ("malformed", "a dimension below 1")


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        ({"points": [["1", "0"], ["2", "0"]], "dimension": 2}, "rejected"),
        ({"points": [["1", "0"], ["1", "1e-60"]], "dimension": 2}, "rejected"),
        ({"points": [["1", "0"], ["1/0", "1"]], "dimension": 2}, "rejected"),
        ({"points": [["1.0000001", "0"], ["0", "1"]], "dimension": 2}, "accepted"),
        ({"points": [["1"]], "dimension": 10**9}, "malformed"),
        ({"points": [["1"]], "dimension": 10**4000}, "malformed"),
        ({"points": [["1"], ["-1"]], "dimension": True}, "malformed"),
        ({"points": [[1, 0], [0, 1]], "dimension": 2}, "malformed"),
        ({"points": [["\u0661", "0"], ["0", "1"]], "dimension": 2}, "malformed"),
        ({"points": [["nan", "0"], ["0", "1"]], "dimension": 2}, "malformed"),
        ({"points": [["9" * 100_000, "0"], ["0", "1"]], "dimension": 2}, "malformed"),
    ],
)
def test_points_that_are_equal_odd_or_out_of_range(claim: Json, status: str) -> None:
    data = load("lambda_min-sin-rational")
    del data["claim"]["upper"], data["claim"]["C_max"]
    data["claim"].update({**claim, "lower": "0.0001"})
    data["witness"].pop("vector", None)
    assert verify.verify(json.dumps(forged(data))).status == status


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kind": ', '"kind": "bundle", "kind": '),
        ('"dimension": ', '"dimension": 3, "dimension": '),
        ('"dimension": ', '"dimension": NaN, "x": '),
        ('"dimension": ', '"dimension": Infinity, "x": '),
        ('"dimension": ', f'"dimension": {"9" * 100_000}, "x": '),
        ('"witness": ', f'"witness": {"[" * 3000}{"]" * 3000}, "x": '),
        ('{"format"', '\ufeff{"format"'),
    ],
)
def test_odd_json_is_malformed(old: str, new: str) -> None:
    text = json.dumps(load("lambda_min-sin-rational"))
    assert verify.verify(text).status == "accepted"
    assert old in text
    assert verify.verify(text.replace(old, new, 1)).status == "malformed"


# --- work -----------------------------------------------------------------------------------------


HEAVY: dict[str, tuple[str, Json, Json]] = {
    "many points": (
        "lambda_min-sin-rational",
        {"points": [["1", f"{k}/1000"] for k in range(256)], "C_max": "9/10"},
        {"terms": 600, "bits": 256},
    ),
    "wide points": (
        "lambda_min-sin-rational",
        {"points": [["1", *["1/3"] * 3_999]] * 100, "dimension": 4_000},
        {},
    ),
    "gelu": ("lambda_min-gelu-K", {}, {"terms": 600, "bits": 256}),
    "formulas": (
        "lambda_min-sin-rational",
        {"points": [["+".join([f"erf(atan({k}))"] * 50), "1"] for k in range(20)]},
        {},
    ),
    "large sines": (
        "inequality-interval",
        {"formula": "+".join(["sin((2**999)**1000)"] * 150)},
        {},
    ),
    "large error functions": (
        "inequality-interval",
        {"formula": "+".join(["erf((2**999)**1000)"] * 150)},
        {},
    ),
    "halvings": (
        "inequality-interval",
        {"formula": "max(x, y/6.4) - max(x, y/6.4)", "lower": "-1e-12"},
        {"bisect": 40, "order": 12},
    ),
    "volume": (
        "code_bound-volume",
        {"dimension": 10_000, "cosine": "0." + "9" * 57, "upper": "1e99"},
        {},
    ),
    "positivity": (
        "code_bound-kissing-8",
        {},
        {"rest": ["1/7", *["-1/3"] * 64], "coefficients": ["1/3"] * 65, "square": ["1/3"] * 65},
    ),
}


@pytest.mark.parametrize("name", HEAVY)
def test_small_files_do_not_keep_it_busy(name: str) -> None:
    """However much a file asks for, it is refused before it is done."""
    kernels._nodes.cache_clear()
    start = time.process_time()
    verdict = changed(*HEAVY[name])
    assert time.process_time() - start < 8
    assert verdict.status in ("rejected", "malformed")
    if name in ("many points", "wide points", "gelu", "halvings", "volume"):
        assert verdict.reason == "too much work: more than 30 million steps"


def test_work_is_counted_over_all_parts_of_a_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_WORK", 4_000_000)
    """Each part alone is quick enough; 64 kernels of different accuracy are not."""
    part = load("separation-cos-3")
    parts = []
    for k in range(40):
        part["witness"].update(bits=160 + k)
        parts.append({"name": f"p{k}", "certificate": forged(copy.deepcopy(part))})
    bundle = forged({**load("bundle-chain"), "claim": {"parts": parts}})
    start = time.process_time()
    verdict = verify.verify(json.dumps(bundle))
    assert verdict.reason.startswith("too much work")
    assert time.process_time() - start < 10
    parts = parts[:1]
    bundle = forged({**load("bundle-chain"), "claim": {"parts": parts}})
    assert verify.verify(json.dumps(bundle)).status == "accepted"


def test_work_that_has_a_name_is_paid_once() -> None:
    effort = reading.Effort()
    for _ in range(5):
        effort.spend(reading.MAX_WORK // 2, once="kernel")
    assert effort.left == reading.MAX_WORK // 2
    effort.spend(reading.MAX_WORK // 2)
    assert effort.left == 0
    with pytest.raises(verify.MalformedError, match="too much work"):
        effort.spend(1)
    effort.start()
    assert effort.left == reading.MAX_WORK


def test_the_verdict_does_not_depend_on_what_was_checked_before() -> None:
    kernels._nodes.cache_clear()
    first = changed("separation-cos-3")
    spent = reading.effort.left
    assert (changed("separation-cos-3"), reading.effort.left) == (first, spent)


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_json_is_refused(opening: str, closing: str) -> None:
    levels = len(re.findall(r"[\[{]", opening))
    for depth in (verify.MAX_DEPTH // levels, verify.MAX_DEPTH // levels + 1, 100_000):
        text = opening * depth + "1" + closing * depth
        if depth * levels <= verify.MAX_DEPTH:
            verify.parse_json(text)
        else:
            with pytest.raises(verify.MalformedError, match="deeper"):
                verify.parse_json(text)
    assert verify.parse_json('["' + "[" * 999 + '\\"' + "{" * 999 + '", 0.5, NaN]')[1] == 0.5
    with pytest.raises(verify.MalformedError, match="twice"):
        verify.parse_json('{"a": 1, "b": {"c": 1, "c": 2}}')
    with pytest.raises(ValueError, match="Expecting"):
        verify.parse_json("[1")


@pytest.mark.parametrize(
    "formula",
    [
        "9**9**9**9",
        "exp(exp(exp(100)))",
        "1/0",
        "1/(1-1)",
        "x**y",
        "sqrt(-1)",
        "(-1)**(1/2)",
        "2**1001",
        "erf()",
        "erf(1, 2)",
        "max(1, b=2)",
        "pi(1)",
        "exp",
        "exp.a",
        "exp(1)(1)",
        "~1",
        "1 if 1 else 2",
        "1j",
        "0x10",
        "1_000",
        "True",
        "[1]",
        "lambda: 1",
        "-" * 3000 + "1",
        "(" * 300 + "1" + ")" * 300,
        "+".join(["1"] * 2000),
        "1" * 3999,
        "1 2",
        "",
        "é",
        "1" * 5000,
        "A1(1)",
        "+1",
        "atan(exp(1000)*(1-1))**(0.5)",
    ],
)
def test_formulas_that_are_refused(formula: str) -> None:
    assert changed("inequality-interval", {"formula": formula}).status != "accepted"


@pytest.mark.parametrize(
    ("formula", "lower", "upper"),
    [
        ("2", "2", "2"),
        ("1.5e-3", "0.00149999", "0.00150001"),
        ("-2**2", "-4", "-4"),
        ("2**-2", "1/4", "1/4"),
        ("8**(1/3)", "1.99999999", "2.00000001"),
        ("min(1, 2, x) + max(x, 2)", "2.2999", "2.3101"),
        ("erf(-0.5)", "-0.5204998779", "-0.5204998778"),
        ("erf(30)", "0.999999999", "1"),
        ("4*atan(1)", "3.1415926535", "3.1415926536"),
        ("sin(pi/6) + cos(pi/3)", "0.99999999999", "1.00000000001"),
        ("log(exp(2))", "1.99999999999", "2.00000000001"),
        ("tanh(1)", "0.76159415595", "0.76159415596"),
        ("x - x", "-0.0101", "0.0101"),
    ],
)
def test_formulas_that_are_evaluated(formula: str, lower: str, upper: str) -> None:
    verdict = changed("inequality-interval", {"formula": formula, "lower": lower, "upper": upper})
    assert verdict.status == "accepted", verdict.reason


@pytest.mark.parametrize(
    ("lower", "upper"), [("0.305", "1"), ("0.3001", "1"), ("0", "0.305"), ("0", "0.3099")]
)
def test_bounds_must_hold_on_the_whole_interval(lower: str, upper: str) -> None:
    for formula in ("x", "1 - (1 - x)", "max(x, 0)"):
        claim = {"formula": formula, "lower": lower, "upper": upper}
        assert changed("inequality-interval", claim).status == "rejected"


@pytest.mark.parametrize(
    "inputs", [{"exp": "1"}, {"1x": "1"}, {"x": ["1"]}, {"x": ["1", "2", "3"]}, {"x": {}}]
)
def test_inputs_that_are_refused(inputs: Json) -> None:
    assert changed("inequality-interval", {"inputs": inputs}).status == "malformed"


def test_one_sided_claims() -> None:
    data = load("lambda_min-sin-rational")
    for key in ("lower", "upper"):
        one = copy.deepcopy(data)
        del one["claim"][key], one["claim"]["C_max"]
        if key == "upper":
            del one["witness"]["vector"]
        assert verify.verify(json.dumps(forged(one))).status == "accepted"
    one = copy.deepcopy(data)
    del one["claim"]["lower"], one["witness"]["vector"]
    assert "vector" in verify.verify(json.dumps(forged(one))).reason


def test_parts_of_a_bundle() -> None:
    data = load("bundle-chain")
    first, second = data["claim"]["parts"]
    for parts, word in (
        ([], "parts"),
        ([second, first], "number"),
        ([first, {**second, "name": "lambda_0"}], "name"),
        ([{**first, "name": "0"}], "name"),
    ):
        verdict = verify.verify(json.dumps(forged({**data, "claim": {"parts": parts}})))
        assert verdict.status == "malformed"
        assert word in verdict.reason
    for parts in ([{"name": "a"}], ["a"]):
        verdict = verify.verify(json.dumps({**data, "claim": {"parts": parts}}))
        assert (verdict.status, "form of its kind" in verdict.reason) == ("malformed", True)
    extra = {**data, "claim": {"parts": [{**first, "extra": "1"}]}}
    assert "extra" in verify.verify(json.dumps(forged(extra))).reason
    one_sided = copy.deepcopy(first)
    del one_sided["certificate"]["claim"]["lower"]
    one_sided["certificate"] = forged(one_sided["certificate"])
    verdict = verify.verify(json.dumps(forged({**data, "claim": {"parts": [one_sided, second]}})))
    assert verdict.reason == "bounds of input l"


@pytest.mark.parametrize(
    ("claim", "witness"),
    [
        ({"dimension": 0}, {}),
        ({"dimension": 20_000}, {}),
        ({"cosine": "1"}, {}),
        ({"cosine": "-2"}, {}),
        ({"cosine": "0." + "3" * 70}, {}),
        ({"upper": "1/2"}, {}),
        ({"dimension": 1}, {}),
        ({}, {"coefficients": []}),
        ({}, {"coefficients": ["1" * 200]}),
        ({}, {"ends": [0, 1, 1]}),
        ({"dimension": 3}, {"method": "circle"}),
        ({}, {"method": "rankin"}),
        ({"dimension": 1}, {"method": "volume"}),
    ],
)
def test_code_bounds_that_are_refused(claim: Json, witness: Json) -> None:
    assert changed("code_bound-kissing-8", claim, witness).status != "accepted"


def test_code_bounds_without_a_polynomial() -> None:
    for d, C in ((2, "3/5"), (3, "1/2"), (12, "99/100")):
        size = codes.cap_volume(d, Fraction(C))
        for upper, status in ((size, "accepted"), (size - 1, "rejected")):
            claim = {"dimension": d, "cosine": C, "upper": str(upper)}
            assert changed("code_bound-volume", claim).status == status
    assert changed("code_bound-kissing-2", {"upper": "6.5"}).status == "accepted"
    assert changed("code_bound-kissing-2", {"upper": "5.999"}).status == "rejected"
    assert changed("code_bound-rankin", {"dimension": 1, "upper": "2"}).status == "accepted"
    assert changed("code_bound-rankin", {"cosine": "-1", "upper": "2"}).status == "accepted"
    assert changed("code_bound-rankin", {"cosine": "-1", "upper": "1"}).status == "rejected"


@pytest.mark.parametrize(
    "claim", [{"n": 0}, {"C_max": "1"}, {"C_max": "-3"}, {"kernel": "G1"}, {"activation": "relu"}]
)
def test_separation_claims_that_are_refused(claim: Json) -> None:
    assert changed("separation-cos-3", claim).status == "malformed"


def test_separation_of_one_point_is_the_diagonal() -> None:
    total = float(totals(LIBRARY["cos"]).linear.mid())
    for factor, status in ((0.9999, "accepted"), (1.0001, "rejected")):
        assert changed("separation-cos-3", {"n": 1, "lower": str(total * factor)}).status == status


@pytest.mark.parametrize("hints", [{"bits": 31}, {"terms": 0}, {"bits": 257}, {"terms": 601}])
def test_hints_out_of_range(hints: Json) -> None:
    assert changed("separation-cos-3", witness=hints).status == "malformed"
    if "bits" in hints:
        assert changed("inequality-interval", witness=hints).status == "malformed"


def test_kernels_as_functions() -> None:
    name = "inequality-equal-inner-products"
    assert changed(name, {"inputs": {"C": "1.1"}}).reason == "a kernel outside 0 <= c <= 1"
    assert changed(name, {"inputs": {"C": ["0.49", "0.51"]}}).status == "rejected"
    wide = {"inputs": {"C": ["0.49", "0.51"]}, "lower": "0.4", "upper": "0.5"}
    assert changed(name, wide).status == "accepted"
    sums = {"formula": "A(1) + A1(1) + A2(1) + A1(0) - C", "lower": "1", "upper": "9"}
    assert changed(name, sums).status == "accepted"


# --- arithmetic -----------------------------------------------------------------------------------

POINTS = st.fractions(-6, 6, max_denominator=10**6)
REFERENCE = {
    "atan": mpmath.atan,
    "erf": mpmath.erf,
    "tanh": mpmath.tanh,
    "exp": mpmath.exp,
    "sin": mpmath.sin,
}


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(REFERENCE)), POINTS, st.fractions(0, 1, max_denominator=1000))
def test_functions_contain_the_exact_value(name: str, x: Fraction, width: Fraction) -> None:
    formulas.iv.prec = 120
    with mpmath.workprec(300):
        narrow = verify.FUNCTIONS[name](formulas.exact(x))
        low, high = (mpmath.mpf(end) for end in (narrow.a.a, narrow.b.b))
        value = REFERENCE[name](mpmath.mpf(x.numerator) / x.denominator)
        assert low <= value <= high
        assert high - low < mpmath.mpf(2) ** -80 * max(1, abs(value))
        ends = formulas.iv.mpf([formulas.exact(x).a, formulas.exact(x + width).b])
        wide = verify.FUNCTIONS[name](ends)
        middle = x + width / 2
        value = REFERENCE[name](mpmath.mpf(middle.numerator) / middle.denominator)
        assert mpmath.mpf(wide.a.a) <= value <= mpmath.mpf(wide.b.b)


def test_planted_wrong_function_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        formulas, "_erf_at", lambda x, _=0: formulas.iv.mpf(x) / 2**formulas.iv.prec
    )
    value = formulas._erf(formulas.iv.mpf(1))
    assert not value.a <= 0.8427007929497149 <= value.b


def test_large_and_small_arguments() -> None:
    erf = verify.FUNCTIONS["erf"]
    assert erf(formulas.iv.mpf(100)).b == 1
    assert erf(formulas.iv.mpf(-100)).a == -1
    assert 0 in erf(formulas.iv.mpf(0))
    with pytest.raises(verify.UnprovedError, match="atan"):
        verify.FUNCTIONS["atan"](formulas.iv.mpf([-(10**9), 10**9]))
    with pytest.raises(verify.UnprovedError, match="finite"):
        formulas.finite(formulas.iv.mpf([0, "inf"]))
    with pytest.raises(verify.UnprovedError, match="absurd"):
        formulas.finite(formulas.iv.mpf(2) ** (10**7))


@pytest.mark.parametrize("name", list(verify.ACTIVATIONS))
def test_activations_and_their_derivatives(name: str) -> None:
    assert set(verify.ACTIVATIONS) == set(LIBRARY)
    for order, text in enumerate(verify.ACTIVATIONS[name][:3]):
        difference = parse(text) - LIBRARY[name].derivative(order)
        for x in (-3, sp.Rational(-1, 3), 0, sp.Rational(5, 7), 4):
            assert abs(sp.N(difference.subs(X, x), 30)) < 1e-25


@pytest.mark.parametrize("name", list(verify.ACTIVATIONS))
def test_growth_in_the_strip(name: str) -> None:
    """`|s0(sqrt2 z)| <= B max(1, |Re z|)` for |Im z| <= a; the proof is in docs/certificates.md."""
    a, bound = (float(Fraction(text)) for text in verify.ACTIVATIONS[name][3:])
    value = sp.lambdify(X, LIBRARY[name].expr, "mpmath")
    with mpmath.workprec(60):
        for i in range(81):
            for j in range(5):
                z = mpmath.mpc((i - 40) / 8, a * j / 4)
                assert abs(value(mpmath.sqrt(2) * z)) <= bound * max(1, abs(z.real)) * (1 + 1e-12)


@pytest.mark.parametrize("name", list(verify.ACTIVATIONS))
def test_spectrum_against_hermite_coefficients(name: str) -> None:
    bits, terms = 64, 40
    formulas.iv.prec = 2 * bits + 100
    squares, sums = kernels._squares(name, bits, terms), kernels._nodes(name, bits)[1]
    coefficients = hermite_coefficients(LIBRARY[name], terms, 30)
    whole = totals(LIBRARY[name], 30)
    with ctx.workprec(200):
        unit = arb(2) ** -bits
        exact = [x * x for x in coefficients]
        for (low, high), value in zip(squares, exact, strict=True):
            assert low * unit <= value.upper()
            assert value.lower() <= high * unit
            assert high - low < 100
        for (low, high), value in zip(
            sums, (whole.plain, whole.linear, whole.quadratic), strict=True
        ):
            assert low * unit <= value.upper()
            assert value.lower() <= high * unit
            assert high - low < 100


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=8),
    st.integers(0, 15),
    st.integers(0, 40),
)
def test_series_are_rounded_outwards(parts: list[tuple[int, int]], c: int, rest: int) -> None:
    weights = [(low, low + width) for low, width in parts]
    kernel = kernels.Kernel(4, weights, (0, rest), (0, 10**6))
    low, high = kernel.at((c, c))
    x = Fraction(c, 16)
    assert low <= sum(w * x**r for r, (w, _) in enumerate(weights))
    assert high >= sum(w * x**r for r, (_, w) in enumerate(weights)) + rest * x ** len(weights)
    assert kernel.at((16, 16)) == (0, 10**6)


def test_uncertain_weights_widen_the_coefficients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums take the lower ends of the weights; what that may lose is added as an error."""
    bits, terms, loss = 64, 30, 2**90
    formulas.iv.prec = 2 * bits + 100
    narrow = kernels._squares("sin", bits, terms)
    weights, sums = kernels._nodes("sin", bits)
    below = [tuple((low - loss, high) for low, high in pair) for pair in weights]
    monkeypatch.setattr(kernels, "_nodes", lambda name, bits: (below, sums))
    wide = kernels._squares.__wrapped__("sin", bits, terms)
    for (low, high), (least, most) in zip(narrow, wide, strict=True):
        assert least <= high
        assert low <= most
        assert most > high


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("reach", [3, 6, 20])
@pytest.mark.parametrize("name", ["tanh", "gelu", "cos"])
def test_coarse_rules_are_still_right(
    name: str, level: int, reach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too few nodes the bounds are wide, but contain the exact values: the error bounds do their work."""
    bits, terms = 40, 12
    formulas.iv.prec = 2 * bits + 100
    *_, wide, a, bound, _left_out = kernels._rule(name, bits)
    left_out = formulas._exp(formulas.exact(Fraction(-(reach**2), 4)))
    monkeypatch.setattr(
        kernels, "_rule", lambda name, bits: (level, reach, wide, a, bound, left_out)
    )
    kernels._nodes.cache_clear()
    squares, sums = kernels._squares.__wrapped__(name, bits, terms), kernels._nodes(name, bits)[1]
    kernels._nodes.cache_clear()
    widths = [high - low for low, high in sums]
    assert (
        level > 1 or widths[2] > 10 * widths[1] > 100 * widths[0]
    )  # derivatives are known less well
    whole = totals(LIBRARY[name], 30)
    with ctx.workprec(200):
        exact = [x * x for x in hermite_coefficients(LIBRARY[name], terms, 30)]
        exact += [whole.plain, whole.linear, whole.quadratic]
        for (low, high), value in zip([*squares, *sums], exact, strict=True):
            assert low <= value.upper() * arb(2) ** bits
            assert value.lower() * arb(2) ** bits <= high


@pytest.mark.parametrize("terms", [1, 3, 40])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_kernels_contain_the_exact_value(terms: int, order: int) -> None:
    """However few coefficients are used, the rest of the series is accounted for."""
    bits = 64
    kernel = kernels.kernel({"activation": "tanh"}, {"bits": bits, "terms": terms}, order)
    exact = DualKernel(LIBRARY["tanh"], 30)
    for c in (Fraction(0), Fraction(1, 3), Fraction(9, 10), Fraction(1)):
        low, high = kernel.at((int(c * 2**bits), -int(-c * 2**bits // 1)))
        with ctx.workprec(200):
            value = exact.value(arb(codes._fmpq(c)), order) * arb(2) ** bits
            assert low <= value.upper()
            assert value.lower() <= high


def test_planted_error_of_the_trapezoidal_rule_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """tanh is not analytic for |Im z| <= 12: whoever claims it gets a wrong coefficient."""
    exact = hermite_coefficients(LIBRARY["tanh"], 2, 30)[1]

    def contained() -> bool:
        kernels._nodes.cache_clear()
        low, high = kernels._squares.__wrapped__("tanh", 40, 2)[1]
        with ctx.workprec(200):
            return bool(low * arb(2) ** -40 <= exact**2) and bool(exact**2 <= high * arb(2) ** -40)

    assert contained()
    too_wide = [*verify.ACTIVATIONS["tanh"][:3], "12", "1"]
    monkeypatch.setattr(kernels, "ACTIVATIONS", {**verify.ACTIVATIONS, "tanh": too_wide})
    assert not contained()
    kernels._nodes.cache_clear()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(0, 3))
def test_bounds_of_lambda_min(seed: int, n: int, spread: int) -> None:
    """Certified bounds lie on the right side of the exact value, and reach it."""
    rng = random.Random(seed)
    bits = 60
    half = [[rng.uniform(-1, 1) for _ in range(n)] for _ in range(n)]
    middle = [
        [int(sum(half[i][k] * half[j][k] for k in range(n)) * 2**bits) for j in range(i + 1)]
        for i in range(n)
    ]
    gram = [
        [(x - rng.randrange(spread + 1), x + rng.randrange(spread + 1)) for x in row]
        for row in middle
    ]
    full = arb_mat(
        [[arb(middle[max(i, j)][min(i, j)]) / 2**bits for j in range(n)] for i in range(n)]
    )
    found = certified_lambda_min(full, 100, method="ball")
    exact = Fraction(int((found.lower.mid() * 2**100).floor().unique_fmpz()), 2**100)
    room = Fraction(40 * (n + spread) ** 2, 2**bits)
    eigenvalues._prove_lower(gram, bits, exact - room)
    with pytest.raises(verify.UnprovedError):
        eigenvalues._prove_lower(
            gram, bits, exact + Fraction(1, 2**90) + Fraction(n * spread, 2**bits)
        )
    scale = max((abs(x) for x in found.vector), key=float)
    vector = [Fraction(int((x / scale * 2**60).mid().floor().unique_fmpz())) for x in found.vector]
    eigenvalues._prove_upper(gram, bits, vector, exact + room)
    with pytest.raises(verify.UnprovedError):
        eigenvalues._prove_upper(
            gram, bits, vector, exact - Fraction(n * spread, 2**bits) - Fraction(1, 2**90)
        )


def test_lower_bounds_of_indefinite_and_singular_matrices() -> None:
    ones = [[(2**40, 2**40)], [(2**40, 2**40), (2**40, 2**40)]]
    eigenvalues._prove_lower(ones, 40, Fraction(-1, 10**6))
    for lower in (Fraction(0), Fraction(1, 10**6)):
        with pytest.raises(verify.UnprovedError):
            eigenvalues._prove_lower(ones, 40, lower)
    swap = [[(0, 0)], [(2**40, 2**40), (0, 0)]]
    eigenvalues._prove_lower(swap, 40, Fraction("-1.000001"))
    with pytest.raises(verify.UnprovedError):
        eigenvalues._prove_lower(swap, 40, Fraction("-0.999999"))


def test_bounds_hold_for_every_matrix_between_the_entries() -> None:
    unit = 2**40
    wide = [[(unit, 3 * unit)], [(-unit, unit), (unit, 2 * unit)]]
    vectors = ([1, 0], [0, 1], [1, -1], [1, 1])
    largest = (3, 2, Fraction(7, 2), Fraction(7, 2))  # of v^T A v / v^T v over the family
    for v, value in zip(vectors, largest, strict=True):
        exact = [Fraction(x) for x in v]
        eigenvalues._prove_upper(wide, 40, exact, value + Fraction(1, 100))
        with pytest.raises(verify.UnprovedError):
            eigenvalues._prove_upper(wide, 40, exact, Fraction(value))
    with pytest.raises(verify.UnprovedError):
        eigenvalues._prove_lower(wide, 40, Fraction(1, 100))  # [[1, 1], [1, 1]] is singular
    eigenvalues._prove_lower(wide, 40, Fraction(-3))


def test_planted_missing_slack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If square roots were taken to leave too much over, the last comparison refuses the proof."""
    monkeypatch.setattr(eigenvalues, "isqrt", lambda x: 2**20)
    with pytest.raises(verify.UnprovedError, match="rounding"):
        eigenvalues._prove_lower([[(2**40, 2**40)]], 40, Fraction(1, 2))


@settings(deadline=None, max_examples=80)
@given(st.lists(st.fractions(-3, 3, max_denominator=8), min_size=1, max_size=6))
def test_positivity_of_polynomials(f: list[Fraction]) -> None:
    exact = codes.positive_on(fmpq_poly([codes._fmpq(c) for c in f]), Fraction(-1), Fraction(1, 2))
    assert bounds_of_codes._positive(f, Fraction(-1), Fraction(1, 2)) is exact


def test_positivity_gives_up_at_double_roots() -> None:
    square = [Fraction(1, 9), Fraction(-2, 3), Fraction(1)]  # (t - 1/3)^2
    assert not bounds_of_codes._positive(square, Fraction(0), Fraction(1))
    assert bounds_of_codes._positive(
        [square[0] + Fraction(1, 10**6), *square[1:]], Fraction(0), Fraction(1)
    )


@pytest.mark.parametrize("d", [2, 3, 8, 24])
def test_gegenbauer_sums(d: int) -> None:
    basis = codes.gegenbauer_polynomials(d, 6)
    weights = [Fraction(k + 1, 3) for k in range(7)]
    f = sum((p * codes._fmpq(w) for p, w in zip(basis, weights, strict=True)), fmpq_poly([0]))
    for t in (Fraction(1), Fraction(-1), Fraction(3, 7), Fraction(5)):
        assert bounds_of_codes._gegenbauer(weights, d, t) == codes._fraction(f(codes._fmpq(t)))
    assert bounds_of_codes._gegenbauer(weights, d, Fraction(1)) == sum(weights)
