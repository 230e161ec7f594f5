"""Certificates in several variables: accepted as written, never a proof of anything else whatever is altered."""

import contextlib
import copy
import json
import time

import pytest

from mfcheck.commands import lemma_certificates
from mfcheck.commands.lemma_certificates import judged, verify_all
from mfcheck.errors import InputError
from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts

STATEMENTS = [
    ("KL(p, q) >= 2*(p - q)**2", ["p in (0, 1); q in (0, 1)"], "KL(p, q) >= 2.01*(p - q)**2"),
    ("x*exp(-y) <= x + y**2", ["x in [0, 2]; y in [0, 2]"], "x*exp(-y) <= 0.99*x + y**2"),
    ("abs(tanh(x) - tanh(y)) <= abs(x - y)", ["x, y real"], "abs(tanh(x) - tanh(y)) <= 0.99*abs(x - y)"),
    ("log((exp(x) + exp(y))/2) >= (x + y)/2", ["x, y real"], "log((exp(x) + exp(y))/2) >= (x + y)/1.99"),
    ("x + y >= 2*sqrt(x*y)", ["x, y > 0"], "x + y >= 2.001*sqrt(x*y)"),
    ("x**2*y + y**2*x + x*y + cos(9*x*y) <= 3.3", ["x in [0, 1]; y in [0, 1]"],
     "x**2*y + y**2*x + x*y + cos(9*x*y) <= 2"),
]  # fmt: skip
_FOUND: dict[str, dict] = {}


def certificate_of(text, domain):
    if text not in _FOUND:
        answer = check(text, domain, seconds=20, certify=True)
        assert answer.certificate is not None, answer.uncovered
        _FOUND[text] = json.loads(json.dumps(answer.certificate))
    return copy.deepcopy(_FOUND[text])


@pytest.mark.parametrize(("text", "domain", "false"), STATEMENTS)
def test_accepted_as_written_and_rejected_for_a_false_statement(text, domain, false):
    certificate = certificate_of(text, domain)
    assert accepts(certificate)
    assert not accepts({**certificate, "statement": false})


@pytest.mark.parametrize(
    ("text", "domain", "best"),
    [
        ("for some C: abs(tanh(x)) <= C*abs(x)", ["x real"], "C"),
        ("norm(u + v)**2 <= 2*norm(u)**2 + 2*norm(v)**2", ["u, v vector(3)"], None),
        ("trace(A) <= 3*lambda_max(A)", ["A symmetric(3)"], None),
        ("trace(A) <= 2*lambda_max(A)", ["A symmetric(2)"], None),
        ("sup(s*x - x**2/2; x in (-inf, inf)) <= s**2/2", ["s real"], None),
        ("floor(x) <= x", ["x real"], None),
        ("x < x", ["x > 1; x < 0"], None),
        ("x < x", ["x in [0, 1]; y in [0, 1]; x > y + 1"], None),
        ("sin(x)**2 + cos(x)**2 = 1", ["x real"], None),
        ("x <= 2", ["x real; y real"], None),
    ],
)
def test_other_kinds(text, domain, best):
    where = ["x**2 <= 4", "y = x"] if text == "x <= 2" else []
    answer = check(text, domain, where=where, seconds=10, best=best, certify=True)
    assert answer.certificate is not None, answer.uncovered
    assert judged(json.loads(json.dumps(answer.certificate))).status == "accepted"


def leaves(node, path=()):
    """Yield the paths of all values of JSON data."""
    if isinstance(node, dict | list):
        yield path
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path


def altered(data, path, value):
    """Return a copy with one value replaced."""
    new = copy.deepcopy(data)
    if not path:
        return value
    place = new
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return new


NONSENSE = [
    0,
    None,
    "",
    "1/0",
    "inf",
    "99999999999999999999",
    [],
    {},
    -1,
    "96," + "9" * 5000,
    True,
    [["x", "1"]] * 3,
]


