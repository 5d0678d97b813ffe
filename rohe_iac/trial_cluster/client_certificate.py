"""Client certificate: how the API server says to kubelets who it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USER = "kube-apiserver-kubelet-client"
"""The user that kubelets take the API server for, as in clusters of kubeadm."""

GROUP = "system:masters"
"""The group of that user, which may do everything (Kubernetes documentation, "Using RBAC Authorization")."""

VALIDITY = timedelta(days=3650)
"""How long the certificate is valid."""

EARLY = timedelta(days=1)
"""How long the certificate is valid before it is made: the clock of this machine may be put back."""


def new_client_certificate() -> bytes:
    """Returns a client certificate that it signs itself, and its private key, both as PEM in one text.

    A kubelet that takes it as its authority (`clientCAFile`) takes no other one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = ((NameOID.ORGANIZATION_NAME, GROUP), (NameOID.COMMON_NAME, USER))
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(encoding) + private
