"""A publication's host with a key set: a real server with a certificate of its own, which can be made to misbehave."""

import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import SocketAttribute, TaskGroup
from anyio.streams.tls import TLSListener, TLSStream
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from workers.runtime.address_guard import PrivateHosts, parse_private_hosts

LOOPBACK: Final[PrivateHosts] = parse_private_hosts("127.0.0.0/8,::1")
Key = ECKey | RSAKey | OKPKey


@cache
def certificate() -> tuple[bytes, bytes]:
    """A certificate of this machine and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(one)) for one in ("127.0.0.1", "::1"))]
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1))  # noqa: DTZ001 - the builder wants UTC without a zone
        .not_valid_after(datetime(2020, 1, 1) + timedelta(days=36_500))  # noqa: DTZ001 - as above
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, encipher_only=False, decipher_only=False, **usage
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


@cache
def tls_client() -> ssl.SSLContext:
    """What a client trusts: the certificate of this machine alone."""
    return ssl.create_default_context(cadata=certificate()[0].decode())


@cache
def _tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.write_bytes(b"".join(certificate()))
        context.load_cert_chain(file)
    return context


def public(key: Key, **more: Any) -> dict[str, Any]:
    """The public JWK of a key."""
    return {**key.as_dict(private=False), **more}


def jwks(*keys: Mapping[str, Any]) -> bytes:
    """A key set as a publication serves it."""
    return json.dumps({"keys": list(keys)}).encode()


class _Anything(jws.JWSRegistry):
    """Signs with every algorithm and header: the library warns of some, and refuses others."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]

    def check_header(self, header: dict[str, Any]) -> None:
        """Take any."""


def token_of(claims: Mapping[str, Any], key: Key | OctKey, alg: str, **header: Any) -> str:
    """A token signed with any key and any header."""
    return jws.serialize_compact({"alg": alg, **header}, json.dumps(dict(claims)).encode(), key, registry=_Anything())


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A response as it is sent."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class KeyHost:
    """Answers every request with `reply`, once `open` is set. Without a reply it ends the connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reply: bytes | None = http(jwks())
        self.requests: list[bytes] = []
        self.open = anyio.Event()
        self.open.set()
        self.asked = anyio.Event()
        """Set by the next request."""
        self.drip = 0.0
        """Seconds between two bytes of a reply; with 0, all at once."""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/jwks.json"

    def serve(self, *keys: Mapping[str, Any]) -> None:
        """Serve these keys from now on."""
        self.reply = http(jwks(*keys))

    def hang(self) -> None:
        """Answer nothing until `open` is set."""
        self.open, self.asked = anyio.Event(), anyio.Event()

    async def answer(self, stream: TLSStream) -> None:
        async with stream:
            head = b""
            while b"\r\n\r\n" not in head:
                head += await stream.receive()
            self.requests.append(head)
            self.asked.set()
            await self.open.wait()
            reply = self.reply or b""
            if not self.drip:
                await stream.send(reply)
                return
            for number in range(len(reply)):
                await stream.send(reply[number : number + 1])
                await anyio.sleep(self.drip)


@asynccontextmanager
async def key_host(*keys: Mapping[str, Any]) -> AsyncIterator[KeyHost]:
    """A host with these keys."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    secure = TLSListener(listener, _tls_server(), standard_compatible=False)
    host = KeyHost(listener.extra(SocketAttribute.local_port))  # noqa: S610 - no Django here
    host.serve(*keys)

    async def answer(stream: TLSStream) -> None:
        try:
            await host.answer(stream)
        except (anyio.BrokenResourceError, anyio.EndOfStream, OSError):
            return  # the client has gone

    async with secure, anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, secure, answer, tasks)
        yield host
        tasks.cancel_scope.cancel()


async def _serve(listener: TLSListener, answer: Any, tasks: TaskGroup) -> None:
    await listener.serve(answer, tasks)
