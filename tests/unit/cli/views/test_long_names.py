"""Every view with long names: no name, address or URL is broken over lines or cut, however wide the terminal is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output, PageOutput
from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics
from rohe_iac.cli.views.observing.result import ResultView
from rohe_iac.cli.views.observing.verdict import VerdictView
from rohe_iac.cli.views.observing.violation import ViolationView
from rohe_iac.cli.views.plans.audit import AuditView
from rohe_iac.cli.views.plans.placement import PlacementView
from rohe_iac.cli.views.plans.plan import PlanView
from rohe_iac.cli.views.plans.what_if import WhatIfView
from rohe_iac.cli.views.plans.why_not import WhyNotView
from rohe_iac.cli.views.running.doctor import DoctorView
from rohe_iac.cli.views.running.outcome import OutcomeView
from rohe_iac.cli.views.running.progress import ProgressView
from rohe_iac.cli.views.running.status import StatusView
from rohe_iac.deployment.run.outcome import Ending, Failure, Outcome
from rohe_iac.foundation.diagnostics import Diagnostic, Place
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.audit import audit
from rohe_iac.usecases.plans.explain import explain_places
from rohe_iac.usecases.plans.plan import decide, make_plan
from rohe_iac.usecases.plans.what_if import what_if
from rohe_iac.usecases.plans.why_not import why_not
from rohe_iac.usecases.running.doctor import Check
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, StackStatus
from rohe_iac.usecases.stacks import known_stack

LONG = "of-the-northern-harbour-and-its-outer-breakwater-lights"
NODE, BIG, SOURCE, SINK, CONTRACT = (f"{word}-{LONG}"[:60] for word in ("node", "tower", "camera", "reader", "promise"))
URL = f"http://127.0.0.1:24200/{LONG}/{LONG}"
FILE = f"/home/{LONG}/{LONG}.yaml"

DOCUMENTS = f"""
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: {LONG}}}
spec:
  pipelines: [{LONG}]
  inventory: yard
  planner: {{objective: [placed, nodes], strategy: best-fit}}
  target: {{local: {{runtime: process, ports: 24200-24299}}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: yard}}
spec:
  deviceTypes:
    board: {{cpu: 4, memory: {{rss: 1Gi}}}}
  nodes:
    - {{name: {NODE}, deviceType: board, labels: {{zone: {LONG}}}}}
    - {{name: {BIG}, deviceType: board, labels: {{zone: {LONG}}}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: {LONG}}}
spec:
  load: 10/s
  services:
    - name: {SOURCE}
      command: [python, -m, http.server]
      ports: [{{name: http}}]
      requests: {{cpu: 2, cores: [1, 500m], memory: {{rss: 64Mi}}}}
      placement: {{nodeSelector: {{zone: {LONG}}}}}
    - name: {SINK}
      command: [python, -m, http.server]
      ports: [{{name: http}}]
      replicas: 3
      requests: {{cpu: 1500m, memory: {{rss: 300Mi}}}}
  flow:
    - {{from: {SOURCE}, to: {SINK}, rate: 1}}
"""

EVIDENCE = {
    "start": 1.0, "end": 2.0, "value": 0.5, "count": 20, "promise": f"{LONG} <= 150ms", "window": "20 reports",
    "contributions": [
        {"kind": "member", "name": f"{SINK}/{SOURCE}", "count": 9, "own": 0.7, "without": 0.6, "kept": False, "was": 1},
        {"kind": "instance", "name": f"{SINK}-0", "count": 9, "own": 1.0, "without": None, "kept": None, "was": None},
    ],
    "baseline": None, "unit": "s", "together": {"kind": "node", "names": [NODE, BIG], "without": 0.1},
}  # fmt: skip
VIOLATION = {
    "id": "v-0123456789", "contract": CONTRACT, "objective": LONG, "opened": 1.0, "ended": 2.0, "evidence": EVIDENCE,
    "actions": [{"kind": "degrade", "service": SINK, "dropped": SOURCE, "dry": False, "ended": 0.0, "begun": 1.0}],
}  # fmt: skip
OBJECTIVE = {
    "contract": CONTRACT, "objective": LONG, "promise": f"{LONG} <= 150ms", "unit": "s", "scope": f"service/{SINK}",
    "window": "200 reports every 20 reports", "value": 0.5, "count": 20, "verdict": "BROKEN", "since": 1.0,
    "violation": "v-0123456789",
}  # fmt: skip
AGENT = {
    "agent": f"agent-{LONG}-0", "objectives": [OBJECTIVE], "counts": {"watermark": 1.0},
    "orders": [{"action": "degrade", "service": SINK, "members": [SOURCE], "reason": "v-0123456789", "answers": {},
                "unanswered": [f"{SINK}-0"]}],
    "connection": {"up": True},
}  # fmt: skip
RESULT = {**OBJECTIVE, "start": 1.0, "end": 2.0, "window": "KEPT"}
STATUS = StackStatus(
    "project", LONG, 3, True, "",
    (PartStatus(f"replica/{SINK}/0", f"{SINK}-0", NODE, "running", "4711", (URL, f"mqtt{URL[4:]}"), 2, 1.0),),
    (AgentStatus(f"agent-{LONG}-0", {"at": 0.0, "counts": {"reports": 1}, "objectives": [OBJECTIVE]}),),
)  # fmt: skip
OUTCOME = Outcome(
    Ending.PARTIAL, 1.0, created=(f"replica/{SINK}/0",), skipped=(f"replica/{SINK}/1",),
    failed=(Failure("create", f"replica/{SOURCE}/0", f"does not answer at {URL}"),),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blueprint with long names, one of whose replicas fits on no node."""
    root = tmp_path_factory.mktemp("long")
    (root / "rohe.yaml").write_text("project: long\n")
    (root / "blueprint.yaml").write_text(DOCUMENTS)
    return root


