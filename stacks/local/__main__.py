"""The program that `rohe apply` runs inline, for users that run Pulumi themselves: one resource a manifest of a plan.

Configuration: `rohe:planfile`, a file that `rohe plan --out` wrote; `rohe:root`, the blueprint's folder, by default the
folder of the plan file. This program makes the resources and nothing else: checks, the record of the last apply and the
stack's lock belong to `rohe apply`.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from rohe_iac.deployment.run.program import program_of
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.target import LocalDeploymentTarget
from rohe_iac.usecases.plans.plan import read_plan

settings = pulumi.Config("rohe")
file = Path(settings.require("planfile")).absolute()
root = Path(settings.get("root") or file.parent).absolute()
planfile = read_plan(file)
target = LocalDeploymentTarget(StackFolder.of(planfile.project, planfile.stack).ensure(), root)
program_of(planfile.manifests, target)()
