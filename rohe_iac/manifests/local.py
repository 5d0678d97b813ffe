"""Manifests of the target `local`: a supervisor, credentials, a broker, and a process for each replica and agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from rohe_iac.blueprint.language.pipeline import InitStep, SecretValue, Service, Variable
from rohe_iac.blueprint.language.pods.probe import Probe
from rohe_iac.blueprint.language.stack import BrokerTls
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.blueprint.text.command_line import main_port, port_variable, with_ports
from rohe_iac.manifests.agent_configuration import agent_configuration
from rohe_iac.manifests.environment import environment_of
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.plan_rendering import PlanRendering, client_of
from rohe_iac.manifests.rendering import render_document
from rohe_iac.manifests.secret_source import secret_source
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay

SUPERVISOR = "supervisor"
"""Name of the supervisor's manifest."""

BROKER = "broker"
"""Name of the broker's manifest."""

NAMES = ("127.0.0.1", "localhost")
"""What the broker's certificate names: the address that clients connect to, and the usual name for it."""

STAND_IN = ("rohe", "stand-in", "run")
"""The command of a service that has a profile and no command of its own."""

GRACE = 10
"""Seconds between SIGTERM and SIGKILL when a process is stopped."""

HEARTBEAT = "heartbeat"
"""The file in an agent's store that the agent touches while it works."""

REPLAY = "ROHE_REPLAY"
"""The variable that names the file with what a stand-in replays."""


class LocalManifests(PlanRendering):
    """Renders a plan for this machine, one manifest a resource."""

    def manifests(self) -> Iterable[Manifest]:
        """Yields every manifest of the plan, in no order."""
        yield self._manifest("Supervisor", SUPERVISOR, f"stack/{self.stack}", {}, ())
        for client, granted in self.grants.items():
            values = {"client": client, "granted": granted, **self._of_users_broker}
            yield self._manifest("Credential", f"credential-{client}", f"credential/{client}", values, (SUPERVISOR,))
        for placement in self.plan.placements:
            workload = self.workloads[placement.workload]
            if workload.role == "broker":
                embedded = self.blueprint.stack.spec.broker.embedded
                server = embedded.server if embedded is not None else "nats"
                values = {"ports": _ports(placement), "users": list(self.grants), "server": server}
                values["tls_names"] = list(NAMES) if self._tls is not None else []
                values["given"] = (
                    {} if self._tls is None else {name: secret_source(item) for name, item in self._tls.given.items()}
                )
                values["mqtt"] = self.blueprint.stack.spec.broker.mqtt
                values["filters"] = self.broker_filters
                values["client_certificates"] = self._tls is not None and self._tls.client_certificates
                needed = (SUPERVISOR, *(f"credential-{client}" for client in self.grants))
                yield self._manifest("Broker", BROKER, placement.workload, values, needed)
            else:
                yield self._process(workload, placement)

    def _manifest(
        self,
        kind: str,
        name: str,
        address: str,
        values: dict[str, Any],
        depends_on: tuple[str, ...],
        *,
        stand_in: bool = False,
    ) -> Manifest:
        text = render_document("local", kind, {"name": name, "stack": self.stack, "address": address, **values})
        return Manifest(name, kind, address, text, depends_on, stand_in=stand_in)

    def url_of(self, replica: Placement, alone: bool) -> str | None:  # noqa: ARG002 - each has a URL of its own
        """Returns the URL of a replica on this machine, or None where it listens on no port."""
        return f"http://127.0.0.1:{_port(replica, '')}" if replica.ports else None

    def _process(self, workload: Workload, placement: Placement) -> Manifest:
        service = self.service_of(workload, placement)
        client = client_of(workload)
        values: dict[str, Any] = {
            "paths": {},
            "secrets": {},
            "files": [],
            "ports": _ports(placement),
            "readiness": None,
            "liveness": None,
            "datagrams": [port.name for port in service.ports if port.protocol == "UDP"],
            "startup": service.health.startup,
            "limits": _limits(service),
            "unenforced": _unenforced(service),
            "folder": service.working_dir,
            "once": service.run_once,
        }
        needed = [SUPERVISOR]
        if self.is_connected(workload):
            values["paths"] = {"ROHE_REPORT_CREDENTIALS": f"credentials/{client}.json"}
            needed.append(f"credential-{client}")
            if self._broker is not None:
                needed.append(BROKER)
        for name in service.after:
            others = self.peer_urls.replicas_of(workload.pipeline, name)
            needed += [f"process-{other.instance}" for other in others]
        if workload.role == "agent":
            values |= self._agent(placement, values["paths"])
            values["secrets"] = _secrets(service.env)
        else:
            values |= self._replica(service, workload, placement, values["paths"])
        return self._manifest(
            "Process",
            f"process-{placement.instance}",
            placement.replica,
            {"instance": placement.instance, **values},
            tuple(needed),
            stand_in=placement.replica in self.replays,
        )

    @cached_property
    def _broker(self) -> Placement | None:
        """Returns the placement of the stack's own broker, or None where it needs none or names another broker."""
        return next((placement for placement in self.plan.placements if placement.workload == "broker/broker"), None)

    @property
    def _tls(self) -> BrokerTls | None:
        """Returns the settings of TLS of the stack's own broker, None where it has none."""
        embedded = self.blueprint.stack.spec.broker.embedded
        return embedded.tls if embedded is not None else None

    @property
    def _of_users_broker(self) -> dict[str, Any]:
        """Returns what credentials have for a broker of the user's: its address, and where user and password are."""
        broker = self.blueprint.stack.spec.broker
        if broker.url is None:
            return {"source": ""}
        if broker.credentials is None:
            return {"source": "", "url": broker.url, "mqtt": broker.mqtt}
        source = secret_source(SecretValue.model_construct(secret=broker.credentials.secret))
        return {"source": source, "url": broker.url, "mqtt": broker.mqtt}

    def _report_url(self) -> str:
        if self._broker is not None:
            return f"{'mqtt' if self._tls is None else 'mqtts'}://127.0.0.1:{_ports(self._broker)['mqtt']}"
        return self.blueprint.stack.spec.broker.url or ""

    def _replica(
        self, service: Service, workload: Workload, placement: Placement, paths: dict[str, str]
    ) -> dict[str, Any]:
        plain = {name: value for name, value in service.env.items() if isinstance(value, str)}
        values: dict[str, Any] = {
            "command": [
                with_ports(word, lambda name: _port(placement, name)) for word in service.command + service.args
            ],
            "environment": {
                **plain,
                **environment_of(self.peer_urls, workload, placement),
                **{port_variable(port.name): str(port.number) for port in placement.ports},
                "ROHE_INSTANCE": placement.instance,
                **({"ROHE_REPORT_URL": self._report_url(), "ROHE_GRACE": str(GRACE)} if paths else {}),
            },
            "secrets": _secrets(service.env),
            "variables": [
                secret_source(SecretValue.model_construct(secret=source.secret))
                for source in service.env_from
                if source.secret is not None
            ],
            "preparations": [_preparation(step, placement) for step in service.init],
            "devices": [device.source for device in service.devices],
            "paths": {**paths, "ROHE_OUTBOX": f"outboxes/{placement.instance}"} if paths else {},
            "readiness": _probe(service.health.readiness),
            "liveness": _probe(service.health.liveness),
        }
        replay = self.replays.get(placement.replica)
        return values if replay is None else values | self._stand_in(replay, placement, values["paths"])

    def _stand_in(self, replay: Replay, placement: Placement, paths: dict[str, str]) -> dict[str, Any]:
        return {
            "command": [*STAND_IN],
            # A stand-in answers every path of its ports and takes next to no memory.
            "readiness": {"tcp": placement.ports[0].name} if placement.ports else None,
            "liveness": None,
            "limits": {},
            "unenforced": [],
            "preparations": [],
            "devices": [],
            "paths": {**paths, REPLAY: f"run/programs/{placement.instance}/files/replay.json"},
            "files": [{"name": "replay.json", "content": replay.encode()}],
        }

    def _agent(self, placement: Placement, paths: dict[str, str]) -> dict[str, Any]:
        configuration = agent_configuration(self.blueprint, self.plan, placement)
        files = f"run/programs/{placement.instance}/files"
        return {
            "command": ["rohe", "agent", "run"],
            "environment": {
                "ROHE_STACK": self.stack,
                "ROHE_INSTANCE": placement.instance,
                "ROHE_NODE": placement.node,
                "ROHE_REPORT_URL": self._report_url(),
            },
            "paths": {
                **paths,
                "ROHE_AGENT_CONFIG": f"{files}/agent.json",
                "ROHE_STORE": f"stores/{placement.instance}",
            },
            "files": [{"name": "agent.json", "content": configuration.decode()}],
            "liveness": {"heartbeat": f"stores/{placement.instance}/{HEARTBEAT}"},
        }


