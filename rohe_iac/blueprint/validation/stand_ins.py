"""Stand-ins for missing fields, so that one run reports the other faults of the same part as well."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.findings.remainder import UNNAMED
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import annotations_at

STAND_INS: dict[tuple[str, str], Any] = {
    ("Objective", "metric"): UNNAMED,
    ("Objective", "operator"): "<",
    ("Objective", "value"): 1,
    ("Objective", "window"): {"size": "1s"},
    ("Processing", "window"): {"size": "1s"},
    ("BurnRate", "factor"): 1,
    ("StackSpec", "pipelines"): (UNNAMED,),
    ("StackSpec", "inventory"): UNNAMED,
    ("ContractSpec", "pipeline"): UNNAMED,
    ("File", "path"): "/unnamed",
    ("File", "from"): UNNAMED,
    ("EnvSource", "file"): UNNAMED,
    ("HostDevice", "path"): "/unnamed",
    ("InitStep", "name"): UNNAMED,
    ("Port", "name"): UNNAMED,
    ("Variant", "name"): UNNAMED,
    ("Member", "name"): UNNAMED,
    ("SharedVolume", "name"): UNNAMED,
    ("SharedVolume", "size"): "1Gi",
    ("SecretReference", "name"): UNNAMED,
    ("HttpProbe", "port"): UNNAMED,
    ("AcceleratorRequest", "share"): "1%",
    ("Spread", "topologyKey"): "node",
    ("Affinity", "service"): UNNAMED,
    ("Link", "from"): UNNAMED,
    ("Link", "to"): UNNAMED,
    ("Accelerator", "type"): UNNAMED,
    ("Taint", "key"): UNNAMED,
    ("NetworkLink", "between"): [f"node/{UNNAMED}", f"node/{UNNAMED}"],
    ("Aggregation", "of"): UNNAMED,
    ("Percentile", "of"): UNNAMED,
    ("Percentile", "p"): 99,
    ("Variance", "of"): UNNAMED,
    ("Action", "action"): "alert",
    ("Processing", "function"): f"{UNNAMED}.py:{UNNAMED}",
    ("ManifestsTarget", "directory"): UNNAMED,
    ("Amqp", "url"): "amqp://unnamed",
    ("Amqp", "user"): UNNAMED,
    ("Amqp", "password"): {"secret": "env:UNNAMED"},
    ("Amqp", "exchange"): UNNAMED,
    ("Volume", "path"): "/unnamed",
    ("DeviceType", "cpu"): 1_000_000,
    ("DeviceType", "memory"): {"rss": "1000Ti"},
    ("Service", "name"): UNNAMED,
    ("Node", "name"): UNNAMED,
    ("ModuleUse", "name"): UNNAMED,
}
"""Substitutes for missing fields, by part and field."""


def stand_in(model: type[Model], location: tuple[str | int, ...], neighbours: Any) -> Any:
    """Returns a substitute for a missing field, so that its neighbours are checked all the same; None for none.

    There are substitutes only for fields whose value leads to no fault elsewhere.
    """
    field = str(location[-1])
    if field == "value" and isinstance(neighbours, dict) and neighbours.get("operator") == "between":
        return [0, 1]
    parts = [leaf.__name__ for leaf in annotations_at(model, location[:-1]) if isinstance(leaf, type)]
    return next((STAND_INS[part, field] for part in parts if (part, field) in STAND_INS), None)
