"""Checks of implausible quantities: amounts whose unit is likely to be another, or was left out."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.language.pipeline import Alternative, Member, Pipeline, Service
from rohe_iac.blueprint.linked.machine import MEBIBYTE
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.quantities import counted

MAX_REQUESTS = 1_000_000.0
"""The highest plausible load, in requests per second; beyond it a rate per hour or minute was meant."""


LEAST_BANDWIDTH, MAX_BANDWIDTH = 1_000, 10 * 10**12
"""The plausible bandwidths, in bits per second: from a slow radio to a backbone."""


MAX_LATENCY = 10.0
"""The highest plausible latency, in seconds; over a satellite and back takes less than one."""


LEAST_FREQUENCY, MAX_FREQUENCY = 1_000_000, 20 * 10**9
"""The plausible frequencies of a processor, in hertz."""


LEAST_EMPTY_DIR = 4096
"""The least plausible size of an emptyDir, in bytes: a page of memory."""


def check_amount(
    document: Document, path: Path, what: str, amount: int | None, *, gibibytes: int, least: int = MEBIBYTE
) -> Iterator[Finding]:
    """Yields a warning for an amount of bytes that is hardly meant, since its unit was left out.

    Args:
        document: The document with the amount.
        path: Its path.
        what: What has that amount, with its article.
        amount: The amount in bytes; None and 0 stand for none.
        gibibytes: The largest bare number that means gibibytes; a larger one means mebibytes.
        least: The least plausible amount, in bytes.
    """
    if amount and amount < least:
        meant = f"did you mean {amount}{'Gi' if amount <= gibibytes else 'Mi'}?"
        hint = meant if amount < 10**5 else "for example 1Gi"
        yield warning(document, path, "R113", f"{what} of {counted(amount, 'byte')}", hint)


def _check_service_amounts(document: Document, base: Path, part: Service | Alternative) -> Iterator[Finding]:
    for index, volume in enumerate(part.volumes if isinstance(part, Service | Member) and part.volumes else ()):
        path: Path = (*base, "volumes", index)
        yield from check_amount(document, (*path, "size"), "a volume", volume.size, gibibytes=1024)
        at, size = (*path, "emptyDir"), volume.empty_dir
        yield from check_amount(document, at, "an emptyDir", size, gibibytes=16, least=LEAST_EMPTY_DIR)
    if part.requests is not None and "requests" in part.model_fields_set:
        at = (*base, "requests", "disk")
        yield from check_amount(document, at, "a disk", part.requests.disk, gibibytes=128)
        for name, request in part.requests.accelerators.items():
            at = (*base, "requests", "accelerators", name, "memory")
            yield from check_amount(document, at, "a device memory", request.memory, gibibytes=256)
    if part.limits is not None and "limits" in part.model_fields_set:
        yield from check_amount(document, (*base, "limits", "disk"), "a disk", part.limits.disk, gibibytes=128)


def _check_machine_amounts(document: Document, base: Path, machine: DeviceType | Node) -> Iterator[Finding]:
    yield from check_amount(document, (*base, "disk"), "a disk", machine.disk, gibibytes=8192)
    for name, device in (machine.accelerators or {}).items():
        at = (*base, "accelerators", name, "memory")
        yield from check_amount(document, at, "a device memory", device.memory, gibibytes=256)


def check_pipeline(document: Document, pipeline: Pipeline) -> Iterator[Finding]:
    """Yields warnings for an implausible load, implausible network demands of flows, and amounts of bytes."""
    for index, volume in enumerate(pipeline.spec.volumes):
        yield from check_amount(document, ("spec", "volumes", index, "size"), "a volume", volume.size, gibibytes=1024)
    for index, service in enumerate(pipeline.spec.services):
        path: Path = ("spec", "services", index)
        yield from _check_service_amounts(document, path, service)
        for number, variant in enumerate(service.variants):
            yield from _check_service_amounts(document, (*path, "variants", number), variant)
        for number, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            yield from _check_service_amounts(document, (*path, "ensemble", "members", number), member)
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
    """Yields warnings for implausible bandwidths, latencies, processor frequencies and amounts of bytes."""
    for index, link in enumerate(inventory.spec.links):
        base: Path = ("spec", "links", index)
        yield from _check_bandwidth(document, (*base, "bandwidth"), link.bandwidth)
        yield from _check_latency(document, (*base, "latency"), link.latency)
    for name, device in inventory.spec.device_types.items():
        yield from _check_frequency(document, ("spec", "deviceTypes", name, "frequency"), device.frequency)
        yield from _check_machine_amounts(document, ("spec", "deviceTypes", name), device)
    for index, node in enumerate(inventory.spec.nodes):
        if node.disk is not None or node.accelerators:
            yield from _check_machine_amounts(document, ("spec", "nodes", index), node)
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
