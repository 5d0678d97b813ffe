"""Device classes: which class a device of a ResourceSlice can be claimed by.

Of the expressions of classes only conjunctions of `device.driver == ...` and `device.attributes[...].NAME == ...` are
read, which are those of the drivers there are; a class with any other expression is never taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rohe_iac.importing.cluster.objects import Object, at, each, name_of

_DRIVER = re.compile(r"device\.driver\s*==\s*(?P<value>'[^'\\]*'|\"[^\"\\]*\")")
_ATTRIBUTE = re.compile(
    r"device\.attributes\[(?P<domain>'[^'\\]*'|\"[^\"\\]*\")\]\.(?P<name>\w+)\s*==\s*"
    r"(?P<value>'[^'\\]*'|\"[^\"\\]*\"|-?\d{1,18}|true|false)"
)


def class_of(driver: str, attributes: Mapping[str, Any], classes: Iterable[Object]) -> str:
    """Returns the class that selects a device, the one with most terms and then the first by name; "" for none.

    Args:
        driver: The name of the device's driver.
        attributes: The device's attributes, by name; a name without a domain is of the driver's.
        classes: Every DeviceClass.
    """
    qualified = {key if "/" in key else f"{driver}/{key}": value for key, value in attributes.items()}
    found = []
    for item in classes:
        terms = [term for selector in each(item, "spec", "selectors") for term in _terms(at(selector, "cel"))]
        if terms and all(_holds(term, driver, qualified) for term in terms):
            found.append((-len(terms), name_of(item)))
    return min(found)[1] if found else ""


def _terms(cel: Any) -> list[str]:
    expression = str(at(cel, "expression") or "")
    return [term.strip().strip("()").strip() for term in expression.split("&&")]


def _holds(term: str, driver: str, attributes: Mapping[str, Any]) -> bool:
    match = _DRIVER.fullmatch(term)
    if match is not None:
        return match["value"][1:-1] == driver
    match = _ATTRIBUTE.fullmatch(term)
    if match is None:
        return False
    value = attributes.get(f"{match['domain'][1:-1]}/{match['name']}")
    text = match["value"]
    wanted = text[1:-1] if text[0] in "'\"" else json.loads(text)
    return type(value) is type(wanted) and value == wanted