@pytest.mark.parametrize(("text", "domain", "false"), STATEMENTS)
def test_nothing_that_is_altered_proves_a_false_statement(text, domain, false):
    certificate = certificate_of(text, domain)
    wrong = {**certificate, "statement": false}
    paths = list(leaves(certificate["proof"]))
    step = max(1, len(paths) // 12)
    start = time.perf_counter()
    for k, path in enumerate(paths[::step]):
        for value in (NONSENSE[k % len(NONSENSE)], NONSENSE[(k + 5) % len(NONSENSE)]):
            proof = altered(wrong["proof"], path, value)
            if isinstance(proof, dict):
                assert not accepts({**wrong, "proof": proof}), (path, value)
    assert time.perf_counter() - start < 60


def cut_lists(node):
    """Yield the lists of cuts in a proof."""
    if isinstance(node, dict):
        if "cuts" in node:
            yield node["cuts"]
        for value in node.values():
            yield from cut_lists(value)
    elif isinstance(node, list):
        for value in node:
            yield from cut_lists(value)


def test_no_box_can_be_left_out_or_moved():
    text, domain, _ = STATEMENTS[5]
    certificate = certificate_of(text, domain)
    (cuts,) = list(cut_lists(certificate["proof"]))
    assert len(cuts) > 20
    for k, cut in enumerate(cuts[:40]):
        others = [cuts[:k] + cuts[k + 1 :], [*cuts[:k], 0 if cut else ["x", "1/2"], *cuts[k + 1 :]]]
        if cut:
            others += [
                [*cuts[:k], [cut[0], place], *cuts[k + 1 :]]
                for place in ("-1", "2", "1/3", "nan", 0.5, "1e999999999")
            ]
            others.append([*cuts[:k], ["z", cut[1]], *cuts[k + 1 :]])
        for other in others:
            node = {"cases": [{"goals": [{"cuts": other}]}]}
            assert not accepts({**certificate, "proof": node}), (k, cut)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("domain", ["x in [0, 3]; y in [0, 2]"]),
        ("domain", ["x in [0, 2]"]),
        ("domain", "x, y real"),
        ("domain", []),
        ("where", ["x"]),
        ("where", [1]),
        ("statement", "x*exp(-y) >= x + y**2"),
        ("statement", "x*sinh(-y) <= x - y**2"),
        ("statement", "x <= "),
        ("statement", 5),
        ("format", "mfcheck-lemma/1"),
        ("proof", []),
        ("proof", {"cases": []}),
        ("proof", {"cases": [{}]}),
        ("proof", {"cases": [{"goals": []}]}),
        ("vacuous", True),
        ("vacuous", 1),
        ("entries", "no"),
        ("best", "C"),
        ("more", 1),
    ],
)
def test_each_field_counts(key, value):
    text, domain, _ = STATEMENTS[1]
    certificate = {**certificate_of(text, domain), key: value}
    try:
        accepted = accepts(certificate)
    except InputError:
        accepted = False
    if (key, value) == ("domain", ["x in [0, 3]; y in [0, 2]"]):
        # The statement is true there as well; the first box is another one, and its cuts may still do.
        return
    assert not accepted
    assert judged(certificate).status in ("rejected", "malformed")


def test_the_value_of_a_constant_counts():
    answer = check("for some C: abs(tanh(x)) <= C*abs(x)", ["x real"], certify=True)
    certificate = answer.certificate
    assert accepts(certificate)
    for value in ("99/100", "0", "-1", "1/0", "inf", "x", "1e3", ""):
        try:
            assert not accepts({**certificate, "constant": value}), value
        except InputError:
            continue


def test_a_huge_proof_is_answered_soon():
    text, domain, _ = STATEMENTS[5]
    certificate = certificate_of(text, domain)
    deep: dict = {}
    for _ in range(400):
        deep = {"cases": [{"goals": [{"step": "factors", "parts": [deep]}]}]}
    wide = {"cases": [{"goals": [{"cuts": [["x", "1/2"], ["x", "1/4"]] * 20_000}]}]}
    tall = {"cases": [{"goals": [{"cuts": [["x", f"1/{2**k}"] for k in range(1, 3000)]}]}]}
    start = time.perf_counter()
    for proof in (deep, wide, tall):
        assert not accepts({**certificate, "proof": proof})
    assert time.perf_counter() - start < 20


