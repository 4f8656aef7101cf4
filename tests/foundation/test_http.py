"""P22: nothing of ours can be talked into asking a private address."""

import datetime as dt
import socket
import ssl

import pytest

from foundation.listener import listening
from tongxin.foundation import http
from tongxin.foundation.http import Blocked, Client, LeftAlone, NoAnswer, NotSent, is_public, resolve
from tongxin.foundation.limits import Breaker, Bucket

NUMERIC = socket.AI_NUMERICHOST

PRIVATE = """
127.0.0.1 127.0.0.1. 127.1 127.0.1 127.127.127.127 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 017700000001
0.0.0.0 0 00000000 localhost LOCALHOST localhost. localhost.localdomain app.localhost
[::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]
[64:ff9b::7f00:1] [64:ff9b::10.0.0.1] [2002:7f00:1::] [2002:a00:1::1] [2002:808:808::1] [fe80::1] [fe80::1%25lo] [fc00::1] [fd00:ec2::254] [ff02::1]
[2001:db8::1] [2001:0:7f00:1::] 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 198.18.0.1 192.0.2.1
224.0.0.1 255.255.255.255 127。0。0。1 １２７.0.0.1 ①②⑦.⓪.⓪.① inner.example
""".split()  # noqa: SIM905 (fifty spellings read better side by side)

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:2800:220:1:248:1893:25c8:1946",
    "::ffff:8.8.8.8",
]
NAMES = {"inner.example": ["10.1.2.3"], "mixed.example": ["93.184.216.34", "127.0.0.1"], "none.example": []}


def table(host, port):
    """A name server of the test's own; numbers are read as the system reads them."""
    if host in NAMES:
        return NAMES[host]
    if "localhost" in host.lower():
        return ["127.0.0.1", "::1"]
    return [str(f[4][0]) for f in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=NUMERIC)]


def test_there_are_enough_spellings():
    assert len(set(PRIVATE)) >= 50


@pytest.fixture
def server():
    with listening() as listener:
        yield listener


@pytest.fixture
def dialled(monkeypatch):
    """What is really connected to; connections to loopback are let through, so a leak would be seen by both."""
    went, connect = [], socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda to, *a, **k: (went.append(to[0]), connect(to, *a, **k))[1]
    )
    return went


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", PRIVATE)
def test_no_spelling_of_a_private_address_is_asked(host, scheme, dialled):
    client = Client(allow=["*"], insecure=True, resolver=table)
    with pytest.raises((Blocked, NotSent)):
        client.get(f"{scheme}://{host}/")
    assert dialled == []


@pytest.mark.allow_hosts(["127.0.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "localhost"]
)
def test_control_without_the_guard_these_reach_our_own_machine(host, server, monkeypatch):
    monkeypatch.setattr(http, "is_public", lambda _: True)
    monkeypatch.setattr(http, "PORTS", {"http": frozenset(range(1, 65536))})
    port = server.server.server_address[1]
    assert Client(allow=["*"], insecure=True, resolver=table).get(f"http://{host}:{port}/").status == 200
    assert server.connections == 1


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["", "no address", "127.0.0.1", "fe80::1%lo", "::7f00:1", "2001:0:4136:e378:8000:63bf:80ff:fffe"]
)
def test_others_are_not(text):
    assert not is_public(text)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.com", "file:///etc/passwd", "gopher://example.com", "https://user:pw@example.com", "https://a@example.com",
     "https://example.com:22", "https://example.com:99999", "https://", "//example.com", "http://example.com", "https://evil.com",
     "https://notexample.com", "https://example.com.evil.com", "https://example.com\\@127.0.0.1", "https://127.0.0.1#@example.com",
     "https://exa mple.com", "https://\u200bexample.com:0", "javascript:alert(1)", "https://127.0.0.1"],
)  # fmt: skip
def test_only_plain_addresses_on_the_list(url):
    client = Client(allow=["example.com", ".api.example.com"], resolver=table)
    with pytest.raises(Blocked):
        client.get(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "https://x.api.example.com", "HTTPS://EXAMPLE.com:8443/"]
)
def test_what_is_on_the_list_passes(url):
    assert Client(allow=["Example.com", ".api.example.com"]).check(url)


def test_control_with_the_star_others_pass_too():
    assert Client(allow=["*"], insecure=True).check("http://evil.com")


def test_one_private_address_among_public_ones_blocks(dialled):
    with pytest.raises(Blocked):
        Client(allow=["*"], resolver=table).get("https://mixed.example/")
    assert dialled == []


def test_rebinding_the_checked_address_is_the_one_that_is_dialled(dialled, monkeypatch):
    """The name server answers public first and loopback afterwards: it is asked once."""
    asked = []

    def turncoat(host, port):
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    monkeypatch.setattr(socket, "create_connection", lambda to, *a, **k: (dialled.append(to[0]), refuse())[1])
    with pytest.raises(NotSent):
        Client(allow=["*"], resolver=turncoat).get("https://rebind.example/")
    assert (asked, dialled) == (["rebind.example"], ["93.184.216.34"])
    # control: who checks and then dials the *name* asks twice and lands at home
    assert turncoat("rebind.example", 443) == ["127.0.0.1"]


