"""Settings per second of the search for counterexamples, n up to 32, in two processes.

python benchmarks/bench_falsify.py [INEQUALITY ...]
"""

import sys

from mfcheck import load_paper, paper_ids
from mfcheck.falsify.pool import Pool, Reference
from mfcheck.falsify.search import Sizes, search

SIZES = Sizes(sampled=2000, guided=100, optimised=8000, max_n=32, max_d=8)
PROCESSES = 2


def main(wanted: list[str]) -> None:
    """Print a line for each inequality wanted; all of them if none is named."""
    print(f"{'inequality':28} {'settings/s':>10}  of one process: sampled, guided, optimised")
    with Pool(PROCESSES) as pool:
        for paper in paper_ids():
            for claim in load_paper(paper).claims:
                for inequality in claim.inequalities:
                    if not wanted or inequality.id in wanted:
                        _line(pool, Reference(paper, claim.id, inequality.id))


def _line(pool: Pool, reference: Reference) -> None:
    found = search(reference.target(), SIZES, 0, pool.perform(reference, SIZES, 0))
    ways = [found.tried[way] / max(found.seconds[way], 1e-9) for way in found.tried]
    print(f"{reference.inequality:28} {found.rate:10.0f}  " + ", ".join(f"{w:.0f}" for w in ways))


if __name__ == "__main__":
    main(sys.argv[1:])
