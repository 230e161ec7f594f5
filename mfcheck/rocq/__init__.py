"""A second, formal checker: certificates as files of the proof assistant Rocq. Covered: see docs/trust.md."""

from mfcheck.rocq.export import (
    TIMEOUT,
    Exported,
    RocqVerdict,
    check_rocq,
    check_rocq_file,
    coqc,
    export_rocq,
    run_coqc,
    to_rocq,
)

__all__ = [
    "TIMEOUT",
    "Exported",
    "RocqVerdict",
    "check_rocq",
    "check_rocq_file",
    "coqc",
    "export_rocq",
    "run_coqc",
    "to_rocq",
]
