"""E-mail: what stands in it, and what a server's answer means; against a small server on loopback."""

import socketserver
import threading
from contextlib import contextmanager
from uuid import UUID

import pytest

from tongxin.connect.mail import sending
from tongxin.connect.mail.channel import Email
from tongxin.connect.mail.sending import Mail, composed
from tongxin.faces.cli import answers
from tongxin.faces.cli.doctor import finding, messages
from tongxin.foundation.outbox.ports import Outcome, Parcel

KEY = UUID("7d9f1c1e-0000-4000-8000-000000000001")
BODY = {"sender": "同心超市", "text": "周六下午两点见", "url": "https://tx.example/e/7"}


def parcel(to="xiaotao@example.com", **more):
    return Parcel(KEY, "outreach.message", to, BODY | more, 1)


class Script:
    """What the server answers to which command, and what it heard."""

    def __init__(self, **answers):
        self.answers, self.heard, self.data = answers, [], b""


@contextmanager
def serving(script, settings):
    """A mail server that follows a script, and the settings that lead there."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, word, usual):
            answer = script.answers.get(word, usual)
            if answer is None:
                raise ConnectionAbortedError
            self.wfile.write(f"{answer}\r\n".encode())

        def handle(self):
            try:
                self.talk()
            except (ConnectionError, OSError):
                return

        def talk(self):
            self.say("HELLO", "220 hi")
            while line := self.rfile.readline():
                word = line.split()[0].upper().decode()
                script.heard.append(line.decode().strip())
                self.say(word, {"DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 ok"))
                if word == "QUIT":
                    return
                if word == "DATA" and "DATA" not in script.answers:
                    self.text()

        def text(self):
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            script.data = b"".join(lines)
            self.say("TEXT", "250 taken")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_PORT = "127.0.0.1", server.server_address[1]
        settings.TONGXIN_SMTP_FROM, settings.TONGXIN_SMTP_SECURITY = "hi@tx.example", "none"
        yield
        server.shutdown()


def test_a_letter_arrives_with_its_id_sender_and_way_out(settings):
    script = Script()
    with serving(script, settings):
        stop = "https://tx.example/stop/abc"
        assert Mail().carry(parcel(stop=stop)) == Outcome("sent", "250")
        assert Email().health()[0].ok
        settings.TONGXIN_SMTP_SECURITY = "none"
    assert "rcpt TO:<xiaotao@example.com>" in script.heard
    message = composed(parcel(stop=stop))
    assert message["Message-ID"] == f"<{KEY.hex}@tx.example>"
    assert (message["From"], message["Subject"]) == ("同心超市 <hi@tx.example>", "周六下午两点见")
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (
        f"<{stop}>",
        "List-Unsubscribe=One-Click",
    )
    assert message.get_content() == (
        f"周六下午两点见\n\nhttps://tx.example/e/7\n\n—— 同心超市\n\n不想再收到这类消息：{stop}\n"
    )
    assert b"List-Unsubscribe: <https://tx.example/stop/abc>" in script.data


def test_service_letters_carry_no_way_out_and_headers_no_line_breaks(settings):
    settings.TONGXIN_SMTP_FROM = "hi@tx.example"
    message = composed(parcel(text="一\r\nBcc: b@b.cn", sender="同心\r\nBcc: c@c.cn", language="en"))
    assert message["List-Unsubscribe"] is None
    assert message["Bcc"] is None
    assert message["Subject"] == "一 Bcc: b@b.cn"


ANSWERS = [
    ({"RCPT": "550 nobody here"}, Outcome("failed", "550", final=True)),
    ({"RCPT": "451 later"}, Outcome("failed", "451")),
    ({"MAIL": "553 not you"}, Outcome("failed", "553", final=True)),
    ({"TEXT": "554 spam"}, Outcome("failed", "554", final=True)),
    ({"TEXT": "452 full"}, Outcome("failed", "452")),
    ({"HELLO": "421 busy"}, Outcome("failed", "421")),
    ({"TEXT": None}, Outcome("unknown", "SMTPServerDisconnected")),
]


@pytest.mark.parametrize(("answers", "outcome"), ANSWERS, ids=[str(a) for a, _ in ANSWERS])
def test_what_an_answer_means(settings, answers, outcome):
    with serving(Script(**answers), settings):
        assert Mail().carry(parcel()) == outcome


def test_without_a_server_or_an_address_nothing_leaves(settings):
    settings.TONGXIN_SMTP_HOST = ""
    assert Mail().carry(parcel()) == Outcome("failed", "no mail server configured", final=True)
    assert Email().health()[0].detail.startswith("off")
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "127.0.0.1", "hi@tx.example"
    settings.TONGXIN_SMTP_PORT, settings.TONGXIN_SMTP_SECURITY = 1, "none"
    assert Mail().carry(parcel(to="a@b.cn\nBcc: c@d.cn")) == Outcome("failed", "no such address", final=True)
    assert Mail().carry(parcel()) == Outcome("failed", "ConnectionRefusedError")
    assert not Email().health()[0].ok


def test_passwords_only_go_over_tls(settings, monkeypatch):
    calls = []

    class Server:
        def __init__(self, *_, **more):
            calls.append(("open", sorted(more)))

        def starttls(self, **_):
            calls.append("starttls")

        def login(self, *_):
            calls.append("login")
            raise sending.smtplib.SMTPAuthenticationError(535, b"no")

        def close(self):
            calls.append("close")

    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "mail.example", "hi@tx.example"
    settings.TONGXIN_SMTP_USER, settings.TONGXIN_SMTP_PASSWORD = "hi", "secret"
    for secure, kind in (("starttls", "SMTP"), ("tls", "SMTP_SSL")):
        calls.clear()
        settings.TONGXIN_SMTP_SECURITY = secure
        monkeypatch.setattr(sending.smtplib, kind, Server)
        assert Mail().carry(parcel()) == Outcome("failed", "535")
        assert calls[0] == ("open", ["context", "timeout"] if secure == "tls" else ["timeout"])
        assert calls[1:] == (["starttls"] if secure == "starttls" else []) + ["login", "close"]
    settings.TONGXIN_SMTP_SECURITY = "none"
    assert Mail().carry(parcel()) == Outcome("failed", "a password without TLS", final=True)


@pytest.mark.django_db
def test_the_doctor_asks_every_channel(settings, monkeypatch):
    monkeypatch.setattr(answers, "platform", lambda: None)
    settings.TONGXIN_SMTP_HOST = ""
    assert {f.what: f.state for f in messages.look()} == {
        "channel inbox": "ok", "channel manual": "ok", "channel email": "ok", "channel webhook_out": "ok", "channel wecom": "ok",
    }  # fmt: skip
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "127.0.0.1", "hi@tx.example"
    settings.TONGXIN_SMTP_PORT, settings.TONGXIN_SMS_GATEWAY = 1, "https://sms.example"
    wrong = {f.what for f in messages.look() if f.state == "bad" and f.mend}
    assert wrong == {"channel email", "channel webhook_out"}
    monkeypatch.setattr(finding, "find_spec", lambda name: None)
    assert list(messages.look()) == []
