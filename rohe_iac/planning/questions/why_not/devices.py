"""Edits of accelerators: smaller shares, fewer whole devices, less memory, or more and larger devices on the node."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.quantities import counted, exact_bytes, exact_bytes_in_words, shown_share
from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Device
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.devices import device_shortage
from rohe_iac.planning.questions.what_if.devices import WHOLE, entry_name
from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep, RefusalCase

MEBIBYTE = 2**20
"""Bytes that amounts of memory are rounded down to, so that people can read them."""


def device_edits(case: RefusalCase) -> Iterator[list[EditSet]]:
    """Yields for each missing type of accelerator the edits that cover it."""
    for request in case.asked.devices:
        lacking = device_shortage(case.indexed, case.ledger.devices[case.node], case.node, request)
        if lacking.missing or lacking.memory:
            steps = [
                *(_smaller_requests(case, request) if lacking.missing else ()),
                *_more_devices(case, request, max(1, lacking.missing)),
                *_any_model(case, request),
            ]
            yield [
                *((step,) for step in steps),
                *_request_and_capacity(case, request),
                *(_memory_edits(case, request) if request.memory else ()),
            ]


def _has_memory(case: RefusalCase, request: DeviceRequest, position: int) -> bool:
    """Checks whether a device has the memory free that is asked for."""
    row, offset = case.ledger.devices[case.node], case.indexed.memory_offset
    return not request.memory or request.memory <= row[offset + position]


def _memory_edits(case: RefusalCase, request: DeviceRequest) -> Iterator[EditSet]:
    """Yields less memory asked for, or devices with more of it, with the share that the device lacks as well."""
    row, offset = case.ledger.devices[case.node], case.indexed.memory_offset
    for position, device in enumerate(case.supply.devices):
        short = request.memory - row[offset + position]
        busy = (device.exclusive or request.count) and row[position] < device.capacity
        if not request.accepts(device) or short <= 0 or busy:
            continue
        shares: list[tuple[EditStep, ...]] = [()]
        if not request.count and request.share > row[position]:
            sharers = case.on_devices[position] + 1
            share = request.share - -(-(request.share - row[position]) // sharers)
            size = device.capacity + request.share - row[position]
            shares = [(_set_share(case, request, share),)] if share > 0 else []
            shares += [(_set_capacity(case, device, size),)]
        less = request.memory - -(-short // (case.on_devices[position] + 1))
        less -= less % MEBIBYTE if less > MEBIBYTE else 0
        steps = [_set_memory(case, request, less)] if less >= 0 else []
        steps += [_set_device_memory(case, device, short)] if device.memory is not None else []
        yield from ((step, *share) for step in steps for share in shares)


def _set_memory(case: RefusalCase, request: DeviceRequest, memory: int) -> EditStep:
    words = f"down to {exact_bytes_in_words(memory)}" if memory else "not asked for"
    change = (request.memory - memory) * MILLION // request.memory
    field = f"{case.request_owner}.{request.type}.memory={exact_bytes(memory)}"
    return EditStep(f"{case.service}.{request.type}.memory {words}", field, change, lowers=True)


def _set_device_memory(case: RefusalCase, device: Device, more: int) -> EditStep:
    field = f"{case.address}.{entry_name(case.supply, device.name)}.memory"
    size = (device.memory or 0) + more
    words = f"{field} up to {exact_bytes_in_words(size)}"
    return EditStep(words, f"{field}={exact_bytes(size)}", more * MILLION // max(device.memory or 0, 1))


def _request_and_capacity(case: RefusalCase, request: DeviceRequest) -> Iterator[EditSet]:
    """Yields a smaller share with a larger device, where replicas of the workload share the device already."""
    for position, device in enumerate(case.supply.devices):
        fits = request.accepts(device) and _has_memory(case, request, position)
        lacking = request.share - case.ledger.devices[case.node][position]
        sharers = case.on_devices[position] + 1
        reduction = min(request.share - 1, lacking // sharers)
        if fits and not device.exclusive and request.share and 0 < reduction * sharers < lacking:
            size = device.capacity + lacking - reduction * sharers
            yield _set_share(case, request, request.share - reduction), _set_capacity(case, device, size)


def _smaller_requests(case: RefusalCase, request: DeviceRequest) -> Iterator[EditStep]:
    """Yields the request lowered to what the node holds, or removed."""
    free, largest, idle = case.ledger.devices[case.node], 0, 0
    for position, device in enumerate(case.supply.devices):
        if not request.accepts(device) or not _has_memory(case, request, position):
            continue
        idle += free[position] == device.capacity
        if not device.exclusive:
            share = request.share - -(-(request.share - free[position]) // (case.on_devices[position] + 1))
            largest = max(largest, share)
        elif free[position] == device.capacity:
            largest = max(largest, device.capacity)
    if request.count:
        # The replicas on the node would hold fewer devices as well.
        idle = (idle + case.present * request.count) // (case.present + 1)
        yield _set_count(case, request, idle)
        return
    yield _set_share(case, request, max(0, min(largest, request.share - 1)))


def _set_count(case: RefusalCase, request: DeviceRequest, count: int) -> EditStep:
    words = f"down to {counted(count, 'device')}" if count else "not asked for"
    return EditStep(
        f"{case.service}.{request.type} {words}",
        f"{case.request_owner}.{request.type}.count={count}",
        (request.count - count) * MILLION // request.count,
        AdjustableAmount(request.count, count, lambda value: _set_count(case, request, value)),
        lowers=True,
    )


def _set_share(case: RefusalCase, request: DeviceRequest, share: int) -> EditStep:
    words = f"down to {shown_share(share)}" if share else "not asked for"
    change = (request.share - share) * MILLION // request.share
    return EditStep(
        f"{case.service}.{request.type} {words}",
        f"{case.request_owner}.{request.type}={shown_share(share)}",
        change,
        AdjustableAmount(request.share, share, lambda value: _set_share(case, request, value)),
        lowers=True,
    )


def _set_capacity(case: RefusalCase, device: Device, size: int) -> EditStep:
    field = f"{case.address}.{entry_name(case.supply, device.name)}"
    change = (size - device.capacity) * MILLION // max(device.capacity, 1)
    adjustable = AdjustableAmount(device.capacity, size, lambda value: _set_capacity(case, device, value))
    return EditStep(f"{field} up to {shown_share(size)}", f"{field}={shown_share(size)}", change, adjustable)


def _more_devices(case: RefusalCase, request: DeviceRequest, lacking: int) -> Iterator[EditStep]:
    """Yields a larger device, or more devices of an entry; models that the request does not name do not help."""
    free, supply = case.ledger.devices[case.node], case.supply
    of_type = [(position, device) for position, device in enumerate(supply.devices) if device.type == request.type]
    fitting = [pair for pair in of_type if request.accepts(pair[1])]
    if not of_type and not request.models and (request.share <= WHOLE or request.count):
        number = request.count or 1
        words = f"{case.address} with {number} {request.type} device{'s' if number > 1 else ''}"
        yield EditStep(words, f"{case.address}.{request.type}.count={number}", MILLION, whole=number == 1)
    for position, device in fitting:
        shared = not device.exclusive or free[position] == device.capacity
        lacks_share = request.share > free[position] and _has_memory(case, request, position)
        if not request.count and shared and lacks_share:
            yield _set_capacity(case, device, device.capacity + request.share - free[position])
    seen = set()
    for _, device in fitting:
        entry = entry_name(supply, device.name)
        if entry not in seen and (request.count or request.share <= device.capacity):
            seen.add(entry)
            present = sum(entry_name(supply, other.name) == entry for other in supply.devices)
            more = lacking if request.count else 1
            yield _add_devices(case, entry, present, present + more)


def _add_devices(case: RefusalCase, entry: str, present: int, number: int) -> EditStep:
    field, change = f"{case.address}.{entry}.count", (number - present) * MILLION // present
    adjustable = AdjustableAmount(present, number, lambda value: _add_devices(case, entry, present, value))
    return EditStep(f"{field} up to {number}", f"{field}={number}", change, adjustable)


def _any_model(case: RefusalCase, request: DeviceRequest) -> Iterator[EditStep]:
    """Yields the request without its models."""
    if request.models:
        words = f"{case.service}.{request.type} of any model"
        yield EditStep(words, f"{case.request_owner}.{request.type}.models=any", MILLION, whole=True)