def progress(screen: Screen) -> None:
    view = ProgressView(screen)
    view.on_begin("create", f"replica/{SINK}/0")
    view.on_end("create", f"replica/{SINK}/0", 1.0)
    view.on_failure("create", f"replica/{SOURCE}/0", f"does not answer\nat {URL}")


def diagnostics(screen: Screen) -> None:
    place = Place(FILE, 3, 5)
    item = Diagnostic(place, "R101", f"no service is named {SINK} in any of the pipelines", f"see {URL}")
    show_diagnostics(screen.out, [item])


Case = tuple[Callable[[Screen], object], tuple[str, ...]]

REPLICAS = (f"{LONG}:{SOURCE}/0", f"{LONG}:{SINK}/0", f"{LONG}:{SINK}/1", f"{LONG}:{SINK}/2")


@pytest.fixture(scope="module")
def cases(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Every view, and the names that it has to show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        planned = AnalysedPlan(make_plan(folder).planfile)
        decision = decide(folder)
        known = known_stack(folder, None)
        why = explain_places(folder, known, f"service/{SINK}", every=True)
        places = explain_places(folder, known, f"service/{SOURCE}")
        edited = what_if(decision, f"node/{NODE}=down")
        answers = why_not(folder, SINK, NODE)
        losses = audit(folder, None)
    human = Output.human
    page = PageOutput.human
    address = f"service/{LONG}:{SINK}"
    checks = [Check("engine", "ok", "3.0", FILE), Check(LONG, "missing", "", "", f"write {FILE}")]
    return {
        "plan": (lambda screen: PlanView(screen).show(planned, page), (NODE, BIG, *REPLICAS)),
        "plan --all": (lambda screen: PlanView(screen).show(planned, page, every=True), (NODE, BIG, *REPLICAS)),
        "explain": (lambda screen: PlacementView(screen).show(places, page), (NODE, REPLICAS[0])),
        "explain --all": (lambda screen: PlacementView(screen).show(why, page), (NODE, BIG, f"service/{SINK}")),
        "what-if": (lambda screen: WhatIfView(screen).show(edited, page), (NODE, BIG)),
        "why-not": (lambda screen: WhyNotView(screen).show(answers, page), (NODE, address)),
        "audit": (lambda screen: AuditView(screen).show(losses, page), (f"node/{NODE}", f"zone/{LONG}")),
        "status": (lambda screen: StatusView(screen).show(STATUS, human), (SINK, NODE, URL, CONTRACT)),
        "observe": (lambda screen: VerdictView(screen).show([AGENT]), (CONTRACT, LONG, f"service/{SINK}", SOURCE)),
        "observe --last": (lambda screen: ResultView(screen).table([RESULT]), (f"{CONTRACT}/{LONG}",)),
        "violations": (
            lambda screen: ViolationView(screen).table([VIOLATION], human),
            (f"{CONTRACT}/{LONG}", NODE, SINK, SOURCE),
        ),
        "explain violation": (
            lambda screen: ViolationView(screen).explain(VIOLATION, human),
            (f"{CONTRACT}/{LONG}", NODE, BIG, f"{SINK}/{SOURCE}", f"{SINK}-0"),
        ),
        "doctor": (lambda screen: DoctorView(screen).show(checks, human), (FILE, LONG)),
        "apply": (progress, (f"replica/{SINK}/0", URL)),
        "outcome": (
            lambda screen: OutcomeView(screen).show(OUTCOME, human, command="rohe apply", following="rohe status"),
            (f"replica/{SOURCE}/0", f"replica/{SINK}/1", URL),
        ),
        "validate": (diagnostics, (FILE, SINK, URL)),
    }


VIEWS = (
    "plan", "plan --all", "explain", "explain --all", "what-if", "why-not", "audit", "status", "observe",
    "observe --last", "violations", "explain violation", "doctor", "apply", "outcome", "validate",
)  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "terminal"), [(60, True), (80, True), (140, True), (60, False), (2000, False)])
def test_names_are_whole(view: str, width: int, terminal: bool, cases: dict[str, Case], new_screen: Any) -> None:
    show, names = cases[view]
    screen, printed = new_screen(width, terminal=terminal)
    show(screen)
    # A credential is named by its client's name, which the broker limits: that is its whole name.
    text = re.sub(r"credential/\S+", "credential", printed())
    for name in names:
        assert name in text
    for name in (NODE, BIG, SOURCE, SINK, CONTRACT, URL, FILE):
        begun = len(re.findall(re.escape(name[:9]), text))
        assert begun == len(re.findall(re.escape(name), text)), f"{name} is broken or cut"
    for line in text.splitlines() if terminal else ():
        # A line is wider than the terminal only for a word that is so long that nothing fits beside it.
        assert len(line) <= width or max(map(len, re.split(r"\s+", line))) > width // 2
        assert line == line.rstrip()


def test_every_view_is_tried(cases: dict[str, Case]) -> None:
    assert set(cases) == set(VIEWS)
