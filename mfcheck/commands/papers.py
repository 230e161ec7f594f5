"""The command `papers`: what is installed."""

from mfcheck.commands.console import Output, say
from mfcheck.commands.options import command, dump


@command("mfcheck papers")
def papers(output: Output) -> None:
    """List the installed papers."""
    from mfcheck.catalog import described, entries
    from mfcheck.errors import InputError
    from mfcheck.report.table import print_rows

    rows = []
    for id in sorted(entries()):
        try:
            found = described(id)
        except InputError as error:
            say(str(error))
            continue
        rows.append(
            {
                "id": id,
                "title": found["title"],
                "source": found["source"],
                "claims": len(found["claims"]),
            }
        )
    output.give(dump({"papers": rows}), lambda console: print_rows(rows, console))
