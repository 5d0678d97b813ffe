"""A Pulumi program without rohe: `bare_program.py FOLDER HOME CONTEXT NAMESPACE` brings the manifests of a folder up.

It is the baseline of bench_kubernetes.py: the same engine, provider, settings and objects, and nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pulumi
import yaml
from pulumi import automation

from rohe_iac.deployment.engine.find import find_engine
from rohe_iac.deployment.engine.plugin import find_plugin
from rohe_iac.targets.kubernetes.provider import ONE_CHECKPOINT, PROVIDER, RATE


def main(folder: Path, home: Path, context: str, namespace: str) -> None:
    """Brings the manifests up and prints what changed."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.yaml"))]
    documents = [document for text in texts for document in yaml.load_all(text, yaml.CSafeLoader)]
    plugin = find_plugin(PROVIDER, install=False)

    def program() -> None:
        settings = {
            "context": context,
            "namespace": namespace,
            "enableServerSideApply": "true",
            "enableConfigMapMutable": "true",
            "kubeClientSettings": json.dumps(RATE),
        }
        provider = pulumi.ProviderResource(
            PROVIDER.name, "cluster", settings, pulumi.ResourceOptions(version=plugin.version)
        )
        namespaces: list[pulumi.Resource] = []
        for document in sorted(documents, key=lambda document: document["kind"] != "Namespace"):
            api_version = document["apiVersion"] if "/" in document["apiVersion"] else f"core/{document['apiVersion']}"
            name = f"{document['kind']}-{document['metadata']['name']}".lower()
            document["metadata"].setdefault("annotations", {})["pulumi.com/skipAwait"] = "true"
            kind = f"kubernetes:{api_version}:{document['kind']}"
            options = pulumi.ResourceOptions(provider=provider, depends_on=list(namespaces))
            made = pulumi.CustomResource(kind, name, document, options)
            if document["kind"] == "Namespace":
                namespaces.append(made)

    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    (home / "backend").mkdir(exist_ok=True)
    providers = [{"name": PROVIDER.name, "path": str(plugin.path.parent)}]
    project = {"name": "bare", "runtime": "python", "plugins": {"providers": providers}}
    (work / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    engine = automation.PulumiCommand(root=str(find_engine(install=False).path.parent.parent))
    stack = automation.create_or_select_stack(
        "bare",
        project_name="bare",
        program=program,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(work),
            pulumi_home=str(home),
            pulumi_command=engine,
            env_vars={
                "PULUMI_BACKEND_URL": (home / "backend").as_uri(),
                "PULUMI_CONFIG_PASSPHRASE": "bench",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
                "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS": "false",
                "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
                # By default its time grows with the square of the number of manifests, and says nothing about rohe.
                **ONE_CHECKPOINT,
            },
        ),
    )
    print(stack.up().summary.resource_changes)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
