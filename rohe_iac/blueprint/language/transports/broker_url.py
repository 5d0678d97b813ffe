"""Broker URL: the address of a broker that the user runs, whatever it speaks."""

from __future__ import annotations

import re

from rohe_iac.blueprint.language.base import fault


def check_broker_url(text: str, protocol: str, schemes: tuple[str, ...], path: str, example: str, login: str) -> str:
    """Returns the address as it is written.

    Args:
        text: The address.
        protocol: What the broker speaks, as messages name it.
        schemes: Schemes that the address may have; the first is proposed where there is none.
        path: Regular expression of what may follow the host and port.
        example: An address as it should be.
        login: Where user and password belong, which are no part of the address.

    Raises:
        PydanticCustomError: It is no such address (R119).
    """
    host = r"(?:\[[0-9a-fA-F:]+\]|[^\s/@:?#]+)"
    match = re.fullmatch(rf"(?:{'|'.join(schemes)})://{host}(?::(\d{{1,5}}))?{path}", text)
    if match is None or int(match[1] or 1) not in range(1, 65536):
        bare = re.fullmatch(r"(?:tcp://)?([\w.-]+(?::\d{1,5})?)", text)
        hint = f"did you mean {schemes[0]}://{bare[1]}?" if bare is not None else f"for example {example}"
        hint = f"leave user and password out: {login}" if "@" in text else hint
        raise fault("R119", f"'{text[:60]}' is not the address of an {protocol} broker", hint)
    return text
