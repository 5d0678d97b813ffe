"""Claims about certificates that a stack names: validate says what is wrong with them, at the field, on each target."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.broker.given_certificates import CODE, LOCAL_NAME
from rohe_iac.blueprint.loading import check
from rohe_iac.targets.broker.certificates import DAYS, KeyPair, new_authority, new_server

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec: {nodes: [{name: one, cpu: 8, memory: {rss: 8Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec: {services: [{name: web, image: web, command: [web], requests: {cpu: 100m, memory: {rss: 32Mi}}, reports: {}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec:
  pipelines: [p]
  inventory: here
  target: TARGET
  broker: {embedded: {tls: {PARTS}}}
"""
FILES = {"certificate": "pki/broker.crt", "key": "pki/broker.key", "ca": "pki/ca.crt"}


def _write(folder: Path, names: tuple[str, ...], *, age: float = 0.0) -> KeyPair:
    (folder / "pki").mkdir(exist_ok=True)
    then = time.time() - age
    authority = new_authority("mine", then)
    pair = new_server(authority, names, then)
    for name, content in (("certificate", pair.certificate), ("key", pair.key), ("ca", authority.certificate)):
        (folder / FILES[name]).write_bytes(content)
    return pair


def _said(folder: Path, *, target: str = "{local: {}}", parts: tuple[str, ...] = tuple(FILES)) -> list[str]:
    """Returns the messages of certificates, each with the text of its line from its column on."""
    written = ", ".join(f"{name}: {{secret: 'file:{FILES[name]}'}}" for name in parts)
    (folder / "blueprints").mkdir(exist_ok=True)
    (folder / "rohe.yaml").write_text("project: p\n")
    path = folder / "blueprints" / "all.yaml"
    path.write_text(BLUEPRINT.replace("TARGET", target).replace("PARTS", written))
    return [item.message for item in check([folder]).diagnostics if item.code == CODE]


def test_a_certificate_that_fits_is_taken_on_both_targets(tmp_path: Path) -> None:
    _write(tmp_path, (LOCAL_NAME, "rohe-broker.shop.svc"))
    assert _said(tmp_path) == []
    assert _said(tmp_path, target="{kubernetes: {namespace: shop}}") == []


def test_each_fault_is_said(tmp_path: Path) -> None:
    _write(tmp_path, ("localhost",))
    assert _said(tmp_path) == [
        f"the certificate cannot be used: it is for localhost, and clients connect to {LOCAL_NAME}"
    ]
    (found,) = _said(tmp_path, target="{kubernetes: {namespace: shop}}")
    assert found.endswith("clients connect to rohe-broker.shop.svc")

    _write(tmp_path, (LOCAL_NAME,), age=(DAYS + 2) * 86400)
    (found,) = _said(tmp_path)
    assert "the certificate cannot be used: it expired on" in found

    _write(tmp_path, (LOCAL_NAME,))
    (tmp_path / FILES["key"]).write_bytes(new_authority("other", time.time()).key)
    assert _said(tmp_path) == ["the key cannot be used: it does not belong to the certificate"]

    (tmp_path / FILES["ca"]).unlink()
    assert _said(tmp_path) == ["the file of ca cannot be read: No such file or directory"]


@pytest.mark.parametrize("parts", [("certificate",), ("certificate", "key"), ("ca",)])
def test_a_part_alone_is_refused(tmp_path: Path, parts: tuple[str, ...]) -> None:
    (found,) = _said(tmp_path, parts=parts)
    assert found.startswith("certificate, key and ca go together")
