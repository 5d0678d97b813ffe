"""Reads and writes profiles as YAML."""

from __future__ import annotations

import math
from typing import Any

import yaml
from pydantic import ValidationError

from rohe_iac.blueprint.language.profile import AtLoad, Times
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile


def read_profile(text: str, origin: str) -> Profile:
    """Returns the profile that a YAML text holds.

    Args:
        text: The YAML text, one document.
        origin: The name of the file, for messages.

    Raises:
        InvalidProfile: The text is not YAML, or no profile.
    """
    plain = read_plain(text)
    values = plain.values if plain.values else _read_with_pyyaml(text, origin)
    if len(values) != 1 or not isinstance(values[0], dict) or "profile" not in values[0]:
        raise InvalidProfile(
            f"{origin} is not a profile", hint="a profile begins with `profile: 1`; `rohe profile` writes it"
        )
    try:
        return Profile.model_validate(values[0])
    except ValidationError as error:
        faults = error.errors(include_url=False)[:10]
        detail = "\n".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults)
        raise InvalidProfile(f"{origin} is not a profile", detail=detail, hint="docs/sizing.md has its form") from error


def _read_with_pyyaml(text: str, origin: str) -> list[Any]:
    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise InvalidProfile(f"{origin} is not YAML", detail=str(error)) from error


def write_profile(profile: Profile) -> str:
    """Returns the profile as YAML text for people; reading the text gives an equal profile but for rounding."""
    value: dict[str, Any] = {"profile": 1, "service": profile.service, "concurrency": profile.concurrency}
    value["demand"] = [_demand_row(point) for point in profile.demand]
    value["devices"] = {
        name: {
            "cores": [shown_cpu(core) for core in device.cores],
            "busy": [shown_cpu(core) for core in device.busy],
            **({"memory": mebibytes_text(device.memory)} if device.memory is not None else {}),
        }
        for name, device in sorted(profile.devices.items())
    }
    value["serviceTime"] = {
        name: {
            word: _times_row(times)
            for word, times in (("alone", service_time.alone), ("shared", service_time.shared))
            if times is not None
        }
        for name, service_time in sorted(profile.service_time.items())
    }
    value["idle"] = {kind: shown_share(share) for kind, share in sorted(profile.idle.items())}
    value["missing"] = list(profile.missing)
    value["estimated"] = list(profile.estimated)
    return yaml.dump(
        value, Dumper=_ProfileDumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=200
    )


class _ProfileDumper(yaml.SafeDumper):
    """A YAML dumper that writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class names it
        return True


def _demand_row(point: AtLoad) -> dict[str, Any]:
    row: dict[str, Any] = {
        "load": f"{point.load:g}/s",
        "cpu": shown_cpu(point.cpu),
        "memory": mebibytes_text(point.memory),
    }
    if point.accelerators:
        row["accelerators"] = {kind: shown_share(share) for kind, share in sorted(point.accelerators.items())}
    return row


def _times_row(times: Times) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: f"{value * 1000:.2f}".rstrip("0").rstrip(".") + "ms"
        for name in ("mean", "deviation", "p5", "p50", "p95", "p99")
        if (value := getattr(times, name)) is not None
    }
    return {**row, "requests": times.requests}


def mebibytes_text(amount: int) -> str:
    """Returns a number of bytes in whole mebibytes, rounded up, so that a demand is never understated."""
    return shown_bytes(math.ceil(amount / 2**20) * 2**20)
