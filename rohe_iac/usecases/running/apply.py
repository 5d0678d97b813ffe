"""`rohe apply`: makes a stack exactly as its plan says, or refuses before the first side effect."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import project_of, root_of
from rohe_iac.deployment.engine.find import find_engine
from rohe_iac.deployment.files.actions import ManifestAction, actions_between
from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.files.lock import stack_lock
from rohe_iac.deployment.files.planfile import NOT_APPLIED, PlanFile
from rohe_iac.deployment.files.record import Record, applied_before, next_record, read_record, write_record
from rohe_iac.deployment.ports import DeploymentTarget, Destination, Progress
from rohe_iac.deployment.programs.cache import InstallProgress
from rohe_iac.deployment.run.outcome import Ending, Outcome, Pending
from rohe_iac.deployment.run.workspace import EngineFolder
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.plan import missing_words
from rohe_iac.usecases.apply_choices import Choices
from rohe_iac.usecases.observing.users_broker import unreached_broker
from rohe_iac.usecases.plans.analysis import unsupported_hint
from rohe_iac.usecases.plans.comparison.replacement import interrupted, replacements
from rohe_iac.usecases.plans.plan import make_plan, read_plan
from rohe_iac.usecases.plans.plugins import changed_since
from rohe_iac.usecases.plans.verify import check_file
from rohe_iac.usecases.running.edits import NO_EDITS, StackEdits, refuse_edits, stack_edits
from rohe_iac.usecases.running.elsewhere import has_moved, remarks_on_place
from rohe_iac.usecases.running.limits import unlimited_sentences
from rohe_iac.usecases.running.protection import refuse_protected
from rohe_iac.usecases.running.selection import selected
from rohe_iac.usecases.running.unfinished import as_applied
from rohe_iac.usecases.stack_choice import chosen_stack, names_plan
from rohe_iac.usecases.stacks import OpenTarget


class WithoutEffect(RoheError):
    """The blueprint has fields that the target does not support and would silently ignore."""

    exit_code = ExitCode.INVALID


class StalePlan(RoheError):
    """The plan was made against another record than the applied one, or does not hold any more."""

    exit_code = ExitCode.STALE


class Interrupts(RoheError):
    """Services would have no running replica for a while."""

    exit_code = ExitCode.POLICY


class DoesNotFit(RoheError):
    """The plan leaves replicas without a node."""

    exit_code = ExitCode.UNPLACED


@dataclass(frozen=True)
class Intent:
    """What apply would do: a plan that passed every check that has no side effect.

    Attributes:
        root: the root of the blueprint.
        folder: the state folder of the stack.
        planfile: the plan.
        record: what is applied; None where nothing is.
        target: where the plan is applied.
        changes: actions of the plan that are not applied yet.
        interrupted: the command that did not end; empty where the last one ended.
        amiss: what is absent, damaged, does not run or is not of the plan: what is amiss of each, by address.
        edits: what others changed and this apply would overwrite.
        remarks: what of the place is not as the user may think, a sentence each.
    """

    root: Path
    folder: StackFolder
    planfile: PlanFile
    record: Record | None
    target: DeploymentTarget
    changes: tuple[ManifestAction, ...]
    interrupted: str
    amiss: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    edits: StackEdits = NO_EDITS

    @property
    def resumes(self) -> bool:
        """Whether apply continues one that did not end well."""
        return bool(self.interrupted) or (self.record is not None and not self.record.complete)

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything is as planned already, and runs."""
        idle = not self.changes and not self.resumes and not self.amiss and not self.edits
        return idle and self.record is not None


