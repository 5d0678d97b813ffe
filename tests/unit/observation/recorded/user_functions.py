"""User functions of the recorded runs."""

from __future__ import annotations

from typing import Any


def spread(samples: list[dict[str, Any]], scale: float = 1.0) -> dict[str, float]:
    """Returns how far apart the levels are, and how many samples name what."""
    levels = [row["level"] for row in samples]
    return {
        "range": scale * (max(levels) - min(levels)),
        "requests": float(len({row["request"] for row in samples})),
        "instances": float(len({row["instance"] for row in samples})),
        "odd": float(sum("odd" in row for row in samples)),
        "first": samples[0]["time"],
    }


def doubled(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns each sample twice."""
    return [row, {**row, "level": row["level"] * 2}] if "level" in row else []


def failing(samples: list[dict[str, Any]]) -> dict[str, float]:
    """Fails on every third call or so."""
    if len(samples) % 3 == 0:
        raise RuntimeError("three of a kind")
    return {"size": float(len(samples))}
