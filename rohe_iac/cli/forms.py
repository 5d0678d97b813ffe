"""Forms: the JSON that each command prints with `-o json`, by name, and the JSON Schema of each.

A form may get fields; one that goes or changes its meaning makes a new version. Models of other floors are forms, too.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from rohe_iac.agent.health.record import HealthRecord
from rohe_iac.cli.views.authoring.diagnostic_forms import DiagnosticsForm
from rohe_iac.deployment.files.planfile import SCHEMA as PLAN_SCHEMA
from rohe_iac.deployment.rotation import Rotated
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.observation.judging.outcome import CorrectiveAction, Result, Violation
from rohe_iac.planning.questions.why_not.why_not import WhyNot
from rohe_iac.usecases.documentation import CodePage
from rohe_iac.usecases.running.doctor import Check
from rohe_iac.usecases.running.images import StackImages
from rohe_iac.usecases.running.status import UnknownObjective


class ImportedFileForm(TypedDict):
    """What became of each field of one imported file."""

    file: str
    format: str
    mapped: list[dict[str, Any]]
    notMapped: list[dict[str, Any]]
    notes: list[dict[str, Any]]


class MessageForm(TypedDict):
    """A diagnostic without its place."""

    code: str
    message: str
    hint: NotRequired[str]


class ImportForm(TypedDict):
    """What `rohe import` made; `text` where the documents are not written to the file `out`."""

    files: list[ImportedFileForm]
    warnings: list[MessageForm]
    absent: list[MessageForm]
    documents: list[dict[str, Any]]
    out: NotRequired[str]
    text: NotRequired[str]


class InventoryChangeForm(TypedDict):
    """What one node has otherwise in the cluster; `field` is empty for a node that is gone or new."""

    node: str
    change: Literal["gone", "new", "changed"]
    field: str
    written: str
    found: str


class InventoryDiffForm(TypedDict):
    """What `rohe diff --inventory` found."""

    inventory: str
    stack: str
    origin: str
    nodes: int
    upToDate: bool
    changes: list[InventoryChangeForm]


class ExportForm(TypedDict):
    """What `rohe export` wrote and left out."""

    files: list[dict[str, Any]]
    leftOut: list[dict[str, Any]]


class PlanForm(TypedDict):
    """A plan file, as `rohe plan` and `rohe show` print it."""

    schema: str
    tool: str
    project: str
    stack: str
    target: str
    digest: str
    inputs: list[dict[str, Any]]
    problem: dict[str, Any]
    plan: dict[str, Any]
    manifests: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    against: dict[str, Any] | None
    protect: list[str]
    unsupported: list[str]
    places: dict[str, str]
    lock: str
    files: NotRequired[dict[str, str] | None]
    advice: NotRequired[list[dict[str, str]]]
    values: NotRequired[dict[str, Any]]
    value_origins: NotRequired[dict[str, str]]
    value_texts: NotRequired[list[list[Any]]]
    predictions: NotRequired[list[dict[str, Any]]]


class ChangeForm(TypedDict):
    """A replica that edits move, add or remove: the node before and after, and why it is on that node."""

    kind: str
    replica: str
    before: str
    after: str
    because: str


class WhatIfForm(TypedDict):
    """What edits change, as `rohe plan --what-if` prints it."""

    edits: list[str]
    changes: list[ChangeForm]
    lost: list[str]
    violated: list[str]
    notes: list[str]
    predicted: list[dict[str, Any]]
    plan: dict[str, Any]


class RenderedForm(TypedDict):
    """What `rohe render` printed or wrote, and what the manifests name and do not contain."""

    prerequisites: list[Prerequisite]
    manifests: NotRequired[list[dict[str, str]]]
    folder: NotRequired[str]
    written: NotRequired[list[str]]
    unchanged: NotRequired[list[str]]
    removed: NotRequired[list[str]]


class VerificationForm(TypedDict):
    """What `rohe verify` found."""

    stack: str
    digest: str
    faults: list[str]
    unchecked: list[str]
    compared: str


class ExplanationForm(TypedDict):
    """Why replicas are where they are, as `rohe explain ADDR` prints it."""

    address: str
    origin: str
    placements: list[dict[str, Any]]
    unplaced: list[dict[str, Any]]
    refusals: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    slowed: list[dict[str, Any]]
    surveys: list[dict[str, Any]]
    predictions: list[dict[str, Any]]
    unasked: list[str]


class LossForm(TypedDict):
    """What the loss of one node or zone breaks; `rohe audit` prints a list."""

    what: str
    lost: int
    homeless: list[str]
    silent: list[str]
    survived: bool


class FailureForm(TypedDict):
    """A resource that could not be created, updated or deleted."""

    verb: str
    address: str
    reason: str


class PendingForm(TypedDict):
    """A replica that is not ready and not waited for, such as on a node that does not answer."""

    address: str
    reason: str


class UnheardForm(TypedDict):
    """A replica that counts as ready although its agent has not heard it, or an agent that could not be asked."""

    address: str
    reason: str


class OutcomeForm(TypedDict):
    """What `rohe apply` and `rohe destroy` did: addresses by what was done to them."""

    ending: Literal["complete", "partial", "interrupted"]
    seconds: float
    created: list[str]
    updated: list[str]
    deleted: list[str]
    same: list[str]
    swept: list[str]
    failed: list[FailureForm]
    pending: list[PendingForm]
    unheard: list[UnheardForm]
    skipped: list[str]


class CertificateForm(TypedDict):
    """When the certificate of a server expires, in seconds since the epoch, and how many whole days are left."""

    expires: float
    daysLeft: int


class PartForm(TypedDict):
    """One replica, agent or broker; `began` and `ended` in seconds since the epoch, 0 for never."""

    address: str
    instance: str
    node: str
    state: str
    pid: int | None
    pod: str
    urls: list[str]
    restarts: int
    began: float
    detail: str
    lastEnd: str
    ended: float
    unlimited: list[str]
    serial: int
    stale: str
    unheard: str
    silent: str
    certificate: CertificateForm | None


class ContractForm(TypedDict):
    """The verdict on a contract."""

    contract: str
    verdict: str


class AgentForm(TypedDict):
    """What an agent says of its work; `role` (judges, receives) and `share` are empty where it observes alone."""

    agent: str
    silence: str
    role: str
    share: list[str]
    trouble: str
    said: dict[str, Any]
    health: HealthRecord | None


class StatusForm(TypedDict):
    """The state of a stack, as `rohe status` prints it."""

    project: str
    stack: str
    serial: int
    complete: bool
    interrupted: str
    well: bool
    obstacles: list[str]
    contracts: list[ContractForm]
    unknown: list[UnknownObjective]
    agents: list[AgentForm]
    parts: list[PartForm]


class ObservationForm(TypedDict):
    """What `rohe observe` prints: the state of each agent, and with `--last` the newest windows."""

    agents: list[dict[str, Any]]
    results: list[dict[str, Any]]


class RowForm(TypedDict):
    """The agent of a result, and the number of the result in the agent's store."""

    agent: str
    row: int


