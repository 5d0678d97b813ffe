"""Claims about rohe_iac.targets.kubernetes.stored_secrets: what is damaged by hand counts as absent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.manifests.kubernetes.secrets import CREDENTIALS, credential_secret
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.stored_secrets import GRANTS, decoded, encoded, pair_of, user_of

CREDENTIAL = {"user": "camera", "password": "p", "certificate": "c", "key": "k"}
TOPICS = {"publish": ["a"], "subscribe": ["b"]}


def secret(credential: object = CREDENTIAL, topics: object = TOPICS) -> ClusterObject:
    values = {CREDENTIALS: json.dumps(credential).encode(), GRANTS: json.dumps(topics).encode()}
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": credential_secret("camera")}}
    return ClusterObject({**body, "data": encoded(values)})


def test_the_client_of_a_secret_has_its_password_and_topics() -> None:
    user = user_of(secret())
    assert user is not None
    assert (user.client, user.password) == ("camera", "p")
    assert (user.credential.publish, user.credential.subscribe) == (("a",), ("b",))


@pytest.mark.parametrize(
    "damaged",
    [secret(credential={"user": "camera"}), secret(credential={**CREDENTIAL, "password": ""}), secret(topics=[])],
)
def test_a_secret_without_password_or_topics_is_for_nobody(damaged: ClusterObject) -> None:
    assert user_of(damaged) is None


def test_a_certificate_that_is_absent_or_damaged_is_empty() -> None:
    present = {credential_secret("camera"): secret()}
    assert (pair_of(present, "camera").certificate, pair_of(present, "camera").key) == (b"c", b"k")
    assert pair_of({}, "camera").certificate == b""
    assert pair_of({credential_secret("camera"): secret(credential=[])}, "camera").key == b""


def test_a_value_that_is_no_base64_is_left_out() -> None:
    damaged = ClusterObject({"kind": "Secret", "data": {"a": "YQ==", "b": "Y"}})
    assert decoded(damaged) == {"a": b"a"}
    assert decoded(None) == {}
