"""Reviews of all installed papers, one after the other: what `review --all` and `atlas` share."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfcheck.commands.console import Output, say
from mfcheck.commands.options import Chosen, Work
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.claims.record import Review
    from mfcheck.run.executor import Executor


@dataclass(frozen=True)
class Gathered:
    """The reviews by id of the paper, each in a folder of that name, and why others failed."""

    reviews: "dict[str, Review]"
    failed: dict[str, str]

    def record(self, folder: Path) -> dict[str, Any]:
        """Return a summary as JSON data."""
        return {
            "papers": [
                {
                    "paper": paper,
                    "complete": review.complete,
                    "verdicts": {claim.id: claim.verdict.value for claim in review.claims},
                    "findings": len(review.findings),
                    "folder": str(folder / paper),
                }
                for paper, review in self.reviews.items()
            ],
            "failed": self.failed,
        }

    def require_all(self) -> None:
        """Refuse, after the work, to pass over a paper that could not be reviewed."""
        if self.failed:
            first, reason = next(iter(self.failed.items()))
            more = f"; and {len(self.failed) - 1} more" if len(self.failed) > 1 else ""
            raise InputError(f"not reviewed: {first}: {reason}{more}")


def gather(
    work: Work,
    output: Output,
    folder: Path,
    papers: Sequence[str] | None = None,
    index: str = "",
) -> Gathered:
    """Review papers, each with its reports in a folder of its own; what an earlier run finished is taken over.

    Args:
        work: how; results of an earlier run with other options, or of other code, are replaced.
        output: where to show progress.
        folder: that holds the folders of the papers.
        papers: ids; all that are installed if left out.
        index: file of the folder that the pages of the papers link to.

    Raises:
        InputError: an id is not installed, the cluster cannot be used, or the folder cannot be written to.
        Interrupted: from the keyboard; the next call goes on from there.
    """
    from mfcheck.catalog import entries
    from mfcheck.run.executors import executor_of
    from mfcheck.run.session import require_work
    from mfcheck.run.store import require_folder

    require_work(work.budget, work.seed, work.check_seconds, work.minutes)
    ids = sorted(entries()) if papers is None else list(dict.fromkeys(papers))
    if unknown := [id for id in ids if id not in entries()]:
        raise InputError(
            f"unknown paper {unknown[0][:60]!r}; installed: {', '.join(sorted(entries()))}"
        )
    if ids:
        executor_of(work.jobs, work.cluster).require(ids[0])
    require_folder(folder)
    _announce(ids, work, output)
    found = Gathered({}, {})
    with _executor(work) as executor:
        for number, id in enumerate(ids, 1):
            output.console(stderr=True).print(f"{id} ({number} of {len(ids)})", markup=False)
            try:
                found.reviews[id] = _one(id, work, output, folder / id, index, executor)
            except InputError as error:
                found.failed[id] = str(error)
                say(str(error))
    return found


@contextmanager
def _executor(work: Work) -> "Iterator[Executor]":
    """Give one executor for all papers, with processes that stay from one paper to the next."""
    from mfcheck.run.engine import Processes
    from mfcheck.run.executor import cores
    from mfcheck.run.executors import executor_of

    if work.cluster is not None:
        yield executor_of(work.jobs, work.cluster)
        return
    with closing(Processes(work.jobs or cores(), warm=True)) as executor:
        yield executor


def _announce(ids: Sequence[str], work: Work, output: Output) -> None:
    """Say beforehand how much there is to do, as far as it is known without importing papers."""
    from mfcheck.catalog import described

    checks = 0
    for id in ids:
        try:
            checks += sum(len(claim["checks"]) for claim in described(id)["claims"])
        except InputError:
            continue
    words = (
        f"{len(ids)} papers, {checks} checks, budget {work.budget}; what an earlier run in this folder "
        "finished is taken over, and an interrupted run goes on when it is started again."
    )
    output.console(stderr=True).print(words, markup=False, soft_wrap=True)


def _one(
    id: str, work: Work, output: Output, folder: Path, index: str, executor: "Executor"
) -> "Review":
    """Review one paper and write its reports; a finished run of the same work only reads its results."""
    from mfcheck.report.files import REPORTS, render
    from mfcheck.report.html import render_html
    from mfcheck.run.folder import OutFolder
    from mfcheck.run.store import MANIFEST

    kept = OutFolder(folder)
    kept.require_own(REPORTS.values())
    with kept.locked():
        review = None
        if (folder / MANIFEST).exists():
            try:
                review = replace(work, resume=True).review(
                    id, Chosen(), output, out=folder, executor=executor
                )
            except InputError as error:
                if "cannot resume" not in str(error):
                    raise
        if review is None:
            review = replace(work, resume=False).review(
                id, Chosen(), output, out=folder, executor=executor
            )
        for form, name in REPORTS.items():
            atlas = form == "html" and index
            page = render_html(review, atlas=f"../{index}") if atlas else render(review, form)
            kept.write(name, page)
    return review


def rows(found: Gathered) -> list[dict[str, str]]:
    """Return a line for each paper: how many claims have each verdict, and the number of findings."""
    from mfcheck.report import view

    return [
        {
            "paper": id,
            "verdicts": ", ".join(f"{number} {v.value}" for v, number in view.counts(review)),
            "findings": str(len(review.findings)),
        }
        for id, review in found.reviews.items()
    ]
