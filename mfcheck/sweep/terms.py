"""What two sweeps must have in common for the results of one to serve the other."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mfcheck.errors import InputError
from mfcheck.run.store import Identity

_DIGEST = re.compile(r"\b[0-9a-f]{40,}\b")


@dataclass(frozen=True)
class Terms:
    """What two sweeps must have in common for the results of one to serve the other."""

    identity: Identity
    """With the digest of the setting in which the swept values are put."""
    reference: str
    """Id of the paper, or `module:attribute`."""
    axes: tuple[str, ...]
    claims: tuple[str, ...]
    constants: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """Return the terms as JSON data, in the words of messages."""
        own = {"axes": list(self.axes), "claims": list(self.claims)}
        return {**asdict(self.identity), **own, "constants": list(self.constants)}

    def require_same(self, before: Mapping[str, Any], path: Path) -> None:
        """Refuse the terms of another sweep.

        Args:
            before: what `plain` gave for the ledger.
            path: of the ledger, for the message.

        Raises:
            InputError: they differ; the message says in what.
        """
        now = self.plain()
        for name in now:
            if before.get(name) != now[name]:
                raise another(path, name, before.get(name), now[name])


def another(path: Path, name: str, before: Any, now: Any) -> InputError:
    """Return the refusal of a ledger in which what is named is not what it should be."""
    return InputError(
        f"the ledger {str(path)!r} is of another sweep: its {name} {_differ(before, now)}; choose another folder"
    )


def _differ(before: Any, now: Any) -> str:
    """Say how two values differ; of two tables, in which entries."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        told = [f"{name} was {before.get(name)}, now {now.get(name)}" for name in sorted(names)]
        return "differ: " + "; ".join(told)
    words = [", ".join(v) if isinstance(v, list) else str(v) for v in (before, now)]
    shown = [_DIGEST.sub(lambda found: f"{found[0][:12]}...", text) for text in words]
    short = [text if len(text) <= 80 else f"{text[:77]}..." for text in shown]
    return f"was {short[0] or 'none'}, now it is {short[1] or 'none'}"
