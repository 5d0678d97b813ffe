"""The original's units: cpu in millicores, memory in MB (taken as MiB), accelerators in percent, frequency in GHz.

A text with a unit of its own (`512Mi`, `2Gi`, `500m`) keeps that unit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from fractions import Fraction

from rohe_iac.foundation import quantities
from rohe_iac.importing.foreign.journal import Field

MEBIBYTE = 2**20


MAX_CORES = 1024
"""The most cores that a machine may have here."""


MAX_REPLICAS = 1_000_000
"""The most replicas of a service that the language allows."""


MAX_QUANTITY_LENGTH = 100
"""The longest quantity that is read, in characters, unit and blanks included."""


NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?")
"""A number as text, short enough to compute with."""


class CoresUnit(StrEnum):
    """The unit of the figures of single cores: percent of a core, millicores, or whole cores (1 is all of a core)."""

    percent = "percent"
    millicores = "millicores"
    cores = "cores"

    @property
    def in_millicores(self) -> int:
        """The unit in millicores."""
        return {"percent": 10, "millicores": 1, "cores": 1000}[self.value]


def number_of(field: Field) -> Fraction | None:
    """Returns the number of a field, at least 0; None after reporting a fault. Numbers in quotes are numbers too."""
    value = field.value
    number: Fraction | None = None
    if value.__class__ is int:
        number = Fraction(value)
    elif value.__class__ is float and math.isfinite(value):
        number = Fraction(str(value))
    elif isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        number = Fraction(value.strip())
    if number is None:
        field.report_fault(f"expected a number, found {_describe(field)}")
    elif number.numerator < 0 or number.numerator > quantities.LARGEST * number.denominator:
        field.report_fault(f"expected a number from 0 to {quantities.LARGEST:.0e}, found {_describe(field)}")
        return None
    return number


def integer_of(field: Field) -> int | None:
    """Returns the whole number of a field, at least 0; None after reporting a fault."""
    number = number_of(field)
    if number is not None and number.denominator != 1:
        field.report_fault(f"expected a whole number, found {_describe(field)}")
        return None
    return None if number is None else int(number)


def port_of(field: Field) -> int | None:
    """Returns the port of a field, from 1 to 65535; None after reporting a fault."""
    number = integer_of(field)
    if number is not None and not 1 <= number <= 65535:
        field.report_fault(f"expected a port from 1 to 65535, found {number}")
        return None
    return number


def millicores_of(field: Field, *, offered: bool = False) -> int | None:
    """Returns cpu in millicores; None after reporting a fault. offered: whether it is what a node has."""
    if _has_unit(field):
        return _quantity(field, quantities.millicores)
    number = number_of(field)
    return None if number is None else whole_millicores(number, field, offered=offered)


def whole_millicores(number: Fraction, field: Field, *, offered: bool = False) -> int:
    """Returns whole millicores: rounded up what is asked for, rounded down what is offered, with a note."""
    amount = round_up(number)
    if abs(amount - number) >= Fraction(1, 1000):
        amount = math.floor(number) if offered else amount
        field.note(f"millicores are whole: rounded {'down' if offered else 'up'}")
    return amount


def cpu_of(field: Field, chunks: Sequence[Fraction], *, offered: bool = False) -> int | None:
    """Returns cpu in millicores; a bare figure is whole cores where the figures of the cores add up to that."""
    if not _has_unit(field) and chunks and field.is_scalar and (number := number_of(field)) and number <= MAX_CORES:
        total = sum(chunks, Fraction(0))
        units = [unit for unit in CoresUnit if unit is not CoresUnit.cores or max(chunks) <= 1]
        if any(total * unit.in_millicores == number * 1000 for unit in units):
            field.note("taken as whole cores, since its cores come to just as much")
            return int(number * 1000)
    return millicores_of(field, offered=offered)


def sizes_of(field: Field, target: str) -> dict[str, int]:
    """Returns rss and vms in bytes, as far as given; a lone figure is rss."""
    found: dict[str, int] = {}
    for name, part in (
        [("rss", field)] if not field.is_mapping else [(name, field.get(name)) for name in ("rss", "vms")]
    ):
        if part is not None:
            part.map_to(f"{target}.{name}")
            if (amount := bytes_of(part)) is not None:
                found[name] = amount
    return found


def unit_in_file(root: Field) -> CoresUnit | None:
    """Returns the unit that the file itself gives the figures of its cores; None where it gives none."""
    unit = root.get("cores_unit")
    if unit is None:
        return None
    if unit.text not in list(CoresUnit):
        unit.drop(f"none of {', '.join(CoresUnit)}")
        return None
    unit.map_to("how the figures of cores are read")
    return CoresUnit(unit.text)


def bytes_of(field: Field) -> int | None:
    """Returns memory in bytes; None after reporting a fault. A bare number is MB, of 2**20 bytes each."""
    if _has_unit(field):
        return _quantity(field, lambda value: quantities.byte_count(_binary(str(value))))
    number = number_of(field)
    return None if number is None else round_up(number * MEBIBYTE)


def share_of(field: Field) -> int | None:
    """Returns percent of a device in basis points; None after reporting a fault."""
    if _has_unit(field):
        return _quantity(field, quantities.basis_points)
    number = number_of(field)
    return None if number is None else round_up(number * 100)


def hertz_of(field: Field) -> int | None:
    """Returns a frequency in hertz; None after reporting a fault.

    A bare number is GHz, above 100 MHz, above a million Hz.
    """
    if _has_unit(field):
        return _quantity(field, quantities.hertz)
    number = number_of(field)
    if number is None:
        return None
    scale = 10**9 if number <= 100 else 10**6 if number <= 10**6 else 1
    return round_up(number * scale)


def round_up(number: Fraction) -> int:
    """Returns the next whole number upwards, or the nearest one where it is within a thousandth (rounding noise)."""
    if number.denominator == 1:
        return number.numerator
    nearest = round(number)
    return nearest if abs(number - nearest) < Fraction(1, 1000) else math.ceil(number)


def unit_of_cores(cpu: int, chunks: Sequence[Fraction]) -> tuple[CoresUnit, bool]:
    """Returns the unit that brings the sum of the cores nearest to the cpu, and whether the unit is certain.

    The unit is certain where the sum is exact, or at least twice as near by ratio as with other units. Whole cores are
    considered only where no figure is above 1.

    Args:
        cpu: In millicores.
        chunks: The figures of single cores.
    """
    total = sum(chunks, Fraction(0))
    if total <= 0 or cpu <= 0:
        return (CoresUnit.millicores if any(chunk > 100 for chunk in chunks) else CoresUnit.percent), not chunks
    units = [unit for unit in CoresUnit if unit is not CoresUnit.cores or max(chunks) <= 1]
    for unit in units:
        if total * unit.in_millicores == cpu:
            return unit, True
    distances = sorted((abs(math.log(float(total) * unit.in_millicores / cpu)), unit) for unit in units)
    return distances[0][1], distances[1][0] - distances[0][0] >= math.log(2)


def cpu_quantity(amount: int) -> str | int:
    """Returns millicores as a quantity of the language: 1, 331m."""
    return f"{amount}m" if amount % 1000 else amount // 1000


def memory_quantity(amount: int) -> str | int:
    """Returns bytes as an exact quantity of the language."""
    for unit in ("Gi", "Mi", "Ki"):
        if amount and amount % quantities.MEMORY_UNITS[unit] == 0:
            return f"{amount // quantities.MEMORY_UNITS[unit]}{unit}"
    return amount


def share_quantity(amount: int) -> str:
    """Returns basis points as an exact percentage."""
    return f"{decimal(Fraction(amount, 100))}%"


def frequency_quantity(amount: int) -> str:
    """Returns hertz in the largest unit that needs at most three decimals."""
    for unit, size in (("GHz", 10**9), ("MHz", 10**6), ("kHz", 10**3)):
        if amount and amount % (size // 1000) == 0:
            return f"{decimal(Fraction(amount, size))}{unit}"
    return f"{amount}Hz"


def decimal(number: Fraction) -> str:
    """Returns a number of few decimals as exact text."""
    return str(int(number)) if number.denominator == 1 else f"{float(number):.15g}"


def _has_unit(field: Field) -> bool:
    value = field.value
    # The expression backtracks, so a hostile text has to be short.
    if not isinstance(value, str) or len(value) > MAX_QUANTITY_LENGTH:
        return False
    return re.match(r"\s*[\d.+-].*[A-Za-z%]\s*$", value) is not None


def _binary(text: str) -> str:
    # MB, GB and a lone M count as the original's MB: 2**20 bytes.
    match = re.fullmatch(r"(.*?)\s*([kKmMgGtT])[bB]?", text.strip())
    return f"{match[1]}{match[2].upper()}i" if match else re.sub(r"(?i)(i?)(b|bytes)$", r"\1", text.strip())


def _quantity(field: Field, reader: Callable[[object], int]) -> int | None:
    try:
        return reader(field.value)
    except ValueError as error:
        field.report_fault(str(error))
        return None


def _describe(field: Field) -> str:
    if field.is_mapping or field.is_list:
        return "a mapping" if field.is_mapping else "a list"
    return f"'{field.text[:40]}'"