def intent(directory: Path, what: str | None, choices: Choices, open_target: OpenTarget) -> Intent:
    """Plans a stack, or reads a plan file, and checks the plan.

    Args:
        directory: a folder of the blueprint.
        what: the name, folder or file of a stack, or a plan file; None for the only stack of the blueprint.
        choices: the options of the user.
        open_target: opens the target of the plan.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: there is no such stack, the plan is for another project, or a path is not UTF-8.
        UnreadablePlan: the plan file or the record is damaged.
        WithoutEffect: the blueprint has fields that the target does not support.
        StalePlan: the plan, its inputs or the record have changed since.
        DoesNotFit: replicas fit on no node.
        Protected: a protected part would be removed.
        OtherCluster: the target leads to another cluster, and the choices do not allow that.
    """
    root = root_of(directory)
    if what is not None and names_plan(directory / what, what):
        if choices.values:
            raise UsageError("the values of a saved plan are in it", hint="give them to `rohe plan --out FILE`")
        planfile = read_plan(directory / what)
        _check_project(planfile, root)
        _check_inputs(planfile, root)
        _check_faults(check_file(planfile, root).faults)
    else:
        choice = chosen_stack(directory, what)
        planned = make_plan(choice.folder, choice.stack, values=choices.values)
        root, planfile = planned.blueprint.root, planned.planfile
    folder = StackFolder.of(planfile.project, planfile.stack)
    _check_paths(root, folder)
    record = read_record(folder)
    _check(planfile, record, choices)
    wanted = {manifest.name for manifest in selected(planfile.manifests, choices.only)}
    target = open_target(
        Destination(planfile.target, planfile.project, planfile.stack, folder, root, dict(planfile.settings))
    )
    remarks = remarks_on_place(planfile, record, target, allow_other_cluster=choices.allow_other_cluster)
    moved = has_moved(record, target.location())
    if moved:
        # Nothing of the stack is in the cluster that everything is made in now.
        record = None
    # A plan file that was applied already lists changes that are made already.
    applied = record is not None and record.planfile.manifests == planfile.manifests
    changes = () if applied else planfile.changes
    if moved:
        changes = actions_between((), planfile.manifests)
    if choices.only:
        changes = tuple(action for action in changes if action.manifest in wanted)
    interrupted = RunJournal(folder, SystemClock()).interrupted()
    edits = stack_edits(target, planfile.manifests, record, interrupted=bool(interrupted), only=choices.only)
    if record is not None and not choices.allow_interruption:
        _refuse_interruption(record.planfile, planfile, {action.address for action in changes}, edits, target)
    return Intent(
        root=root,
        folder=folder,
        planfile=planfile,
        record=record,
        target=target,
        changes=changes,
        interrupted=interrupted,
        amiss=target.faults(planfile.manifests) if applied else {},
        remarks=remarks,
        edits=edits,
    )


