"""Quantities as people write them, each normalised to one unit.

| quantity | written | normalised |
|---|---|---|
| cpu | `500m`, `0.5`, `2` | int, millicores |
| memory | `512Mi`, `2G`, bytes when bare | int, bytes |
| share, ratio | `15%`, `0.15` | share: int, basis points (1/10000); ratio: float |
| time | `250ms`, `10s`, `5m`, `1h`, `30d` | float, seconds |
| rate | `15/s`, `2/m`, `1/h` | float, per second |
| bandwidth | `100Kbps`, `20Mbps`, `1Gbps` | int, bits per second |
| frequency | `1500MHz`, `1.5GHz` | int, hertz |
| cost | `0.02/h` | float, per hour |

Suffixes of cpu and memory follow Kubernetes' resource quantities.
Every reader raises ValueError with a sentence that names what was expected.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3}(?![a-zA-Z]))?)\s*([A-Za-z%/]*)")

LARGEST = 2**53
"""The largest quantity that is read, in its normalised unit: the largest integer that a float holds exactly."""

MEMORY_UNITS: Mapping[str, int] = {
    "": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50,
}  # fmt: skip
TIME_UNITS: Mapping[str, Fraction] = {
    "us": Fraction(1, 10**6), "ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600),
    "d": Fraction(86400), "w": Fraction(604800),
}  # fmt: skip
RATE_UNITS: Mapping[str, Fraction] = {"/s": Fraction(1), "/m": Fraction(1, 60), "/h": Fraction(1, 3600)}
BANDWIDTH_UNITS: Mapping[str, int] = {"bps": 1, "Kbps": 10**3, "kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9}
FREQUENCY_UNITS: Mapping[str, int] = {"Hz": 1, "kHz": 10**3, "KHz": 10**3, "MHz": 10**6, "GHz": 10**9}
COST_UNITS: Mapping[str, Fraction] = {"/h": Fraction(1), "/d": Fraction(1, 24)}


def _parse(value: object, what: str) -> tuple[Fraction, str]:
    if isinstance(value, bool) or value is None:
        raise ValueError(f"expected {what}, found {_describe(value)}")
    if isinstance(value, int):
        return Fraction(value), ""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"expected {what}, found {value}")
        return Fraction(str(value)), ""
    if isinstance(value, str) and len(value) <= 64:
        match = _NUMBER.fullmatch(value.strip())
        if match is not None:
            return Fraction(match[1]), match[2]
    raise ValueError(f"expected {what}, found {_describe(value)}")


def _describe(value: object) -> str:
    if isinstance(value, str):
        return f"'{value[:40]}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    return {"NoneType": "nothing", "dict": "a mapping", "list": "a list"}.get(
        type(value).__name__, type(value).__name__
    )


def _scale(value: object, units: Mapping[str, Fraction] | Mapping[str, int], what: str) -> Fraction:
    number, unit = _parse(value, what)
    if unit not in units:
        if not unit:
            raise ValueError(f"expected {what}, found {value} without a unit")
        raise ValueError(f"expected {what}, found unit '{unit}'; units: {', '.join(key for key in units if key)}")
    if number < 0:
        raise ValueError(f"expected {what}, found the negative {value}")
    scaled = number * units[unit]
    if scaled > LARGEST:
        raise ValueError(f"expected {what}, found {value}, which is larger than anything there is")
    return scaled


def millicores(value: object) -> int:
    """Returns cores as millicores, rounded up, so that a request is never understated."""
    return math.ceil(_scale(value, {"": Fraction(1000), "m": Fraction(1)}, "cores such as 500m or 0.5"))


def byte_count(value: object) -> int:
    """Returns an amount of memory or disk as bytes, rounded up."""
    return math.ceil(_scale(value, MEMORY_UNITS, "bytes such as 512Mi or 2Gi"))


def basis_points(value: object) -> int:
    """Returns a share as basis points, 10000 for the whole, rounded up."""
    return math.ceil(_scale(value, {"": Fraction(10000), "%": Fraction(100)}, "a share such as 15% or 0.15"))


def ratio(value: object) -> float:
    """Returns a ratio as a float: 15% and 0.15 are the same."""
    return float(_scale(value, {"": Fraction(1), "%": Fraction(1, 100)}, "a ratio such as 15% or 0.15"))


def seconds(value: object) -> float:
    """Returns a length of time as seconds; a bare number other than 0 has no unit and is refused."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    return float(_scale(value, TIME_UNITS, "a time such as 250ms or 5m"))


