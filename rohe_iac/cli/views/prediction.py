"""How predicted response times look, a line each."""

from __future__ import annotations

from rohe_iac.planning.prediction import Prediction


def shown_prediction(one: Prediction) -> str:
    """`sla/fast: 1112 ms of 1200 ms, 8 ms of it on links (7.3 % slack), camera to detection`."""
    first, last = (address.partition(":")[2] or address for address in (one.first, one.last))
    way = first if first == last else f"{first} to {last}"
    links = f", {shown_time(one.links)} of it on links" if one.links else ""
    room = f"{one.slack / 100:.1f} % slack" if one.slack >= 0 else f"{-one.slack / 100:.1f} % too slow"
    return f"{one.objective}: {shown_time(one.services + one.links)} of {shown_time(one.limit)}{links} ({room}), {way}"


def shown_time(microseconds: int) -> str:
    """Microseconds in milliseconds, whole ones from 10 on."""
    whole = microseconds >= 10_000
    return f"{microseconds / 1000:.0f} ms" if whole else f"{microseconds / 1000:g} ms"
