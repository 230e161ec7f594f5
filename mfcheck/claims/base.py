"""The base of all records."""

from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict

from mfcheck.claims.display import Displayed


class Record(Displayed, BaseModel):
    """Immutable plain data; unknown keys are refused, NaN and infinities too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def but(self, **changes: Any) -> Self:
        """Return a copy with other values for the named fields, validated like a new record.

        Raises:
            ValueError: a field of another name, or a value that the record refuses.
        """
        return type(self).model_validate({**dict(self), **changes})

    def model_copy(self, **_: Any) -> NoReturn:
        """Refuse: a copy made so would skip validation."""
        raise TypeError("model_copy skips validation: use but(...)")
