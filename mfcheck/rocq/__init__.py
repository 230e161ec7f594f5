"""A second, formal checker: certificates as files of the proof assistant Rocq. Covered: see docs/trust.md."""

from mfcheck.rocq.export import (
    Exported,
    RocqVerdict,
    check_rocq,
    check_rocq_file,
    coqc,
    export_rocq,
    to_rocq,
)

__all__ = [
    "Exported",
    "RocqVerdict",
    "check_rocq",
    "check_rocq_file",
    "coqc",
    "export_rocq",
    "to_rocq",
]
