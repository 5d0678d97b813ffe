"""A plan as one self-contained HTML page: no script, nothing fetched, every text escaped by the template engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rohe_iac.cli.views.page.flow import Stage, Stretch, stages_of, stretches_of
from rohe_iac.cli.views.page.map import map_of
from rohe_iac.cli.views.page.nodes import Bar, Card, Group, Keys, bars_of, cards_of, groups_of
from rohe_iac.cli.views.plans.plan_markdown import less_spread
from rohe_iac.cli.views.plans.prediction import row_of
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plan import Plan, Rejection, Unplaced
from rohe_iac.planning.questions.analysis.plan_diff import Change, difference
from rohe_iac.planning.questions.analysis.response_times import predictions_of

if TYPE_CHECKING:
    from jinja2 import Template

MANY_NODES = 60
"""Above so many nodes a page shows groups of them, and only the fullest one by one."""


FULLEST = 24


FEW_ROWS = 120
"""Rows of what did not fit, and of changes, that a page shows; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Homeless:
    """One workload with replicas that fit nowhere: how many, where it is written, the closest nodes, the rules."""

    name: str
    key: int
    count: int
    place: str
    replicas: tuple[str, ...]
    closest: tuple[Any, ...]
    by_rule: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A node whose replicas are not those of before: its bars of then and of now, cpu and memory."""

    node: str
    before: tuple[Bar, ...]
    after: tuple[Bar, ...]


def page_of(planfile: PlanFile, before: PlanFile | None = None) -> str:
    """The page as text. `before`: the plan file that was applied last, None where nothing is known to be.

    Its size is bounded whatever the plan's: at most FULLEST nodes in detail, FEW_ROWS rows a table.
    """
    problem, plan = planfile.problem, planfile.plan
    keys = Keys(tuple(demand.workload for demand in problem.demands))
    many = len(problem.nodes) > MANY_NODES
    cards: Sequence[Card] = cards_of(problem, plan, keys, fullest=FULLEST if many else None)
    groups: tuple[Group, ...] = groups_of(problem, plan) if many else ()
    changes = difference(before.plan if before else None, plan)
    told = [change for change in changes if change.kind != "kept"]
    stages: tuple[Stage, ...] = stages_of(problem, plan, keys)
    stretches: tuple[Stretch, ...] = stretches_of(problem, plan, keys)
    homeless = _homeless(planfile, keys)
    refusals = _refusals(plan, keys)
    return str(
        _template().render(
            file=planfile,
            plan=plan,
            problem=problem,
            least=_least(plan),
            many=many,
            few=FEW_ROWS,
            groups=groups,
            cards=cards,
            homeless=homeless[:FEW_ROWS],
            refusals=refusals[:FEW_ROWS],
            refusals_more=len(refusals) - FEW_ROWS,
            homeless_more=len(homeless) - FEW_ROWS,
            stages=stages,
            stretches=stretches[:FEW_ROWS],
            stretches_more=len(stretches) - FEW_ROWS,
            predictions=[row_of(one) for one in predictions_of(problem, plan)[:FEW_ROWS]],
            eased=[less_spread(one) for one in plan.relaxed[:FEW_ROWS]],
            drawing=map_of(problem, plan, keys),
            turns=_turns(planfile, before, told, keys),
            known=before is not None,
            counts=Counter(change.kind for change in changes),
            verbs=Counter(action.verb for action in planfile.actions),
            changes=[_named(change, keys) for change in told[:FEW_ROWS]],
            changes_more=len(told) - FEW_ROWS,
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


def _least(plan: Plan) -> str:
    bound = plan.bound
    if bound.proven:
        return f"proven minimum {bound.at_least}"
    return f"at least {bound.at_least}" + (f" ({', '.join(bound.arguments)})" if bound.arguments else "")


def _homeless(planfile: PlanFile, keys: Keys) -> list[Homeless]:
    found: dict[str, list[Unplaced]] = defaultdict(list)
    for item in planfile.plan.unplaced:
        found[item.workload].append(item)
    places = dict(planfile.places)
    rules = {item.workload: item.by_rule for item in planfile.plan.refusals}
    return [
        Homeless(
            name=keys.name(workload),
            key=keys.number(workload),
            count=len(items),
            place=places.get(workload, ""),
            replicas=tuple(item.replica.removeprefix("replica/") for item in items[:20]),
            closest=items[-1].closest[:3],
            by_rule=rules.get(workload, ()),
        )
        for workload, items in sorted(found.items())
    ]


def _refusals(plan: Plan, keys: Keys) -> list[tuple[int, str, tuple[tuple[str, int], ...], tuple[Rejection, ...]]]:
    """Number and name of each workload that has its place, the nodes refused by rule, and the closest."""
    gone = {item.workload for item in plan.unplaced}
    return [
        (keys.number(one.workload), keys.name(one.workload), one.by_rule, one.closest[:2])
        for one in plan.refusals
        if one.by_rule and one.workload not in gone
    ]


def _turns(planfile: PlanFile, before: PlanFile | None, told: Sequence[Change], keys: Keys) -> list[Turn]:
    if before is None:
        return []
    names = sorted({name for change in told if change.kind != "changed" for name in (change.before, change.after)})
    wanted = [name for name in names if name][:FULLEST]
    then, now = (bars_of(item.problem, item.plan, keys, wanted) for item in (before, planfile))
    return [Turn(name, then.get(name, ()), now.get(name, ())) for name in wanted]


def _named(change: Change, keys: Keys) -> dict[str, str | int]:
    replica = change.replica
    workload = replica.rpartition("/")[0]
    address = workload.replace("replica/", "service/", 1)
    return {
        "replica": replica.removeprefix("replica/"),
        "key": keys.number(address),
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "because": change.because,
    }
