"""The connection to a Dask cluster: made within seconds or refused in one line, and made again when it breaks."""

import asyncio
import json
import logging
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from mfcheck.errors import InputError
from mfcheck.run.executor import cores
from mfcheck.run.identity import fingerprint
from mfcheck.run.process import LOADING
from mfcheck.run.remote import Done, Unwanted, require

CONNECT = 5.0
"""Seconds in which a scheduler has to answer."""
BACK = 60.0
"""Seconds in which a scheduler that went away has to be back."""
FIRST = 60.0
"""Seconds in which a cluster has to have its first worker."""
_REPLY = 30.0
"""Seconds for one answer of a scheduler that is there."""
SAME = "install the same versions everywhere, and start the workers anew"


class Lost(Exception):  # noqa: N818
    """The scheduler does not answer any more."""


@dataclass(frozen=True)
class Target:
    """Where a cluster is: the address of its scheduler, or none for one that this process makes."""

    address: str | None
    threads: int

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"the cluster at {self.address}" if self.address else "the cluster of this process"


def target_of(where: str, jobs: int | None = None) -> Target:
    """Return where the cluster is that an option names; see `Cluster`.

    Raises:
        InputError: Dask is not installed, there is no such file, or a number of jobs is given that is not ours to set.
    """
    if find_spec("distributed") is None:
        raise InputError(
            "a cluster needs Dask, which is not installed: pip install 'mfcheck[cluster]'"
        )
    import dask

    address = where
    if where == "auto":
        address = dask.config.get("scheduler-address", None)
    elif "://" not in where:
        address = _address_in(Path(where))
    if address is not None and jobs is not None:
        raise InputError("--jobs is for this machine: a cluster has its own number of workers")
    return Target(address, cores() if jobs is None else jobs)