def refuse():
    raise ConnectionRefusedError


def test_no_redirect_is_followed(server):
    server.answers = [(302, {"Location": server.url + "2"}, b"")]
    reply = Client(allow=[], local=[server.address]).get(server.url)
    assert (reply.status, server.connections) == (302, 1)


def test_control_a_client_that_follows_redirects_goes_where_it_is_sent(server):
    import httpx

    server.answers = [(302, {"Location": server.url + "2"}, b""), (200, {}, b"inside")]
    assert httpx.get(server.url, follow_redirects=True, trust_env=False).content == b"inside"


def test_a_local_gateway_must_be_named_exactly(server):
    client = Client(allow=["*"], insecure=True, local=[server.address])
    reply = client.post(server.url, body=b"{}", headers={"X-A": "b"})
    assert (reply.status, reply.body) == (200, b"ok")
    assert server.requests[0][2] == b"{}"
    with listening() as other, pytest.raises(Blocked):
        client.get(other.url)


def test_the_environment_cannot_put_a_proxy_in_between(server, monkeypatch):
    with listening() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("ALL_PROXY", f"http://{proxy.address}")
        assert Client(allow=[], local=[server.address]).get(server.url).status == 200
        assert proxy.connections == 0


@pytest.mark.parametrize("name", ["none.example", "unknown.example"])
def test_a_name_without_an_address_was_not_sent(name):
    with pytest.raises(NotSent):
        Client(allow=["*"], resolver=table).get(f"https://{name}/")


def test_nobody_listening_means_not_sent_and_a_cut_answer_means_unknown(server):
    with listening() as gone:
        pass
    with pytest.raises(NotSent):
        Client(allow=[], local=[gone.address]).get(gone.url)
    server.cut = True
    with pytest.raises(NoAnswer):
        Client(allow=[], local=[server.address]).get(server.url)


def test_a_slow_answer_and_a_dripping_one_end_by_the_deadline(server):
    import time

    for how in ("pause", "drip"):
        server.pause, server.drip = (3.0, 0.0) if how == "pause" else (0.0, 0.1)
        server.answers = [(200, {}, b"x" * 50)]
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            Client(allow=[], local=[server.address], total=0.4).get(server.url)
        assert time.monotonic() - began < 2.5  # without the deadline three seconds, and five


def test_a_huge_answer_is_not_read(server):
    server.answers = [(200, {}, b"x" * (http.LARGEST + 1))]
    with pytest.raises(NoAnswer):
        Client(allow=[], local=[server.address]).get(server.url)


def test_after_failures_a_host_is_left_alone(server):
    server.answers = [(503, {}, b"")]
    client = Client(allow=[], local=[server.address], breaker=Breaker(failures=2))
    assert [client.get(server.url).status for _ in range(2)] == [503, 503]
    with pytest.raises(NotSent):
        client.get(server.url)
    assert server.connections == 2


def test_and_too_many_calls_wait_for_their_turn_or_are_not_made(server):
    import time

    client = Client(allow=[], local=[server.address], bucket=Bucket(rate=10, burst=1), queue=1.0)
    began = time.monotonic()
    client.get(server.url)
    client.get(server.url)
    assert time.monotonic() - began >= 0.09
    hasty = Client(allow=[], local=[server.address], bucket=Bucket(rate=0.01, burst=1), queue=1.0)
    hasty.get(server.url)
    with pytest.raises(LeftAlone) as fault:
        hasty.get(server.url)
    assert 90 < fault.value.wait <= 100
    assert server.connections == 3


def certificate(tmp_path, name):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    cert = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "cert.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + cert.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_tls_is_checked_against_the_name_although_an_address_is_dialled(tmp_path):
    file = certificate(tmp_path, "gateway.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    trust = ssl.create_default_context(cafile=str(file))
    with listening(context) as server:
        port = server.server.server_address[1]
        local = [f"gateway.example:{port}", f"other.example:{port}"]
        client = Client(allow=[], local=local, resolver=lambda *_: ["127.0.0.1"], trust=trust)
        assert client.get(f"https://gateway.example:{port}/").body == b"ok"
        with pytest.raises(NotSent):  # the right certificate for another name
            client.get(f"https://other.example:{port}/")
        stranger = Client(allow=[], local=local, resolver=lambda *_: ["127.0.0.1"])
        with pytest.raises(NotSent):  # nobody we trust
            stranger.get(f"https://gateway.example:{port}/")


def test_the_system_resolves_numbers():
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]


def test_a_deadline_already_past_ends_a_read():
    import httpcore

    stream = http._Bounded(httpcore.MockStream([b"x"]), until=0.0)
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1)
