"""Secret source: where a secret is, as manifests name it."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Secret, SecretReference, SecretValue


def secret_source(value: SecretValue) -> str:
    """Returns `env:NAME` or `file:PATH`, or for a Secret of a cluster `NAME#KEY`."""
    reference = value.secret
    if isinstance(reference, SecretReference):
        return reference.name + (f"#{reference.key}" if reference.key else "")
    return reference


def reference_of(secret: Secret, key: str) -> SecretReference:
    """Returns the Secret of a cluster that a secret names, and its key there; `key` is taken where none is stated."""
    reference = secret if isinstance(secret, SecretReference) else SecretReference(name=secret)
    return SecretReference(name=reference.name, key=reference.key or key)
