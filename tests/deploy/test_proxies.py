"""nginx and Caddy as they are shipped, in front of a running Hansard: streams, compression, addresses, operations.

The files are used as they are, but for addresses, certificate and ports, and a second gateway that nobody has started:
whatever is asked for has to come from the first. Skipped for a program that is not here.
"""

import datetime as dt
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.bounds import BOUND
from tests.support.clusters import until
from tests.support.program import SITE, THREAD, Up, up
from tests.support.servers import free_port
from workers.embedded import die_with_parent
from workers.gateway.http.feed_retry import BROKEN

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"
HERE = "127.0.0.1"
FEEDS = 2
"""Feeds that one client address may have open."""


class Behind(NamedTuple):
    """A Hansard and the proxy in front of it."""

    hansard: Up
    operations: str
    """Where health and metrics are asked for by those who may."""
    proxy: str
    trust: ssl.SSLContext
    cache: Path | None
    """Where the proxy stores answers."""

    def client(self, address: str = HERE) -> httpx2.Client:
        """A client of the proxy that comes from this address."""
        ways = httpx2.HTTPTransport(verify=self.trust, local_address=address)
        return httpx2.Client(base_url=self.proxy, transport=ways, timeout=BOUND)

    def bearer(self, *claims: str) -> dict[str, str]:
        named = claims or ("--sub", "bea", "--name", "Bea", "--entitlement", "subscriber")
        return {"Authorization": f"Bearer {self.hansard.token(*named)}"}


