"""TLS files: the authority, the broker's certificate and what the broker trusts, in the stack's folder."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.broker.broker_certificate import FORMER, BrokerCertificate
from rohe_iac.targets.broker.certificates import expiry
from rohe_iac.targets.broker.server import TLS_CERTIFICATE, TLS_KEY, TLS_TRUST, BrokerServer
from rohe_iac.targets.local.stack_folder import Layout


class TlsFiles:
    """The files of one stack's broker on this machine that TLS needs, readable by their owner only."""

    def __init__(self, layout: Layout) -> None:
        self._broker, self._authority = layout.broker, layout.broker / "authority"

    def certificate(self) -> BrokerCertificate:
        """Returns what is stored; parts that are absent or damaged are due."""
        authority = _read(self._authority, (TLS_CERTIFICATE, TLS_KEY, FORMER))
        return BrokerCertificate.stored(authority, _read(self._broker, (TLS_CERTIFICATE, TLS_KEY)))

    def expires(self) -> float:
        """Returns when the broker's certificate expires in seconds since the epoch, 0 where it has none."""
        return expiry(_read(self._broker, (TLS_CERTIFICATE,)).get(TLS_CERTIFICATE, b""))

    def write_authority(self, certificate: BrokerCertificate) -> None:
        """Writes the authority, and removes the file of a former one that is not trusted any more."""
        self._authority.mkdir(mode=0o700, exist_ok=True)
        _write(self._authority, certificate.authority_files)
        if not certificate.former:
            (self._authority / FORMER).unlink(missing_ok=True)

    def write_server(self, certificate: BrokerCertificate) -> bool:
        """Writes the broker's certificate; returns whether it changed."""
        return _write(self._broker, certificate.server_files)

    def write_trust(self, server: BrokerServer, authorities: Sequence[bytes]) -> bool:
        """Writes the authorities that the broker accepts clients of, and no others; returns whether they changed."""
        wanted = server.trust_files(authorities) if authorities else {}
        changed = self.trusts_differ(server, authorities)
        for path in self._trust_paths():
            if path.name not in wanted:
                path.unlink(missing_ok=True)
        _write(self._broker, wanted)
        return changed

    def trusts_differ(self, server: BrokerServer, authorities: Sequence[bytes]) -> bool:
        """Checks whether the files of trusted authorities are others than those for these."""
        present = {path.name: path.read_bytes() for path in self._trust_paths()}
        return present != (dict(server.trust_files(authorities)) if authorities else {})

    def remove(self) -> None:
        """Removes all files of TLS, where a broker has it no more."""
        for path in (*self._trust_paths(), self._broker / TLS_CERTIFICATE, self._broker / TLS_KEY):
            path.unlink(missing_ok=True)
        for name in (TLS_CERTIFICATE, TLS_KEY, FORMER):
            (self._authority / name).unlink(missing_ok=True)

    def _trust_paths(self) -> list[Path]:
        return [path for path in (self._broker / TLS_TRUST, *sorted(self._broker.glob("*.0"))) if path.exists()]


def _read(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    found = {}
    for name in names:
        with contextlib.suppress(OSError):
            found[name] = (folder / name).read_bytes()
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Writes the files that differ from those present; returns whether there were any."""
    present = _read(folder, tuple(files))
    for name, content in files.items():
        if present.get(name) != content:
            write_private(folder / name, content)
    return present != dict(files)
