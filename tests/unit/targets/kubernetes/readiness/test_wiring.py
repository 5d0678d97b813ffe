"""What needs a workload is made after its Readiness, and a Readiness after the objects that it waits for."""

from __future__ import annotations

from dataclasses import replace

import yaml

from rohe_iac.deployment.run.program import in_order
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.object import ClusterObject, object_of
from rohe_iac.targets.kubernetes.readiness.document import KIND, readiness_of
from rohe_iac.targets.kubernetes.readiness.wiring import with_readiness
from rohe_iac.targets.manifest_document import read_document


def _deployment(name: str, workload: str, needs: tuple[str, ...] = (), image: str = "x:1") -> Manifest:
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": {"rohe.dev/workload": name.rpartition("-")[0]},
            "annotations": {"rohe.dev/node": "n1", "rohe.dev/unreachable": "skip"},
        },
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
    }
    address = f"replica/{workload.removeprefix('service/')}/{name.rpartition('-')[2]}"
    manifest = Manifest(f"deployment-{name}", "Deployment", address, yaml.safe_dump(body), ("namespace-x",))
    return Manifest(
        manifest.name, manifest.kind, address, manifest.text, manifest.depends_on, workload=workload, needs=needs
    )


def _objects(manifests: list[Manifest]) -> dict[str, ClusterObject]:
    return {manifest.name: object_of(manifest) for manifest in manifests}


CALLED = [_deployment("detect-0", "service/c:detect"), _deployment("detect-1", "service/c:detect")]
CALLER = _deployment("camera-0", "service/c:camera", ("service/c:detect", "service/c:absent"))


def test_a_caller_is_made_after_the_readiness_of_all_replicas_that_it_calls() -> None:
    manifests = [CALLER, *CALLED]
    wired = {manifest.name: manifest for manifest in with_readiness(manifests, _objects(manifests), "desk", ())}
    assert wired["deployment-camera-0"].depends_on == ("namespace-x", "readiness-detect")
    assert wired["readiness-detect"].depends_on == ("deployment-detect-0", "deployment-detect-1")
    order = [manifest.name for manifest in in_order(list(wired.values()))]
    assert order.index("readiness-detect") < order.index("deployment-camera-0")


def test_a_readiness_says_what_it_waits_for_and_changes_with_it() -> None:
    text = {}
    for image in ("x:1", "x:2"):
        manifests = [_deployment("detect-0", "service/c:detect", image=image)]
        (found,) = (item for item in with_readiness(manifests, _objects(manifests), "desk", ()) if item.kind == KIND)
        text[image] = found.text
    readiness = readiness_of(read_document(text["x:1"]))
    assert (readiness.address, readiness.workload, readiness.stack) == ("service/c:detect", "detect", "desk")
    (replica,) = readiness.replicas
    assert (replica.address, replica.instance, replica.node) == ("replica/c:detect/0", "detect-0", "n1")
    assert (replica.image, replica.unreachable) == ("x:1", "skip")
    # Its pod is told of this digest, and its agent hears the pod say it.
    assert replica.digest == _deployment("detect-0", "service/c:detect", image="x:1").digest
    assert readiness.text() == text["x:1"]
    assert text["x:1"] != text["x:2"]


def test_objects_without_pods_are_left_as_they_are() -> None:
    manifest = Manifest("configmap-a", "ConfigMap", "service/c:detect", "x")
    assert with_readiness([manifest], {}, "desk", ()) == (manifest,)


def test_the_name_of_a_readiness_is_one_of_a_document_however_long_the_workload_is() -> None:
    manifests = [_deployment(f"{'a' * 60}-0", "service/c:long")]
    found = with_readiness(manifests, _objects(manifests), "desk", ())[-1]
    assert len(read_document(found.text).name) <= 63


def test_a_readiness_names_what_the_run_removes_on_its_nodes_alone() -> None:
    manifests = [_deployment("detect-0", "service/c:detect")]
    elsewhere = object_of(_deployment("far-0", "service/c:far"))
    elsewhere.body["metadata"]["annotations"]["rohe.dev/node"] = "n2"
    present = [object_of(_deployment("old-0", "service/c:old")), *_objects(manifests).values(), elsewhere]
    removed = {}
    for removes in (True, False):
        found = with_readiness(manifests, _objects(manifests), "desk", present, removes=removes)[-1]
        removed[removes] = readiness_of(read_document(found.text)).removed
    assert removed == {True: ("old-0",), False: ()}


