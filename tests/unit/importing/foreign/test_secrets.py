"""Claims about which variables hold secrets, and the references that stand for them."""

from __future__ import annotations

import pytest
from import_results import Importer

from rohe_iac.importing.foreign.variables.secrets import is_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USE_SECRET", "true"),
        ("TOKEN", "65535"),
        ("SECRET_HOST", "vault"),
        ("TOKEN_PORT", "70000x"),
        ("SECRET_NAME", "app"),
        ("API_KEY_PATH", "/run/key"),
        ("SECRETS_DIR", "/run"),
        ("TOKEN_URL", "http://auth/token"),
        ("PASSWORD_POLICY", "strong"),
        ("AUTH_KEY_TYPE", "rsa"),
        ("PASSWORD", ""),
        ("PWD", "/app"),
        ("PWM_STEPS", "wide"),
        ("HELP", "write password = and so on"),
        ("QUERY", "reset?password="),
    ],
)
def test_what_only_says_something_of_a_secret_is_none(name: str, value: str) -> None:
    assert not is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD", "hunter2"),
        ("PASSWORD", "65536"),
        ("PW", "hunter2"),
        ("DB_PW", "hunter2"),
        ("PASS", "hunter2"),
        ("PWD", "hunter2"),
        ("DB_URL", "postgres://me:hunter2@db/x"),
        ("DB_URL", "jdbc:postgresql://me:hunter2@db/x"),
        ("DSN", "me:hunter2@tcp(db:3306)/x"),
        ("DSN", "::me:hunter:2@unix(/run/db)/x"),
        ("ConnectionStrings__Default", "Server=db;User Id=sa;Password=hunter2;"),
        ("JDBC", "jdbc:mysql://db/x?user=me&password=hunter2"),
        ("GITHUB", "ghp_abcdefghijklmnopqrstuvwxyz0123"),
        ("BEARER", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
        ("CERT", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_a_value_of_its_name_or_form_is_a_secret(name: str, value: str) -> None:
    assert is_secret(name, value)


def test_two_values_of_one_name_get_two_references(import_contents: Importer) -> None:
    services = {
        name: {"image": "i", "environment": {"PASSWORD": value}}
        for name, value in {"a": "first", "b": "second", "c": "first", "b-d": "third"}.items()
    }
    found = import_contents({"services": services}).documents[0]["spec"]["services"]
    assert [service["env"]["PASSWORD"]["secret"] for service in found] == [
        "env:PASSWORD",
        "env:B_PASSWORD",
        "env:PASSWORD",
        "env:B_D_PASSWORD",
    ]
