"""The certificate by which the API server is known to kubelets."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rohe_iac.trial_cluster.client_certificate import GROUP, USER, new_client_certificate


def test_it_names_user_and_group_and_serves_clients_alone() -> None:
    text = new_client_certificate()
    certificate = x509.load_pem_x509_certificate(text)
    key = serialization.load_pem_private_key(text, None)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(certificate)
    names = {
        oid: certificate.subject.get_attributes_for_oid(oid)[0].value
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    }
    assert names == {NameOID.COMMON_NAME: USER, NameOID.ORGANIZATION_NAME: GROUP}
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
