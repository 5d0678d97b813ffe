"""`rohe status`: the state of every part of an applied stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.ports import DeploymentTarget, Live
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.transports.heard import HeardInstances
from rohe_iac.usecases.running.edits import MAX_EDITS, stack_edits
from rohe_iac.usecases.running.elsewhere import found_words, moved_words
from rohe_iac.usecases.running.limits import unlimited_sentences
from rohe_iac.usecases.running.unfinished import not_done
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


@dataclass(frozen=True)
class PartStatus:
    """The state of one replica, agent or broker.

    Attributes:
        address: its address.
        instance: its name in processes and reports.
        node: the node that the plan gave it; empty for a part that the plan does not have.
        state: as `Live.state`, or `missing`.
        where: what the target calls it, such as a process id.
        urls: where it can be reached.
        restarts: how often it was restarted.
        began: when it began, in seconds since the epoch; 0 where it does not run.
        detail: why it is in this state; empty where the state says it all.
        last_end: how its last run ended, such as `was killed for memory: 128Mi`; empty where none has ended.
        ended: when its last run ended, in seconds since the epoch; 0 where none has ended.
        unlimited: a sentence for each limit that is not in force.
        serial: the number of the record that it was made of; 0 where that is not known.
        certificate_expires: when the certificate that it shows its clients expires, in seconds since the epoch; 0 where
            it has none.
        stale: what runs or reports instead of what the plan has; empty where that is the same, or not known.
        unheard: which agent has never heard it although it runs; empty where it was heard, or nobody expects it.
        silent: for how long no agent has heard it although it promised to speak; empty where one has, or it did not.
    """

    address: str
    instance: str
    node: str
    state: str
    where: str
    urls: tuple[str, ...]
    restarts: int
    began: float
    detail: str = ""
    last_end: str = ""
    ended: float = 0.0
    unlimited: tuple[str, ...] = ()
    serial: int = 0
    stale: str = ""
    certificate_expires: float = 0.0
    unheard: str = ""
    silent: str = ""

    @property
    def well(self) -> bool:
        """Whether the part runs, or ran once and ended well, and is the one of the plan."""
        return self.state in ("running", "done") and not self.stale


@dataclass(frozen=True)
class AgentStatus:
    """What one agent answered about itself and its contracts, or why it did not answer.

    Attributes:
        agent: the name of the agent.
        answer: the agent's JSON with `at`, `counts`, `objectives` and `orders`; empty where it did not answer.
        silence: why it did not answer; empty where it did.
        role: judges or receives, where several agents observe the pipeline; else empty.
        share: the instances that the plan has it hear, where several agents observe the pipeline.
        by_judge: what the agent that judges says of this one, such as `hears` and `silent`; empty for nothing.
    """

    agent: str
    answer: dict[str, Any] = field(default_factory=dict)
    silence: str = ""
    role: str = ""
    share: tuple[str, ...] = ()
    by_judge: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """Why an agent that shares reports does not hear what the plan gives it; empty where it does."""
        if not self.role or self.silence:
            return ""
        return str(self.answer.get("trouble") or self.by_judge.get("trouble") or "")

    @property
    def sources_up(self) -> bool:
        """Whether the agent hears all its sources of reports beside the stack's broker; while one is away it waits."""
        return all(source["up"] for source in self.answer.get("sources", ()))


@dataclass(frozen=True)
class ContractStatus:
    """The verdict on one contract: the worst that any agent has on any of its objectives, by WORST_FIRST."""

    contract: str
    verdict: str


@dataclass(frozen=True)
class UnknownObjective:
    """An objective that is UNKNOWN, and why.

    Attributes:
        contract: name of its contract.
        objective: its name.
        why: kind of the reason: idle, silent, waiting, few, fault or disconnected.
        text: the reason as people read it.
        since: since when it is UNKNOWN, in seconds since the epoch.
        overdue: whether that is longer than three of its windows, and not because there is nothing to judge.
    """

    contract: str
    objective: str
    why: str
    text: str
    since: float
    overdue: bool


