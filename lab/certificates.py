"""The lab's certificate authority, which no system trusts, the servers' certificates from it, and signers of tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.settings import PKI

CA = PKI / "ca.crt"
CA_NAME = "multiarch lab CA"
YEARS = timedelta(days=3650)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _begin(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + YEARS)


def _write(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
    pem = serialization.Encoding.PEM
    key_file = path.with_suffix(".key")
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    path.write_bytes(certificate.public_bytes(pem))  # last: a certificate that is there has its key


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def ensure_ca() -> None:
    """Make the authority, unless it is there."""
    if CA.exists():
        return
    PKI.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _begin(CA_NAME, CA_NAME, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    _write(CA, key, builder.sign(key, hashes.SHA256()))


def ensure_server(name: str, address: IPv4Address) -> Path:
    """The certificate of a server, for its name and its address; the key lies beside it."""
    path = PKI / f"{name}.crt"
    if path.exists():
        return path
    issuer_key = serialization.load_pem_private_key(CA.with_suffix(".key").read_bytes(), password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{CA.with_suffix('.key')} is not the elliptic curve key the lab wrote; remove {PKI}")
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(address)])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = _begin(name, CA_NAME, key)
    builder = builder.add_extension(names, critical=False).add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(usage, critical=False)
    _write(path, key, builder.sign(issuer_key, hashes.SHA256()))
    return path


def ensure_signer(name: str) -> Path:
    """The certificate by which a registry knows the signer of its tokens; its RSA key lies beside it."""
    path = PKI / f"{name}-tokens.crt"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _write(path, key, _begin(f"{name} tokens", f"{name} tokens", key).sign(key, hashes.SHA256()))
    return path
