"""PlanFile: a Plan with its inputs, manifests and actions as one canonical JSON that apply uses byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import msgspec

from rohe_iac.blueprint.documents.given_value import GivenValue
from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.deployment.files.actions import VERBS, ManifestAction
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.json_files.reading import NoObject, read_object
from rohe_iac.foundation.json_files.schema import refuse_newer, schema_number
from rohe_iac.foundation.names import Address, parse_address
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.json_codec import (
    UnreadablePlan,
    canonical_bytes,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
)
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem

NOT_APPLIED = 0
"""Serial of a plan file that a plan was made against; serials of records begin with 1."""

FAMILY = "rohe.dev/plan"
"""What the schema of every plan file begins with; its version follows."""

SCHEMA = 3
"""Version of the file's form. Files of all earlier versions are read; those of later ones are refused.

| version | has |
|---|---|
| 1 | all but what follows |
| 2 | `decided` and `late` of placements, `stand_in` of manifests; some files of version 1 have them too |
| 3 | `files`, `advice`, `values`, `value_origins`, `value_texts`; `rendered`, `retained`, `workload`, `needs` of
  manifests; `settings` where the target has any; `gain`, `reserved`, `left_out` of the plan, `slowdown` of
  placements; of the problem `disk` and `network` of nodes and demands, `memory` of devices, `skews`, `prefers`,
  `matches`, `update_room`, `balancing` of demands |
