"""Senders: who may have sent a report, by the topic that it came on.

A broker lets each client publish on the topics of its own instances alone, so the topic says who sent a message; what
the message says of itself is only compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.report import Report


class MisattributedReport(RoheError):
    """A report that names another sender than its topic; it becomes a dead letter and is counted.

    Attributes:
        kind: Kind under which it is counted.
    """

    kind = "misattributed"


class Senders:
    """The instances that report, and what each of them is: service, member and node."""

    def __init__(
        self, instances: Iterable[Instance] = (), former_nodes: Mapping[str, Collection[str]] | None = None
    ) -> None:
        """Takes the instances of a pipeline; of other instances on its topics only the service is known.

        Args:
            instances: Instances as they are planned now.
            former_nodes: Nodes that earlier plans gave them, by instance: reports from there may still come.
        """
        self._former_nodes = former_nodes if former_nodes is not None else {}
        self._instances = {(instance.topic, instance.instance): instance for instance in instances}
        self._planned = {instance for _, instance in self._instances}
        self._services: dict[str, set[str]] = {}
        for instance in self._instances.values():
            self._services.setdefault(instance.topic, set()).add(instance.service)

    def is_planned(self, instance: str) -> bool:
        """Checks whether an instance is one of the plan."""
        return instance in self._planned

    def service_of(self, topic: str, instance: str) -> str:
        """Returns the service of a sender, for messages that name none.

        Args:
            topic: Service level of the topic.
            instance: Instance level of the topic.
        """
        known = self._instances.get((topic, instance))
        return known.service if known is not None else min(self._services.get(topic, {topic}))

    def attribute(self, report: Report, topic: str, instance: str) -> Report:
        """Returns the report with the names of its sender, where the report leaves them out.

        Args:
            report: Report as it was decoded.
            topic: Service level of the topic.
            instance: Instance level of the topic.

        Raises:
            MisattributedReport: A name in the report is not that of its sender.
        """
        known = self._instances.get((topic, instance))
        if report.client != instance or report.instance != instance:
            other = report.client if report.client != instance else report.instance
            raise MisattributedReport(f"the report names '{other:.80}' as its sender")
        if known is None:
            services = self._services.get(topic, {topic})
            if report.service not in services:
                raise _mismatch("service", report.service, " or ".join(sorted(services)))
            return report
        for name, given, expected in (
            ("service", report.service, known.service),
            ("member", report.member, known.member),
            ("node", report.node, known.node),
        ):
            if name == "node" and given in self._former_nodes.get(instance, ()):
                continue
            if given and given != expected and (expected or name == "member"):
                raise _mismatch(name, given, expected)
        if report.service and report.member == known.member and (report.node or not known.node):
            return report
        return msgspec.structs.replace(
            report, service=known.service, member=known.member, node=report.node or known.node
        )


def _mismatch(name: str, given: str, expected: str) -> MisattributedReport:
    return MisattributedReport(f"the report names {name} '{given:.80}'; its sender has {name} '{expected}'")
