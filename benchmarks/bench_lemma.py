"""Statements decided by `mfcheck.lemma` on a file of known ones: `python benchmarks/bench_lemma.py FILE [SAMPLE]`.

One process, one core, five seconds of processor time a statement, so that a busy machine gives the same numbers.
Prints how many are certified, proved or refuted rightly by class, the median and slowest time, and every wrong answer;
SAMPLE draws that many at random.
"""

import json
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

from mfcheck.errors import InputError
from mfcheck.lemma import check
from mfcheck.lemma.prove import budget

FALSE = {"log-problem-3", "nfm-check-gain-2"}
VACUOUS = {"polypaver-proval-cosine"}
SECONDS = 5.0


def group(statement: dict) -> str:
    """Return the class of a statement: its number of variables."""
    count = len(statement["vars"])
    return "no variable" if count == 0 else "one variable" if count == 1 else "several variables"


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


def main() -> None:
    budget.CLOCK = time.process_time
    statements = json.loads(Path(sys.argv[1]).read_text())
    if len(sys.argv) > 2:
        statements = random.Random(int(time.time())).sample(statements, int(sys.argv[2]))
    solved, total, seconds, wrong = Counter(), Counter(), [], []
    for s in statements:
        verdict, reason, spent = run(s)
        total[group(s)] += 1
        seconds.append(spent)
        right = verdict in expected(s["id"])
        solved[group(s)] += right
        if not right:
            print(f"{s['id']:44} {verdict:13} {spent:6.2f} s  {reason[:90]}", flush=True)
        if not right and verdict in ("certified", "proved", "refuted", "vacuous"):
            wrong.append(s["id"])
    for name in total:
        print(f"{name:20} {solved[name]:4} of {total[name]}")
    seconds.sort()
    print(
        f"all {sum(solved.values())} of {len(statements)}; median {seconds[len(seconds) // 2]:.3f} s,",
        end=" ",
    )
    print(f"slowest {seconds[-1]:.2f} s; wrong: {', '.join(wrong) or 'none'}")


if __name__ == "__main__":
    main()
