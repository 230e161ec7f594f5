"""mfcheck: a referee's workbench for theory papers on mean-field neural networks.

    import mfcheck

    mfcheck.paper_ids()                                         # the installed papers
    setting = mfcheck.read_setting("scaled-resnets", data="points.csv", sets=["beta=64"])
    review = mfcheck.review("scaled-resnets", setting, budget="quick", out="my-folder")
    review["lemma-4-second"].verdict                            # of the claim of that id
    [finding.text for finding in review.findings]
    mfcheck.power("my_module:paper")                            # a paper that is not installed

What `mfcheck COMMAND` does on the command line is in `mfcheck.commands`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mfcheck._caches import settle

if TYPE_CHECKING:
    from mfcheck.catalog import load as load_paper
    from mfcheck.catalog import paper_ids
    from mfcheck.errors import InputError
    from mfcheck.run import Interrupted, power, read_setting, review

__all__ = [
    "InputError",
    "Interrupted",
    "load_paper",
    "paper_ids",
    "power",
    "read_setting",
    "review",
]
__version__ = "0.1.0"

_WHERE = {
    "InputError": ("mfcheck.errors", "InputError"),
    "Interrupted": ("mfcheck.run", "Interrupted"),
    "load_paper": ("mfcheck.catalog", "load"),
    "paper_ids": ("mfcheck.catalog", "paper_ids"),
    "power": ("mfcheck.run", "power"),
    "read_setting": ("mfcheck.run", "read_setting"),
    "review": ("mfcheck.run", "review"),
}
"""Module and name of what `__all__` lists, imported when it is used: help and listings need none of it."""

settle()


def __getattr__(name: str) -> Any:
    """Return what `__all__` lists."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """Return the names for people."""
    return [*__all__, "__version__"]