def apply(wanted: Intent, progress: Progress, install: InstallProgress, choices: Choices) -> Outcome:
    """Applies the plan and records it; the record is incomplete from before the first side effect to the good end.

    Raises:
        EditedByHand: others changed what the apply would overwrite, and the choices do not allow that.
        NoSuitableProgram: there is no engine, or no plugin of the target, and none can be installed.
        Locked: another command holds the lock of the stack.
        StalePlan: the record has changed since the plan was checked.
        EngineFailed: the engine ended without a result.
        RoheError: the target cannot begin, such as PortInUse, or an image cannot be pulled.
    """
    if choices.allow_overwrite:
        wanted.target.overwrite_edits()
    else:
        refuse_edits(wanted.edits)
    engine = find_engine(install)
    wanted.target.install_plugins(install)
    from rohe_iac.deployment.run.deployer import Deployer

    planfile, folder = wanted.planfile, wanted.folder
    purpose = f"rohe apply {planfile.stack}"
    with (
        stack_lock(folder, purpose, patience=choices.lock_timeout),
        wanted.target.lock(purpose, planfile.manifests, patience=choices.lock_timeout, note=progress.on_note) as lock,
    ):
        record = read_record(folder)
        _check_fresh(planfile, record)
        location = wanted.target.location()
        moved = has_moved(record, location)
        if moved and not choices.allow_other_cluster:
            raise StalePlan("the context leads to another cluster since the plan was checked", hint="apply again")
        wanted.target.preflight(planfile.manifests)
        if choices.prefetch:
            _prefetch(wanted, progress, choices)
        sure = not (moved or wanted.interrupted or wanted.amiss or wanted.edits or choices.only or choices.refresh)
        applied = as_applied(wanted.target, record, planfile) if sure else ()
        # A record that has these very manifests already stays as it is: apply only repairs or continues then.
        repairs = record is not None and record.planfile.manifests == planfile.manifests and not moved
        if moved:
            # What the engine knows is in the former cluster; what it does not know, it takes over or makes.
            shutil.rmtree(folder.engine, ignore_errors=True)
        if record is None or not repairs:
            record = next_record(folder, None if moved else record, planfile, location)
            write_record(folder, record)
        elif location.id and record.location != location:
            record = replace(record, location=location)
            write_record(folder, record)
        place = EngineFolder(folder, planfile.project, planfile.stack)
        manifests = selected(record.manifests, choices.only)
        left_out = wanted.target.left_out(manifests)
        outcome = Deployer(engine, place, wanted.target, lock).up(
            manifests,
            progress,
            digest=planfile.digest,
            fail_fast=choices.fail_fast,
            refresh=choices.refresh or (bool(wanted.amiss or wanted.edits) and wanted.target.repairs_by_refresh),
            left_out=left_out.keys(),
            only=bool(choices.only),
            former=applied_before(folder, record),
            applied=applied if not left_out else (),
        )
        outcome = _with_left_out(outcome, planfile, left_out)
        for sentence in unlimited_sentences((part.address, part.unlimited) for part in wanted.target.live()):
            progress.on_note(sentence)
        if outcome.ending is Ending.COMPLETE:
            for sentence in unreached_broker(wanted.target, manifests):
                progress.on_note(sentence)
        # What was left as it is differs from the record, so the next apply has to go on.
        whole = not left_out and not choices.only
        if outcome.ending is Ending.COMPLETE and not record.complete and whole:
            write_record(folder, replace(record, complete=True))
        return outcome


def _refuse_interruption(
    before: PlanFile, after: PlanFile, changed: Collection[str], edits: StackEdits, target: DeploymentTarget
) -> None:
    """Raises Interrupts where services would have no running replica while their changed ones are replaced."""
    others = edits.restarted
    found = [item for item in replacements(before, after, others) if item.address in changed or item.address in others]
    if not found:
        return
    workloads = {item.instance: item.workload for item in before.plan.placements}
    running = {part.instance: workloads.get(part.instance, "") for part in target.live() if part.state == "running"}
    stopped = interrupted(found, running)
    if stopped:
        raise Interrupts(
            f"{counted(len(stopped), 'service')} would be interrupted, so nothing was changed",
            detail="\n".join(
                [
                    *(f"{item.address}: {item}" for items in stopped.values() for item in items[:20]),
                    *edits.by_apply_lines,
                ]
            ),
            hint="keep room for updates with `reserve: {update: ...}` and more than one replica, "
            "or allow it with --allow-interruption",
        )


def _prefetch(wanted: Intent, progress: Progress, choices: Choices) -> None:
    """Has nodes pull the images of what would be made or changed; of everything where an apply repairs or continues."""
    manifests = selected(wanted.planfile.manifests, choices.only)
    changed = {action.manifest for action in wanted.changes}
    pulled = [item for item in manifests if item.name in changed] if changed else manifests
    wanted.target.prefetch(pulled, wanted.planfile.manifests, progress, fail_fast=choices.fail_fast)


