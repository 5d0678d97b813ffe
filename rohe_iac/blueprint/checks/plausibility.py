"""Checks of implausible quantities: rates, bandwidths, latencies and frequencies whose unit is likely to be another."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.text.parsed import Path

MAX_REQUESTS = 1_000_000.0
"""The highest plausible load, in requests per second; beyond it a rate per hour or minute was meant."""


LEAST_BANDWIDTH, MAX_BANDWIDTH = 1_000, 10 * 10**12
"""The plausible bandwidths, in bits per second: from a slow radio to a backbone."""


MAX_LATENCY = 10.0
"""The highest plausible latency, in seconds; over a satellite and back takes less than one."""


LEAST_FREQUENCY, MAX_FREQUENCY = 1_000_000, 20 * 10**9
"""The plausible frequencies of a processor, in hertz."""


def check_pipeline(document: Document, pipeline: Pipeline) -> Iterator[Finding]:
    """Yields warnings for an implausible load and implausible network demands of flows."""
    load = pipeline.spec.load
    if load == 0:
        yield warning(document, ("spec", "load"), "R113", "a load of nothing", "leave load out, or write it as 10/s")
    elif load is not None and load > MAX_REQUESTS:
        hint = f"did you mean {load:.15g}/h?"
        yield warning(document, ("spec", "load"), "R113", f"a load of {load:,.0f} requests a second", hint)
    for index, link in enumerate(pipeline.spec.flow):
        base: Path = ("spec", "flow", index)
        yield from _check_bandwidth(document, (*base, "bandwidth"), link.bandwidth)
        yield from _check_latency(document, (*base, "latency"), link.latency)


def check_inventory(document: Document, inventory: Inventory) -> Iterator[Finding]:
    """Yields warnings for implausible bandwidths, latencies and processor frequencies."""
    for index, link in enumerate(inventory.spec.links):
        base: Path = ("spec", "links", index)
        yield from _check_bandwidth(document, (*base, "bandwidth"), link.bandwidth)
        yield from _check_latency(document, (*base, "latency"), link.latency)
    for name, device in inventory.spec.device_types.items():
        yield from _check_frequency(document, ("spec", "deviceTypes", name, "frequency"), device.frequency)
    for index, node in enumerate(inventory.spec.nodes):
        if node.frequency is not None:
            yield from _check_frequency(document, ("spec", "nodes", index, "frequency"), node.frequency)


def _check_bandwidth(document: Document, path: Path, amount: int | None) -> Iterator[Finding]:
    if amount is None:
        return
    if amount == 0:
        hint = "leave bandwidth out, or write it as 20Mbps"
        yield warning(document, path, "R113", "a bandwidth of nothing", hint)
    elif amount < LEAST_BANDWIDTH:
        yield warning(document, path, "R113", f"a bandwidth of {amount} bits a second", f"did you mean {amount}Mbps?")
    elif amount > MAX_BANDWIDTH:
        shown = amount / 10**9
        hint = f"did you mean {shown / 1000:.15g}Gbps, or {shown:.15g}Mbps?"
        yield warning(document, path, "R113", f"a bandwidth of {shown:,.0f}Gbps", hint)


def _check_latency(document: Document, path: Path, amount: float | None) -> Iterator[Finding]:
    if amount is not None and amount > MAX_LATENCY:
        shown, written = f"{amount:.15g}", f"{amount / 60 if amount % 60 == 0 else amount:.15g}"
        yield warning(document, path, "R113", f"a latency of {shown} seconds", f"did you mean {written}ms?")


def _check_frequency(document: Document, path: Path, amount: int | None) -> Iterator[Finding]:
    if amount is None:
        return
    if amount < LEAST_FREQUENCY:
        unit, size = ("kHz", 1000) if amount >= 1000 else ("Hz", 1)
        shown = f"{amount / size:.15g}"
        hint = f"did you mean {shown}{'GHz' if amount / size < 100 else 'MHz'}?"
        yield warning(document, path, "R113", f"a processor of {shown}{unit}", hint)
    elif amount > MAX_FREQUENCY:
        shown = f"{amount / 10**9:.15g}"
        yield warning(document, path, "R113", f"a processor of {shown}GHz", f"did you mean {shown}MHz?")
