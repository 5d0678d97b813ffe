"""Every described field of containers is one of the language."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import EnvSource, File, InitStep, PipelineSpec, Service
from rohe_iac.blueprint.language.pods.volume import HostDevice, SharedVolume, Volume
from rohe_iac.blueprint.language.stack import KubernetesTarget
from rohe_iac.blueprint.schema.container_descriptions import CONTAINER_FIELDS

MODELS = (EnvSource, File, HostDevice, InitStep, KubernetesTarget, PipelineSpec, Service, SharedVolume, Volume)


def test_every_described_field_is_there() -> None:
    fields = {
        f"{model.__name__}.{field.alias or name}" for model in MODELS for name, field in model.model_fields.items()
    }
    assert CONTAINER_FIELDS.keys() <= fields
