"""The original's units: cpu in millicores, memory in MB (taken as MiB), accelerators in percent, frequency in GHz.

A text with a unit of its own (`512Mi`, `2Gi`, `500m`) is taken as it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction

from rohe_iac.foundation import quantities
from rohe_iac.importing.foreign.journal import Field

MEBIBYTE = 2**20


MOST_CORES = 1024
"""More whole cores than any machine here has."""


LONGEST_QUANTITY = 100
"""In characters, unit and blanks included."""


NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?")
"""A number as text, so short that it can be computed with."""


class CoresUnit(StrEnum):
    """What the figures of single cores are: percent of a core, millicores, or whole cores (1 is all of one)."""

    percent = "percent"
    millicores = "millicores"
    cores = "cores"

    @property
    def millicores_of_one(self) -> int:
        """How many millicores one unit is."""
        return {"percent": 10, "millicores": 1, "cores": 1000}[self.value]


def number_of(field: Field) -> Fraction | None:
    """The number of a field, at least 0; None after a fault was told. Numbers in quotes are numbers too."""
    value = field.value
    number: Fraction | None = None
    if value.__class__ is int:
        number = Fraction(value)
    elif value.__class__ is float and math.isfinite(value):
        number = Fraction(str(value))
    elif isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        number = Fraction(value.strip())
    if number is None:
        field.fault(f"expected a number, found {_shown(field)}")
    elif number.numerator < 0 or number.numerator > quantities.LARGEST * number.denominator:
        field.fault(f"expected a number from 0 to {quantities.LARGEST:.0e}, found {_shown(field)}")
        return None
    return number


def whole_of(field: Field) -> int | None:
    """The whole number of a field, at least 0; None after a fault was told."""
    number = number_of(field)
    if number is not None and number.denominator != 1:
        field.fault(f"expected a whole number, found {_shown(field)}")
        return None
    return None if number is None else int(number)


def port_of(field: Field) -> int | None:
    """A port from 1 to 65535; None after a fault was told."""
    number = whole_of(field)
    if number is not None and not 1 <= number <= 65535:
        field.fault(f"expected a port from 1 to 65535, found {number}")
        return None
    return number


def millicores_of(field: Field, *, offered: bool = False) -> int | None:
    """Cpu as millicores. offered: it is what a node has, so that a part of a millicore is not counted."""
    if _has_unit(field):
        return _quantity(field, quantities.millicores)
    number = number_of(field)
    return None if number is None else whole_millicores(number, field, offered=offered)


def whole_millicores(number: Fraction, field: Field, *, offered: bool = False) -> int:
    """The whole millicores of a figure: upwards of what is asked for, downwards of what is offered, and told."""
    amount = rounded(number)
    if abs(amount - number) >= Fraction(1, 1000):
        amount = math.floor(number) if offered else amount
        field.note(f"millicores are whole: rounded {'down' if offered else 'up'}")
    return amount


def cpu_of(field: Field, chunks: Sequence[Fraction], *, offered: bool = False) -> int | None:
    """Cpu as millicores; a bare figure is whole cores where that is just what the figures of its cores come to."""
    if not _has_unit(field) and chunks and field.is_scalar and (number := number_of(field)) and number <= MOST_CORES:
        total = sum(chunks, Fraction(0))
        units = [unit for unit in CoresUnit if unit is not CoresUnit.cores or max(chunks) <= 1]
        if any(total * unit.millicores_of_one == number * 1000 for unit in units):
            field.note("taken as whole cores, since its cores come to just as much")
            return int(number * 1000)
    return millicores_of(field, offered=offered)


def sizes_of(field: Field, target: str) -> dict[str, int]:
    """rss and vms in bytes; a lone figure is rss."""
    found: dict[str, int] = {}
    for name, part in (
        [("rss", field)] if not field.is_mapping else [(name, field.get(name)) for name in ("rss", "vms")]
    ):
        if part is not None:
            part.to(f"{target}.{name}")
            if (amount := bytes_of(part)) is not None:
                found[name] = amount
    return found


def stated_unit(root: Field) -> CoresUnit | None:
    """What the file itself says of the figures of its cores."""
    stated = root.get("cores_unit")
    if stated is None:
        return None
    if stated.text not in list(CoresUnit):
        stated.drop(f"none of {', '.join(CoresUnit)}")
        return None
    stated.to("how the figures of cores are read")
    return CoresUnit(stated.text)


def bytes_of(field: Field) -> int | None:
    """Memory as bytes; a bare number is MB, of 2**20 bytes each."""
    if _has_unit(field):
        return _quantity(field, lambda value: quantities.byte_count(_binary(str(value))))
    number = number_of(field)
    return None if number is None else rounded(number * MEBIBYTE)


def share_of(field: Field) -> int | None:
    """Percent of a device as basis points."""
    if _has_unit(field):
        return _quantity(field, quantities.basis_points)
    number = number_of(field)
    return None if number is None else rounded(number * 100)


def hertz_of(field: Field) -> int | None:
    """Frequency as hertz: GHz when bare, MHz where it is above 100, Hz where it is above a million."""
    if _has_unit(field):
        return _quantity(field, quantities.hertz)
    number = number_of(field)
    if number is None:
        return None
    scale = 10**9 if number <= 100 else 10**6 if number <= 10**6 else 1
    return rounded(number * scale)


def rounded(number: Fraction) -> int:
    """The whole number next to `number`; upwards, but for what the rounding of a decimal figure explains."""
    if number.denominator == 1:
        return number.numerator
    nearest = round(number)
    return nearest if abs(number - nearest) < Fraction(1, 1000) else math.ceil(number)


def unit_of_cores(cpu: int, chunks: Sequence[Fraction]) -> tuple[CoresUnit, bool]:
    """Which unit brings the sum of the cores nearest to the cpu (millicores), and whether that is clear.

    Clear: one reading is exact, or at least twice as near as the others, by ratio. Whole cores are thought of only
    where no figure is above 1.
    """
    total = sum(chunks, Fraction(0))
    if total <= 0 or cpu <= 0:
        return (CoresUnit.millicores if any(chunk > 100 for chunk in chunks) else CoresUnit.percent), not chunks
    units = [unit for unit in CoresUnit if unit is not CoresUnit.cores or max(chunks) <= 1]
    for unit in units:
        if total * unit.millicores_of_one == cpu:
            return unit, True
    off = sorted((abs(math.log(float(total) * unit.millicores_of_one / cpu)), unit) for unit in units)
    return off[0][1], off[1][0] - off[0][0] >= math.log(2)


def shown_cores(amount: int) -> str | int:
    """Millicores as a quantity of the language: 1, 331m."""
    return f"{amount}m" if amount % 1000 else amount // 1000


def shown_memory(amount: int) -> str | int:
    """Bytes as a quantity of the language that is exact."""
    for unit in ("Gi", "Mi", "Ki"):
        if amount and amount % quantities.MEMORY_UNITS[unit] == 0:
            return f"{amount // quantities.MEMORY_UNITS[unit]}{unit}"
    return amount


def shown_share(amount: int) -> str:
    """Basis points as an exact percentage."""
    return f"{decimal(Fraction(amount, 100))}%"


def shown_hertz(amount: int) -> str:
    """Hertz in the largest unit that needs at most three decimals."""
    for unit, size in (("GHz", 10**9), ("MHz", 10**6), ("kHz", 10**3)):
        if amount and amount % (size // 1000) == 0:
            return f"{decimal(Fraction(amount, size))}{unit}"
    return f"{amount}Hz"


def decimal(number: Fraction) -> str:
    """A number of few decimals, exactly."""
    return str(int(number)) if number.denominator == 1 else f"{float(number):.15g}"


def _has_unit(field: Field) -> bool:
    value = field.value
    # What is read here is searched back and forth.
    if not isinstance(value, str) or len(value) > LONGEST_QUANTITY:
        return False
    return re.match(r"\s*[\d.+-].*[A-Za-z%]\s*$", value) is not None


def _binary(text: str) -> str:
    # MB, GB and a lone M are what the originals' MB are: 2**20 bytes.
    match = re.fullmatch(r"(.*?)\s*([kKmMgGtT])[bB]?", text.strip())
    return f"{match[1]}{match[2].upper()}i" if match else re.sub(r"(?i)(i?)(b|bytes)$", r"\1", text.strip())


def _quantity(field: Field, reader: object) -> int | None:
    assert callable(reader)
    try:
        return int(reader(field.value))
    except ValueError as error:
        field.fault(str(error))
        return None


def _shown(field: Field) -> str:
    if field.is_mapping or field.is_list:
        return "a mapping" if field.is_mapping else "a list"
    return f"'{field.text[:40]}'"