@dataclass(frozen=True)
class StackStatus:
    """The state of a stack.

    Attributes:
        project: the project of its blueprint.
        stack: its name.
        serial: the number of its record; 0 where nothing is applied.
        complete: whether the record is applied completely.
        interrupted: the command that did not end; empty where the last one ended.
        parts: replicas, agents and brokers by address.
        agents: the answers of the agents.
        obstacles: what hinders the whole stack, such as a full disk, a sentence each.
    """

    project: str
    stack: str
    serial: int
    complete: bool
    interrupted: str
    parts: tuple[PartStatus, ...]
    agents: tuple[AgentStatus, ...] = ()
    obstacles: tuple[str, ...] = ()

    @property
    def unlimited(self) -> tuple[str, ...]:
        """Which limits are not in force, a sentence for each reason, with the services."""
        return unlimited_sentences((part.address, part.unlimited) for part in self.parts)

    @property
    def contracts(self) -> tuple[ContractStatus, ...]:
        """The verdict on every contract that an agent observes, by name."""
        verdicts: dict[str, set[str]] = {}
        for agent in self.agents:
            for objective in agent.answer.get("objectives", ()):
                verdicts.setdefault(objective["contract"], set()).add(objective["verdict"])
        return tuple(
            ContractStatus(contract, next((verdict for verdict in WORST_FIRST if verdict in found), "UNKNOWN"))
            for contract, found in sorted(verdicts.items())
        )

    @property
    def unknowns(self) -> tuple[UnknownObjective, ...]:
        """The objectives that are UNKNOWN, by name, as the agents say."""
        found = [
            UnknownObjective(
                objective["contract"],
                objective["objective"],
                unknown["why"],
                unknown["text"],
                unknown["since"],
                unknown["overdue"],
            )
            for agent in self.agents
            for objective in agent.answer.get("objectives", ())
            if (unknown := objective.get("unknown"))
        ]
        return tuple(sorted(found, key=lambda item: (item.contract, item.objective)))

    @property
    def well(self) -> bool:
        """Whether the stack runs, every agent answers and hears, and no contract is broken or long UNKNOWN."""
        return (
            self.serial > 0
            and not self.obstacles
            and all(part.well for part in self.parts)
            and not any(agent.silence or agent.trouble or not agent.sources_up for agent in self.agents)
            and not any(contract.verdict == "BROKEN" for contract in self.contracts)
            and not any(unknown.overdue for unknown in self.unknowns)
        )


WORST_FIRST = ("BROKEN", "UNKNOWN", "KEPT")
"""Verdicts on an objective, the worst first."""


PATIENCE = 3.0
"""Seconds that the broker and each agent have to answer."""


def status(stack: KnownStack, open_target: OpenTarget) -> StackStatus:
    """Returns the state of a stack: its planned parts beside those that run, and the answers of its agents."""
    target = open_target(stack.destination)
    if not stack.touched:
        return _not_applied(stack, target)
    undone = not_done(stack.folder) if stack.record is not None else {}
    found = target.live()
    live = {item.instance: item for item in found}
    parts = []
    for placement in stack.record.planfile.plan.placements if stack.record is not None else ():
        # On this machine the broker's process has a name of its own.
        instance = "broker" if placement.workload.startswith("broker/") and "broker" in live else placement.instance
        parts.append(_part(placement.replica, instance, placement.node, live.pop(instance, None)))
    parts += [_part(item.address, item.instance, item.node, item) for item in live.values()]
    parts = [replace(part, detail=part.detail or undone.get(part.address, "")) for part in parts]
    manifests = stack.record.planfile.manifests if stack.record is not None else ()
    interrupted = RunJournal(stack.folder, SystemClock()).interrupted()
    edits = stack_edits(target, manifests, stack.record, interrupted=bool(interrupted))
    edited = [str(edit) for edit in (*edits.by_hand, *edits.by_apply)[:MAX_EDITS]]
    parts.sort(key=lambda part: part.address)
    agents = _with_roles(_ask(target, parts), stack.record)
    if stack.record is not None:
        parts = marked_stale(parts, stack.record.manifests, {item.instance: item for item in found}, agents)
        parts = [replace(part, unheard=_unheard(part, agents), silent=silence(part, agents)) for part in parts]
    return StackStatus(
        project=stack.project,
        stack=stack.name,
        serial=stack.record.serial if stack.record is not None else 0,
        complete=stack.record is not None and stack.record.complete,
        interrupted=interrupted,
        parts=tuple(parts),
        agents=agents,
        obstacles=(*filter(None, (moved_words(stack.record, target.location()),)), *target.obstacles(), *edited),
    )


def _not_applied(stack: KnownStack, target: DeploymentTarget) -> StackStatus:
    """Returns the state of a stack that this machine has not applied: of the parts that another one made, if any."""
    try:
        found = target.found_stack()
        words = found_words(found, stack.project, stack.name) if found is not None else ""
        live = target.live() if words else ()
    except RoheError as error:
        words, live = f"whether another machine has applied it is not known: {error.brief}", ()
    parts = [_part(item.address, item.instance, item.node, item) for item in live]
    parts.sort(key=lambda part: part.address)
    return StackStatus(stack.project, stack.name, 0, False, "", tuple(parts), obstacles=(words,) if words else ())


RUNNING_KINDS = ("Deployment", "Job", "Process")
"""Kinds of manifests that make a replica or an agent run."""