def per_second(value: object) -> float:
    """Returns a rate as a number per second."""
    return float(_scale(value, RATE_UNITS, "a rate such as 15/s"))


def bits_per_second(value: object) -> int:
    """Returns a bandwidth as bits per second, rounded up."""
    return math.ceil(_scale(value, BANDWIDTH_UNITS, "a bandwidth such as 20Mbps"))


def hertz(value: object) -> int:
    """Returns a frequency as hertz, rounded up."""
    return math.ceil(_scale(value, FREQUENCY_UNITS, "a frequency such as 1.5GHz"))


def cost_per_hour(value: object) -> float:
    """Returns a cost as a number per hour, in the currency of the user."""
    return float(_scale(value, COST_UNITS, "a cost such as 0.02/h"))


def shown_cpu(amount: int) -> str:
    """Returns millicores as people read them: `331m`, `2`; from ten cores on as cores with decimals: `95.3`."""
    whole, rest = divmod(abs(amount), 1000)
    if rest and whole < 10:
        return f"{amount}m"
    return _cores(amount)


def _cores(amount: int) -> str:
    whole, rest = divmod(abs(amount), 1000)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:03d}".rstrip("0").rstrip(".")


_SHOWN_UNITS = [(unit, MEMORY_UNITS[unit]) for unit in ("Pi", "Ti", "Gi", "Mi", "Ki")]


def shown_bytes(amount: int) -> str:
    """Returns bytes as people read them, in the largest binary unit of at least 1, to one decimal: `57Mi`, `1.5Gi`."""
    magnitude = abs(amount)
    for unit, size in _SHOWN_UNITS:
        if magnitude >= size:
            return f"{amount / size:.1f}".rstrip("0").rstrip(".") + unit
    return str(amount)


MAX_DECIMALS = 2
"""Decimals that `bytes_alike` shows at most before it takes a smaller unit."""

MAX_LOSS = 20
"""`bytes_alike` rounds an amount by at most one part in so many."""


def cpu_alike(*amounts: int) -> tuple[str, ...]:
    """Returns millicores as people compare them, all in one unit and exact: `1000m`, `850m`; `95.3`, `0.85`.

    Cores where the largest amount has at least ten, millicores otherwise.
    """
    if max(map(abs, amounts)) < 10_000:
        return tuple(f"{amount}m" for amount in amounts)
    return tuple(_cores(amount) for amount in amounts)


def bytes_alike(*amounts: int) -> tuple[str, ...]:
    """Returns bytes as people compare them, all in one unit: `2.4Gi`, `0.8Gi`.

    That is the unit of the largest amount, or a smaller one where different amounts would look the same in it or lose
    more than one part in MAX_LOSS.
    """
    magnitude, different = max(map(abs, amounts)), len(set(amounts))
    for unit, size in _SHOWN_UNITS:
        for decimals in range(1, MAX_DECIMALS + 1) if magnitude >= size else ():
            shown = [_decimal(amount / size, decimals) for amount in amounts]
            lost = (abs(float(text) * size - amount) for amount, text in zip(amounts, shown, strict=True))
            exact = all(loss * MAX_LOSS <= abs(amount) for loss, amount in zip(lost, amounts, strict=True))
            if exact and len(set(shown)) == different:
                return tuple(text + unit for text in shown)
    return tuple(map(str, amounts))


_SHOWN_BANDWIDTHS = [(unit, BANDWIDTH_UNITS[unit]) for unit in ("Gbps", "Mbps", "Kbps")]


def bandwidths_alike(*amounts: int) -> tuple[str, ...]:
    """Returns bits a second as people compare them, all in one unit and without rounding: `100Mbps`, `5.5Mbps`."""
    magnitude = max(map(abs, amounts))
    unit, size = next(((unit, size) for unit, size in _SHOWN_BANDWIDTHS if magnitude >= size), ("bps", 1))
    return tuple(_decimal(amount / size, 9) + unit for amount in amounts)


