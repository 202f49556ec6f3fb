"""The same over TLS, where sockets are wrapped: calls end on time, and strangers' certificates are refused."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.errors import TryLater
from tests.integrations.lever.far_side import FarSide

BODY = b'{"data":[],"hasNext":false}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine's, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*private) + built.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def far_side(certificate, http):
    """Start a server that speaks TLS; what it answers is up to the test."""
    sides = []

    def start(answer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        sides.append(FarSide(answer, wrap=lambda raw: context.wrap_socket(raw, server_side=True)))
        http.add_passthru(sides[-1].url)
        return sides[-1]

    yield start
    for side in sides:
        side.close()


@pytest.fixture
def is_trusted(certificate, monkeypatch):
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))


def client_of(side):
    from integrations.lever.client import LeverClient

    return LeverClient(f"{side.url}/v1", "access-token", deadline=0.6)


def test_calls_share_one_connection(far_side, is_trusted):
    side = far_side(lambda side, connection, request: connection.sendall(GOOD))
    client = client_of(side)
    client.check()
    client.check()
    assert (len(side.requests), len(side.connections)) == (2, 1)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Endless: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
    ids=["headers", "body"],
)
def test_an_answer_that_drips_ends_on_time(far_side, is_trusted, head):
    client = client_of(far_side(lambda side, connection, request: side.drip(connection, head + b"x" * 9999)))
    started = time.monotonic()
    with pytest.raises(TryLater) as caught:
        client.add_note("id", "text", perform_as="user")
    assert (caught.value.code, caught.value.unknown) == ("timeout", True)
    assert time.monotonic() - started < 2.6


def test_a_strangers_certificate_is_not_trusted(far_side):
    side = far_side(lambda side, connection, request: connection.sendall(GOOD))
    with pytest.raises(TryLater):
        client_of(side).check()
    assert side.requests == []