"""


CARRIES_FILES = 3
"""The first version of the form that has `files`."""

STATES_SLOWDOWN = 3
"""The first version of the form whose placements have `slowdown`."""

MAX_CARRIED = 2 * 2**20
"""The most bytes of a blueprint that a plan file carries; the blueprint of 100 nodes has a few thousand."""


@dataclass(frozen=True, slots=True)
class Against:
    """The last applied record that a plan was made against, by its serial and the digest of its plan file.

    A plan that was made against a plan file has NOT_APPLIED as serial.
    """

    serial: int
    digest: str


@dataclass(frozen=True)
class PlanFile:
    """Everything that apply needs, without secrets and times.

    Attributes:
        tool: Version of rohe that wrote the file.
        project: Name of the blueprint's project.
        stack: Name of the stack.
        target: Name of the target.
        settings: What the target has to know beside the manifests, by name: context and namespace of a cluster.
        inputs: The files that the plan was made of.
        against: The record that the plan was made against, None where nothing was known to be applied.
        problem: The placement problem.
        plan: The plan that solves the problem.
        manifests: The rendered plan.
        actions: What apply will do to each manifest.
        protect: Addresses that must not be removed without being named.
        unsupported: Parts of the blueprint that the target does not act on, as `file:line:column: message`.
        lock: Digest of the module lock, or "".
        places: (address of a workload that was not placed whole, `file:line:column` of its service).
        advice: What the plan says and the target does not enforce, sorted; none in files of before version 3.
        files: The text of each input and of rohe.yaml by path, so that the plan can be compared with its blueprint
            anywhere; None where that is more than MAX_CARRIED, or no text, and in files of before version 3.
        values: The values in force, by name: the stack's own, and those that were given in their place.
        value_origins: The option that gave each value in place of the stack's own, by name.
        value_texts: (path from the name on, text) of the numbers in them that would be printed in another way.
        schema: Version of the file's form; that of a file which was read, so that its digest stays what it was.
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
    advice: tuple[Advice, ...] = ()
    files: tuple[tuple[str, str], ...] | None = None
    settings: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    value_origins: Mapping[str, str] = field(default_factory=dict)
    value_texts: tuple[tuple[tuple[str | int, ...], str], ...] = ()
    schema: int = SCHEMA

    def content(self) -> dict[str, Any]:
        """Returns the file's JSON value without its digest."""
        return self._content(problem_to_json(self.problem), plan_to_json(self.plan))

    def _content(self, problem: Any, plan: Any) -> dict[str, Any]:
        carried: dict[str, Any] = (
            {"files": None if self.files is None else dict(self.files)} if self.schema >= CARRIES_FILES else {}
        )
        # Left out where there are none, as on this machine.
        carried |= {"settings": dict(self.settings)} if self.settings else {}
        carried |= {"values": dict(self.values)} if self.values else {}
        carried |= {"value_origins": dict(self.value_origins)} if self.value_origins else {}
        carried |= {"value_texts": [[list(path), text] for path, text in self.value_texts]} if self.value_texts else {}
        return {
            **carried,
            "schema": f"{FAMILY}/v{self.schema}",
            "tool": self.tool,
            "project": self.project,
            "stack": self.stack,
            "target": self.target,
            "inputs": [{"path": source.path, "sha256": source.sha256} for source in self.inputs],
            "lock": self.lock,
            "against": None if self.against is None else {"serial": self.against.serial, "digest": self.against.digest},
            "problem": problem,
            "plan": plan,
            "manifests": [_manifest_to_json(manifest) for manifest in self.manifests],
            "actions": [
                {
                    "verb": action.verb,
                    "manifest": action.manifest,
                    "address": action.address,
                    "because": action.because,
                }
                for action in self.actions
            ],
            "protect": list(self.protect),
            "unsupported": list(self.unsupported),
            "places": dict(self.places),
            # Left out where there is none, so that most files are those of builds without it.
            **({"advice": [_advice_to_json(item) for item in self.advice]} if self.advice else {}),
        }

    @property
    def digest(self) -> str:
        """Returns the SHA-256 digest of the canonical JSON of `content()`, in hexadecimal."""
        return self._encoded[0]

    def encode(self) -> bytes:
        """Returns the file's bytes: canonical JSON with the digest inside, and a line break."""
        return self._encoded[1]

    @cached_property
    def _encoded(self) -> tuple[str, bytes]:
        """The digest and the file's bytes, of one encoding: the digest is of the bytes without itself."""
        try:
            content = self._content(msgspec.Raw(canonical_bytes(self.problem)), msgspec.Raw(canonical_bytes(self.plan)))
            before = canonical_bytes({name: value for name, value in content.items() if name < "digest"})
            after = canonical_bytes({name: value for name, value in content.items() if name > "digest"})
        except UnicodeEncodeError:
            content = self.content()
            digest = sha256_hex(canonical_json(content))
            return digest, canonical_json({**content, "digest": digest}) + b"\n"
        head, tail = memoryview(before)[:-1], memoryview(after)[1:]
        hashed = hashlib.sha256(head)
        hashed.update(b",")
        hashed.update(tail)
        digest = hashed.hexdigest()
        return digest, b"".join((head, b',"digest":"', digest.encode(), b'",', tail, b"\n"))

    @cached_property
    def stand_in_services(self) -> tuple[str, ...]:
        """Returns the addresses of the services that stand-ins run for, without members and replicas, sorted."""
        replicas = [parse_address(manifest.address) for manifest in self.manifests if manifest.stand_in]
        return tuple(sorted({str(Address("service", replica.parts[:1], replica.pipeline)) for replica in replicas}))

    @property
    def given(self) -> dict[str, GivenValue]:
        """Returns what was given in place of the stack's own values, so that the blueprint gives the same again."""
        texts: dict[str | int, dict[tuple[str | int, ...], str]] = {}
        for (name, *path), text in self.value_texts:
            texts.setdefault(name, {})[tuple(path)] = text
        return {
            name: GivenValue(self.values.get(name), origin, texts.get(name, {}))
            for name, origin in self.value_origins.items()
        }

    @property
    def changes(self) -> tuple[ManifestAction, ...]:
        """Returns the actions that change something."""
        return tuple(action for action in self.actions if action.verb != "keep")


def decode(content: bytes, origin: str) -> PlanFile:
    """Reads the bytes of a plan file and verifies every digest in it.

    Args:
        content: The file's bytes.
        origin: The file's name, for messages.

    Raises:
        UnreadablePlan: The bytes are no plan file, or were changed.
        NewerFile: A newer rohe wrote the file.
    """
    try:
        value = read_object(content)
    except NoObject as error:
        raise UnreadablePlan(
            f"{origin} is not a plan file, or it was altered",
            detail=str(error),
            hint="write it anew with `rohe plan --out FILE`",
        ) from error
    schema = schema_number(value.get("schema"), FAMILY)
    if schema is None:
        found = f"its schema is '{str(value['schema'])[:40]}'" if "schema" in value else "it names no schema"
        raise UnreadablePlan(
            f"{origin} is not a plan file, or it was altered",
            detail=f"{found}, that of a plan file is '{FAMILY}/v{SCHEMA}'",
            hint="write it anew with `rohe plan --out FILE`",
        )
    refuse_newer(schema, SCHEMA, origin)
    try:
        planfile = _from_json(value, schema)
        recorded, same = value.get("digest"), planfile.encode() == content
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise UnreadablePlan(
            f"{origin} was altered: it does not read as a plan",
            detail=_words(error),
            hint=_PLAN_AGAIN,
        ) from error
    if recorded != planfile.digest or not same:
        raise UnreadablePlan(
            f"{origin} was altered: its content does not match its digest",
            detail=f"recorded {str(recorded)[:64]}\ncomputed {sha256_hex(content)} of the bytes as they are",
            hint=_PLAN_AGAIN,
        )
    return planfile


