"""The command `power`: how many planted errors the checks reject."""

from mfcheck.commands.console import Output
from mfcheck.commands.options import Chosen, Folder, PaperId, Work, command


@command("mfcheck power scaled-resnets --budget quick")
def power(paper: PaperId, chosen: Chosen, work: Work, output: Output, out: Folder = None) -> None:
    """Count the planted errors that the checks reject."""
    from mfcheck.catalog import load
    from mfcheck.commands.progress import TaskProgress
    from mfcheck.report import print_power
    from mfcheck.run import power as run_power

    setting = chosen.setting(load(paper))
    with TaskProgress(output.console(stderr=True)) as watch:
        result = run_power(paper, setting, out=out, watch=watch, **work.keywords())
    output.give(result.model_dump_json(indent=1), lambda console: print_power(result, console))
