"""Claims about secrets in command lines."""

from __future__ import annotations

import pytest

from rohe_iac.importing.foreign.command_secrets import secret_in_command


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["server", "--api-key=AKIAIOSFODNN7EXAMPLE"], "--api-key"),
        (["server", "--api-key", "hunter2"], "--api-key"),
        (["server", "--key-id=AKIAIOSFODNN7EXAMPLE"], "an address, a key or a setting"),
        (["curl", "http://user:pw@host/"], "an address, a key or a setting"),
        (["server", "--db=postgres://u:pw@e:5432/x"], "an address, a key or a setting"),
        (["redis-server", "--requirepass", "hunter2"], "--requirepass"),
        (["sh", "-c", "exec redis-server --requirepass hunter2"], "--requirepass"),
        (["sh", "-c", "export API_KEY='hunter2'; ./run"], "API_KEY"),
        (["PASSWORD=hunter2", "./run"], "PASSWORD"),
        (["java", "-Dspring.datasource.password=hunter2"], "-Dspring.datasource.password"),
        (["java", "-Djavax.net.ssl.keyStorePassword=hunter2"], "-Djavax.net.ssl.keyStorePassword"),
        (["mysqladmin", "ping", "-phunter2"], "-p"),
        (["/usr/bin/redis-cli", "-a", "hunter2", "ping"], "-a"),
        (["curl", "-u", "me:hunter2", "http://host"], "-u"),
        (["curl", "-H", "Authorization: Bearer abcdef123"], "a header"),
        (["server", "--password", "https"], "--password"),
    ],
)
def test_a_command_line_tells_which_of_its_words_holds_a_secret(words: list[str], expected: str) -> None:
    found = secret_in_command(words)
    assert found == expected
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["server", "--api-key=$(API_KEY)"],
        ["server", "--api-key", "${API_KEY}"],
        ["server", "--url=http://u:$(PASSWORD)@host/"],
        ["sh", "-c", "redis-server --requirepass $PASSWORD"],
        ["server", "--password-file=/run/secrets/x", "--token-file", "token.txt"],
        ["server", "--tls-private-key=/etc/tls/tls.key"],
        ["server", "--max-tokens", "4096", "--tokens=8", "--tokenizer", "bert"],
        ["server", "--eos-token", "</s>", "--pad-token=pad", "--stop-token-ids", "1,2"],
        ["server", "--no-password", "run"],
        ["server", "--password", "--verbose"],
        ["python", "-u", "main.py"],
        ["server", "--user", "1000:1000"],
        ["run", "-p", "8080", "-a", "all", "redis-cli-exporter"],
        ["mysqladmin", "ping", "-h", "localhost"],
    ],
)
def test_a_command_line_without_a_secret_has_none(words: list[str]) -> None:
    assert secret_in_command(words) == ""
