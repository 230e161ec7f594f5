"""A sweep on a cluster gives what it gives on one machine; a cluster that goes away loses nothing."""

from pathlib import Path
from typing import Any

import pytest

from mfcheck.errors import InputError
from mfcheck.sweep import Progress, sweep
from mfcheck.sweep.record import SweepRecord

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.xdist_group("cluster")

OVER = ["beta=10..40:1", "mode=calm,wild"]


def answers(found: SweepRecord) -> list[Any]:
    return [(s.point, s.refused, s.outcome and s.outcome.but(seconds=0.0)) for s in found.settings]


@pytest.mark.slow
def test_a_sweep_survives_its_cluster_and_is_the_same_without(wide: str, tmp_path: Path) -> None:
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    )
    file = tmp_path / "scheduler.json"
    with cluster, distributed.Client(cluster) as client:
        client.write_scheduler_file(str(file))

        def leave(progress: Progress) -> None:
            if progress.finished > 9:
                raise InputError("the cluster has gone")

        with pytest.raises(
            InputError, match=r"gone; after 1\d of 62 settings; what finished is kept"
        ):
            sweep(wide, OVER, out=tmp_path / "far", cluster=str(file), watch=leave)
        far = sweep(wide, OVER, out=tmp_path / "far", cluster=str(file))
    near = sweep(wide, OVER, out=tmp_path / "near", jobs=2)
    assert answers(far) == answers(near)
    assert far.finished == 60