def _words(error: Exception) -> str:
    """Returns in plain words why a value does not read as a plan."""
    if isinstance(error, RecursionError):
        return "its JSON is nested too deeply"
    return "it has text that is not Unicode" if isinstance(error, UnicodeError) else str(error)


_PLAN_AGAIN = "nothing was changed; plan again with `rohe plan --out FILE`"


class _SavedManifest(msgspec.Struct):
    """The form of one manifest in the file."""

    name: str
    kind: str
    address: str
    text: str
    depends_on: tuple[str, ...]
    sha256: str
    rendered: bool = True
    retained: bool = False
    stand_in: bool = False
    workload: str = ""
    needs: tuple[str, ...] = ()


class _SavedPlanFile(msgspec.Struct):
    """The form of the file; the problem and the plan are read by the plan's own codec."""

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
    advice: tuple[Advice, ...] = ()
    files: dict[str, str] | None = None
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    value_origins: dict[str, str] = msgspec.field(default_factory=dict)
    value_texts: tuple[tuple[tuple[str | int, ...], str], ...] = ()


def _manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": manifest.name,
        "kind": manifest.kind,
        "address": manifest.address,
        "depends_on": list(manifest.depends_on),
        "sha256": manifest.sha256,
        "text": manifest.text,
    }
    # Left out where they are as for most manifests, so that such files are those that older versions wrote and read.
    marks = {
        "rendered": manifest.rendered,
        "retained": manifest.retained,
        "stand_in": manifest.stand_in,
        "workload": manifest.workload,
        "needs": list(manifest.needs),
    }
    usual = {"rendered": True, "retained": False, "stand_in": False, "workload": "", "needs": []}
    return value | {name: mark for name, mark in marks.items() if mark != usual[name]}


def _advice_to_json(item: Advice) -> dict[str, str]:
    return {"address": item.address, "about": item.about, "words": item.words}


def _manifest_from_json(saved: _SavedManifest) -> Manifest:
    manifest = Manifest(
        saved.name,
        saved.kind,
        saved.address,
        saved.text,
        saved.depends_on,
        saved.rendered,
        saved.retained,
        saved.stand_in,
        saved.workload,
        saved.needs,
    )
    if manifest.sha256 != saved.sha256:
        raise ValueError(f"manifest {manifest.name} does not match its sha256")
    return manifest


def _from_json(value: dict[str, Any], schema: int) -> PlanFile:
    saved = msgspec.convert(value, _SavedPlanFile)
    manifests = tuple(_manifest_from_json(manifest) for manifest in saved.manifests)
    if ("files" in value) != (schema >= CARRIES_FILES):
        raise ValueError(f"a file of version {schema} {'has' if schema >= CARRIES_FILES else 'does not have'} `files`")
    for action in saved.actions:
        if action.verb not in VERBS:
            raise ValueError(f"'{action.verb[:20]}' is nothing that is done to a manifest")
    problem = problem_from_json(saved.problem)
    return PlanFile(
        tool=saved.tool,
        project=saved.project,
        stack=saved.stack,
        target=saved.target,
        inputs=saved.inputs,
        against=saved.against,
        problem=problem,
        plan=replace(plan_from_json(saved.plan), problem=problem),
        manifests=manifests,
        actions=saved.actions,
        protect=saved.protect,
        unsupported=saved.unsupported,
        lock=saved.lock,
        places=tuple(sorted(saved.places.items())),
        advice=saved.advice,
        files=None if saved.files is None else tuple(sorted(saved.files.items())),
        settings=tuple(sorted(saved.settings.items())),
        values=saved.values,
        value_origins=saved.value_origins,
        value_texts=saved.value_texts,
        schema=schema,
    )
