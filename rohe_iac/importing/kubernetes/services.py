"""Services of Kubernetes: under which names and ports the workloads that they select are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.naming import dns_name
from rohe_iac.importing.foreign.ports import make_port, port_name
from rohe_iac.importing.kubernetes.objects import KubernetesObject, at, items_at, map_parts, number_of, text_at, texts
from rohe_iac.importing.kubernetes.workloads import ImportedWorkload

REASONS = {
    "selector": "no workload of these files has these labels",
    "ports": "no workload of these files has the labels that it selects",
    **dict.fromkeys(("clusterip", "clusterips", "ipfamilies", "ipfamilypolicy"), "the cluster gives addresses"),
    "internaltrafficpolicy": "the balancing of a service says which replicas are called",
    "sessionaffinity": "the balancing of a service says which replicas are called",
    "sessionaffinityconfig": "the balancing of a service says which replicas are called",
    "publishnotreadyaddresses": "only replicas that are ready are called",
}

OUTSIDE = "how a service is reached from outside is the target's affair"


@dataclass
class CalledService:
    """What callers of a Service of Kubernetes call.

    Attributes:
        first: The service of its first port, which addresses without a port lead to.
        ports: The services by the numbers of its ports: a pod may have containers with a port each.
    """

    first: str
    ports: dict[int, str] = field(default_factory=dict)

    def at(self, number: int) -> str:
        """Returns the service that is called at a port. number: the port; 0 for an address without one."""
        return self.ports.get(number, self.first)


def add_service(
    item: KubernetesObject, workloads: list[ImportedWorkload], draft: PipelineDraft
) -> CalledService | None:
    """Adds the ports of a Service to the workload that it selects, to those containers that have them.

    Returns:
        What callers of it call; None where it selects none of these files.
    """
    selector = texts(at(item.field, "spec", "selector"))
    chosen = [workload for workload in workloads if selector and selector.items() <= workload.labels.items()]
    if not chosen:
        return None
    first = chosen[0]
    target = f"Pipeline/{draft.name}: services.{first.service['name']}"
    name, stated = at(item.field, "metadata", "name"), at(item.field, "spec", "selector")
    for part in (name, stated):
        if part is not None:
            part.map_to(f"{target}.ports")
    if len(chosen) > 1:
        others = ", ".join(workload.service["name"] for workload in chosen[1:])
        item.field.note(f"it selects {others}, too: callers call '{first.service['name']}' alone")
    ports: dict[int, str] = {}
    for port in items_at(item.field, "spec", "ports"):
        number = text_at(port, "port")
        if not number.isdecimal() or not 1 <= int(number[:6]) <= 65535:
            port.report_fault(f"expected a port from 1 to 65535, found '{number[:40]}'")
            continue
        owner = _add_port(int(number), port, first)
        if owner:
            ports.setdefault(int(number), owner)
        if port.path not in port.journal.dropped:
            place = f"Pipeline/{draft.name}: services.{owner}.ports"
            map_parts(port, place, ("name", "port", "targetPort", "protocol"), OUTSIDE)
    called = CalledService(next(iter(ports.values()), str(first.service["name"])), ports)
    owners = list(dict.fromkeys([called.first, *ports.values()]))
    if owners != [item.name] and name is not None:
        names = ", ".join(f"'{owner}'" for owner in owners)
        name.note(
            f"others call it '{item.name[:60]}', and rohe's own Service in a cluster is {names}: change the addresses "
            "in them"
        )
    return called


def _add_port(number: int, port: Field, workload: ImportedWorkload) -> str:
    """Adds the number at which a port is called to the port of the workload, its main container or one beside it.

    Returns:
        The name of the service that has the port; "" where none has it.
    """
    containers = [*items_at(workload.pod, "containers"), *items_at(workload.pod, "initContainers")]
    wanted = number_of(text_at(port, "targetPort") or str(number), containers)
    protocol = text_at(port, "protocol").upper() or "TCP"
    for service in (workload.service, *workload.beside):
        for known in service.get("ports", []):
            if wanted in (known["name"], str(known["containerPort"])) and known.get("protocol", "TCP") == protocol:
                _publish(known, number, port, service["name"], workload)
                return str(service["name"])
    if not wanted.isdecimal() or not 1 <= int(wanted[:6]) <= 65535:
        port.drop(f"no container has the port '{wanted[:60]}'")
        return ""
    if protocol not in ("TCP", "UDP"):
        port.drop("a port is of TCP or UDP")
        return ""
    ports: list[dict[str, Any]] = workload.service.setdefault("ports", [])
    name = dns_name(text_at(port, "name"), port_name(int(wanted), protocol))
    if any(known["name"] == name for known in ports):
        name = port_name(int(wanted), protocol)
    outer = number if number != int(wanted) else None
    ports.append(make_port(name, int(wanted), outer, protocol))
    workload.published[(workload.service["name"], name)] = number
    return str(workload.service["name"])


def _publish(known: dict[str, Any], number: int, port: Field, service: str, workload: ImportedWorkload) -> None:
    """Has a port called at a number; a second number for it is listed."""
    first = workload.published.setdefault((service, known["name"]), number)
    if first != number:
        port.drop(f"port {known['containerPort']} of '{service}' is called at {first}, and a port has one such number")
    elif number != known["containerPort"]:
        known["servicePort"] = number
        if "protocol" in known:
            known["protocol"] = known.pop("protocol")  # the protocol is written last
