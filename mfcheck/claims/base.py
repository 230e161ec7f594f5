"""The base of all records."""

from pydantic import BaseModel, ConfigDict

from mfcheck.claims.display import Displayed


class Record(Displayed, BaseModel):
    """Immutable plain data; unknown keys are refused, NaN and infinities too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
