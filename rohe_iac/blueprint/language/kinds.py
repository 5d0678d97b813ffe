"""The kinds of documents and the model of each."""

from __future__ import annotations

import re

from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.module import Module
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack

API_VERSION = "rohe.dev/v1"

KINDS: dict[str, type[Model]] = {
    "Pipeline": Pipeline,
    "Inventory": Inventory,
    "ObservationContract": ObservationContract,
    "Stack": Stack,
    "Module": Module,
}


OURS = re.compile(rf"rohe\.dev/|^[ \t]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?({'|'.join(KINDS)})\b", re.MULTILINE)
"""The mark of a text that is meant for rohe."""
