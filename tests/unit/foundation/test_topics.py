"""The page of the protocol names exactly the topic filters that users are granted; what a topic is for is one level."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rohe_iac.foundation import topics
from rohe_iac.foundation.topics import (
    ROOT,
    Grants,
    agent_grants,
    batch_topic,
    kind_of_topic,
    operator_grants,
    report_topic,
    service_grants,
)

PREFIX = f"{ROOT}/STACK/"


def filters(grants: Grants) -> set[tuple[str, str]]:
    """Returns the filters of a user with what it may do there, as the page names agents."""
    granted = [("publish", item) for item in grants.publish] + [("subscribe", item) for item in grants.subscribe]
    found = set()
    for verb, item in granted:
        assert item.startswith(PREFIX)
        levels = item.removeprefix(PREFIX).split("/")
        agents = [level for level in levels if level in ("AGENT", "JUDGE")]
        # Each agent may do what the others may: one of them stands for all, and one pair for all pairs.
        names = iter(("JUDGE", "AGENT") if len(agents) == 2 else ("AGENT",))
        found.add((verb, "/".join(next(names) if level in agents else level for level in levels)))
    return found


def test_the_table_of_topics_is_what_users_are_granted(root: Path) -> None:
    page = (root / "docs" / "wire-protocol.md").read_text().split("## Topics of all users")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("| `")]
    stated: list[set[tuple[str, str]]] = [set(), set(), set()]
    for topic, *cells in rows:
        for user, cell in zip(stated, cells, strict=False):
            user |= {(verb, topic.strip("`")) for verb in re.findall(r"[a-z]+", cell)}
    granted = (
        service_grants("STACK", "TOPIC", ["INSTANCE"]),
        agent_grants("STACK", ["AGENT", "JUDGE"]),
        operator_grants("STACK"),
    )
    assert stated == [filters(grants) for grants in granted]


def test_a_single_agent_is_granted_no_topics_between_agents() -> None:
    assert not any(kind in item for _, item in filters(agent_grants("STACK", ["AGENT"])) for kind in ("batch", "share"))


@pytest.mark.parametrize(
    "word", ["ack", "batch", "command", "reply", "report", "result", "share", "state", "violation"]
)
def test_what_a_topic_is_for_is_told_whatever_stacks_services_and_clients_are_called(word: str) -> None:
    makers = [topics.ack_topic, topics.command_topic, topics.reply_topic, topics.state_topic, topics.violation_topic]
    assert [kind_of_topic(make(word, word)) for make in (*makers, topics.share_topic)] == [
        "ack",
        "command",
        "reply",
        "state",
        "violation",
        "share",
    ]
    assert kind_of_topic(report_topic(word, word, word)) == "report"
    assert kind_of_topic(batch_topic(word, word, word)) == "batch"
    assert kind_of_topic(topics.result_topic(word, word, word)) == "result"
    assert kind_of_topic(word) == ""
