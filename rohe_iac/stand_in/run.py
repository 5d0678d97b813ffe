"""`rohe stand-in run`: runs one replica in place of a measured service until SIGTERM or SIGINT."""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay, decode_replay
from rohe_iac.reporting import Reporter
from rohe_iac.stand_in.calls import LoadBalancer, serve
from rohe_iac.stand_in.work import Request, WorkQueue

LOG = logging.getLogger("rohe.stand-in")


class PortTaken(RoheError):
    """A port of the replica cannot be listened on."""

    exit_code = ExitCode.UNREACHABLE


def run_stand_in(environment: Mapping[str, str] | None = None) -> None:
    """Replays a measured service until SIGTERM or SIGINT.

    The stand-in listens on every port that a variable ROHE_PORT_* names, passes requests on to the replicas in
    ROHE_PEERS, and reports as every replica does.

    Args:
        environment: Environment variables; by default those of the process. ROHE_REPLAY names the file of the replay.

    Raises:
        UsageError: ROHE_REPLAY, ROHE_PEERS or ROHE_BALANCING cannot be used.
        PortTaken: A port cannot be listened on.
    """
    env = os.environ if environment is None else environment
    logging.basicConfig(stream=sys.stdout, level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    replay = _read_replay(env.get("ROHE_REPLAY", ""))
    try:
        peers: dict[str, Any] = json.loads(env.get("ROHE_PEERS") or "{}")
        balancing: dict[str, str] = json.loads(env.get("ROHE_BALANCING") or "{}")
    except ValueError as error:
        raise UsageError(f"ROHE_PEERS or ROHE_BALANCING is no JSON: {error}") from error
    instance = env.get("ROHE_INSTANCE", "stand-in")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    reporter = Reporter.from_environment(env)
    reporter.on_command(lambda _: (False, "a stand-in does what was measured, and takes no commands"))
    load_balancer = LoadBalancer(replay.following, peers, balancing)
    boot, numbers = f"{instance}-{int(time.time() * 1000):x}", itertools.count()

    def new_name() -> str:
        return f"{boot}-{next(numbers):06d}"

    def finish(request: Request) -> None:
        waited = {"waited": round(request.begun - request.arrived, 6)}
        reporter.report(request=request.name, start=request.arrived, end=request.ended, fields=waited)
        load_balancer.pass_on(request)

    work_queue = WorkQueue(replay, finish, seed=instance)
    work_queue.start()
    servers = []
    for name, port in sorted(env.items()):
        if name.startswith("ROHE_PORT_"):
            try:
                servers.append(serve(work_queue, int(port), new_name))
            except (OSError, ValueError, OverflowError) as error:
                raise PortTaken(f"{name}={port}: {error}", hint="see who has it with `ss -ltnp`") from error
    LOG.info(
        "%s replaces %s: %.0f ms a request, %.0f ms of processor time, %s",
        instance, env.get("ROHE_SERVICE", "a service"), replay.times.mean * 1000, replay.cpu * 1000,
        f"{replay.arrivals:g}/s of its own" if replay.arrivals else "called by others",
    )  # fmt: skip
    if replay.arrivals:
        generate_arrivals(
            random_gaps(replay.arrivals, replay.turns, boot),
            lambda: work_queue.enqueue(Request(new_name())),
            load_balancer.is_ready,
            ended,
        )
    ended.wait()
    for server in servers:
        server.shutdown()
        server.server_close()
    work_queue.stop()
    load_balancer.close()
    reporter.close()


def generate_arrivals(
    gaps: Iterator[float], arrive: Callable[[], object], is_ready: Callable[[], bool], ended: threading.Event
) -> None:
    """Calls `arrive` after each gap.

    Args:
        gaps: Seconds from one arrival to the next, without end.
        arrive: Called at each arrival.
        is_ready: Arrivals begin once it returns True.
        ended: Ends the arrivals.
    """
    while not is_ready():
        if ended.wait(0.2):
            return
    moment = time.monotonic()
    while not ended.wait(max(0.0, (moment := moment + next(gaps)) - time.monotonic())):
        arrive()


def random_gaps(rate: float, turns: int, seed: str) -> Iterator[float]:
    """Yields seconds between arrivals at one of several replicas that take turns with random (Poisson) arrivals.

    Args:
        rate: Arrivals a second at the replica, on average.
        turns: Number of replicas that take turns; 1 where each gets arrivals at random.
        seed: Seed of the random moments.
    """
    draws = random.Random(seed)
    while True:
        yield sum(draws.expovariate(rate * turns) for _ in range(turns))


def _read_replay(name: str) -> Replay:
    if not name:
        raise UsageError("ROHE_REPLAY names no file", hint="`rohe apply` starts stand-ins; see docs/targets/local.md")
    try:
        return decode_replay(Path(name).read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{name} is no replay of a profile", detail=str(error)) from error
