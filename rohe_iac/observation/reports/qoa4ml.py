"""The envelopes that QoA4ML clients send, read into reports; detected by their keys, for they carry no version.

Source: the client library QoA4ML (https://github.com/rdsea/QoA4ML), reports captured from its own code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rohe_iac.observation.reports.report import Report, Undecodable

Object = dict[str, Any]


def decode_qoa4ml(payload: bytes, service: str, instance: str) -> Report:
    """Reads an ML report, a ROHE report, a general application report, a user-defined report or a probe's report.

    service and instance are those of the topic: what QoA4ML calls stage and instance are names of its own.
    Errors: Undecodable.
    """
    try:
        content = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is not JSON", detail=str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("metadata"), dict):
        raise Undecodable("this is none of the known envelopes: it has no metadata")
    metadata = content["metadata"]
    try:
        values, span = _values(content)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise Undecodable("a QoA4ML report of an unknown form", detail=str(error)) from error
    stamp = content.get("timestamp", metadata.get("timestamp"))
    if not isinstance(stamp, int | float):
        raise Undecodable("a QoA4ML report without a timestamp")
    metrics = {key: float(value) for key, value in values.items() if _number(value)}
    start, end = span if span is not None else (None, None)
    return Report(
        client=instance,
        at=float(stamp),
        service=service,
        instance=instance,
        request=str(metadata.get("corr_id") or ""),
        start=start,
        end=end,
        metrics=metrics,
        fields={key: value for key, value in values.items() if key not in metrics},
    )


def _values(content: Object) -> tuple[Object, tuple[float, float] | None]:
    if "inference_report" in content:
        # The inference graph of a ROHE report is corrupted at fan-in; the execution graph is right, and kept.
        report = content["inference_report"]
        values, span = _sections(report)
        end_point = (report.get("ml_specific") or {}).get("end_point") or {}
        values |= _prediction(end_point)
        if "execution_graph" in content:
            values["execution_graph"] = content["execution_graph"]
        return values, span
    if "ml_inference" in content or "service" in content:
        values, span = _sections(content)
        for inference in (content.get("ml_inference") or {}).values():
            values |= _prediction(inference)
        return values, span
    if isinstance(content.get("metrics"), list):
        return _recorded(content["metrics"])
    if "report" in content:
        report = content["report"]
        return (dict(_flat(report, "")) if isinstance(report, dict) else {"report": report}), None
    if any(key in content for key in ("cpu", "mem", "container_reports")):
        return dict(_flat({key: content[key] for key in content if key not in ("metadata", "timestamp")}, "")), None
    raise ValueError(f"keys {', '.join(sorted(content))}")


def _sections(report: Object) -> tuple[Object, tuple[float, float] | None]:
    metrics = [
        metric
        for section in ("service", "data")
        for stage in (report.get(section) or {}).values()
        for by_instance in stage["metrics"].values()
        for metric in by_instance.values()
    ]
    return _recorded(metrics)


def _recorded(metrics: list[Object]) -> tuple[Object, tuple[float, float] | None]:
    values: Object = {}
    span: tuple[float, float] | None = None
    for metric in metrics:
        records = metric.get("records") or []
        if not records:
            continue
        last = records[-1]
        if isinstance(last, dict) and "responseTime" in last:
            start = float(last["startTime"])
            end = start + float(last["responseTime"])
            # A report that gathered several stages spans them all.
            span = (start, end) if span is None else (min(span[0], start), max(span[1], end))
        else:
            values[str(metric["metric_name"])] = last
    return values, span


def _prediction(inference: Object) -> Object:
    values: Object = {}
    for metric in inference.get("metrics") or []:
        if metric.get("records"):
            values[str(metric["metric_name"])] = metric["records"][-1]
    prediction = inference.get("prediction")
    if isinstance(prediction, dict):
        values |= {key: value for key, value in prediction.items() if key != "class"}
        prediction = prediction.get("class", prediction)
    if prediction is not None:
        values["prediction"] = prediction
    return values


def _flat(value: Object, prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, dict):
            yield from _flat(inner, f"{name}.")
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for index, item in enumerate(inner):
                if isinstance(item, dict):
                    yield from _flat(item, f"{name}.{index}.")
        elif inner is not None:
            yield name, inner


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
