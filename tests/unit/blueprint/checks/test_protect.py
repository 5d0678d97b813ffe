"""Every address that a stack protects names something that exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks import protect
from rohe_iac.blueprint.documents.discovery import decode_file
from rohe_iac.blueprint.documents.tree import documents_with_model, read_tree
from rohe_iac.blueprint.language.stack import Stack

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  services:
    - {{name: door, command: [x], replicas: 2}}
    - {{name: vote, command: [x], ensemble: {{members: [{{name: svm, replicas: 1}}]}}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: lab}}
spec: {{nodes: [{{name: pi, cpu: 1, memory: {{rss: 1Gi}}}}]}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: home}}
spec: {{pipelines: [shop], inventory: lab, protect: [{address}]}}
"""


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("service/door", ""), ("service/shop:vote/svm", ""), ("replica/door/1", ""), ("node/pi", ""),
        ("service/dor", "R205"), ("service/yard:door", "R202"), ("service/vote/cnn", "R206"),
        ("replica/door/2", "R206"), ("replica/vote/svm/1", "R206"), ("node/pie", "R209"),
        ("contract/x", "R204"), ("door", "R119"),
    ],
)  # fmt: skip
def test_an_address_of_nothing_is_found(tmp_path: Path, address: str, code: str) -> None:
    tree = read_tree(tmp_path, [decode_file("x.yaml", DOCUMENTS.format(address=address).encode())])
    ((document, stack),) = documents_with_model(tree.documents, Stack)
    inventories = tree.catalogue.all_named("Inventory", ["lab"], document)
    findings = list(protect.check(document, stack, inventories, tree))
    assert [finding.code for finding in findings] == ([code] if code else [])
