"""Manifests of the target `local`: a supervisor, credentials, a broker, and a process for each replica and agent."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from rohe_iac.blueprint.language.pipeline import SecretReference, SecretValue, Service
from rohe_iac.blueprint.language.pods.probe import Probe
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.blueprint.text.command_line import main_port, port_variable, with_ports
from rohe_iac.manifests.environment import environment_of
from rohe_iac.manifests.instances import instances_of
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.plan_rendering import PlanRendering, client_of
from rohe_iac.manifests.rendering import render_document
from rohe_iac.observation.configuration import configuration_of
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay

SUPERVISOR = "supervisor"
"""Name of the supervisor's manifest."""

BROKER = "broker"
"""Name of the broker's manifest."""

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
            values = {"client": client, "granted": granted}
            yield self._manifest("Credential", f"credential-{client}", f"credential/{client}", values, (SUPERVISOR,))
        for placement in self.plan.placements:
            workload = self.workloads[placement.workload]
            if workload.role == "broker":
                embedded = self.blueprint.stack.spec.broker.embedded
                server = embedded.server if embedded is not None else "nats"
                values = {"ports": _ports(placement), "users": list(self.grants), "server": server}
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

    def url_of(self, replica: Placement) -> str | None:
        """Returns the URL of a replica on this machine, or None where it listens on no port."""
        return f"http://127.0.0.1:{_port(replica, '')}" if replica.ports else None

    def _process(self, workload: Workload, placement: Placement) -> Manifest:
        service = service_with_variant(workload, placement.variant)
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
        }
        needed = [SUPERVISOR]
        if self.is_connected(workload):
            values["paths"] = {"ROHE_REPORT_CREDENTIALS": f"credentials/{client}.json"}
            needed.append(f"credential-{client}")
            if self._broker is not None:
                needed.append(BROKER)
        if workload.role == "agent":
            values |= self._agent(workload, placement, values["paths"])
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

    def _report_url(self) -> str:
        if self._broker is not None:
            return f"mqtt://127.0.0.1:{_ports(self._broker)['mqtt']}"
        return self.blueprint.stack.spec.broker.url or ""

    def _replica(
        self, service: Service, workload: Workload, placement: Placement, paths: dict[str, str]
    ) -> dict[str, Any]:
        plain = {name: value for name, value in service.env.items() if isinstance(value, str)}
        secrets = {name: _secret(value) for name, value in service.env.items() if isinstance(value, SecretValue)}
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
            "secrets": secrets,
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
            "paths": {**paths, REPLAY: f"run/programs/{placement.instance}/files/replay.json"},
            "files": [{"name": "replay.json", "content": replay.encode()}],
        }

    def _agent(self, workload: Workload, placement: Placement, paths: dict[str, str]) -> dict[str, Any]:
        pipeline = workload.service.name
        instances = instances_of(self.blueprint, self.plan, pipeline)
        configuration = configuration_of(self.blueprint, pipeline, placement.instance, instances)
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


def _secret(value: SecretValue) -> str:
    reference = value.secret
    if isinstance(reference, SecretReference):
        return reference.name + (f"#{reference.key}" if reference.key else "")
    return reference


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