def test_the_agents_that_a_workload_needs_hear_it() -> None:
    agent = _deployment("agent-c-0", "agent/c", ("broker/broker",))
    manifests = [agent, _deployment("detect-0", "service/c:detect", ("agent/c", "broker/broker"))]
    wired = {manifest.name: manifest for manifest in with_readiness(manifests, _objects(manifests), "desk", ())}
    heard = readiness_of(read_document(wired["readiness-detect"].text))
    assert [(item.address, item.instance) for item in heard.agents] == [(agent.address, "agent-c-0")]
    assert heard.text() == wired["readiness-detect"].text
    assert readiness_of(read_document(wired["readiness-agent-c"].text)).agents == ()


def test_an_agent_that_is_not_of_this_run_hears_what_is() -> None:
    """An apply of a part of the stack has no manifests of agents."""
    manifests = [_deployment("detect-0", "service/c:detect", ("agent/c", "broker/broker"))]
    present = object_of(_deployment("agent-c-0", "agent/c"))
    present.body["metadata"]["annotations"]["rohe.dev/address"] = "agent/c/0"
    found = []
    for objects in ((present,), ()):
        readiness = with_readiness(manifests, _objects(manifests), "desk", objects)[-1]
        found.append([(item.address, item.instance) for item in readiness_of(read_document(readiness.text)).agents])
    assert found == [[("agent/c/0", "agent-c-0")], [("agent/c", "agent/c")]]


def test_services_ask_the_agent_that_judges_and_none_that_receives_for_it() -> None:
    agents = [_deployment(f"rohe-agent-c-{index}", "agent/c") for index in range(3)]
    notes = ["rohe.dev/address: agent/c/{}", "rohe.dev/address: agent/c/{}\n    rohe.dev/receives: c"]
    agents = [
        replace(
            item,
            text=item.text.replace("annotations:", f"annotations:\n    {notes[min(index, 1)].format(index)}"),
        )
        for index, item in enumerate(agents)
    ]
    caller = _deployment("camera-0", "service/c:camera", ("agent/c",))
    manifests = [*agents, caller]
    objects = _objects(manifests)
    for made, present in ((manifests, []), ([caller], [objects[item.name] for item in agents])):
        wired = with_readiness(made, _objects(made), "desk", present, removes=False)
        text = next(item.text for item in wired if item.name == "readiness-camera")
        assert [agent.instance for agent in readiness_of(read_document(text)).agents] == ["rohe-agent-c-0"]


def _job(name: str, workload: str, node: str = "n1") -> Manifest:
    found = _deployment(name, workload, ("agent/c",))
    text = (
        found.text.replace("apps/v1", "batch/v1")
        .replace("Deployment", "Job")
        .replace("rohe.dev/node: n1", f"rohe.dev/node: {node}\n    rohe.dev/startup: '90'")
    )
    return replace(found, name=f"job-{name}", kind="Job", text=text)


def test_what_is_after_a_job_waits_for_it_whatever_room_it_frees() -> None:
    moves = replace(CALLER, needs=("service/c:migrate", "service/c:detect"))
    manifests = [moves, *CALLED, _job("migrate-0", "service/c:migrate", "n2")]
    present = [object_of(replace(CALLER, text=CALLER.text.replace("rohe.dev/node: n1", "rohe.dev/node: n2")))]
    wired = {manifest.name: manifest for manifest in with_readiness(manifests, _objects(manifests), "desk", present)}
    assert wired["deployment-camera-0"].depends_on == ("namespace-x", "readiness-migrate")
    readiness = readiness_of(read_document(wired["readiness-migrate"].text))
    assert [(item.runs_once, item.startup) for item in readiness.replicas] == [(True, 90)]
    # It has ended before an agent would be asked whether it was heard.
    assert readiness.agents == ()
    assert readiness.text() == wired["readiness-migrate"].text
