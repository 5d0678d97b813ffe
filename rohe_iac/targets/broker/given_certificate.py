"""Given certificate: one of the user's for the broker, read and checked before the broker shows it."""

from __future__ import annotations

from collections.abc import Callable

from rohe_iac.blueprint.checks.broker.certificate_faults import certificate_faults
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.broker.certificates import KeyPair
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.named_secret import SecretMissing


class UnusableCertificate(RoheError):
    """A certificate of the user's cannot be read, or clients would refuse a broker that shows it."""

    exit_code = ExitCode.UNREACHABLE


def given_certificate(broker: BrokerSpec, read: Callable[[str], bytes], now: float) -> tuple[KeyPair, bytes]:
    """Returns the user's key pair for the broker, and the authorities that clients trust then.

    Args:
        broker: The broker, with such a certificate.
        read: Returns what a source has, or raises SecretMissing.
        now: The time in seconds since the epoch.

    Raises:
        UnusableCertificate: A part cannot be read or used; the detail says why.
    """
    found: dict[str, bytes] = {}
    for name, source in broker.given.items():
        try:
            found[name] = read(source)
        except SecretMissing as error:
            raise UnusableCertificate(
                f"the {name} of the broker: {error.brief}", detail=error.detail, hint=error.hint
            ) from error
    pair, ca = KeyPair(found["certificate"], found["key"]), found["ca"]
    faults = [f"the {part}: {text}" for part, text in certificate_faults(*_texts(pair), ca, broker.tls_names[0], now)]
    if faults:
        raise UnusableCertificate(
            "the certificate of the broker cannot be used",
            detail="\n".join(faults),
            hint="replace the files, then apply; `rohe validate` checks them, too",
        )
    return pair, ca


def _texts(pair: KeyPair) -> tuple[bytes, bytes]:
    return pair.certificate, pair.key
