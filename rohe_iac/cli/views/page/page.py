"""A plan as one self-contained HTML page: no script, nothing fetched, every text escaped by the template engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rohe_iac.cli.views.page.bars import Bar
from rohe_iac.cli.views.page.flow import flows_of, stages_of
from rohe_iac.cli.views.page.flow_map import map_of
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.page.nodes import bars_of, cards_of, groups_of, idle_of
from rohe_iac.cli.views.plans.gain import shown_gain
from rohe_iac.cli.views.plans.prediction import row_of, slowdowns_by_replica
from rohe_iac.cli.views.plans.sentences import fewest_nodes, relaxed_spread, survival, update_room
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plan import Rejection, Unplaced
from rohe_iac.planning.questions.analysis.plan_diff import Change
from rohe_iac.usecases.plans.analysis import AnalysedPlan

if TYPE_CHECKING:
    from jinja2 import Template

MANY_NODES = 60
"""Above so many nodes a page shows groups of them, and only the fullest one by one."""

FULLEST = 24
"""Nodes that a page shows one by one where there are many."""

FEW_ROWS = 120
"""Rows of what did not fit, and of changes, that a page shows; the others are counted."""

FEW_REPLICAS = 20
"""Replicas without a node that a page names of one workload."""


@dataclass(frozen=True, slots=True)
class UnplacedWorkload:
    """One workload with replicas that fit on no node.

    Attributes:
        name: the short name of the workload.
        key: its number.
        count: how many replicas have no node.
        place: where the blueprint has the workload; empty where that is unknown.
        replicas: the addresses of some of the replicas, without their kind.
        closest: the nodes that come closest, with what they lack.
        by_rule: how many nodes each rule refused.
    """

    name: str
    key: int
    count: int
    place: str
    replicas: tuple[str, ...]
    closest: tuple[Rejection, ...]
    by_rule: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RefusedNodes:
    """The nodes that were refused to a workload whose replicas all have a node.

    Attributes:
        name: the short name of the workload.
        key: its number.
        by_rule: how many nodes each rule refused.
        closest: the nodes that come closest, with what they lack.
    """

    name: str
    key: int
    by_rule: tuple[tuple[str, int], ...]
    closest: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class ChangedNode:
    """A node whose replicas are not those of before.

    Attributes:
        node: its name.
        before, after: its cpu and memory bars by the two plans; empty where the node was not there.
    """

    node: str
    before: tuple[Bar, ...]
    after: tuple[Bar, ...]


def page_of(analysed: AnalysedPlan) -> str:
    """Returns the page as text.

    The size of the page is bounded whatever the size of the plan: at most FULLEST nodes one by one where there are
    many, and FEW_ROWS rows in a table.
    """
    planfile, before = analysed.planfile, analysed.before
    problem, plan = planfile.problem, planfile.plan
    keys = WorkloadKeys(tuple(demand.workload for demand in problem.demands))
    many = len(problem.nodes) > MANY_NODES
    changes = [change for change in analysed.changes if change.kind != "kept"]
    flows = flows_of(problem, plan, keys, analysed.connections)
    unplaced = _unplaced(planfile, keys)
    refusals = _refusals(analysed, keys)
    return str(
        _template().render(
            file=planfile,
            plan=plan,
            problem=problem,
            least=fewest_nodes(plan.bound),
            gain=shown_gain(plan.gain) if plan.gain is not None else "",
            many=many,
            few=FEW_ROWS,
            groups=groups_of(problem, plan) if many else (),
            idle=() if many else idle_of(problem, plan),
            cards=cards_of(
                problem,
                plan,
                keys,
                fullest=FULLEST if many else None,
                slowdowns=slowdowns_by_replica(analysed.slowed),
            ),
            unplaced=unplaced[:FEW_ROWS],
            unplaced_more=len(unplaced) - FEW_ROWS,
            refusals=refusals[:FEW_ROWS],
            refusals_more=len(refusals) - FEW_ROWS,
            stages=stages_of(problem, plan, keys),
            flows=flows[:FEW_ROWS],
            flows_more=len(flows) - FEW_ROWS,
            predictions=[row_of(prediction) for prediction in analysed.predictions[:FEW_ROWS]],
            survival=survival(problem.settings),
            room=list(update_room(plan))[:FEW_ROWS],
            relaxed=[relaxed_spread(eased) for eased in plan.relaxed[:FEW_ROWS]],
            drawing=map_of(problem, plan, keys, analysed.connections),
            changed_nodes=_changed_nodes(planfile, before, changes, keys),
            known=before is not None,
            counts=Counter(change.kind for change in analysed.changes),
            verbs=Counter(action.verb for action in planfile.actions),
            changes=[_named(change, keys) for change in changes[:FEW_ROWS]],
            changes_more=len(changes) - FEW_ROWS,
        )
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("rohe_iac.cli.views", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _unplaced(planfile: PlanFile, keys: WorkloadKeys) -> list[UnplacedWorkload]:
    """Returns the workloads with replicas that fit on no node, by address."""
    found: dict[str, list[Unplaced]] = defaultdict(list)
    for item in planfile.plan.unplaced:
        found[item.workload].append(item)
    places = dict(planfile.places)
    rules = {refusals.workload: refusals.by_rule for refusals in planfile.plan.refusals}
    return [
        UnplacedWorkload(
            name=keys.name(workload),
            key=keys.number(workload),
            count=len(items),
            place=places.get(workload, ""),
            replicas=tuple(item.replica.removeprefix("replica/") for item in items[:FEW_REPLICAS]),
            closest=items[-1].closest[:3],
            by_rule=rules.get(workload, ()),
        )
        for workload, items in sorted(found.items())
    ]


def _refusals(analysed: AnalysedPlan, keys: WorkloadKeys) -> list[RefusedNodes]:
    """Returns the refused nodes of each workload whose replicas all have a node."""
    unplaced = {item.workload for item in analysed.planfile.plan.unplaced}
    return [
        RefusedNodes(
            keys.name(refusals.workload), keys.number(refusals.workload), refusals.by_rule, refusals.closest[:2]
        )
        for refusals in analysed.other_nodes
        if refusals.workload not in unplaced
    ]


def _changed_nodes(
    planfile: PlanFile, before: PlanFile | None, changes: Sequence[Change], keys: WorkloadKeys
) -> list[ChangedNode]:
    """Returns the nodes that a replica leaves or comes to, by name, at most FULLEST of them."""
    if before is None:
        return []
    names = sorted({name for change in changes if change.kind != "changed" for name in (change.before, change.after)})
    wanted = [name for name in names if name][:FULLEST]
    then, now = (bars_of(file.problem, file.plan, keys, wanted) for file in (before, planfile))
    return [ChangedNode(name, then.get(name, ()), now.get(name, ())) for name in wanted]


def _named(change: Change, keys: WorkloadKeys) -> dict[str, str | int]:
    """Returns a change with the number of its workload and the address of its replica without the kind."""
    address = change.replica.rpartition("/")[0].replace("replica/", "service/", 1)
    return {
        "replica": change.replica.removeprefix("replica/"),
        "key": keys.number(address),
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "because": change.because,
    }
