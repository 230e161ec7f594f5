"""The base of all records."""

from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict

from mfcheck.claims.display import Displayed, short


class Record(Displayed, BaseModel):
    """Immutable plain data; unknown keys are refused, NaN and infinities too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __str__(self) -> str:
        """Return a short form where there is one, else all fields."""
        shown = short(self)
        return super().__str__() if shown is None else shown

    def __repr__(self) -> str:
        """Return the first line of the short form where there is one, else all fields."""
        shown = short(self)
        if shown is None:
            return super().__repr__()
        return f"<{type(self).__name__} {shown.partition(chr(10))[0]}>"

    def __dir__(self) -> list[str]:
        """Return the names for people: the fields, and what records can do beyond the library behind them."""
        own = set(super().__dir__()) - set(dir(BaseModel))
        fields = type(self).model_fields
        return sorted({name for name in own if not name.startswith("_")}.union(fields))

    def but(self, **changes: Any) -> Self:
        """Return a copy with other values for the named fields, validated like a new record.

        Raises:
            ValueError: a field of another name, or a value that the record refuses.
        """
        return type(self).model_validate({**dict(self), **changes})

    def model_copy(self, **_: Any) -> NoReturn:
        """Refuse: a copy made so would skip validation."""
        raise TypeError("model_copy skips validation: use but(...)")
