"""The command `claims`: what a paper states."""

from mfcheck.commands.console import Output
from mfcheck.commands.options import PaperId, command, dump


@command("mfcheck claims scaled-resnets")
def claims(paper: PaperId, output: Output) -> None:
    """List the claims of a paper."""
    from mfcheck.catalog import described
    from mfcheck.report.table import print_rows

    found = described(paper)
    rows = [
        {"id": c["id"], "title": c["title"], "source": c["source"], "checks": len(c["checks"])}
        for c in found["claims"]
    ]
    output.give(dump(found), lambda console: print_rows(rows, console))
