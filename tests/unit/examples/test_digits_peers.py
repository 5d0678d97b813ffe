import json

import pytest
from digits.peers import REST, Replicas, only, peers
from digits.wire import Unreachable

from rohe_iac.reporting import Replicas as Balanced


class Network:
    """Replicas that answer with their url, but for those that are down."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.asked: list[str] = []
        self.now = 0.0

    def ask(self, url, path, body=None, timeout=2.0):
        self.asked.append(url)
        if url in self.down:
            raise Unreachable(url)
        return {"url": url}


@pytest.fixture
def network() -> Network:
    return Network()


def replicas(network: Network, *urls: str) -> Replicas:
    def clock() -> float:
        return network.now

    return Replicas(Balanced(urls, "roundRobin", clock=clock), clock, network.ask)


def test_replicas_take_turns(network):
    both = replicas(network, "a", "b")
    assert [both.call("/", {})["url"] for _ in range(4)] == ["a", "b", "a", "b"]


def test_when_one_is_down_the_other_answers_every_request(network):
    both = replicas(network, "a", "b")
    network.down = {"a"}
    assert {both.call("/", {})["url"] for _ in range(6)} == {"b"}
    assert network.asked.count("a") == 1


def test_one_that_is_down_is_tried_again_once_it_has_rested(network):
    both = replicas(network, "a", "b")
    network.down = {"a"}
    both.call("/", {})
    network.down, network.now = set(), REST
    assert {both.call("/", {})["url"] for _ in range(2)} == {"a", "b"}


def test_with_none_left_the_caller_is_told(network):
    network.down = {"a", "b"}
    with pytest.raises(Unreachable):
        replicas(network, "a", "b").call("/", {})


def test_a_member_whose_replicas_are_all_down_is_not_alive_until_one_answers_again(network):
    one = replicas(network, "a")
    assert one.alive()
    network.down = {"a"}
    with pytest.raises(Unreachable):
        one.call("/", {})
    assert not one.alive()
    network.asked.clear()
    assert not one.alive()
    assert network.asked == []
    network.now = REST
    assert not one.alive()
    network.down, network.now = set(), 2 * REST
    assert one.alive()


def test_peers_come_from_what_the_replica_was_told():
    told = json.dumps({"classify": {"svm": ["http://a", "http://b"], "bayes": ["http://c"]}})
    service, members = only(peers({"ROHE_PEERS": told}))
    assert service == "classify"
    assert members["svm"].urls == ["http://a", "http://b"]


@pytest.mark.parametrize("told", ["{}", '{"a": {"": []}, "b": {"": []}}'])
def test_other_than_one_following_service_is_said(told):
    with pytest.raises(SystemExit, match="ROHE_PEERS"):
        only(peers({"ROHE_PEERS": told}))
