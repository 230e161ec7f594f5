"""Statements decided by `mfcheck.lemma` on a file of known ones: `python benchmarks/bench_lemma.py FILE [SAMPLE]`.

One process, one core, five seconds of processor time a statement, so that a busy machine gives the same numbers.
Prints how many are certified, proved or refuted rightly by class, the median and slowest time, and every wrong answer;
SAMPLE draws that many at random. With `--mutated`, one constant of each statement is changed by a hundredth, and those
that become false, as seen at a point in floats, must not be certified.

A statement counts as bounded if the hypotheses bound every variable on both sides, as touching if a descent in floats
brings the difference of its sides, on the closed domain, below a ten thousandth of its median size.
"""

import json
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

from flint import ctx

from mfcheck.errors import InputError
from mfcheck.lemma import check
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import atoms
from mfcheck.lemma.meaning import problem_of
from mfcheck.lemma.problem import Problem, bounded
from mfcheck.lemma.prove import budget
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.samples import Samples
from mfcheck.lemma.statement import read

FALSE = {"log-problem-3", "nfm-check-gain-2"}
VACUOUS = {"polypaver-proval-cosine"}
SECONDS = 5.0


def group(statement: dict) -> str:
    """Return the class of a statement: its number of variables, whether it is bounded, whether the sides touch."""
    count = len(statement["vars"])
    if count == 0:
        return "no variable"
    is_bounded, touches = shape(statement)
    words = ["one variable" if count == 1 else "several variables"]
    words += ["bounded" if is_bounded else "unbounded", "touching" if touches else "apart"]
    return ", ".join(words)


def problem(statement: dict) -> Problem:
    """Return the statement as a problem, its conclusion alone as the goal."""
    declared = [f"{name} real" for name in statement["vars"]]
    read_in = read(statement["conclusion"], declared, statement["hypotheses"])
    whole = problem_of(read_in)
    return whole.with_goals([read_in.conclusion])


def shape(statement: dict) -> tuple[bool, bool]:
    """Return whether a statement is bounded, and whether its sides touch."""
    with ctx.workprec(64), long_series():
        whole = problem(statement)
        cut = bounded(whole.ranges, whole.hypotheses)
        if cut is None:
            return True, False
        ends = all(r.low is not None and r.high is not None for r in cut.ranges.values())
        return ends, any(touching(case) for case in eliminated(whole))


def touching(case: Problem) -> bool:
    """Say whether the sides of a goal come close to each other somewhere."""
    if not case.ranges:
        return False
    samples = Samples(case)
    for atom in (a for g in case.goals for a in atoms(g) if a.term.free):
        code = Program([atom.term], case.names)
        sizes = sorted(abs(float(code(p)[0].mid())) for p in samples.points)
        low = [abs(float(code(p)[0].mid())) for p in samples.descents(case, atom.term)]
        if sizes and low and min(low) < 1e-4 * sizes[len(sizes) // 2]:
            return True
    return False


def has_counterexample(statement: dict) -> bool:
    """Say whether a descent in floats finds a point of the domain at which a statement fails clearly."""
    with ctx.workprec(64), long_series():
        for case in eliminated(problem(statement)):
            samples = Samples(case) if case.ranges else None
            for atom in (a for g in case.goals for a in atoms(g) if samples and a.term.free):
                code = Program([atom.term], case.names)
                for p in samples.descents(case, atom.term):
                    if atom.relation in (">", ">=") and code(p)[0] < -1e-12:
                        return True
    return False


def expected(name: str) -> set[str]:
    """Return the right verdicts."""
    if name in FALSE:
        return {"refuted"}
    return {"vacuous"} if name in VACUOUS else {"certified", "proved"}


def run(statement: dict) -> tuple[str, str, float]:
    """Return verdict, reason and seconds of one statement."""
    declared = [f"{name} real" for name in statement["vars"]]
    start = time.process_time()
    try:
        answer = check(
            statement["conclusion"], declared, where=statement["hypotheses"], seconds=SECONDS
        )
        verdict, reason = str(answer.verdict), answer.reason
    except InputError as error:
        verdict, reason = "error", str(error).splitlines()[0]
    return verdict, reason, time.process_time() - start


def mutated(text: str, draw: random.Random) -> str | None:
    """Return the statement with one constant changed in its third digit."""
    places = list(re.finditer(r"(?<![\w.])\d+\.?\d*(?:e-?\d+)?(?![\w.])", text))
    if not places:
        return None
    m = draw.choice(places)
    value = m.group()
    changed = f"({value}*{draw.choice(('0.99', '1.01'))})"
    return text[: m.start()] + changed + text[m.end() :]


def run_mutated(statements: list[dict]) -> None:
    """Print how many statements with a changed constant are false, what was said of them, and all wrong answers."""
    draw, said, wrong = random.Random(1), Counter(), []
    for s in statements:
        text = mutated(s["conclusion"], draw)
        changed = {**s, "conclusion": text}
        if text is None or not has_counterexample(changed):
            continue
        verdict = run(changed)[0]
        said[verdict] += 1
        if verdict in ("certified", "proved", "vacuous"):
            wrong.append(f"{s['id']}: {text}")
    print(f"changed and false: {sum(said.values())}; {dict(said)}; wrong: {wrong or 'none'}")


def main() -> None:
    budget.CLOCK = time.process_time
    arguments = [a for a in sys.argv[1:] if a != "--mutated"]
    statements = json.loads(Path(arguments[0]).read_text())
    if len(arguments) > 1:
        statements = random.Random(int(time.time())).sample(statements, int(arguments[1]))
    if "--mutated" in sys.argv:
        run_mutated(statements)
        return
    solved, total, seconds, wrong = Counter(), Counter(), [], []
    for s in statements:
        verdict, reason, spent = run(s)
        kind = group(s)
        total[kind] += 1
        seconds.append(spent)
        right = verdict in expected(s["id"])
        solved[kind] += right
        if not right:
            print(f"{s['id']:44} {verdict:13} {spent:6.2f} s  {reason[:90]}", flush=True)
        if not right and verdict in ("certified", "proved", "refuted", "vacuous"):
            wrong.append(s["id"])
    for name in sorted(total):
        print(f"{name:40} {solved[name]:4} of {total[name]}")
    seconds.sort()
    print(
        f"all {sum(solved.values())} of {len(statements)}; median {seconds[len(seconds) // 2]:.3f} s,",
        end=" ",
    )
    print(f"slowest {seconds[-1]:.2f} s; wrong: {', '.join(wrong) or 'none'}")


if __name__ == "__main__":
    main()
