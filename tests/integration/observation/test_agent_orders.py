"""The agent at work: it judges, explains, sends orders and answers questions; and its orders outlive it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, objective

from rohe_iac.mqtt.address import broker_address
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, WindowSpec
from rohe_iac.reporting import Command, Reporter
from rohe_iac.transports.questions import AgentSilent, BrokerUnreachable, Inquirer, RefusedQuestion

pytestmark = pytest.mark.broker

MEMBERS = ("good", "fair", "bad")
SHARES = {"good": [0.6, 0.4], "fair": [0.55, 0.45], "bad": [0.0, 1.0]}


def voting_configuration() -> Configuration:
    instances = [("camera", ""), *(("classify", name) for name in MEMBERS), ("vote", "")]
    return Configuration(
        stack=STACK,
        pipeline="load",
        agent="rohe-agent-load-0",
        services=(
            ServiceSpec(name="camera", calls=("classify",)),
            ServiceSpec(name="classify", calls=("vote",), members=MEMBERS),
            ServiceSpec(name="vote"),
        ),
        instances=tuple(
            Instance(instance=f"{service}-{member}-0".replace("--", "-"), topic=service, service=service, member=member)
            for service, member in instances
        ),
        contracts=(
            AgentContract(
                name="quality",
                lateness=0.5,
                objectives=(
                    objective(
                        "right",
                        "accuracy",
                        WindowSpec(size_count=20, every_count=10),
                        low=0.9,
                        high=0.9,
                        min_samples=20,
                        action="degrade",
                    ),
                ),
                sinks=("store", {"jsonl": "results"}, "mqtt"),
            ),
        ),
    )


class Services:
    """The services of the pipeline in this process: the member `bad` answers wrongly, camera and vote obey orders."""

    def __init__(self, stage: Stage) -> None:
        self.commands: list[tuple[str, Command]] = []
        self.members = MEMBERS
        self._count = 0
        self.reporters: dict[str, Reporter] = {}
        for instance in stage.configuration.instances:
            self.reporters[instance.instance] = Reporter.from_environment(
                {
                    "ROHE_STACK": STACK,
                    "ROHE_PIPELINE": "load",
                    "ROHE_SERVICE": instance.service,
                    "ROHE_MEMBER": instance.member,
                    "ROHE_INSTANCE": instance.instance,
                    "ROHE_OUTBOX": str(stage.folder / instance.instance),
                    "ROHE_REPORT_URL": stage.broker.url,
                    "ROHE_REPORT_CREDENTIALS": str(stage.broker.credentials(stage.folder, "service")),
                }
            )
            self.reporters[instance.instance].on_command(
                lambda command, name=instance.instance: self._obey(name, command)
            )

    def _obey(self, name: str, command: Command) -> tuple[bool, str]:
        self.commands.append((name, command))
        self.members = command.members if command.action == "degrade" else MEMBERS
        return True, "done"

    def request(self) -> None:
        now, request = time.time(), f"r{self._count}"
        self._count += 1
        self.reporters["camera-0"].report(request=request, start=now, end=now, fields={"truth": 0})
        for name in self.members:
            shares = SHARES[name]
            fields = {"prediction": shares.index(max(shares)), "probabilities": shares}
            self.reporters[f"classify-{name}-0"].report(request=request, start=now, end=now, fields=fields)
        total = [sum(column) for column in zip(*(SHARES[name] for name in self.members), strict=True)]
        self.reporters["vote-0"].report(
            request=request, start=now, end=now, fields={"prediction": total.index(max(total))}
        )

    def work_until(self, condition: Callable[[], object], timeout: float = 60.0) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"did not come; commands {self.commands}"
            self.request()
            time.sleep(0.03)

    def close(self) -> None:
        for reporter in self.reporters.values():
            reporter.close(timeout=0)


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    stage = Stage(tmp_path, own_broker, voting_configuration())
    yield stage
    stage.end()


def test_a_bad_member_is_named_dropped_and_the_objective_is_kept_again(stage: Stage) -> None:
    stage.start_agent()
    services = Services(stage)
    try:
        services.work_until(lambda: len({name for name, _ in services.commands}) == 2)
        assert {name for name, _ in services.commands} == {"camera-0", "vote-0"}, (
            "the caller and the callee of the ensemble"
        )
        assert {command.members for _, command in services.commands} == {("good", "fair")}
        services.work_until(lambda: stage.ask("violations")[0]["ended"])
        [violation] = stage.ask("violations")
        best = violation["evidence"]["contributions"][0]
        assert (best["name"], best["kept"]) == ("classify/bad", True)
        assert [action["dropped"] for action in violation["actions"]] == ["bad"]
        stage.wait_for(lambda: stage.ask("status")[0]["objectives"][0]["verdict"] == "KEPT")
        [status] = stage.ask("status")
        [order] = status["orders"]
        assert set(order["answers"]) == {"camera-0", "vote-0"}
        assert order["unanswered"] == []
        assert (stage.folder / "results" / "quality.jsonl").exists()

        # The order outlives the agent.
        stage.kill_agent()
        services.commands.clear()
        stage.start_agent()
        stage.wait_for(lambda: stage.ask("status")[0]["orders"][0]["unanswered"] == [])
        assert stage.ask("status")[0]["orders"][0]["members"] == ["good", "fair"]
        assert services.commands == [], "an instance that has answered gets the order once"

        # The operator ends the action: all members are asked again.
        stage.ask("restore", violation=violation["id"])
        stage.wait_for(lambda: stage.ask("status")[0]["orders"][0]["action"] == "restore")
    finally:
        services.close()


def test_answers_come_page_by_page(stage: Stage) -> None:
    stage.start_agent()
    services = Services(stage)
    try:
        services.work_until(lambda: len(stage.ask("results")) > 5)
        results = stage.ask("results")
        rows = [result["row"] for result in results]
        assert rows == sorted(rows)
        assert min(result["row"] for result in stage.ask("results", after=rows[2])) > rows[2]
        assert len(stage.ask("results", most=2)) == 2
    finally:
        services.close()


def test_what_it_does_not_know_it_refuses(stage: Stage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up"))
    with pytest.raises(RefusedQuestion):
        stage.ask("weather")
    with pytest.raises(RefusedQuestion):
        stage.ask("explain", violation="v-none")
    with pytest.raises(RefusedQuestion):
        stage.ask("results", after="text")


def test_junk_on_every_topic_stops_nothing(stage: Stage) -> None:
    from rohe_iac.mqtt.connection import Connection
    from rohe_iac.mqtt.message import Outgoing

    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up"))
    address = broker_address("", stage.broker.credentials(stage.folder, "operator"))
    connection = Connection(address, "junk")
    connection.start()
    assert connection.wait_up(10)
    for topic in ("report/camera/camera-0", "state/camera-0", "command/rohe-agent-load-0", "reply/rohe-agent-load-0"):
        for payload in (b"", b"\x00", b"{", b"[]", b"null", b'{"v":1}', b"[" * 50_000, msgspec.json.encode({"id": []})):
            connection.publish(Outgoing(f"rohe/v1/{STACK}/{topic}", payload))
    stage.wait_for(lambda: stage.ask("status")[0]["counts"].get("undecodable", 0) == 3 * 8)
    connection.close()
    assert stage.stop_agent() == 0


def test_a_broker_that_is_down_is_told_and_so_is_an_agent(stage: Stage) -> None:
    operator = broker_address("", stage.broker.credentials(stage.folder, "operator"))
    with Inquirer(operator, STACK, timeout=2) as inquirer, pytest.raises(AgentSilent) as silent:
        inquirer.ask("rohe-agent-load-0", "status")
    assert silent.value.exit_code == 10
    stage.broker.kill()
    with pytest.raises(BrokerUnreachable) as away, Inquirer(operator, STACK, timeout=1):
        pass
    assert away.value.exit_code == 10
    assert "refused" in away.value.detail