def _ports(placement: Placement) -> dict[str, int]:
    return {port.name: port.number for port in placement.ports}


def _port(placement: Placement, name: str) -> int:
    """Returns the number of a replica's port; the name "" is that of the port that callers use."""
    ports = _ports(placement)
    return ports[name or main_port([*ports])]


def _secrets(env: Mapping[str, Variable]) -> dict[str, str]:
    """Returns the sources of secrets by variable."""
    return {name: secret_source(value) for name, value in env.items() if isinstance(value, SecretValue)}


def _preparation(step: InitStep, placement: Placement) -> dict[str, Any]:
    """Returns what a step is started with, beside the variables of its replica."""
    return {
        "name": step.name,
        "command": [with_ports(word, lambda name: _port(placement, name)) for word in step.command + step.args],
        "environment": {name: value for name, value in step.env.items() if isinstance(value, str)},
        "secrets": _secrets(step.env),
    }


def _probe(probe: Probe | None) -> dict[str, Any] | None:
    if probe is None:
        return None
    if probe.http is not None:
        return {"http": {"path": probe.http.path, "port": probe.http.port}}
    return {"tcp": probe.tcp} if probe.tcp is not None else None


def _unenforced(service: Service) -> list[str]:
    """Returns the names of what the service asks for and this machine does not limit."""
    asked = service.requests
    names = [f"{kind} memory" for kind, request in sorted(asked.accelerators.items()) if request.memory]
    names += ["disk"] if asked.disk or service.limits.disk else []
    return names + (["network"] if asked.network else [])


def _limits(service: Service) -> dict[str, int]:
    memory = service.limits.memory or (service.requests.memory.rss if service.requests.memory is not None else None)
    limits = {"cpu": service.limits.cpu, "memory": memory}
    return {resource: amount for resource, amount in limits.items() if amount is not None}
