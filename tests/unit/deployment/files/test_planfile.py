"""Claims about plan files: what is read back is what was written, and nothing else passes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.deployment.files.actions import actions_between
from rohe_iac.deployment.files.planfile import Against, PlanFile, decode
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.json_codec import UnreadablePlan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.solvers.planner import plan

PROBLEM = Problem(
    stack="lab",
    nodes=(Supply("pi-1", cpu=2000, rss=2**30, cores=(1000, 1000)),),
    demands=(
        Demand(
            workload="service/p:a",
            replica="replica/p:a",
            slug="a",
            pipeline="p",
            service="a",
            member="",
            replicas=2,
            resources=Resources(cpu=300, rss=2**20),
        ),
    ),
)
MANIFEST = Manifest(
    "process-a-0", "Process", "replica/p:a/0", "kind: Process\nspec: {env: {A: 'ä'}}\n", ("supervisor",)
)


STAND_IN = Manifest("process-b-0", "Process", "replica/p:b/svm/0", "kind: Process\n", (), stand_in=True)


def planfile(against: Against | None = None, manifests: tuple[Manifest, ...] = (MANIFEST,)) -> PlanFile:
    return PlanFile(
        tool="0.1.0",
        project="x",
        stack="lab",
        target="local",
        inputs=(Source("blueprints/a.yaml", "0" * 64),),
        against=against,
        problem=PROBLEM,
        plan=plan(PROBLEM),
        manifests=manifests,
        actions=actions_between((), manifests),
    )


@pytest.mark.parametrize("against", [None, Against(3, "f" * 64)])
def test_a_plan_file_reads_back_as_it_was_written(against: Against | None) -> None:
    written = planfile(against)
    read = decode(written.encode(), "p")
    assert read == written
    assert read.encode() == written.encode()
    assert read.digest == written.digest


@pytest.mark.parametrize("text", ["kind: Process\n", "a: '\x7f\x1f \u2028 \\ / ä 😀'\n", "a: \udcff\n"])
def test_the_bytes_are_the_canonical_json_of_the_content_with_its_digest(text: str) -> None:
    written = planfile(manifests=(replace(MANIFEST, text=text) if "\udcff" not in text else MANIFEST, STAND_IN))
    written = replace(written, unsupported=(text,), places=(("service/p:ü", "b"), ("service/p:a", text)))
    digest = sha256_hex(canonical_json(written.content()))
    assert written.encode() == canonical_json({**written.content(), "digest": digest}) + b"\n"
    assert written.digest == digest


def test_services_that_stand_ins_run_for_are_read_back_from_a_plan_file() -> None:
    read = decode(planfile(manifests=(MANIFEST, STAND_IN)).encode(), "p")
    assert [manifest.stand_in for manifest in read.manifests] == [False, True]
    assert read.stand_in_services == ("service/p:b",)


def test_a_plan_file_without_stand_ins_has_no_field_for_them() -> None:
    assert b"stand_in" not in planfile().encode()


def test_a_plan_file_of_before_stand_ins_were_a_field_reads_as_one_that_makes_the_same_resources() -> None:
    written = planfile(manifests=(MANIFEST, STAND_IN))
    older = replace(written, manifests=(MANIFEST, replace(STAND_IN, stand_in=False)))
    read = decode(older.encode(), "p")
    assert read.stand_in_services == ()
    assert read.manifests == written.manifests


@settings(max_examples=300, deadline=None)
@given(position=st.integers(min_value=0), byte=st.integers(min_value=0, max_value=255))
def test_one_changed_byte_anywhere_is_refused(position: int, byte: int) -> None:
    content = bytearray(planfile().encode())
    position %= len(content)
    if content[position] == byte:
        return
    content[position] = byte
    with pytest.raises(UnreadablePlan):
        decode(bytes(content), "p")


def test_a_file_with_a_recomputed_digest_but_other_manifest_bytes_is_refused() -> None:
    value = json.loads(planfile().encode())
    value["manifests"][0]["text"] = "kind: Process\nspec: {command: [evil]}\n"
    with pytest.raises(UnreadablePlan):
        decode(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n", "p")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b'{"schema":"rohe.dev/plan/x"}', b"[" * 100_000]
)
def test_what_is_no_plan_file_is_told_so(content: bytes) -> None:
    with pytest.raises(UnreadablePlan):
        decode(content, "p")


def test_actions_say_what_changed() -> None:
    changed = Manifest(MANIFEST.name, "Process", MANIFEST.address, "kind: Process\nspec: {env: {A: b}}\n")
    gone = Manifest("process-b-0", "Process", "replica/p:b/0", "kind: Process\n")
    update, delete = actions_between((MANIFEST, gone), (changed,))
    assert (update.verb, update.because) == ("update", "changed: env.A: ä -> b")
    assert (delete.verb, delete.manifest) == ("delete", "process-b-0")
    assert [action.verb for action in actions_between((MANIFEST,), (MANIFEST,))] == ["keep"]
    (stays,) = actions_between((replace(gone, retained=True),), ())
    assert (stays.verb, stays.because) == ("retain", "it stays with what it holds until the stack is destroyed")