class DeadLetterForm(TypedDict):
    """A message that an agent cannot use; `bytes` of it, at most 16 KiB, are in the agent's store.

    `payload` is there with `--payloads` alone, with bytes that are no UTF-8 as `\\xNN`.
    """

    agent: str
    row: int
    at: float
    topic: str
    why: str
    bytes: int
    payload: NotRequired[str]


class ViolationForm(TypedDict):
    """The actions that a violation caused, and, where one violation is explained, its agent."""

    actions: list[CorrectiveAction]
    agent: NotRequired[str]


class DoctorForm(TypedDict):
    """What `rohe doctor` found."""

    ok: bool
    checks: list[Check]


class ProgramForm(TypedDict):
    """A program that was found or installed."""

    path: str
    version: str
    origin: str


class EngineForm(ProgramForm):
    """The engine that `rohe engine install` found or installed."""

    plugins: dict[str, ProgramForm]


FORMS: dict[str, tuple[type, ...]] = {
    "rotation": (Rotated,),
    "code-page": (CodePage,),
    "diagnostics": (DiagnosticsForm,),
    "dead-letter": (DeadLetterForm,),
    "doctor": (DoctorForm,),
    "engine": (EngineForm,),
    "explanation": (ExplanationForm,),
    "export": (ExportForm,),
    "images": (StackImages,),
    "import": (ImportForm,),
    "inventory-diff": (InventoryDiffForm,),
    "loss": (LossForm,),
    "observation": (ObservationForm,),
    "outcome": (OutcomeForm,),
    "plan": (PlanForm,),
    "rendered": (RenderedForm,),
    "result": (Result, RowForm),
    "status": (StatusForm,),
    "verification": (VerificationForm,),
    "violation": (Violation, ViolationForm),
    "what-if": (WhatIfForm,),
    "why-not": (WhyNot,),
}
"""The types whose fields each form has together."""


VERSIONS = {"plan": PLAN_SCHEMA}
"""The version of each form that is not in its first; plans of earlier builds are printed in their own."""


def form_schema(name: str) -> dict[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of a form.

    Where nothing has the form, as for `rohe explain latest` without a violation, an object with `id: null` is valid.
    """
    found, definitions = msgspec.json.schema_components(FORMS[name], ref_template="#/$defs/{name}")
    parts = [definitions.pop(reference["$ref"].rpartition("/")[2]) for reference in found]
    versions = [f"rohe.dev/{name}/v{number}" for number in range(1, VERSIONS.get(name, 1) + 1)]
    whole: dict[str, Any] = {"type": "object", "properties": {"schema": {"enum": versions}}, "required": ["schema"]}
    for part in parts:
        whole["properties"].update({key: value for key, value in part["properties"].items() if key != "schema"})
        whole["required"] += [key for key in part.get("required", ()) if key != "schema"]
    if name == "violation":
        absent = {"properties": {"schema": {"enum": versions}, "id": {"type": "null"}}, "required": ["schema", "id"]}
        whole = {"anyOf": [absent, whole]}
    description = " ".join(part["description"].split("\n\n")[0] for part in parts if "description" in part)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:rohe.dev:{name}:v{len(versions)}",
        "title": versions[-1],
        "description": description,
        **whole,
        **({"$defs": definitions} if definitions else {}),
    }