def _with_left_out(outcome: Outcome, planfile: PlanFile, left_out: Mapping[str, str]) -> Outcome:
    """Returns the outcome with the replicas among its pending ones that were left as they are."""
    pending = {item.address: item.reason for item in outcome.pending}
    pending |= {item.address: left_out[item.name] for item in planfile.manifests if item.name in left_out}
    return replace(outcome, pending=tuple(Pending(address, reason) for address, reason in sorted(pending.items())))


def _check_paths(root: Path, folder: StackFolder) -> None:
    """Raises UsageError where a path has bytes that are no UTF-8 (PEP 383): the engine cannot be told such a path."""
    for path, hint in ((root, "rename the folder"), (folder.path, "rename the folder, or set XDG_STATE_HOME")):
        if any("\ud800" <= character <= "\udfff" for character in str(path.absolute())):
            raise UsageError(f"the name of the folder {path} is not UTF-8 text", hint=hint)


def _check(planfile: PlanFile, record: Record | None, choices: Choices) -> None:
    """Raises where the plan cannot be applied at all, against this record, or with these options."""
    if planfile.unsupported:
        raise WithoutEffect(
            f"the blueprint has fields that the target {planfile.target} does not support",
            detail="\n".join(planfile.unsupported),
            hint=unsupported_hint(planfile),
        )
    _check_fresh(planfile, record)
    if planfile.plan.unplaced and not choices.allow_unplaced:
        lines = [str(gang) for gang in planfile.plan.left_out[:20]]
        for item in planfile.plan.unplaced[:20]:
            near = item.nearest
            lines.append(f"{item.replica}: " + (f"closest is {near.node}: {near.missing}" if near else "no node"))
        raise DoesNotFit(
            missing_words(planfile.plan.unplaced),
            detail="\n".join(lines),
            hint="ask for less, add a node, or apply the rest with --allow-unplaced",
        )
    removed = [action.address for action in planfile.changes if action.verb == "delete"]
    refuse_protected(planfile.protect, removed, choices.allow_destroy)


def _check_fresh(planfile: PlanFile, record: Record | None) -> None:
    """Raises StalePlan where the plan was made against another record than the applied one."""
    known = record.against if record is not None else None
    if planfile.against == known:
        return
    if record is not None and record.planfile.digest == planfile.digest:
        return  # this very plan was begun, or is applied
    made = "a stack that was not applied"
    if planfile.against is not None:
        made = "a plan file" if planfile.against.serial == NOT_APPLIED else f"record {planfile.against.serial}"
    now = f"record {known.serial}" if known is not None else "nothing"
    raise StalePlan(
        "the plan is stale",
        detail=f"it was made against {made}; applied now is {now}",
        hint="plan again with `rohe plan`",
    )


def _check_project(planfile: PlanFile, root: Path) -> None:
    """Raises UsageError where the plan is for another project than the one of the folder."""
    found = project_of(root)
    if found != planfile.project:
        raise UsageError(
            f"the plan is for the project {planfile.project}, and {root} belongs to {found}",
            hint="name the plan's blueprint folder with -C DIR",
        )


def _check_inputs(planfile: PlanFile, root: Path) -> None:
    """Raises StalePlan where a file or a callable that the plan was made of has changed since."""
    changed = []
    for source in planfile.inputs:
        try:
            found = sha256_hex((root / source.path).read_bytes())
        except OSError as error:
            changed.append(f"{source.path}: {error.strerror}")
            continue
        if found != source.sha256:
            changed.append(f"{source.path}: changed since")
    changed += [line for line in changed_since(planfile.problem, root) if line not in changed]
    if changed:
        raise StalePlan(
            "the plan is stale: the blueprint is not the one it was made of",
            detail="\n".join(changed[:20]),
            hint="plan again with `rohe plan`, or check out the commit that the plan was made of",
        )


def _check_faults(faults: tuple[str, ...]) -> None:
    """Raises StalePlan where the plan breaks constraints."""
    if faults:
        raise StalePlan("the plan does not hold", detail="\n".join(faults[:20]), hint="plan again with `rohe plan`")