def marked_stale(
    parts: list[PartStatus],
    manifests: Sequence[Manifest],
    live: Mapping[str, Live],
    agents: Sequence[AgentStatus],
) -> list[PartStatus]:
    """Returns the parts with what is stale of each: what runs, or what reports, is not of the plan's manifest.

    Args:
        parts: The parts of the stack.
        manifests: The manifests of the record, with their serials.
        live: What is on the target, by instance.
        agents: The agents' answers, which have the last state of each client.
    """
    planned = {manifest.address: manifest for manifest in manifests if manifest.kind in RUNNING_KINDS}
    heard: dict[str, Mapping[str, Any]] = {}
    for agent in agents:
        heard |= {client: state for client, state in agent.answer.get("clients", {}).items() if state.get("digest")}
    marked = []
    for part in parts:
        manifest, found, state = planned.get(part.address), live.get(part.instance), heard.get(part.instance, {})
        stale = ""
        if manifest is not None and found is not None and found.digest not in ("", manifest.digest):
            stale = f"it runs as record {found.serial} had it; it changed in record {manifest.serial}"
        elif manifest is not None and state.get("digest", manifest.digest) != manifest.digest:
            stale = f"it reports as record {state.get('serial', 0)} had it; it changed in record {manifest.serial}"
        marked.append(replace(part, stale=stale) if stale else part)
    return marked


def _unheard(part: PartStatus, agents: Sequence[AgentStatus]) -> str:
    """Returns that no agent has ever heard a part that runs, "" where one has or none expects it."""
    expecting = [agent for agent in agents if HeardInstances(agent.answer).expects(part.instance)]
    if part.state != "running" or part.stale or not expecting:
        return ""
    if any(not HeardInstances(agent.answer).has_never_heard(part.instance) for agent in expecting):
        return ""
    return f"it runs, and {expecting[0].agent} has never heard it"


def silence(part: PartStatus, agents: Sequence[AgentStatus]) -> str:
    """Returns for how long a part that runs has been silent, "" where an agent hears it or none does."""
    words = [HeardInstances(agent.answer).silence(part.instance) for agent in agents if agent.answer]
    return "" if part.state != "running" or not words or not all(words) else words[0]


def _part(address: str, instance: str, node: str, live: Live | None) -> PartStatus:
    """Returns the state of a part; `missing` where nothing of it lives."""
    if live is None:
        return PartStatus(address, instance, node, "missing", "", (), 0, 0.0)
    elsewhere = f"it is on {live.node}, and the plan puts it on {node}" if node and live.node not in ("", node) else ""
    return PartStatus(
        address=address,
        instance=instance,
        node=node,
        state=live.state,
        where=live.where,
        urls=live.urls,
        restarts=live.restarts,
        began=live.began,
        detail="; ".join(filter(None, (live.detail, elsewhere))),
        last_end=live.last_end,
        ended=live.ended,
        unlimited=live.unlimited,
        serial=live.serial,
        certificate_expires=live.certificate_expires,
    )


def _with_roles(agents: Sequence[AgentStatus], record: Record | None) -> tuple[AgentStatus, ...]:
    """Returns the agents with their roles and shares by the plan, and with what those who judge say of the others."""
    shares = {share.agent: share for share in record.planfile.plan.shares} if record is not None else {}
    by_judge = {item["name"]: item for agent in agents for item in agent.answer.get("agents", ())}
    return tuple(
        replace(
            agent,
            role="judges" if shares[agent.agent].judges else "receives",
            share=shares[agent.agent].instances,
            by_judge=by_judge.get(agent.agent, {}),
        )
        if agent.agent in shares
        else agent
        for agent in agents
    )


def _ask(target: DeploymentTarget, parts: list[PartStatus]) -> tuple[AgentStatus, ...]:
    """Returns the answer of every agent, or why it did not answer."""
    agents = [part for part in parts if part.address.startswith("agent/")]
    if not any(part.well for part in agents):
        return tuple(AgentStatus(part.instance, silence=f"it is {part.state}") for part in agents)
    answers = []
    try:
        with target.inquirer(PATIENCE) as inquirer:
            for part in agents:
                if not part.well:
                    answers.append(AgentStatus(part.instance, silence=f"it is {part.state}"))
                    continue
                try:
                    answers.append(AgentStatus(part.instance, answer=inquirer.ask(part.instance, "status")[0]))
                except (RoheError, IndexError) as error:
                    answers.append(AgentStatus(part.instance, silence=str(error)))
    except RoheError as error:
        # All agents share one broker: those that were not asked are silent for the same reason.
        asked = {answer.agent for answer in answers}
        why = f"{error.brief}: {error.detail}" if error.detail else error.brief
        answers += [AgentStatus(part.instance, silence=why) for part in agents if part.instance not in asked]
    return tuple(answers)
