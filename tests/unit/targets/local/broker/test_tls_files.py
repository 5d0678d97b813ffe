"""Claims about the files of TLS on this machine: kept until due, owner-only, and trust that follows rotation."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.rotation import Rotation
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.broker.broker_certificate import OVERLAP
from rohe_iac.targets.broker.certificates import DAYS, KeyPair, expiry, is_for, new_authority, new_server
from rohe_iac.targets.broker.given_certificate import UnusableCertificate
from rohe_iac.targets.broker.server import BrokerMissing
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.broker.embedded import LocalBroker
from rohe_iac.targets.local.broker.tls_files import TlsFiles
from rohe_iac.targets.local.stack_folder import Layout

NAMES = ("127.0.0.1", "localhost")
DAY = 86400


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time


class Broker:
    """The files of a broker with TLS and two clients, `web` and `cam`."""

    def __init__(self, folder: Path, server: str, *, demands: bool = True) -> None:
        try:
            SERVERS[server].binary()
        except BrokerMissing as error:
            pytest.skip(error.brief)
        folder.mkdir()
        self.layout = Layout(StackFolder(folder), folder).ensure()
        self.clock, self.credentials = SetClock(), Credentials(self.layout)
        for client in ("cam", "web"):
            self.credentials.put(CredentialSpec(client, ("a",), ("b",)))
        self.spec = BrokerSpec("broker/broker", {"mqtt": 1, "nats": 2}, ("cam", "web"), server, NAMES, demands)
        self.files = LocalBroker(self.layout, self.credentials, self.clock)

    def prepare(self) -> str:
        """Writes what is due; returns the digest of the program, which is started again where that changes."""
        return self.files.prepare(self.spec, "desk").digest

    def content(self, client: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.layout.credential(client).read_bytes())
        return found

    def trusted(self) -> set[bytes]:
        """Returns the authorities whose clients the broker accepts."""
        paths = [self.layout.broker / "ca.crt", *self.layout.broker.glob("*.0")]
        text = b"".join(path.read_bytes() for path in paths if path.exists())
        return {part for part in text.split(b"-----END CERTIFICATE-----\n") if part}


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Broker:
    return Broker(tmp_path / "stack", request.param)


def test_certificates_are_made_once_renewed_when_due_and_readable_by_their_owner_only(broker: Broker) -> None:
    assert broker.files.is_due(broker.spec)
    digest = broker.prepare()
    assert not broker.files.is_due(broker.spec)
    before = broker.files.tls.certificate()
    assert is_for(before.server, before.authority, NAMES)
    assert broker.content("web")["ca"] == before.ca
    assert broker.content("web")["key"] != broker.content("cam")["key"]
    assert broker.content("web")["url"] == "mqtts://127.0.0.1:1"
    for path in broker.layout.folder.path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    broker.prepare()
    assert broker.files.tls.certificate() == before
    broker.clock.time += DAYS * DAY * 0.7
    assert broker.files.is_due(broker.spec)
    assert broker.prepare() == digest
    after = broker.files.tls.certificate()
    assert (after.authority, after.server == before.server) == (before.authority, False)
    assert broker.files.tls.expires() == expiry(after.server.certificate)
    assert not broker.files.is_due(broker.spec)


@pytest.mark.parametrize("lost", ["authority/tls.key", "tls.crt", "TRUST", "CREDENTIAL"])
def test_what_is_lost_or_damaged_is_made_again(broker: Broker, lost: str) -> None:
    broker.prepare()
    trust = next(path for path in (broker.layout.broker / "ca.crt", *broker.layout.broker.glob("*.0")) if path.exists())
    named = {"TRUST": trust, "CREDENTIAL": broker.layout.credential("web")}
    path = named.get(lost, broker.layout.broker / lost)
    if lost == "CREDENTIAL":
        path.write_text(json.dumps({**broker.content("web"), "certificate": "damaged"}))
    else:
        path.unlink()
    assert broker.files.is_due(broker.spec)
    broker.prepare()
    assert not broker.files.is_due(broker.spec)


def test_a_former_authority_is_trusted_for_a_day_and_mosquitto_starts_again_without_it(broker: Broker) -> None:
    digest = broker.prepare()
    first = broker.files.tls.certificate()
    broker.files.tls.write_authority(first.rotated("desk", broker.clock.now()))
    assert broker.files.is_due(broker.spec)
    assert broker.prepare() == digest
    second = broker.files.tls.certificate()
    assert len(broker.trusted()) == 2
    assert broker.content("cam")["ca"] == second.ca
    assert is_for(second.server, second.authority, NAMES)

    broker.clock.time += OVERLAP + 1
    assert broker.files.is_due(broker.spec)
    later = broker.prepare()
    assert len(broker.trusted()) == 1
    assert broker.content("cam")["ca"] == second.authority.certificate.decode()
    assert (later == digest) is (broker.spec.server == "nats")


def test_without_tls_nothing_of_it_stays(broker: Broker) -> None:
    broker.prepare()
    broker.spec = BrokerSpec("broker/broker", {"mqtt": 1, "nats": 2}, ("cam", "web"), broker.spec.server)
    broker.prepare()
    assert not {"ca", "certificate", "key"} & broker.content("web").keys()
    assert TlsFiles(broker.layout).expires() == 0.0
    assert [*broker.layout.broker.glob("**/tls.*"), *broker.layout.broker.glob("*.0")] == []


def test_without_client_certificates_the_credentials_have_the_authority_alone(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "stack", "nats", demands=False)
    broker.prepare()
    assert "ca" in broker.content("web")
    assert not {"certificate", "key"} & broker.content("web").keys()
    assert broker.trusted() == set()


def _give(broker: Broker, folder: Path, *, names: tuple[str, ...] = NAMES) -> KeyPair:
    """Writes a certificate of the user's and has the broker use it."""
    authority = new_authority("mine", broker.clock.now())
    pair = new_server(authority, names, broker.clock.now())
    contents = {"certificate": pair.certificate, "key": pair.key, "ca": authority.certificate}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    given = {name: f"file:{folder / name}" for name in contents}
    broker.spec = replace(broker.spec, given=given)
    return pair


