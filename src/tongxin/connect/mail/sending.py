"""Letters as e-mail through `TONGXIN_SMTP_HOST`.

One connection a letter, TLS unless the server stands on this machine, fifteen seconds at most. `Message-ID` is the letter's id at
every attempt. Unsubscribing by one click stands in the header (RFC 8058) when the letter carries a link for it.
"""

import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings

from tongxin.foundation import clock
from tongxin.foundation.outbox.ports import Outcome, Parcel

PATIENCE = 7.0  # seconds for each of connecting and an answer
STOP_WORDS = {"zh": "不想再收到这类消息：", "en": "Stop these messages: "}


def configured() -> bool:
    """Is there a server and a sender?"""
    return bool(getattr(settings, "TONGXIN_SMTP_HOST", "") and getattr(settings, "TONGXIN_SMTP_FROM", ""))


def composed(letter: Parcel) -> EmailMessage:
    """The letter as a message. Line breaks in what becomes a header are gone; the rest is plain text."""
    body = letter.body
    sender, text = " ".join(str(body.get("sender", "")).split()), str(body.get("text", ""))
    message = EmailMessage()
    message["From"] = Address(sender, addr_spec=settings.TONGXIN_SMTP_FROM)
    message["To"] = letter.to
    message["Subject"] = " ".join(str(body.get("title") or text).split())[:60]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{letter.id.hex}@{settings.TONGXIN_SMTP_FROM.rpartition('@')[2]}>"
    lines = [text]
    if url := body.get("url"):
        lines.append(str(url))
    lines.append(f"—— {sender}")
    if stop := body.get("stop"):
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        lines.append(f"{STOP_WORDS.get(str(body.get('language', 'zh')), STOP_WORDS['zh'])}{stop}")
    message.set_content("\n\n".join(lines))
    return message


def judge(code: int) -> Outcome:
    """What an SMTP code says of a letter that was not taken: 4xx not now, 5xx never."""
    return Outcome("failed", str(code), final=code >= 500)


class Mail:
    """Carries letters by SMTP."""

    dedupes = False

    def carry(self, letter: Parcel) -> Outcome:
        """One message. After the text has gone out, silence means that nobody knows."""
        if not configured():
            return Outcome("failed", "no mail server configured", final=True)
        if settings.TONGXIN_SMTP_USER and settings.TONGXIN_SMTP_SECURITY not in {"tls", "starttls"}:
            return Outcome("failed", "a password without TLS", final=True)
        try:
            message = composed(letter)
        except ValueError:
            return Outcome("failed", "no such address", final=True)
        try:
            server = connect()
        except smtplib.SMTPResponseException as fault:  # a wrong password says nothing about the letter
            return Outcome("failed", str(fault.smtp_code))
        except (OSError, smtplib.SMTPException) as fault:
            return Outcome("failed", type(fault).__name__)
        return _handed(server, message)


def _handed(server: smtplib.SMTP, message: EmailMessage) -> Outcome:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as fault:
        return judge(next(iter(fault.recipients.values()))[0])
    except smtplib.SMTPResponseException as fault:  # sender or text refused
        return judge(fault.smtp_code)
    except smtplib.SMTPNotSupportedError:
        return Outcome("failed", "no such address", final=True)
    except (OSError, smtplib.SMTPException) as fault:
        return Outcome("unknown", type(fault).__name__)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
    return Outcome("sent", "250")


def connect() -> smtplib.SMTP:
    """A signed-in connection. Raises OSError and SMTPException; the text has not left yet then."""
    host, port = settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_PORT
    secure = settings.TONGXIN_SMTP_SECURITY
    context = ssl.create_default_context()
    if secure == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=PATIENCE)
    try:
        if secure == "starttls":
            server.starttls(context=context)
        if settings.TONGXIN_SMTP_USER:
            server.login(settings.TONGXIN_SMTP_USER, settings.TONGXIN_SMTP_PASSWORD)
    except BaseException:
        server.close()
        raise
    return server
