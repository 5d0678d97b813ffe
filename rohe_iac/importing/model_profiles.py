"""Imports model profiles: accuracy and speed of models on devices. Each model becomes a variant of a service."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import EMPTY, Field
from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, dns_name
from rohe_iac.importing.foreign.units import number_of

PIPELINE = "model-profiles"


BY_CLASS = "accuracy by class has no place in a blueprint; an objective may be about one class: where: {truth: CLASS}"


BY_THRESHOLD = "accuracy by confidence threshold has no place in a blueprint; the service decides what it reports"


TIMES = (
    "a profile holds mean, p50 and p99 of service times by type of device: least, largest and p90 give none of them, "
    "and of one device a profile does not separate GPU and CPU; measure, and let `rohe profile` write it"
)


RATE = "how many requests a replica serves follows from the service times of its profile, and is not written"


SIMULATED = "how the original draws times when it simulates"


REASONS = {
    "classspecific": BY_CLASS,
    "specificclass": BY_CLASS,
    "threshold": BY_THRESHOLD,
    "data": "measured times by device: a profile file holds them, which `rohe profile` writes and a variant names",
}


BY_DEVICE = {"responsetime": TIMES, "throughput": RATE}


DRAWN = dict.fromkeys(("basescale", "spikescale", "noisescale"), SIMULATED)


def is_profiles(root: Field) -> bool:
    """Checks whether a document holds one model's profile, or mostly profiles by id or by name."""
    found = [_is_profile(part) for _, part in root.entries()]
    return _is_profile(root) or sum(found) * 2 > len(found)


def _is_profile(part: Field) -> bool:
    if part.get("model_name") is not None and part.get("overall", "profile", "class_specific") is not None:
        return True
    body = part.get("profile")
    if body is not None and body.get("overall", "specific_class", "class_specific") is not None:
        return True
    devices = part.get("data")
    return devices is not None and any(_is_device(inner) for _, inner in devices.entries())


def _is_device(device: Field) -> bool:
    return any(part.get("response_time", "throughput") is not None for _, part in device.entries())


def import_profiles(root: Field, drafts: Drafts) -> None:
    """Adds every model as a variant; one service a file, or one a type of model where the file has types."""
    stem = PurePath(root.place.file).stem
    if _is_profile(root):
        _add_model("", root, stem, drafts)
    else:
        for key, part in root.entries():
            if _is_profile(part):
                _add_model(key, part, stem, drafts)
            else:
                part.drop(EMPTY if part.is_empty else "not a profile: it has no accuracy and no times")


def _add_model(key: str, part: Field, stem: str, drafts: Drafts) -> None:
    named, kind, version = part.get("model_name"), part.get("type"), part.get("version")
    original = named.text if named is not None else key or stem
    draft = drafts.pipeline(drafts.name or PIPELINE, part.place.file)
    service = _service(drafts, f"{stem}-{kind.text}" if kind is not None else stem, part)
    base_name = original if version is None or not version.text else f"{original}-{version.text}"
    known = {str(variant["name"]) for variant in service["variants"]}
    base = name = dns_name(base_name, "model")
    number = 1
    while name in known:
        number += 1
        name = f"{base[:58].rstrip('-')}-{number}"
    target = f"Pipeline/{draft.name}: services.{service['name']}.variants.{name}"
    if name != original:
        draft.annotations[f"{ORIGINAL_NAME}.variant.{service['name']}.{name}"] = original
    for field in (named, version):
        if field is not None:
            field.map_to(f"{target}.name")
    if kind is not None:
        kind.map_to(f"Pipeline/{draft.name}: services.{service['name']}")
    variant: dict[str, Any] = {"name": name}
    accuracy = _accuracy(part, target)
    if accuracy is not None:
        variant["accuracy"] = accuracy
    service["variants"].append(variant)
    _drop_times(part.get("data"))
    body = part.get("profile")
    overall = (body or part).get("overall")
    for inner in (overall, body, part):
        if inner is not None and inner.is_mapping:
            inner.drop_rest(REASONS)


def _drop_times(devices: Field | None) -> None:
    """Drops what was measured on each processor of each device, with the reasons."""
    for _, device in devices.entries() if devices is not None else []:
        for _, processor in device.entries():
            times = processor.get("response_time")
            if times is not None and times.is_mapping:
                times.drop_rest(DRAWN, TIMES)
            processor.drop_rest(BY_DEVICE)


def _service(drafts: Drafts, base_name: str, part: Field) -> dict[str, Any]:
    draft = drafts.pipeline(drafts.name or PIPELINE, part.place.file)
    name = dns_name(base_name, "model")
    for known in draft.services:
        if known["name"] == name and "variants" in known:
            return known
    service: dict[str, Any] = {"name": draft.names.give(base_name, "model"), "variants": []}
    draft.services.append(service)
    part.note(f"a profile names no image: say what runs service '{service['name']}' and its variants")
    return service


def _accuracy(part: Field, target: str) -> float | int | None:
    overall = (part.get("profile") or part).get("overall")
    field = overall.get("accuracy") if overall is not None else part.get("accuracy")
    if field is None or not field.is_scalar or (number := number_of(field)) is None:
        return None
    if number > 1:
        if number > 100:
            field.drop("neither a ratio nor a percentage")
            return None
        field.note("above 1, so taken as percent")
        number /= 100
    field.map_to(f"{target}.accuracy")
    return float(number)
