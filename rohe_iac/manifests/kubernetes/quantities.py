"""Quantities: amounts as the API server writes them, so that what is read back is what was applied.

The server brings each quantity into a canonical form: no fraction, and the largest unit that leaves a whole number
(https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity).
"""

from __future__ import annotations

_DECIMAL = ("k", "M", "G", "T", "P", "E")
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def whole_quantity(amount: int) -> str:
    """Returns a whole number: `12`, `1500`, `2k`."""
    return _in_largest_unit(amount, 1000, _DECIMAL)


def cpu_quantity(millicores: int) -> str:
    """Returns an amount of cpu: `300m`, `1500m`, `2`."""
    whole, rest = divmod(millicores, 1000)
    return f"{millicores}m" if rest else whole_quantity(whole)


def byte_quantity(amount: int) -> str:
    """Returns an amount of bytes in binary units where it has any, else in decimal ones: `64Mi`, `1G`, `1500`."""
    return whole_quantity(amount) if amount % 1024 else _in_largest_unit(amount, 1024, _BINARY)


def _in_largest_unit(amount: int, step: int, units: tuple[str, ...]) -> str:
    unit = ""
    for larger in units:
        whole, rest = divmod(amount, step)
        if rest or not whole:
            break
        amount, unit = whole, larger
    return f"{amount}{unit}"
