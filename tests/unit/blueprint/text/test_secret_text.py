"""Claims about which variables hold secrets, by their names and values."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.text.secret_text import is_secret, secret_in


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
        ("secretName", "app"),
        ("max-tokens", "100000"),
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
        ("api-key", "hunter2"),
        ("dbPassword", "hunter2"),
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


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("postgres://me:hunter2@db/x", ()),
        ({"db": {"password": "hunter2"}}, ("db", "password")),
        ([{"url": "plain"}, "ghp_abcdefghijklmnopqrstuvwxyz0123"], (1,)),
        ({"password": "env:DB"}, None),
        ({"password": "file:secrets/db"}, None),
        ({"token": 7, "url": "http://db/x"}, None),
    ],
)
def test_a_secret_is_found_at_any_depth(value: object, where: tuple[str | int, ...] | None) -> None:
    assert secret_in("site", value) == where
