"""Labels of services, as far as a blueprint takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.pods.user import OWN_PREFIXES, Labels
from rohe_iac.blueprint.text.secret_text import is_secret
from rohe_iac.importing.foreign.journal import Field

OWN = "labels of rohe.dev and app.kubernetes.io are set by rohe"


NO_LABEL = "no label of Kubernetes: at most 63 letters, digits, '-', '_' and '.'"


IN_CLEAR = "the label '{}' looks like a secret and is copied as it is, for labels can be read by all: take it out"


_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


def add_labels(pairs: Iterable[tuple[str, str, Field]], service: dict[str, Any], target: str) -> None:
    """Adds labels to a service; those that rohe sets, or that Kubernetes takes from nobody, are dropped.

    Args:
        pairs: The key and the value of each label, with the field that both are from.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
    """
    labels: dict[str, str] = {}
    for key, value, part in pairs:
        try:
            labels |= _LABELS.validate_python({key: value})
        except ValidationError:
            part.drop(OWN if key.startswith(OWN_PREFIXES) else NO_LABEL)
        else:
            part.map_to(f"{target}.labels.{key}")
            if is_secret(re.sub("[./-]", "_", key), value):
                part.note(IN_CLEAR.format(key[:100]))
    if labels:
        service["labels"] = labels