def test_a_certificate_of_the_user_s_is_shown_as_it_is_and_followed(broker: Broker, tmp_path: Path) -> None:
    broker.prepare()
    for _ in range(2):
        pair = _give(broker, tmp_path)
        assert broker.files.is_due(broker.spec)
        broker.prepare()
        assert not broker.files.is_due(broker.spec)
        assert broker.files.tls.certificate().server == pair
        assert broker.content("web")["ca"] == (tmp_path / "ca").read_text()
    # The clients' own certificates stay those of the stack's authority.
    own = broker.files.tls.certificate().authority
    assert broker.trusted() == {own.certificate.removesuffix(b"-----END CERTIFICATE-----\n")}
    broker.files.rotate(broker.spec, "desk", [*Rotation], 0)
    assert broker.files.tls.certificate().server == pair
    assert broker.files.tls.certificate().authority != own

    broker.spec = replace(broker.spec, given={})
    assert broker.files.is_due(broker.spec)
    broker.prepare()
    assert is_for(broker.files.tls.certificate().server, broker.files.tls.certificate().authority, NAMES)


def test_a_certificate_that_cannot_be_used_is_refused_and_the_one_before_stays(broker: Broker, tmp_path: Path) -> None:
    broker.prepare()
    before = broker.files.tls.certificate()
    _give(broker, tmp_path, names=("elsewhere",))
    assert broker.files.is_due(broker.spec)
    with pytest.raises(UnusableCertificate) as refused:
        broker.prepare()
    assert "it is for elsewhere, and clients connect to 127.0.0.1" in refused.value.detail
    (tmp_path / "key").unlink()
    with pytest.raises(UnusableCertificate, match=r"the key of the broker: the secret file:.* cannot be read"):
        broker.files.check(broker.spec)
    broker.spec = replace(broker.spec, given={**broker.spec.given, "certificate": "env:NOPE"})
    with pytest.raises(UnusableCertificate) as missing:
        broker.files.check(broker.spec)
    assert missing.value.brief == "the certificate of the broker: the secret env:NOPE is not there"
    assert (missing.value.detail, missing.value.hint) == ("", "set the variable NOPE and apply again")
    assert broker.files.tls.certificate() == before


def test_clients_are_told_the_version_that_the_stack_chose(broker: Broker) -> None:
    broker.prepare()
    assert broker.content("web")["mqtt"] == SERVERS[broker.spec.server].mqtt
    broker.spec = replace(broker.spec, mqtt="3.1.1")
    broker.prepare()
    assert broker.content("web")["mqtt"] == "3.1.1"
