"""Division: the instances of a pipeline divided into even shares, one for each of its agents.

Who was heard by an agent stays with it while the shares are even. The other instances go service by service, the
largest first, each service whole to the agent that its name prefers among those that have room for it (rendezvous
hashing: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking
6(1), 1998). A service that fits nowhere whole is divided by the hash of its instances. No agent is given more than a
bound above its part (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018). At last
shares that are too large give to those that are too small, so that an agent more or less moves little else than what it
takes or leaves.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

TOLERANCE_DIVISOR = 10
"""A share is even while it deviates from its part by no more than the part divided by this: a tenth."""


class HeardInstance(msgspec.Struct, frozen=True, gc=False):
    """An instance that reports.

    Attributes:
        name: Its name.
        service: Name of its service, whose instances are kept together.
        weight: How much it reports, in any unit; at least 1.
        node: Name of the node that it is on.
        zone: Name of the zone of that node; "" where it has none.
    """

    name: str
    service: str
    weight: int
    node: str = ""
    zone: str = ""


class Hearer(msgspec.Struct, frozen=True, gc=False):
    """An agent that hears instances.

    Attributes:
        name: Its name.
        capacity: Its part, in proportion to the capacities of the others; at least 1.
        node: Name of the node that it is on.
        zone: Name of the zone of that node; "" where it has none.
    """

    name: str
    capacity: int
    node: str = ""
    zone: str = ""


def divide(
    instances: Sequence[HeardInstance],
    hearers: Sequence[Hearer],
    before: Mapping[str, str],
    *,
    near: bool = False,
) -> dict[str, str]:
    """Returns for each instance the agent that hears it; equal inputs give equal results, in whatever order they come.

    Args:
        instances: The instances.
        hearers: The agents, at least one.
        before: The agent that heard an instance until now, by instance; others are taken as new.
        near: Whether instances are heard in their zone, or else on their node, wherever an agent is; even shares come
            after that.
    """
    division = _Division(sorted(instances, key=_name), sorted(hearers, key=_name), near=near)
    division.keep(before)
    division.place_rest()
    division.even_out()
    return division.agent_of


def _name(item: HeardInstance | Hearer) -> str:
    return item.name


def _hash(*names: str) -> bytes:
    return hashlib.sha256("/".join(names).encode()).digest()


@dataclass
class _Division:
    """A division under way. Loads are scaled by the sum of capacities, so that every number is whole."""

    instances: Sequence[HeardInstance]
    hearers: Sequence[Hearer]
    near: bool
    agent_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scale = sum(hearer.capacity for hearer in self.hearers)
        total = sum(instance.weight for instance in self.instances)
        self.part = {hearer.name: total * hearer.capacity for hearer in self.hearers}
        self.load = dict.fromkeys(self.part, 0)
        self.heard: dict[str, dict[str, list[HeardInstance]]] = {name: defaultdict(list) for name in self.part}
        self.by_name = {hearer.name: hearer for hearer in self.hearers}

    def keep(self, before: Mapping[str, str]) -> None:
        """Leaves instances with the agent that heard them."""
        for instance in self.instances:
            agent = before.get(instance.name, "")
            if agent in self.load and agent in self._candidates(instance):
                self._give(instance, agent)

    def place_rest(self) -> None:
        """Gives every other instance an agent: services whole where one has room, the largest service first."""
        groups: dict[tuple[str, tuple[str, ...]], list[HeardInstance]] = defaultdict(list)
        for instance in self.instances:
            if instance.name not in self.agent_of:
                groups[instance.service, self._candidates(instance)].append(instance)
        for (service, candidates), group in sorted(
            groups.items(), key=lambda item: (-sum(instance.weight for instance in item[1]), item[0])
        ):
            nodes = Counter(instance.node for instance in group) if self.near else Counter[str]()
            preferred = sorted(
                candidates,
                key=lambda agent: (
                    -len(self.heard[agent][service]),
                    -nodes[self.by_name[agent].node],
                    _hash(service, agent),
                ),
            )
            weight = self.scale * sum(instance.weight for instance in group)
            whole = next((agent for agent in preferred if self._has_room(agent, weight)), None)
            for instance in group if whole is not None else ():
                self._give(instance, str(whole))
            if whole is None:
                self._divide(group, candidates)

    def _divide(self, group: Sequence[HeardInstance], candidates: Sequence[str]) -> None:
        """Gives each instance of a service the agent that its own name prefers among those that have room."""
        for instance in sorted(group, key=lambda instance: _hash(instance.name)):
            weight = self.scale * instance.weight
            preferred = sorted(candidates, key=lambda agent: _hash(instance.name, agent))
            agent = next((agent for agent in preferred if self._has_room(agent, weight)), None)
            self._give(instance, agent or min(preferred, key=self._excess))

    def even_out(self) -> None:
        """Moves instances from agents with too much to agents with too little, while shares become more even."""
        while True:
            move = next((move for taker in sorted(self.load, key=self._excess) if (move := self._move_to(taker))), None)
            if move is None:
                return
            for instance, giver, taker in move:
                self._take(instance, giver)
                self._give(instance, taker)

    def _move_to(self, taker: str) -> list[tuple[HeardInstance, str, str]]:
        """Returns what moves to an agent next; nothing where it has enough, or nobody has too much."""
        lacks = -self._excess(taker)
        if lacks <= 0:
            return []
        for giver in sorted(self.load, key=lambda agent: (-self._excess(agent), agent)):
            spare = self._excess(giver)
            if TOLERANCE_DIVISOR * max(spare, 0) <= self.part[giver] and TOLERANCE_DIVISOR * lacks <= self.part[taker]:
                return []
            if giver == taker or spare + lacks <= 0:
                return []
            found = self._piece(giver, taker, spare, lacks)
            if found:
                return [(instance, giver, taker) for instance in found]
        return []

    def _piece(self, giver: str, taker: str, spare: int, lacks: int) -> Sequence[HeardInstance]:
        """Returns all that the giver hears of one service, or one instance, whose move makes the two more even."""
        pieces = []
        for service, heard in sorted(self.heard[giver].items()):
            able = [instance for instance in heard if taker in self._candidates(instance)]
            if able:
                weight = self.scale * sum(instance.weight for instance in able)
                pieces.append((bool(self.heard[taker].get(service)), weight, service, able))
        whole = [piece for piece in pieces if piece[1] <= min(max(spare, 0), lacks)]
        if whole:
            return max(whole)[3]
        for _, _, _, able in sorted(pieces, key=lambda piece: (not piece[0], -piece[1], piece[2])):
            by_hash = sorted(able, key=lambda instance: _hash(instance.name))
            fitting = next((item for item in by_hash if self.scale * item.weight <= min(max(spare, 0), lacks)), None)
            if fitting is not None:
                return [fitting]
        # A move changes the sum of squared deviations by 2 w (w - spare - lacks).
        single = [min(able, key=lambda instance: (instance.weight, _hash(instance.name))) for _, _, _, able in pieces]
        helping = [item for item in single if self.scale * item.weight < spare + lacks]
        return [min(helping, key=lambda instance: (instance.weight, instance.name))] if helping else []

    def _candidates(self, instance: HeardInstance) -> tuple[str, ...]:
        """Returns the agents that may hear an instance."""
        if self.near:
            for word in ("zone", "node"):
                place = getattr(instance, word)
                there = tuple(hearer.name for hearer in self.hearers if place and getattr(hearer, word) == place)
                if there:
                    return there
        return tuple(self.part)

    def _excess(self, agent: str) -> int:
        return self.load[agent] - self.part[agent]

    def _has_room(self, agent: str, weight: int) -> bool:
        return TOLERANCE_DIVISOR * (self.load[agent] + weight) <= (TOLERANCE_DIVISOR + 1) * self.part[agent]

    def _give(self, instance: HeardInstance, agent: str) -> None:
        self.agent_of[instance.name] = agent
        self.load[agent] += self.scale * instance.weight
        self.heard[agent][instance.service].append(instance)

    def _take(self, instance: HeardInstance, agent: str) -> None:
        self.load[agent] -= self.scale * instance.weight
        self.heard[agent][instance.service].remove(instance)
