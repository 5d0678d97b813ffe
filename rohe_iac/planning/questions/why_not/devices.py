"""Device fixing: smaller shares, fewer whole devices, or more of them on the node, where accelerators are missing."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.quantities import counted, shown_share
from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Device
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.devices import device_missing
from rohe_iac.planning.questions.what_if.devices import WHOLE, entry_name
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase


def device_ways(case: RefusalCase) -> Iterator[list[EditSet]]:
    """For each type that is missing its ways out."""
    for request in case.asked.devices:
        lacking = device_missing(case.indexed, case.ledger.devices[case.node], case.node, request)
        if lacking:
            steps = [*_less(case, request), *_more(case, request, lacking), *_other(case, request)]
            yield [*((step,) for step in steps), *_both(case, request)]


def _both(case: RefusalCase, request: DeviceRequest) -> Iterator[EditSet]:
    """Where its likes are on a device, a share down by whole parts and the device up by the rest."""
    for place, device in enumerate(case.supply.devices):
        fits = request.accepts(device)
        lacking, each = request.share - case.ledger.devices[case.node][place], case.own[place] + 1
        less = min(request.share - 1, lacking // each)
        if fits and not device.exclusive and request.share and 0 < less * each < lacking:
            size = device.capacity + lacking - less * each
            yield _share(case, request, request.share - less), _capacity(case, device, size)


def _less(case: RefusalCase, request: DeviceRequest) -> Iterator[EditStep]:
    """The request down to what the node holds, or gone."""
    free, most, idle = case.ledger.devices[case.node], 0, 0
    for position, device in enumerate(case.supply.devices):
        if not request.accepts(device):
            continue
        idle += free[position] == device.capacity
        if not device.exclusive:
            share = request.share - -(-(request.share - free[position]) // (case.own[position] + 1))
            most = max(most, share)
        elif free[position] == device.capacity:
            most = max(most, device.capacity)
    if request.count:
        # Those that are there would hold fewer as well.
        idle = (idle + case.there * request.count) // (case.there + 1)
        less = (request.count - idle) * MILLION // request.count
        told = f"down to {counted(idle, 'device')}" if idle else "not asked for"
        yield EditStep(f"{case.service}.{request.type} {told}", f"{case.asking}.{request.type}.count={idle}", less)
        return
    yield _share(case, request, max(0, min(most, request.share - 1)))


def _share(case: RefusalCase, request: DeviceRequest, share: int) -> EditStep:
    told = f"down to {shown_share(share)}" if share else "not asked for"
    change = (request.share - share) * MILLION // request.share
    return EditStep(
        f"{case.service}.{request.type} {told}", f"{case.asking}.{request.type}={shown_share(share)}", change
    )


def _capacity(case: RefusalCase, device: Device, size: int) -> EditStep:
    field = f"{case.where}.{entry_name(case.supply, device.name)}"
    change = (size - device.capacity) * MILLION // max(device.capacity, 1)
    return EditStep(f"{field} up to {shown_share(size)}", f"{field}={shown_share(size)}", change)


def _more(case: RefusalCase, request: DeviceRequest, lacking: int) -> Iterator[EditStep]:
    """A larger device, or more of them; models that are not asked for do not help."""
    free, supply = case.ledger.devices[case.node], case.supply
    mine = [(place, one) for place, one in enumerate(supply.devices) if one.type == request.type]
    fitting = [(place, device) for place, device in mine if request.accepts(device)]
    if not mine and not request.models and (request.share <= WHOLE or request.count):
        number = request.count or 1
        told = f"{case.where} with {number} {request.type} device{'s' if number > 1 else ''}"
        yield EditStep(told, f"{case.where}.{request.type}.count={number}", MILLION)
    for place, device in fitting:
        shared = not device.exclusive or free[place] == device.capacity
        if not request.count and shared and request.share > free[place]:
            yield _capacity(case, device, device.capacity + request.share - free[place])
    seen = set()
    for _, device in fitting:
        entry = entry_name(supply, device.name)
        if entry not in seen and (request.count or request.share <= device.capacity):
            seen.add(entry)
            had = sum(entry_name(supply, one.name) == entry for one in supply.devices)
            more = lacking if request.count else 1
            words = f"{case.where}.{entry}.count up to {had + more}"
            yield EditStep(words, f"{case.where}.{entry}.count={had + more}", more * MILLION // had)


def _other(case: RefusalCase, request: DeviceRequest) -> Iterator[EditStep]:
    """Any model in place of those that are asked for."""
    if request.models:
        words = f"{case.service}.{request.type} of any model"
        yield EditStep(words, f"{case.asking}.{request.type}.models=any", MILLION)
