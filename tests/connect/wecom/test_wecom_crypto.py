"""The envelope of callbacks, against published vectors and against an implementation that is not ours (openssl)."""

import base64
import hashlib
import secrets
import struct
import subprocess

import pytest

from tongxin.connect.wecom.crypto import BadEnvelope, Crypt

# token, EncodingAESKey, receiver, timestamp, nonce, encrypted, signature, text.
SAMPLE_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # of the platform's own sample code
PLAIN_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
HELLO = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
VECTORS = {
    "sample: the address is checked": (
        "QDG6eK", SAMPLE_KEY, "wx5823bf96d3bd56c7", "1409659589", "263014780",
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1616140317555161061",
    ),
    "sample: a message": (
        "QDG6eK", SAMPLE_KEY, "wx5823bf96d3bd56c7", "1409659813", "1372623149",
        ("RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/"
        "sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+"
        "LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8"
        "V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptD"
        "AVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="),
        "477715d11cdb4164915debcba66cb864d751f3e6", HELLO,
    ),
    "design: an event": (
        "tongxin", PLAIN_KEY, "ww1234567890abcdef", "1767225600", "n0nce",
        ("Q3stYC6hdFzMh9T8HCvyDMcgwplY8lHzT/2+mnw6v3uWrIfGNmlAgYrJsItWXJRk5MSASDv0+hXILMsz0wulbu/+74rpGzmiTI/pj/NXtYhX"
        "f+Cvhwv7q5RryUqejBSQ"),
        "2c7486418819bc02db725692754b327e446471f5", "<xml><Event>change_external_chat</Event></xml>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_published_vectors_open(name):
    token, key, receiver, stamp, nonce, encrypted, signature, text = VECTORS[name]
    opened = Crypt(token, key, receiver).open(
        signature=signature, timestamp=stamp, nonce=nonce, encrypted=encrypted
    )
    assert opened == text


def test_published_vectors_seal():
    sealed = Crypt("pamtest", PLAIN_KEY, "wxb11529c136998cb6").seal(
        "我是中文abcd123", head=b"aaaabbbbccccdddd"
    )
    assert (
        sealed == "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    )
    event = VECTORS["design: an event"]
    assert Crypt(*event[:3]).seal(event[7], head=b"0123456789abcdef") == event[5]


def openssl(key, data, *, decrypt):
    raw = base64.b64decode(key + "=")
    asked = [
        "openssl",
        "enc",
        "-aes-256-cbc",
        "-nopad",
        "-K",
        raw.hex(),
        "-iv",
        raw[:16].hex(),
        *(["-d"] if decrypt else []),
    ]
    return subprocess.run(asked, input=data, capture_output=True, check=True, timeout=10).stdout


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 5000])
def test_openssl_opens_what_we_seal_and_we_open_what_it_seals(length):
    text, receiver, head = (
        "好" * (length // 3) + "x" * (length % 3),
        "ww1234567890abcdef",
        secrets.token_bytes(16),
    )
    crypt = Crypt("tongxin", PLAIN_KEY, receiver)
    body = text.encode()
    plain = head + struct.pack(">I", len(body)) + body + receiver.encode()
    fill = 32 - len(plain) % 32
    theirs = base64.b64encode(openssl(PLAIN_KEY, plain + bytes([fill]) * fill, decrypt=False)).decode()
    assert crypt.seal(text, head=head) == theirs
    signature = hashlib.sha1("".join(sorted(["tongxin", "1", "2", theirs])).encode()).hexdigest()
    assert crypt.open(signature=signature, timestamp="1", nonce="2", encrypted=theirs) == text
    assert openssl(PLAIN_KEY, base64.b64decode(crypt.seal(text)), decrypt=True)[16:].startswith(
        struct.pack(">I", len(body)) + body
    )


def raw(plain):
    return base64.b64encode(openssl(PLAIN_KEY, plain, decrypt=False)).decode()


OURS = Crypt("tongxin", PLAIN_KEY, "corp-a")
LONG = b"r" * 16 + struct.pack(">I", 2) + b"hi" + b"corp-a"
BAD = {
    "another receiver": (-40005, Crypt("tongxin", PLAIN_KEY, "corp-b").seal("hi")),
    "another key": (-40007, Crypt("tongxin", SAMPLE_KEY, "corp-a").seal("hi")),
    "no base64": (-40010, "%%%"),
    "not whole blocks": (-40007, base64.b64encode(b"x" * 17).decode()),
    "nothing": (-40007, ""),
    "padding of zero": (-40007, raw(LONG.ljust(32, b"\0"))),
    "padding too long": (-40007, raw(LONG.ljust(32, bytes([33])))),
    "padding unlike": (-40007, raw(LONG.ljust(31, b"\1") + b"\4")),
    "length beyond the end": (-40008, raw(b"r" * 16 + struct.pack(">I", 10**6) + b"hi" + b"\x0a" * 10)),
    "too short inside": (-40008, raw(b"r" * 16 + bytes([16]) * 16)),
    "not UTF-8": (-40008, raw(b"r" * 16 + struct.pack(">I", 2) + b"\xff\xfe" + b"corp-a" + b"\x04" * 4)),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_not_for_us_is_refused_with_the_formats_number(name):
    number, encrypted = BAD[name]
    with pytest.raises(BadEnvelope) as refusal:
        OURS.open(signature=OURS.sign("1", "2", encrypted), timestamp="1", nonce="2", encrypted=encrypted)
    assert refusal.value.code == number


@pytest.mark.parametrize("part", ["signature", "timestamp", "nonce", "encrypted"])
def test_a_signature_covers_every_part(part):
    encrypted = OURS.seal("hi")
    given = {
        "signature": OURS.sign("1", "2", encrypted),
        "timestamp": "1",
        "nonce": "2",
        "encrypted": encrypted,
    }
    given[part] = "好" + given[part]
    with pytest.raises(BadEnvelope) as refusal:
        OURS.open(**given)
    assert refusal.value.code == -40001


def test_a_key_that_is_none_is_refused_and_nothing_shows_a_secret():
    with pytest.raises(BadEnvelope):
        Crypt("t", "short", "corp")
    assert PLAIN_KEY not in repr(OURS)
