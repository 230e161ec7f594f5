"""The same statements for `mfcheck.lemma`, a polynomial SMT solver and Rocq's interval tactic, five seconds each.

`python benchmarks/bench_lemma_others.py FILE [COUNT]`: of the statements of FILE (as for `bench_lemma.py`, or
`benchmarks/rational.txt`) it takes those with rational functions alone for z3 (`pip install z3-solver`), and COUNT
drawn bounded ones (0: none) for `coqc` with the interval library. Time is processor time, so that a busy machine gives
the same numbers, from a text to the answer: z3 reads SMT-LIB. That of `coqc` includes its start.
"""

import ast
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_lemma import SECONDS, expected, run

from mfcheck.lemma.prove import budget

PLAIN = {"exp": "exp", "log": "ln", "ln": "ln", "sin": "sin", "cos": "cos", "tan": "tan", "atan": "atan",
         "arctan": "atan", "sqrt": "sqrt", "abs": "Rabs"}  # fmt: skip
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=", ast.NotEq: "<>"}
OPERATIONS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class OtherError(Exception):
    """The statement cannot be said in the other language."""


def parsed(text: str) -> ast.expr:
    return ast.parse(re.sub(r"(?<![<>=!])=(?!=)", "==", text).strip(), mode="eval").body


def whole(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    raise OtherError


# The SMT solver.


def smt(node: ast.expr, names: dict, source: str):
    import z3

    if isinstance(node, ast.Constant):
        return z3.RealVal(ast.get_source_segment(source, node))
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise OtherError
        return names[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -smt(node.operand, names, source)
    if isinstance(node, ast.BinOp):
        left = smt(node.left, names, source)
        if isinstance(node.op, ast.Pow):
            return left ** whole(node.right)
        right = smt(node.right, names, source)
        return {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[
            OPERATIONS[type(node.op)]
        ]
    if isinstance(node, ast.Compare):
        sides = [smt(n, names, source) for n in (node.left, *node.comparators)]
        table = {
            "<": "__lt__",
            "<=": "__le__",
            ">": "__gt__",
            ">=": "__ge__",
            "=": "__eq__",
            "<>": "__ne__",
        }
        return z3.And(
            [
                getattr(a, table[SIGNS[type(op)]])(b)
                for a, op, b in zip(sides, node.ops, sides[1:], strict=False)
            ]
        )
    if isinstance(node, ast.BoolOp):
        parts = [smt(v, names, source) for v in node.values]
        return z3.And(parts) if isinstance(node.op, ast.And) else z3.Or(parts)
    raise OtherError


def by_smt(statement: dict) -> tuple[bool, float]:
    """Return whether z3 decides the statement rightly, and its seconds."""
    import z3

    names = {n: z3.Real(n) for n in statement["vars"]}
    texts = [
        re.sub(r"(?<![<>=!])=(?!=)", "==", t).strip()
        for t in (*statement["hypotheses"], statement["conclusion"])
    ]
    formulas = [smt(ast.parse(t, mode="eval").body, names, t) for t in texts]
    writer, solver = z3.Solver(), z3.Solver()
    writer.add(*formulas[:-1], z3.Not(formulas[-1]))
    text = writer.to_smt2()
    solver.set("timeout", int(SECONDS * 1000))
    start = time.process_time()
    solver.from_string(text)
    found = solver.check()
    seconds = time.process_time() - start
    wanted = z3.sat if "refuted" in right(statement) else z3.unsat
    return found == wanted, seconds


# Rocq.


def rocq(node: ast.expr, source: str) -> str:
    if isinstance(node, ast.Constant):
        digits = ast.get_source_segment(source, node).lower()
        if not re.fullmatch(r"\d+(\.\d*)?", digits):
            raise OtherError
        head, _, tail = digits.partition(".")
        return f"({int(head + tail)} / {10 ** len(tail)})" if tail else f"{int(head)}"
    if isinstance(node, ast.Name):
        return "PI" if node.id == "pi" else f"v{node.id}"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"(- {rocq(node.operand, source)})"
    if isinstance(node, ast.BinOp):
        left = rocq(node.left, source)
        if isinstance(node.op, ast.Pow):
            return f"({left} ^ {whole(node.right)})"
        return f"({left} {OPERATIONS[type(node.op)]} {rocq(node.right, source)})"
    if isinstance(node, ast.Call) and node.func.id in PLAIN:
        return f"({PLAIN[node.func.id]} {rocq(node.args[0], source)})"
    raise OtherError


def bounds(statement: dict) -> dict[str, tuple[str, str]] | None:
    """Return the two bounds of every variable; None if one has none, or if there are other hypotheses."""
    low, high = {}, {}
    for text in statement["hypotheses"]:
        node = parsed(text)
        if not isinstance(node, ast.Compare):
            return None
        sides = [node.left, *node.comparators]
        for a, op, b in zip(sides, node.ops, sides[1:], strict=False):
            if SIGNS[type(op)] in (">", ">="):
                a, b = b, a
            elif SIGNS[type(op)] not in ("<", "<="):
                return None
            source = re.sub(r"(?<![<>=!])=(?!=)", "==", text).strip()
            if (
                isinstance(a, ast.Name)
                and a.id in statement["vars"]
                and not isinstance(b, ast.Name)
            ):
                high[a.id] = rocq(b, source)
            elif (
                isinstance(b, ast.Name)
                and b.id in statement["vars"]
                and not isinstance(a, ast.Name)
            ):
                low[b.id] = rocq(a, source)
            else:
                return None
    if not statement["vars"] or {*low} != {*statement["vars"]} or {*high} != {*statement["vars"]}:
        return None
    return {n: (low[n], high[n]) for n in statement["vars"]}


def rocq_goal(statement: dict) -> str:
    """Return a file that proves the statement by the interval tactic, all hypotheses taken with their ends."""
    found = bounds(statement)
    source = re.sub(r"(?<![<>=!])=(?!=)", "==", statement["conclusion"]).strip()
    node = parsed(statement["conclusion"])
    if found is None or not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise OtherError
    a, b = rocq(node.left, source), rocq(node.comparators[0], source)
    sign = SIGNS[type(node.ops[0])]
    if sign in (">", ">="):
        a, b = b, a
    elif sign not in ("<", "<="):
        raise OtherError
    names = " ".join(f"v{n}" for n in found)
    given = "".join(f" {lo} <= v{n} <= {hi} ->" for n, (lo, hi) in found.items())
    options = ", ".join(f"i_bisect v{n}" for n in found)
    options += f", i_taylor v{next(iter(found))}" if len(found) == 1 else ""
    strict = "<" if sign in ("<", ">") else "<="
    return f"""From Coq Require Import Reals.
From Interval Require Import Tactic.
Open Scope R_scope.
Goal forall {names} : R,{given} 0 {strict} {b} - {a}.
Proof. intros; interval with ({options}, i_prec 80, i_depth 22). Qed.
"""


def by_rocq(text: str) -> tuple[bool, float]:
    """Return whether coqc accepts a file, and its seconds."""
    limit = int(SECONDS)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "goal.v").write_text(text)
        done = subprocess.run(
            ["prlimit", f"--cpu={limit}", "coqc", "-q", "goal.v"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    return done.returncode == 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else float("nan")


def report(name: str, ours: list[tuple[bool, float]], theirs: list[tuple[bool, float]]) -> None:
    for who, found in (("mfcheck.lemma", ours), (name, theirs)):
        seconds = [s for ok, s in found if ok]
        print(
            f"{who:16} {len(seconds):4} of {len(found)}; median of the solved {1000 * median(seconds):.2f} ms, "
            f"of all {1000 * median([s for _, s in found]):.2f} ms",
            flush=True,
        )


def right(statement: dict) -> set[str]:
    """Return the right verdicts."""
    said = statement.get("expect")
    return (
        expected(statement["id"]) if said is None else {said, *(["proved"] * (said == "certified"))}
    )


def solved(statement: dict) -> tuple[bool, float]:
    verdict, _, seconds = run(statement)
    return verdict in right(statement), seconds


def listed(path: Path) -> list[dict]:
    """Return the statements of a file: JSON, or lines `expected | hypotheses | conclusion` in parts headed by `# `."""
    text = path.read_text()
    if path.suffix == ".json":
        return json.loads(text)
    found, part = [], ""
    for k, line in enumerate(text.splitlines()):
        if line.startswith("## "):
            part = line[3:]
        if not line.strip() or line.startswith("#"):
            continue
        expect, given, conclusion = (p.strip() for p in line.split("|", 2))
        names = sorted(set(re.findall(r"[a-z]\w*", f"{given} {conclusion}")))
        hypotheses = [h.strip() for h in given.split(";") if h.strip()]
        found.append(
            {
                "id": f"line-{k + 1}",
                "part": part,
                "vars": names,
                "hypotheses": hypotheses,
                "conclusion": conclusion,
                "expect": expect,
            }
        )
    return found


def main() -> None:
    budget.CLOCK = time.process_time
    statements = listed(Path(sys.argv[1]))
    # What is loaded and compiled at the first call is not counted, for either.
    run({"vars": ["x"], "hypotheses": ["x >= 0"], "conclusion": "log(1 + x) >= x - x**2/2"})
    by_smt(listed(Path(__file__).parent / "rational.txt")[0])
    rational = []
    for s in statements:
        try:
            rational.append((s, by_smt(s)))
        except (OtherError, SyntaxError, KeyError):
            continue
    for part in dict.fromkeys(s.get("part", "") for s, _ in rational):
        chosen = [(s, found) for s, found in rational if s.get("part", "") == part]
        print(f"rational functions alone{part and ', ' + part}: {len(chosen)}")
        report("z3", [solved(s) for s, _ in chosen], [found for _, found in chosen])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    goals = []
    for s in statements if count else ():
        try:
            goals.append((s, rocq_goal(s)))
        except (OtherError, SyntaxError, KeyError, StopIteration):
            continue
    if not count:
        return
    drawn = random.Random(1).sample(goals, min(count, len(goals)))
    print(f"bounded, in functions that the interval tactic knows: {len(goals)}, drawn {len(drawn)}")
    report("interval", [solved(s) for s, _ in drawn], [by_rocq(text) for _, text in drawn])


if __name__ == "__main__":
    main()
