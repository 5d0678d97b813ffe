"""Decodes the envelopes of QoA4ML clients; their keys identify them, because they carry no version.

Source: the client library QoA4ML (https://github.com/rdsea/QoA4ML), and reports captured from its code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from rohe_iac.foundation.wire.report_bounds import MAX_NAME_LENGTH, MAX_TIME, MAX_VALUES
from rohe_iac.observation.reports.report import Report, Undecodable, check_values

JsonObject = dict[str, Any]


def decode_qoa4ml(payload: bytes, service: str, instance: str) -> Report:
    """Decodes an ML report, a ROHE report, a general application report, a user-defined report or a probe's report.

    Args:
        payload: Bytes of the message.
        service: Service level of the topic; QoA4ML's own stage names are not used.
        instance: Instance level of the topic; QoA4ML's own instance names are not used.

    Raises:
        Undecodable: The bytes are no JSON, none of the envelopes, have no timestamp, or a value is out of bounds.
    """
    try:
        content = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is not JSON", detail=str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("metadata"), dict):
        raise Undecodable("this is none of the known envelopes: it has no metadata")
    metadata = content["metadata"]
    try:
        values, span = _read_envelope(content)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise Undecodable("a QoA4ML report of an unknown form", detail=str(error)) from error
    stamp = content.get("timestamp", metadata.get("timestamp"))
    if not _is_number(stamp):
        raise Undecodable("a QoA4ML report without a timestamp")
    start, end = span if span is not None else (None, None)
    if not all(0 <= time <= MAX_TIME for time in (stamp, start or 0.0, end or 0.0)):
        raise Undecodable("a QoA4ML report whose times are not seconds since the epoch")
    metrics = {key: float(value) for key, value in values.items() if _is_number(value)}
    fields = {key: value for key, value in values.items() if key not in metrics}
    request = str(metadata.get("corr_id") or "")
    if max(len(metrics), len(fields)) > MAX_VALUES:
        raise Undecodable(f"a QoA4ML report with more than {MAX_VALUES} values")
    if any(len(name) > MAX_NAME_LENGTH for name in (request, *values)):
        raise Undecodable(f"a QoA4ML report with a name of more than {MAX_NAME_LENGTH} characters")
    check_values(fields, payload)
    return Report(
        client=instance,
        at=float(stamp),
        service=service,
        instance=instance,
        request=request,
        start=start,
        end=end,
        metrics=metrics,
        fields=fields,
    )


def _read_envelope(content: JsonObject) -> tuple[JsonObject, tuple[float, float] | None]:
    """Returns the values of an envelope by name, and the span (start, end) in seconds since the epoch if it has one."""
    if "inference_report" in content:
        # QoA4ML corrupts the inference graph of a ROHE report at fan-in; only its execution graph is kept.
        report = content["inference_report"]
        values, span = _read_sections(report)
        end_point = (report.get("ml_specific") or {}).get("end_point") or {}
        values |= _read_inference(end_point)
        if "execution_graph" in content:
            values["execution_graph"] = content["execution_graph"]
        return values, span
    if "ml_inference" in content or "service" in content:
        values, span = _read_sections(content)
        for inference in (content.get("ml_inference") or {}).values():
            values |= _read_inference(inference)
        return values, span
    if isinstance(content.get("metrics"), list):
        return _read_metrics(content["metrics"])
    if "report" in content:
        report = content["report"]
        return (dict(_flatten(report, "")) if isinstance(report, dict) else {"report": report}), None
    if any(key in content for key in ("cpu", "mem", "container_reports")):
        return dict(_flatten({key: content[key] for key in content if key not in ("metadata", "timestamp")}, "")), None
    raise ValueError(f"keys {', '.join(sorted(content))}")


def _read_sections(report: JsonObject) -> tuple[JsonObject, tuple[float, float] | None]:
    metrics = [
        metric
        for section in ("service", "data")
        for stage in (report.get(section) or {}).values()
        for by_instance in stage["metrics"].values()
        for metric in by_instance.values()
    ]
    return _read_metrics(metrics)


def _read_metrics(metrics: list[JsonObject]) -> tuple[JsonObject, tuple[float, float] | None]:
    values: JsonObject = {}
    span: tuple[float, float] | None = None
    for metric in metrics:
        records = metric.get("records") or []
        if not records:
            continue
        last = records[-1]
        if isinstance(last, dict) and "responseTime" in last:
            start = float(last["startTime"])
            end = start + float(last["responseTime"])
            # The span of a report about several stages covers all of them.
            span = (start, end) if span is None else (min(span[0], start), max(span[1], end))
        else:
            values[str(metric["metric_name"])] = last
    return values, span


def _read_inference(inference: JsonObject) -> JsonObject:
    values: JsonObject = {}
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


def _flatten(tree: JsonObject, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yields the leaves of a tree with their dotted names."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _flatten(item, f"{name}.{index}.")
        elif value is not None:
            yield name, value


def _is_number(value: Any) -> bool:
    """Checks for a number that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