def shown_bandwidth(amount: int) -> str:
    """Returns bits a second as people read them: `100Mbps`, `1Gbps`."""
    return bandwidths_alike(amount)[0]


def exact_bandwidth(amount: int) -> str:
    """Returns bits a second without rounding, in the largest unit that divides them: `1500Kbps`, `77bps`."""
    unit, size = next(((unit, size) for unit, size in _SHOWN_BANDWIDTHS if amount and not amount % size), ("bps", 1))
    return f"{amount // size}{unit}"


def shares_alike(*amounts: int) -> tuple[str, ...]:
    """Returns basis points as people compare them: `15%`, `12.5%`."""
    return tuple(map(shown_share, amounts))


def _decimal(value: float, decimals: int) -> str:
    """Returns a number with at most so many decimals, without zeros at the end."""
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def exact_bytes(amount: int) -> str:
    """Returns bytes without rounding, in the largest binary unit that divides them: `1536Mi`, `1025Ki`, `77`."""
    for unit in ("Pi", "Ti", "Gi", "Mi", "Ki"):
        if amount and amount % MEMORY_UNITS[unit] == 0:
            return f"{amount // MEMORY_UNITS[unit]}{unit}"
    return str(amount)


def exact_bytes_in_words(amount: int) -> str:
    """Returns bytes without rounding as people read them: `1536Mi`, `238609294 bytes (227.6Mi)`."""
    text = exact_bytes(amount)
    return f"{text} bytes ({shown_bytes(amount)})" if text.isdigit() and amount >= MEMORY_UNITS["Ki"] else text


def exact_milliseconds(microseconds: int) -> str:
    """Returns microseconds without rounding, in milliseconds: `1171.661ms`, `20ms`."""
    whole, rest = divmod(microseconds, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + "ms"


def shown_share(amount: int) -> str:
    """Returns basis points as people read them: `15%`, `12.5%`."""
    return f"{amount / 100:g}%"


def shown_measurement(value: float | None, unit: str) -> str:
    """Returns a measured number with its unit as people read it: `13.6 ms`, `94.5 %`, `40.2/s`; `-` for None.

    Args:
        value: the number.
        unit: its unit: s, ms, ratio, percent, bytes, rate (per second), any other word, or "" for a bare number; `%`
            is a ratio that is shown in percent.
    """
    if value is None:
        return "-"
    if unit in ("s", "ms"):
        seconds = value / 1000 if unit == "ms" else value
        return f"{_digits(seconds * 1000)} ms" if abs(seconds) < 1 else f"{_digits(seconds)} s"
    if unit in ("%", "percent"):
        return f"{_digits(value * 100 if unit == '%' else value)} %"
    if unit == "bytes":
        return shown_bytes(round(value))
    if unit == "rate":
        return f"{_digits(value)}/s"
    return f"{_digits(value)} {unit}" if unit not in ("", "ratio", "quotient", "count") else _digits(value)


def _digits(value: float) -> str:
    """Returns a number with four significant digits, without an exponent where that is readable."""
    if 1000 <= abs(value) < 10**9:
        return f"{value:,.0f}"
    return f"{value:.4g}"


ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
"""Ordinal numbers that are written as words."""


def ordinal(number: int) -> str:
    """Returns an ordinal number with its article: `a third`, `an eighth`, `a 21st`.

    Args:
        number: at least 1.
    """
    if number < len(ORDINALS):
        text = ORDINALS[number]
    else:
        suffix = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        text = f"{number}{suffix}"
    return f"{'an' if text[0] in '8e' or number in (11, 18) else 'a'} {text}"


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun: `1 replica`, `1,200 replicas`, `2 NetworkPolicies`, `2 PriorityClasses`."""
    if number != 1:
        ending = noun[-2:]
        if ending[1:] == "y" and ending[0] not in "aeiou":
            noun = f"{noun[:-1]}ies"
        else:
            noun += "es" if ending == "ss" else "s"
    return f"{number:,} {noun}"