def test_what_has_no_certificate_says_why():
    answer = check("2**n >= n + 1", ["n integer >= 0"], seconds=3, certify=True)
    assert answer.verdict == "certified"
    assert (answer.certificate is None) == bool(answer.uncovered)


def test_what_verify_prints_is_harmless():
    certificate = certificate_of(*STATEMENTS[1][:2])
    verdict = judged({**certificate, "statement": "x <= 1\x1b[2K"})
    assert verdict.status == "malformed"
    assert "\x1b" not in verdict.reason + verdict.statement


def test_a_folder_of_certificates_is_checked(tmp_path):
    text, domain, false = STATEMENTS[1]
    good = certificate_of(text, domain)
    (tmp_path / "good.json").write_text(json.dumps(good))
    results, status = verify_all([tmp_path])
    assert [v.status for _, v in results] == ["accepted"]
    assert status == 0
    (tmp_path / "wrong.json").write_text(json.dumps({**good, "statement": false}))
    results, status = verify_all([tmp_path])
    assert sorted(v.status for _, v in results) == ["accepted", "rejected"]
    assert status == 1
    (tmp_path / "wrong.json").write_text("{")
    assert verify_all([tmp_path])[1] == 2


def test_what_takes_too_long_is_not_accepted(monkeypatch):
    def endless(_):
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(lemma_certificates, "SECONDS", 1)
    monkeypatch.setattr("mfcheck.lemma.certificate.accepts", endless)
    verdict = judged(certificate_of(*STATEMENTS[1][:2]))
    assert verdict.status == "malformed"
    assert "too much work" in verdict.reason


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("x**2 >= x", ["x real"]),
        ("dot(u, v) + dot(v, w) + dot(u, w) >= -1.4", ["u, v, w unit(2)"]),
        ("dot(u, v) >= 0", ["u, v unit(3)"]),
        ("lambda_max(A) <= trace(A)", ["A symmetric(3)"]),
        ("floor(x) >= x - 1/2", ["x real"]),
        ("int(t*sin(t); t, 0, x) <= x", ["x in [0, 10]"]),
        ("E[tanh(s*z)**2] <= s**2/2", ["s in [0, 3]; z ~ N(0,1)"]),
        ("x*y <= 1", ["x, y in [0, 2]"]),
    ],
)
def test_counterexamples_are_certificates_too(text, domain):
    answer = check(text, domain, seconds=10)
    assert answer.verdict == "refuted"
    certificate = json.loads(json.dumps(answer.certificate))
    assert accepts(certificate)
    assert judged(certificate).statement.startswith("false: ")
    point = certificate["counterexample"]
    for name in point:
        rest = {k: v for k, v in point.items() if k != name}
        needed = name in domain[0] or "_" in name
        if needed and not name.startswith(("z", "lambda", "t")):
            assert not accepts({**certificate, "counterexample": rest})


@pytest.mark.parametrize(
    ("text", "domain", "point"),
    [
        ("x**2 >= x", ["x real"], {"x": "2"}),
        ("x**2 >= x", ["x > 1"], {"x": "1/2"}),
        ("x**2 >= x", ["x real"], {}),
        ("x**2 >= x", ["x real"], {"x": "y"}),
        ("x**2 >= x", ["x real"], {"x": "1/0"}),
        ("x**2 >= x", ["x real"], {"y": "1/2"}),
        ("n >= 1", ["n integer >= 1"], {"n": "1/2"}),
        ("n >= 2", ["n integer >= 1"], {"n": "3/2"}),
        ("1/x >= 1", ["x real"], {"x": "0"}),
        ("u[1] <= 1", ["u unit(2)"], {"u_1": "2", "u_2": "0"}),
        ("lambda_max(A) <= trace(A)", ["A psd(3)"], {}),
    ],
)
def test_what_is_no_counterexample_is_rejected(text, domain, point):
    head = {
        "format": "mfcheck-lemma/2",
        "statement": text,
        "domain": domain,
        "where": [],
        "proof": {},
    }
    for entries in (False, True):
        with contextlib.suppress(InputError):
            assert not accepts({**head, "entries": entries, "counterexample": point})