@pytest.fixture(scope="module", params=["nginx", "nginx with a cache", "caddy"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    program = request.param.partition(" ")[0]
    # Debian keeps servers where only root looks.
    found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
    if found is None:
        pytest.skip(f"no {program} on the PATH: apt-get install {program}")
    home = tmp_path_factory.mktemp("proxy")
    operations = f"{HERE}:{free_port()}"
    flags = ("--operations", operations, "--trusted-proxies", "1", "--max-connections-per-address", str(FEEDS))
    certify(home)
    with ExitStack() as stack:
        hansard = stack.enter_context(up(home / "data", *flags))
        cache = home / "cache" if "cache" in request.param else None
        url = stack.enter_context((caddy if program == "caddy" else nginx)(found, home, hansard.url, cache))
        trust = ssl.create_default_context(cafile=home / "fullchain.pem")
        yield Behind(hansard, f"http://{operations}", url, trust, cache)


def certify(home: Path) -> None:
    """Make a certificate for this machine that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hansard tests")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (home / "privkey.pem").write_bytes(private)
    (home / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


def exchanged(name: str, exchanges: Mapping[str, str]) -> str:
    """A shipped file with these texts exchanged, each of which it has to have."""
    text = (DEPLOY / name).read_text()
    for old, new in exchanges.items():
        assert old in text, f"{name} has no {old!r} any more"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(program: str, home: Path, gateway: str, cache: Path | None) -> Iterator[str]:
    port = free_port()
    exchanges = {
        "server 127.0.0.1:8400;": f"server {gateway.removeprefix('http://')};",
        "# server 127.0.0.1:8402;": f"server {HERE}:{free_port()};",
        "    listen 80;\n": f"    listen {HERE}:{free_port()};\n",
        "    listen [::]:80;\n": "",
        "listen 443 ssl http2;": f"listen {HERE}:{port} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "/etc/ssl/comments.example/": f"{home}/",
    }
    if cache is not None:
        exchanges |= {"# proxy_cache": "proxy_cache", "/var/cache/nginx/hansard": str(cache)}
    (home / "hansard.conf").write_text(exchanged("nginx.conf", exchanges))
    kept = "".join(
        f"{what}_temp_path {home / what};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = home / "nginx.conf"
    main.write_text(
        f"daemon off; master_process off; pid {home / 'pid'}; error_log stderr;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{kept}include {home / 'hansard.conf'};\n}}\n"
    )
    with proxying(home, [program, "-p", str(home), "-e", "stderr", "-c", str(main)], port) as url:
        yield url


@contextmanager
def caddy(program: str, home: Path, gateway: str, cache: Path | None) -> Iterator[str]:
    assert cache is None
    port = free_port()
    served = f"https://{HERE}:{port} {{\n\ttls {home / 'fullchain.pem'} {home / 'privkey.pem'}"
    exchanges = {
        "comments.example {": served,
        "127.0.0.1:8400": f"{gateway.removeprefix('http://')} {HERE}:{free_port()}",
    }
    file = home / "Caddyfile"
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
    file.write_text(options + exchanged("Caddyfile", exchanges))
    command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    with proxying(home, command, port) as url:
        yield url


@contextmanager
def proxying(home: Path, command: list[str], port: int) -> Iterator[str]:
    """Run a proxy for the block; its URL. It ends with this process, whatever becomes of that."""
    said = home / "proxy.said"
    places = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | places,
        )
    url = f"https://{HERE}:{port}"
    trust = ssl.create_default_context(cafile=home / "fullchain.pem")
    try:
        with httpx2.Client(verify=trust, timeout=BOUND) as http:

            def answers() -> bool:
                assert process.poll() is None, said.read_text()
                try:
                    return http.get(f"{url}/healthz").status_code == httpx2.codes.OK
                except httpx2.ConnectError:
                    return False

            until(answers, "the proxy answers")
        yield url
    finally:
        process.kill()
        process.wait()


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """The events of a stream, as they come."""
    named = ""
    for line in lines:
        if line.startswith("event: "):
            named = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield named, json.loads(line.removeprefix("data: "))


def test_an_event_comes_through_while_its_stream_is_open(behind: Behind) -> None:
    with behind.client() as http, http.stream("GET", f"{PAGE}/feed", headers={"Accept-Encoding": "gzip"}) as feed:
        assert (feed.status_code, feed.headers["content-type"]) == (200, "text/event-stream")
        assert "content-encoding" not in feed.headers
        lines = feed.iter_lines()
        assert next(lines), "the answer has begun before anything has happened"
        posted = http.post(f"{PAGE}/comments", headers=behind.bearer(), json={"body": "Told at once."})
        assert posted.status_code == 201, posted.text
        ours = posted.json()["comment"]["id"]
        assert ("comment.posted", ours) in ((name, data["comment"]) for name, data in events(lines))


def test_a_page_is_compressed_by_the_gateway_for_who_takes_it(behind: Behind) -> None:
    with behind.client() as http:
        for encoding in ("gzip", None):
            asked = {"Accept-Encoding": encoding or "identity"}
            page = http.get(f"{PAGE}?limit=50", headers=asked)
            assert page.status_code == 200
            assert page.headers.get("content-encoding") == encoding
            assert "Accept-Encoding" in page.headers["vary"]
            assert page.json()["thread"]["id"] == THREAD
            tag = page.headers["etag"]
            again = http.get(
                f"{PAGE}?limit=50", headers={"Accept-Encoding": encoding or "identity", "If-None-Match": tag}
            )
            assert again.status_code == 304


def test_every_client_address_has_its_own_share_whatever_it_says(behind: Behind) -> None:
    lines: list[Iterator[str]] = []  # one that is let go of ends its feed
    with ExitStack() as stack:

        def follows(address: str = HERE, forwarded: str = "") -> bool:
            """Open one more feed for the rest of the test; False where it is told to come back later."""
            http = stack.enter_context(behind.client(address))
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            feed = stack.enter_context(http.stream("GET", f"{PAGE}/feed", headers=headers))
            assert feed.status_code == 200
            lines.append(feed.iter_lines())
            told, _, milliseconds = next(lines[-1]).partition(": ")
            assert told == "retry"
            return int(milliseconds) <= BROKEN[1] * 1000

        assert [follows() for _ in range(FEEDS + 1)] == [*[True] * FEEDS, False]
        assert not follows(forwarded="203.0.113.9"), "an entry that the client sent proves nothing"
        assert follows("127.0.0.2")


def test_a_gateway_that_is_away_is_passed_over(behind: Behind) -> None:
    with behind.client() as http:
        assert {http.get(PAGE).status_code for _ in range(20)} == {200}
        comment = http.get(PAGE).json()["comments"][0]["id"]
        voter = behind.bearer("--sub", "ned", "--name", "Ned", "--entitlement", "subscriber")
        for value in (1, 0) * 10:
            vote = http.put(f"{PAGE}/comments/{comment}/vote", headers=voter, json={"value": value})
            assert vote.status_code == 200, vote.text


def test_what_is_for_operators_is_not_passed_on(behind: Behind) -> None:
    with behind.client() as http:
        for path in ("/readyz", "/readyz/writes", "/metrics", "/%72eadyz"):
            refused = http.get(path)
            assert refused.status_code == 404
            assert refused.headers.get("content-type") != "application/problem+json", "the proxy answers, no gateway"
        assert http.get("/healthz").json() == {"status": "alive"}
    assert httpx2.get(f"{behind.operations}/readyz", timeout=BOUND).status_code == 200
    assert "hansard_connections" in httpx2.get(f"{behind.operations}/metrics", timeout=BOUND).text


def test_a_body_that_is_too_large_gets_the_problem_of_the_gateway(behind: Behind) -> None:
    with behind.client() as http:
        answer = http.post(f"{PAGE}/comments", headers=behind.bearer(), json={"body": "x" * 300_000})
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/request-too-large")


def test_a_shared_cache_stores_what_is_the_same_for_everyone_and_nothing_else(behind: Behind) -> None:
    if behind.cache is None:
        pytest.skip("no shared cache here")
    with behind.client() as http:
        http.get(f"{PAGE}?limit=3")
        http.get(f"{PAGE}/me", headers=behind.bearer())
        http.get(f"{PAGE}?limit=4&at=2026-10-12T08:00:00Z", headers=behind.bearer())
        position = http.get(PAGE).json()["thread"]["position"]
        http.get(f"{PAGE}?limit=5&after={position}")
        with http.stream("GET", f"{PAGE}/feed") as feed:
            assert next(feed.iter_lines())
    stored = b"".join(path.read_bytes() for path in behind.cache.rglob("*") if path.is_file())
    keys = [line for line in stored.splitlines() if line.startswith(b"KEY: ")]
    assert any(key.endswith(f"{PAGE}?limit=3".encode()) for key in keys)
    assert not any(text in key for key in keys for text in (b"/me", b"at=", b"after=", b"/feed"))
