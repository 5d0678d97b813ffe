"""Calls between workloads, inferred: who is given the name of another's Service in variables, words and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from rohe_iac.importing.foreign.addresses import hosts_named, ports_addressed, services_addressed
from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.services import CalledService

_ELSEWHERE = re.compile(r"(?<![\w-])[a-z0-9-]+\.[a-z0-9-]+(?![\w-])")
"""The name of a Service with its namespace."""


class CallFinder:
    """Finds calls of the workloads of one namespace.

    Attributes:
        called: What callers call, by the names of the Services of Kubernetes.
        draft: The pipeline, whose flow is added to.
        elsewhere: The Services of other namespaces, as NAME.NAMESPACE.
    """

    def __init__(
        self, called: Mapping[str, CalledService], namespace: str, draft: PipelineDraft, elsewhere: Collection[str] = ()
    ) -> None:
        self.called = called
        self.draft = draft
        self.elsewhere = elsewhere
        longest = sorted(map(re.escape, called), key=len, reverse=True)
        space = re.escape(namespace or "default")
        self._qualified = (
            re.compile(
                rf"(?<![\w.-])(?:[a-z0-9-]+\.)?(?P<name>{'|'.join(longest)})"
                rf"(?:\.{space}(?:\.svc(?:\.cluster\.local)?)?\.?)?(?![\w.-])"
            )
            if longest
            else None
        )

    def add(self, caller: str, variable: str, text: str, part: Field) -> None:
        """Adds a flow for each address of another service in a text.

        Args:
            caller: The name of the service that has the text.
            variable: The name of the variable; "" for a word of a command line, or the content of a file.
            text: The text.
            part: The field that the text is from.
        """
        for name in sorted({match[0] for match in _ELSEWHERE.finditer(text)}.intersection(self.elsewhere)):
            part.note(
                f"'{caller}' has the address of {name}: both ends of a flow are in one pipeline, so there is none"
            )
        if self._qualified is None:
            return
        short = self._qualified.sub(lambda match: match["name"], text)
        names = {name: name for name in self.called}
        with_port = ports_addressed(short, names)
        hosts = set(services_addressed(short, names)).difference(name for name, _ in with_port)
        hosts.update(hosts_named(variable, short, names))
        whole = [*with_port, *((name, 0) for name in sorted(hosts))]
        for other in dict.fromkeys(self.called[name].at(number) for name, number in whole):
            if other != caller:
                self._add(caller, other, part)

    def _add(self, caller: str, other: str, part: Field) -> None:
        link = {"from": caller, "to": other}
        if link in self.draft.flow:
            return
        once = [service["name"] for service in self.draft.services if service.get("runOnce")]
        if caller in once or other in once:
            job = caller if caller in once else other
            part.note(
                f"'{caller}' has the address of '{other}'; no flow is added, for '{job}' runs once: where one has to "
                "wait for the other, write after"
            )
            return
        if self.draft.is_reachable(other, caller):
            part.note(f"'{caller}' has the address of '{other}'; no flow is added, for requests would run in a circle")
            return
        self.draft.flow.append(link)
        part.note(
            f"'{caller}' has the address of '{other}': taken as requests that flow there. On the target local, read "
            "the address in ROHE_PEERS"
        )
