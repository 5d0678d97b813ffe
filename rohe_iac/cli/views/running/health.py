"""How the health of an agent looks: whether it keeps up, whether anything is lost, and whether clocks are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.foundation.quantities import counted, shown_bytes


def health_lines(health: Mapping[str, Any], *, judges: bool = True) -> Iterator[str]:
    """Yields lines about the health of an agent, as its answer has it; none where it says nothing.

    Args:
        health: Fields of a `HealthRecord` by name. An agent of another version may leave some out.
        judges: Whether the agent judges and has a store; otherwise it receives reports for one that does.
    """
    if not health:
        return
    received, lag, processor = health.get("received", {}), health.get("lag", {}), health.get("processor", {})
    reporters, disk = health.get("reporters", {}), health.get("disk", {})
    yield "pace: " + ", ".join(
        (
            f"{received.get('rate', 0.0):,.1f} reports/s",
            f"{health.get('queue', {}).get('messages', 0):,} queued",
            f"stored in {_duration(lag.get('commit', {}).get('p99', 0.0))}",
            *((f"judged after {_duration(lag.get('watermark', 0.0))}",) if judges else ()),
            f"{100 * processor.get('cores', 0.0):.0f} % CPU",
        )
    )
    lost = [
        f"{number:,} {name}"
        for name, number in (
            ("refused", reporters.get("refused", 0)),
            ("missing", health.get("missing", {}).get("total", 0)),
            ("late", health.get("late", {}).get("total", 0)),
        )
        if number
    ]
    if dead := sum(health.get("dead_letters", {}).values()):
        lost.append(counted(dead, "dead letter"))
    gaps = f", {health['gaps']:,} awaited" if health.get("gaps") else ""
    again = health.get("duplicates", {}).get("total", 0)
    reports = counted(max(0, received.get("total", 0) - again), "report")
    repeated = f" ({again:,} came again)" if again else ""
    waiting = f"{reporters.get('waiting', 0):,} in outboxes"
    yield f"losses: {', '.join(lost) or 'none'} of {reports} that came{repeated}; {waiting}{gaps}"
    if judges:
        yield _clocks(health.get("clocks", {}))
    yield "costs: " + ", ".join(
        (
            f"{_duration(processor.get('report', 0.0))} a report",
            f"{shown_bytes(health.get('memory', 0))} of memory",
            *(
                (f"{shown_bytes(disk.get('written', 0))} written ({disk.get('ratio', 0.0):.1f} bytes a byte)",)
                if judges
                else ()
            ),
        )
    )


def _clocks(clocks: Mapping[str, Any]) -> str:
    """Returns how many clocks are wrong, and how far the worst is off."""
    measured, wrong = clocks.get("measured", 0), clocks.get("wrong", 0)
    if not clocks.get("worst"):
        return "clocks: none is known"
    worst = clocks["worst"][0]
    off = _duration(abs(worst["ahead"]))
    if not wrong:
        return f"clocks: {measured:,} known, all within {off}"
    way = "ahead" if worst["ahead"] > 0 else "behind"
    return f"clocks: {wrong:,} of {measured:,} wrong, that of {worst['client']} is {off} {way}"


def _duration(seconds: float) -> str:
    """Returns a duration in the unit in which it has up to three digits: `26 us`, `3.2 ms`, `14 s`, `2.5 h`."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"
