"""The program that `rohe apply` runs for a cluster, for users that run Pulumi themselves: one resource a manifest.

Configuration: `rohe:planfile`, a file that `rohe plan --out` wrote; `rohe:root`, the blueprint's folder, by default the
folder of the plan file; the kubeconfig is that of KUBECONFIG. This program makes the resources and nothing else: the
namespace has to be there, and checks, the record of the last apply and the stack's lock belong to `rohe apply`.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from rohe_iac.deployment.ports import Destination
from rohe_iac.deployment.run.program import program_of
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.kubernetes.target import KubernetesDeploymentTarget
from rohe_iac.usecases.plans.plan import read_plan

settings = pulumi.Config("rohe")
file = Path(settings.require("planfile")).absolute()
root = Path(settings.get("root") or file.parent).absolute()
planfile = read_plan(file)
folder = StackFolder.of(planfile.project, planfile.stack)
destination = Destination(planfile.target, planfile.project, planfile.stack, folder, root, dict(planfile.settings))
program_of(planfile.manifests, KubernetesDeploymentTarget.of(destination))()