def _address_in(file: Path) -> str:
    """Return the address in the file that a scheduler writes."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["address"]
    except OSError as error:
        why = error.strerror or error
        raise InputError(
            f"cannot read the scheduler file {str(file)!r}: {why} (an address is like tcp://HOST:PORT)"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{str(file)!r} is not the file of a Dask scheduler") from None
    if not isinstance(found, str):
        raise InputError(f"{str(file)!r} is not the file of a Dask scheduler")
    return found


class Link:
    """A connection to a cluster.

    Raises:
        InputError: no scheduler answers there.
    """

    def __init__(self, target: Target) -> None:
        self.name = target.name
        self._target = target
        self._topic = f"mfcheck-{uuid4().hex}"
        self._number = 0
        self._hear: Callable[[str, int], None] | None = None
        self._level = logging.getLogger("distributed").level
        logging.getLogger("distributed").setLevel(
            logging.CRITICAL + 1
        )  # every failure is ours to tell
        self._cluster: Any = None
        self._client: Any = None
        try:
            self._client = self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> Any:
        from distributed import Client, LocalCluster

        address = self._target.address
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # versions are compared by fingerprint, to the last digit
            if address is None:
                self._cluster = LocalCluster(
                    n_workers=1,
                    threads_per_worker=self._target.threads,
                    processes=False,
                    dashboard_address=":0",
                    memory_limit=None,
                    silence_logs=logging.CRITICAL,
                )
                return Client(self._cluster, set_as_default=False)
            _probe(address)
            try:
                return Client(address, timeout=CONNECT, set_as_default=False, name="mfcheck")
            except Exception as error:
                raise _unreachable(address, error) from error

    def close(self) -> None:
        """End the connection: what still runs there for it is ended too."""
        for open in (self._client, self._cluster):
            if open is not None:
                with suppress(Exception):
                    open.close(timeout=CONNECT)
        logging.getLogger("distributed").setLevel(self._level)

    def renew(self) -> None:
        """Wait until the scheduler is back.

        Raises:
            InputError: it does not come back in time.
        """
        deadline = time.monotonic() + BACK
        while self._client.status == "connecting" and time.monotonic() < deadline:
            time.sleep(0.1)
            if self._client.status == "running":
                return
        with suppress(Exception):
            self._client.close(timeout=CONNECT)
        while True:
            try:
                self._client = self._connect()
                break
            except InputError:
                if time.monotonic() > deadline:
                    raise InputError(
                        f"{self.name} went away and was not back after {BACK:g} s"
                    ) from None
            time.sleep(1)
        if self._hear is not None:
            self.listen(self._hear)

    def require(self, paper: str) -> None:
        """Refuse a cluster without workers, or with one that has other versions; their processes are warm then.

        Raises:
            InputError: there is a reason to refuse.
        """
        try:
            self._client.wait_for_workers(1, timeout=FIRST)
        except TimeoutError:
            raise InputError(f"{self.name} has no workers after {FIRST:g} s") from None
        try:
            found = self._ask(
                lambda: self._client.run(
                    require, paper, fingerprint(paper), on_error="return", asynchronous=True
                ),
                LOADING,
            )
        except Lost:
            raise InputError(f"{self.name} does not answer") from None
        for worker, answer in found.items():
            if isinstance(answer, BaseException):
                answer = f"cannot run mfcheck: {type(answer).__name__}: {answer}"
            if answer:
                raise InputError(f"the worker {worker} of {self.name} {answer}: {SAME}")

    def threads(self) -> int:
        """Return the number of threads of all workers.

        Raises:
            Lost: the scheduler does not answer.
        """
        found: dict[str, int] = self._ask(lambda: self._client.scheduler.ncores(), _REPLY)
        return sum(found.values())

    def listen(self, hear: Callable[[str, int], None]) -> None:
        """Have a function called, in a thread of Dask's, with key and number of each task of this link that begins."""
        self._hear = hear
        self._client.subscribe_topic(
            self._topic, lambda event: hear(event[1]["key"], event[1]["task"])
        )

    def submit(self, function: Callable[..., Done], *given: Any) -> tuple[str, Any]:
        """Send work, with the topic of its events added; return its key, which no other work has, and its future.

        Raises:
            Lost: the scheduler does not answer.
        """
        self._number += 1
        key = f"{self._topic}-{self._number}"
        try:
            return key, self._client.submit(function, *given, self._topic, key=key, pure=False)
        except Exception as error:
            if self._client.status == "running":
                raise
            raise Lost from error

    def gather(self, futures: Sequence[Any]) -> list[Done | BaseException | None]:
        """Return what came of work that has ended; `Unwanted` of what is lost, None of what runs again by itself.

        Raises:
            Lost: the scheduler does not answer.
        """
        if self._client.status != "running":
            raise Lost
        whole = [future for future in futures if future.status == "finished"]
        try:
            values = iter(self._fetch(whole) if whole else [])
        except Exception:  # one is lost: the others need not be
            return [self._answer(future) for future in futures]
        fetched = {future.key for future in whole}
        return [next(values) if f.key in fetched else self._answer(f) for f in futures]

    def _answer(self, future: Any) -> Done | BaseException | None:
        status = future.status
        if status == "finished":
            try:
                found: Done = self._fetch([future])[0]
            except Exception:
                return Unwanted()
            return found
        if status == "error":
            error: BaseException = future.exception(timeout=_REPLY)
            return error
        return Unwanted() if status == "cancelled" else None

    def _fetch(self, futures: Sequence[Any]) -> list[Any]:
        return list(
            self._ask(lambda: self._client.gather(list(futures), asynchronous=True), _REPLY)
        )

    def _ask(self, call: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """Return an answer of the scheduler.

        Raises:
            Lost: it does not come in time.
        """

        async def limited() -> Any:
            return await asyncio.wait_for(call(), seconds)

        try:
            return self._client.sync(limited)
        except (OSError, TimeoutError) as error:
            raise Lost from error


def killed(error: BaseException) -> bool:
    """Whether Dask gave work up because workers died that had it, to do or to wait."""
    from distributed import KilledWorker

    return isinstance(error, KilledWorker)


def _probe(address: str) -> None:
    """See that a scheduler answers.

    Raises:
        InputError: none does.
    """
    from distributed.core import rpc
    from distributed.security import Security

    failure: list[BaseException] = []

    async def identify() -> None:
        given = Security().get_connection_args("client")
        async with rpc(address, connection_args=given, timeout=CONNECT) as scheduler:
            found = await asyncio.wait_for(scheduler.identity(), CONNECT)
            if found["type"] != "Scheduler":
                raise ValueError(f"a Dask {found['type'].lower()} answers there")

    def run() -> None:
        try:
            asyncio.run(identify())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)  # the caller may have a loop of its own
    thread.start()
    thread.join(3 * CONNECT)
    if thread.is_alive():
        raise _unreachable(address, TimeoutError(f"no answer in {CONNECT:g} s"))
    if failure:
        raise _unreachable(address, failure[0]) from failure[0]


def _unreachable(address: str, error: BaseException) -> InputError:
    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, TimeoutError):
        words = f"no answer in {CONNECT:g} s"
    if isinstance(error, MemoryError):  # the first bytes of another protocol, read as a length
        words = "what answers there is no scheduler"
    return InputError(f"cannot reach a Dask scheduler at {address}: {words[:200]}")
