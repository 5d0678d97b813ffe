"""The one list of resources to create, change and delete, each by one name, as plan, apply and destroy show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from rohe_iac.cli.views.plans.sentences import KINDS
from rohe_iac.deployment.files.actions import ManifestAction
from rohe_iac.deployment.files.field_changes import field_changes
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.plans.comparison.replacement import replacements

FEW = 60
"""Resources that one screen lists; the others are counted."""

FEW_FIELDS = 8
"""Changed fields of one resource that one screen lists; the others are counted."""

VERBS = {
    "create": "[green]+[/green] create",
    "update": "[yellow]~[/yellow] change",
    "delete": "[red]-[/red] delete",
    "retain": "[dim]=[/dim] retain",
}
"""Each verb of an action, with its mark."""


def print_changes(
    console: Console, planfile: PlanFile, before: PlanFile | None, actions: Sequence[ManifestAction], *, every: bool
) -> None:
    """Prints a line for each resource to create, change or delete, and each changed field as `field: old -> new`.

    Args:
        console: the console.
        planfile: the plan.
        before: the applied plan; None where it is not at hand, so that the reasons of the actions are shown.
        actions: the actions to list; those of the verb `keep` are left out.
        every: list every resource and field, not only the first ones.
    """
    changes = sorted((action for action in actions if action.verb in VERBS), key=_order)
    names = resource_names(changes)
    texts = [
        {manifest.name: manifest.text for manifest in file.manifests} if file is not None else {}
        for file in (before, planfile)
    ]
    replaced = {item.address: str(item) for item in replacements(before, planfile)}
    for action, name in list(zip(changes, names, strict=True))[: None if every else FEW]:
        console.print(f"  {VERBS[action.verb]} {escape(name)}")
        if action.verb != "update":
            continue
        old, new = (text.get(action.manifest) for text in texts)
        fields = field_changes(old, new) if old is not None and new is not None else ()
        lines = [str(field) for field in fields] or [action.because.removeprefix("changed: ")]
        for line in lines[: None if every else FEW_FIELDS]:
            console.print(f"      {escape(line)}", style="dim")
        if action.address in replaced and action.manifest.startswith("deployment-"):
            console.print(f"      {escape(replaced[action.address])}", style="dim")
        if len(lines) > FEW_FIELDS and not every:
            console.print(f"      ... and {counted(len(lines) - FEW_FIELDS, 'more field')}", style="dim")
    if len(changes) > FEW and not every:
        console.print(f"  ... and {len(changes) - FEW:,} more; `rohe plan --all` lists every one")


def print_removals(console: Console, names: Sequence[str]) -> None:
    """Prints a line for each resource that destroy removes."""
    for name in names[:FEW]:
        console.print(f"  {VERBS['delete']} {escape(name)}")
    if len(names) > FEW:
        console.print(f"  ... and {len(names) - FEW:,} more")


def _order(action: ManifestAction) -> tuple[int, int, str, str]:
    """Returns the place of an action in the list: by verb, then by kind and address."""
    kind = action.address.partition("/")[0]
    known = KINDS.index(kind) if kind in KINDS else len(KINDS)
    return list(VERBS).index(action.verb), known, action.address, action.manifest


def resource_names(actions: Sequence[ManifestAction]) -> list[str]:
    """Returns one name for each resource: its address, with the name of its document where others have that address."""
    addresses = Counter(action.address for action in actions)
    return [
        action.address if addresses[action.address] == 1 else f"{action.address} ({action.manifest})"
        for action in actions
    ]
