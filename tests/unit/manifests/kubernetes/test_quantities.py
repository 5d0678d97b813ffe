"""Claims about quantities: they are written as the API server writes them."""

from __future__ import annotations

import pytest

from rohe_iac.manifests.kubernetes.quantities import byte_quantity, cpu_quantity, whole_quantity


@pytest.mark.parametrize(
    ("amount", "written"),
    [(0, "0"), (64 * 2**20, "64Mi"), (1536 * 2**20, "1536Mi"), (2**40, "1Ti"), (10**9, "1G"), (1500, "1500"),
     (1024, "1Ki"), (1000, "1k"), (1024000, "1000Ki")],
)  # fmt: skip
def test_bytes(amount: int, written: str) -> None:
    assert byte_quantity(amount) == written


@pytest.mark.parametrize(
    ("amount", "written"), [(300, "300m"), (1500, "1500m"), (2000, "2"), (95300, "95300m"), (2_000_000, "2k")]
)
def test_cpu(amount: int, written: str) -> None:
    assert cpu_quantity(amount) == written


def test_whole_numbers() -> None:
    assert [whole_quantity(amount) for amount in (13, 1000, 1100, 3_000_000)] == ["13", "1k", "1100", "3M"]
