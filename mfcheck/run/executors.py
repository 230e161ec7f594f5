"""Which executor the options of a command name."""

from mfcheck.errors import InputError
from mfcheck.run.engine import Processes
from mfcheck.run.executor import Executor, cores


def executor_of(jobs: int | None = None, cluster: str | None = None) -> Executor:
    """Return the executor that the options name.

    Args:
        jobs: number of worker processes on this machine; the number of cores if left out.
        cluster: `auto`, the address of a Dask scheduler, or its file; worker processes of this machine if left out.

    Raises:
        InputError: unusable options, or Dask is not installed.
    """
    if jobs is not None and jobs < 1:
        raise InputError(f"the number of jobs must be >= 1, got {jobs}")
    if cluster is None:
        return Processes(cores() if jobs is None else jobs)
    from mfcheck.run.cluster import Cluster

    return Cluster(cluster, jobs)
