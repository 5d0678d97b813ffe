"""Claims about services that mount what another one mounts."""

from __future__ import annotations

from import_results import dropped, field_of, mapped

from rohe_iac.importing.compose.volumes_from import expand_volumes_from


def test_the_volumes_of_another_service_are_written_out() -> None:
    root = field_of(
        {
            "a": {"volumes": ["own:/own"], "volumes_from": ["service:b:ro", "container:else", "a"]},
            "b": {"volumes_from": ["c"]},
            "c": {"volumes": ["data:/data", {"source": "x", "target": "/x"}, "/temporary"]},
        }
    )
    services = dict(root.entries())
    expand_volumes_from(services)
    volumes = services["a"].get("volumes")
    assert volumes is not None
    assert [item.text for item in volumes.items()] == ["own:/own", "data:/data:ro", "", "/temporary"]
    assert volumes.items()[2].node.entries is not None
    assert "read_only" in volumes.items()[2].node.entries
    inner = services["b"].get("volumes")
    assert inner is not None
    assert [item.text for item in inner.items()] == ["data:/data", "", "/temporary"]
    assert set(mapped(root)) == {"a.volumes_from[0]", "b.volumes_from[0]"}
    assert dropped(root) == {}
