"""PlanFile: a Plan with its inputs, manifests and actions as one canonical JSON that apply takes byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.deployment.files.actions import VERBS, ManifestAction
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.manifests.local import REPLAY
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.json_codec import (
    UnreadablePlan,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
)
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem

SCHEMA = "rohe.dev/plan/v1"
"""Version of the file's form; another one is refused."""


@dataclass(frozen=True, slots=True)
class Against:
    """The last applied record that a plan was made against."""

    serial: int
    digest: str


@dataclass(frozen=True)
class PlanFile:
    """Everything apply needs, and nothing secret or timed.

    tool: version of rohe that wrote it. project and stack say whose it is. target: name of the target.
    inputs: the files read. lock: digest of the module lock, or "". against: None where nothing was known to be applied.
    places: (address of a workload that was not placed whole, `file:line:column` of its service).
    """

    tool: str
    project: str
    stack: str
    target: str
    inputs: tuple[Source, ...]
    against: Against | None
    problem: Problem
    plan: Plan
    manifests: tuple[Manifest, ...]
    actions: tuple[ManifestAction, ...]
    protect: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    lock: str = field(default="")
    places: tuple[tuple[str, str], ...] = ()

    def content(self) -> dict[str, Any]:
        """The file's JSON value without its digest."""
        return {
            "schema": SCHEMA,
            "tool": self.tool,
            "project": self.project,
            "stack": self.stack,
            "target": self.target,
            "inputs": [{"path": source.path, "sha256": source.sha256} for source in self.inputs],
            "lock": self.lock,
            "against": None if self.against is None else {"serial": self.against.serial, "digest": self.against.digest},
            "problem": problem_to_json(self.problem),
            "plan": plan_to_json(self.plan),
            "manifests": [
                {
                    "name": manifest.name,
                    "kind": manifest.kind,
                    "address": manifest.address,
                    "depends_on": list(manifest.depends_on),
                    "sha256": manifest.sha256,
                    "text": manifest.text,
                }
                for manifest in self.manifests
            ],
            "actions": [
                {"verb": act.verb, "manifest": act.manifest, "address": act.address, "because": act.because}
                for act in self.actions
            ],
            "protect": list(self.protect),
            "unsupported": list(self.unsupported),
            "places": dict(self.places),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of `content()`."""
        return sha256_hex(canonical_json(self.content()))

    def encode(self) -> bytes:
        """The file's bytes: canonical JSON with the digest inside, and a newline."""
        return canonical_json({**self.content(), "digest": self.digest}) + b"\n"

    @cached_property
    def stood_in(self) -> tuple[str, ...]:
        """Addresses of the services that stand-ins run for, replicas left out, sorted."""
        replicas = [manifest.address for manifest in self.manifests if f"    {REPLAY}:" in manifest.text]
        return tuple(sorted({f"service/{replica.split('/')[1]}" for replica in replicas}))

    @property
    def changes(self) -> tuple[ManifestAction, ...]:
        """The actions that do something."""
        return tuple(action for action in self.actions if action.verb != "keep")


def decode(content: bytes, origin: str) -> PlanFile:
    """Reads the bytes of a plan file and verifies every digest in it. `origin` names the file in messages.

    Errors: UnreadablePlan where it is no plan file, of another schema version, or one byte differs.
    """
    try:
        value = json.loads(content)
        schema = value["schema"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadablePlan(
            f"{origin} is not a plan file, or it was altered",
            detail=f"{type(error).__name__}: {error}",
            hint="write it anew with `rohe plan --out FILE`",
        ) from error
    if schema != SCHEMA:
        raise UnreadablePlan(
            f"{origin} has the form '{str(schema)[:40]}', this rohe reads '{SCHEMA}'",
            hint="plan again with this version of rohe",
        )
    try:
        planfile = _from_json(value)
        recorded, same = value.get("digest"), planfile.encode() == content
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise UnreadablePlan(
            f"{origin} was altered: it does not read as a plan", detail=f"{type(error).__name__}: {error}", hint=_AGAIN
        ) from error
    if recorded != planfile.digest or not same:
        raise UnreadablePlan(
            f"{origin} was altered: its content does not match its digest",
            detail=f"recorded {str(recorded)[:64]}\ncomputed {sha256_hex(content)} of the bytes as they are",
            hint=_AGAIN,
        )
    return planfile


_AGAIN = "nothing was changed; plan again with `rohe plan --out FILE`"


class _SavedManifest(msgspec.Struct):
    name: str
    kind: str
    address: str
    text: str
    depends_on: tuple[str, ...]
    sha256: str


class _Saved(msgspec.Struct):
    """The form of the file; the problem and the plan are read by themselves."""

    tool: str
    project: str
    stack: str
    target: str
    lock: str
    inputs: tuple[Source, ...]
    against: Against | None
    problem: Any
    plan: Any
    manifests: tuple[_SavedManifest, ...]
    actions: tuple[ManifestAction, ...]
    protect: tuple[str, ...]
    unsupported: tuple[str, ...]
    places: dict[str, str]


def _from_json(value: dict[str, Any]) -> PlanFile:
    saved = msgspec.convert(value, _Saved)
    manifests = []
    for item in saved.manifests:
        manifest = Manifest(item.name, item.kind, item.address, item.text, item.depends_on)
        if manifest.sha256 != item.sha256:
            raise ValueError(f"manifest {manifest.name} does not match its sha256")
        manifests.append(manifest)
    for action in saved.actions:
        if action.verb not in VERBS:
            raise ValueError(f"'{action.verb[:20]}' is nothing that is done to a manifest")
    return PlanFile(
        tool=saved.tool,
        project=saved.project,
        stack=saved.stack,
        target=saved.target,
        inputs=saved.inputs,
        against=saved.against,
        problem=problem_from_json(saved.problem),
        plan=plan_from_json(saved.plan),
        manifests=tuple(manifests),
        actions=saved.actions,
        protect=saved.protect,
        unsupported=saved.unsupported,
        lock=saved.lock,
        places=tuple(sorted(saved.places.items())),
    )
