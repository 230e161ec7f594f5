"""The command `constants`: the constants of a paper in a setting."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfcheck.commands.console import Output, say
from mfcheck.commands.options import Chosen, PaperId, command
from mfcheck.errors import InputError

if TYPE_CHECKING:
    from mfcheck.claims import Paper, Setting
    from mfcheck.claims.record import ConstantRecord

DIGITS = 15
GUARD = 3
"""Digits of the bounds beyond those asked for, without which the last ones would not be determined."""


@command("mfcheck constants scaled-resnets --set beta=64 --digits 30", numbers=True)
def constants(
    paper: PaperId,
    chosen: Chosen,
    output: Output,
    digits: Annotated[
        int | None,
        typer.Option(
            "--digits",
            min=1,
            max=200,
            help="Correct digits wanted, and shown.  [default: 15, of which 7 are shown]",
        ),
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option("--certificate", help="Write a certificate here, for `mfcheck verify`."),
    ] = None,
) -> None:
    """Enclose the constants of a paper."""
    from mfcheck.catalog import load
    from mfcheck.claims.record import ConstantsRecord
    from mfcheck.constants import memo
    from mfcheck.constants.evaluate import evaluate_constants
    from mfcheck.report import print_constants
    from mfcheck.run.identity import signature

    loaded = load(paper)
    setting = chosen.setting(loaded)
    wanted = digits or DIGITS
    with memo.used(loaded.id, signature(paper), loaded.constants):
        found = evaluate_constants(loaded, setting, wanted + GUARD)
    if proof is not None:
        _certify(loaded, setting, found, proof, wanted)
    result = ConstantsRecord(paper=loaded.id, setting=setting.describe(), constants=found)
    shown = {} if digits is None else {"digits": digits}
    output.give(
        result.model_dump_json(indent=1),
        lambda console: print_constants(result, console, **shown),
    )


def _certify(
    paper: "Paper",
    setting: "Setting",
    found: "tuple[ConstantRecord, ...]",
    path: Path,
    digits: int,
) -> None:
    """Write the certificate of the constants, and say on standard error what it proves."""
    from mfcheck.constants.certify import CERTIFICATE_DIGITS, certify_constants
    from mfcheck.rigor.certificate import write

    made = certify_constants(paper, setting, found, min(digits, CERTIFICATE_DIGITS))
    try:
        write(made.certificate, path)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}") from None
    say(
        f"certificate: {path} proves {len(made.proved)} constants; "
        f"taken as intervals: {', '.join(made.given)}"
    )
