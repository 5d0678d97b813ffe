"""The memory of a user function: what its processes may have at most."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from rohe_iac.blueprint.language.base import Bytes, fault
from rohe_iac.foundation.quantities import exact_bytes

LEAST_FUNCTION_BYTES = 32 * 2**20
"""The least memory in bytes that a function may be given: Python alone takes half of it."""


def _validate_function_bytes(amount: int) -> int:
    if amount < LEAST_FUNCTION_BYTES:
        least = exact_bytes(LEAST_FUNCTION_BYTES)
        message = f"a function needs at least {least}, found {exact_bytes(amount)}"
        raise fault("R110", message, f"write {least} or more: Python alone takes half of that")
    return amount


FunctionBytes = Annotated[Bytes, AfterValidator(_validate_function_bytes)]
