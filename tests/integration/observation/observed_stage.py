"""The stage of the agent's tests: an agent as a process of its own, services under load, and their counters."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.mqtt.address import broker_address
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.sinks.packing import unpacked
from rohe_iac.transports.questions import Inquirer

AGENT = "rohe-agent-load-0"
STACK = "test"
LOAD = Path(__file__).with_name("observed_load.py")


def objective(name: str, metric: str, window: WindowSpec, **changes: Any) -> ObjectiveSpec:
    defaults: dict[str, Any] = {
        "scope": ScopeSpec(),
        "aggregate": "mean",
        "operator": ">=",
        "low": 0.0,
        "high": 0.0,
        "min_samples": 1,
        "missing": "freeze",
    }
    return ObjectiveSpec(name=name, metric=metric, window=window, **{**defaults, **changes})


def load_configuration(instances: int) -> Configuration:
    """Returns a pipeline of one service, whose every report is a request, judged by count and by time."""
    by_count = WindowSpec(size_count=50, every_count=25)
    by_time = WindowSpec(size_seconds=2.0, every_seconds=1.0)
    contract = AgentContract(
        name="load",
        lateness=1.0,
        objectives=(
            objective("right", "accuracy", by_count),
            objective("count", "prediction", by_time, aggregate="count"),
            objective("fast", "response_time", by_time, scope=ScopeSpec(service="load"), aggregate="p99"),
        ),
    )
    return Configuration(
        stack=STACK,
        pipeline="load",
        agent=AGENT,
        services=(ServiceSpec(name="load"),),
        instances=tuple(Instance(instance=f"load-{index}", topic="load", service="load") for index in range(instances)),
        contracts=(contract,),
    )


@dataclass
class Stage:
    """The processes and the folder of one test; `end` leaves no process behind."""

    folder: Path
    broker: Any
    configuration: Configuration
    agent: subprocess.Popen[bytes] | None = None
    services: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    agent_environment: dict[str, str] = field(default_factory=dict)

    def start_agent(self, group: Path | None = None) -> None:
        """Starts the agent, in a control group where one is given."""
        path = self.folder / "agent.json"
        path.write_bytes(canonical_json(msgspec.to_builtins(self.configuration)))
        env = {
            **os.environ,
            "ROHE_AGENT_CONFIG": str(path),
            "ROHE_STORE": str(self.folder / "store"),
            "ROHE_REPORT_URL": self.broker.url,
            "ROHE_REPORT_CREDENTIALS": str(self.broker.credentials(self.folder, "agent")),
            **self.agent_environment,
        }
        with (self.folder / "agent.log").open("ab") as log:
            command = [
                sys.executable,
                "-c",
                "import sys; from rohe_iac.cli.main import run; sys.exit(run(['agent', 'run']))",
            ]
            if group is not None:
                # The shell joins the group before it becomes the agent, which thus never runs without the limit.
                command = ["sh", "-c", f'echo $$ > "{group}/cgroup.procs" && exec "$@"', "sh", *command]
            self.agent = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=self.folder)

    def kill_agent(self) -> None:
        assert self.agent is not None
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()

    def service_environment(self, instance: str) -> dict[str, str]:
        """Returns the variables by which a replica finds its names and its broker."""
        return {
            "ROHE_STACK": STACK,
            "ROHE_PIPELINE": "load",
            "ROHE_SERVICE": "load",
            "ROHE_INSTANCE": instance,
            "ROHE_OUTBOX": str(self.folder / instance),
            "ROHE_REPORT_URL": self.broker.url,
            "ROHE_REPORT_CREDENTIALS": str(self.broker.credentials(self.folder, "service")),
        }

    def start_service(self, instance: str, rate: float, environment: dict[str, str] | None = None) -> None:
        env = {**os.environ, **self.service_environment(instance), **(environment or {})}
        with (self.folder / f"{instance}.log").open("ab") as log:
            self.services[instance] = subprocess.Popen(
                [sys.executable, str(LOAD), str(self.folder / "ledger"), str(rate)],
                env=env,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def end_load(self) -> dict[str, dict[str, Any]]:
        """Ends the load, and returns the counters of each service once all its reports are acknowledged."""
        for process in self.services.values():
            process.send_signal(signal.SIGTERM)
        return {
            name: msgspec.json.decode(process.communicate(timeout=90)[0]) for name, process in self.services.items()
        }

    def stop_agent(self) -> int:
        assert self.agent is not None
        self.agent.send_signal(signal.SIGTERM)
        return self.agent.wait(30)

    def end(self) -> None:
        for process in (*self.services.values(), *([self.agent] if self.agent is not None else [])):
            if process.poll() is None:
                process.kill()
                process.wait()

    def ask(self, question: str, agent: str = AGENT, **parameters: Any) -> list[Any]:
        operator = broker_address("", self.broker.credentials(self.folder, "operator"))
        with Inquirer(operator, STACK, timeout=20) as inquirer:
            return inquirer.ask(agent, question, **parameters)

    def accepted_requests(self) -> Counter[tuple[str, str]]:
        """Returns how often the services recorded a request as accepted, by (instance, request)."""
        lines = (self.folder / "ledger").read_text().splitlines()
        return Counter((line.split()[0], line.split()[1]) for line in lines)

    def stored_requests(self) -> Counter[tuple[str, str]]:
        """Returns how often the agent stored the report of a request, by (instance, request)."""
        if not (self.folder / "store" / "agent.db").exists():
            return Counter()
        database = sqlite3.connect(self.folder / "store" / "agent.db")
        try:
            rows = database.execute("SELECT kind, at, client, payload FROM inputs WHERE kind LIKE 'report%'").fetchall()
        except sqlite3.OperationalError:
            return Counter()  # the agent has not made its tables yet
        finally:
            database.close()
        reports = [report for row in rows for report in unpacked(row)]
        return Counter((client, msgspec.json.decode(payload)["request"]) for _, _, client, payload in reports)

    def wait_for(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Waits until `condition()` is true."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"did not come\n{(self.folder / 'agent.log').read_text()[-3000:]}"
            time.sleep(0.1)
