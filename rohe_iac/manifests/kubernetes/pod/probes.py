"""Probes: how the cluster asks whether a container is ready, and whether it is alive."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Probe


def probe(wanted: Probe | None) -> dict[str, Any] | None:
    """Returns a probe as Kubernetes writes it, or None where the blueprint has none."""
    if wanted is None:
        return None
    if wanted.http is not None:
        return {"httpGet": {"path": wanted.http.path, "port": wanted.http.port}, "periodSeconds": 5}
    return {"tcpSocket": {"port": wanted.tcp}, "periodSeconds": 5} if wanted.tcp is not None else None
