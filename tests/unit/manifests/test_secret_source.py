"""Claims about secret sources: one text for each form of a secret."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import SecretReference, SecretValue
from rohe_iac.manifests.secret_source import secret_source


def test_each_form_of_a_secret_has_one_text() -> None:
    assert secret_source(SecretValue(secret="file:pki/ca.crt")) == "file:pki/ca.crt"
    assert secret_source(SecretValue(secret=SecretReference(name="broker-tls", key="tls.crt"))) == "broker-tls#tls.crt"
    assert secret_source(SecretValue(secret=SecretReference(name="broker-tls"))) == "broker-tls"
