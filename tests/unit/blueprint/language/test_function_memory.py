"""The memory of a user function: bytes, of which Python alone takes some."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.promises.function_memory import LEAST_FUNCTION_BYTES, FunctionBytes

ADAPTER: TypeAdapter[int] = TypeAdapter(FunctionBytes)


def test_the_memory_of_a_function_has_a_least_amount() -> None:
    assert ADAPTER.validate_python("32Mi") == LEAST_FUNCTION_BYTES
    with pytest.raises(ValidationError, match="needs at least 32Mi, found 31Mi"):
        ADAPTER.validate_python("31Mi")
