"""What the platform tells us: proved, opened, read and put into the inbox within its five seconds; applied by a job.

One refusal for whatever is not from the platform, not for us, or too old to be news.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from xml.parsers import expat

from tongxin.connect.wecom.config import Config
from tongxin.connect.wecom.crypto import BadEnvelope
from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_inbox

LARGEST = 256 * 1024
FRESH = timedelta(minutes=10)  # the platform tries three times within seconds; clocks may differ by minutes
DEEPEST = 6

Fields = dict[str, str | list[str]]


def read(text: str | bytes) -> Fields:
    """The fields below the root, lists as lists. Raises BadEnvelope −40002: no XML, a document type, too deep."""
    found: Fields = {}
    path: list[str] = []
    words: list[str] = []
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise BadEnvelope(-40002, "document type")

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name)
        words.clear()
        if len(path) > DEEPEST:
            raise BadEnvelope(-40002, "too deep")

    def end(name: str) -> None:
        said = "".join(words)
        words.clear()
        if len(path) == 2 and not isinstance(found.get(name), list):
            found[name] = said
        elif len(path) == 3 and name == "Item":
            kept = found.get(path[1])
            found[path[1]] = [*kept, said] if isinstance(kept, list) else [said]
        path.pop()

    parser.StartDoctypeDeclHandler = refuse  # neither entities nor files of ours
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words.append
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError):
        raise BadEnvelope(-40002, "xml") from None
    return found


def echo(config: Config, query: Mapping[str, str], *, now: datetime) -> str:
    """The answer to the check of our address: what stands inside. Raises BadEnvelope."""
    return _opened(config, query, query.get("echostr", ""), now)


def hear(config: Config, query: Mapping[str, str], body: bytes) -> bool:
    """Take one callback; answers whether it is news. Raises BadEnvelope; then nothing was written."""
    if len(body) > LARGEST:
        raise BadEnvelope(-40002, "too large")
    now = clock.now()
    fields = read(_opened(config, query, str(read(body).get("Encrypt", "")), now))
    event = str(fields.get("Event") or fields.get("MsgType") or "")
    return wecom_inbox.note(
        key=key_of(fields),
        kind=event,
        change=str(fields.get("ChangeType") or ""),
        fields=fields,
        happened_at=_instant(str(fields.get("CreateTime") or ""), now),
    )


def key_of(fields: Fields) -> str:
    """What makes two callbacks the same: all they say, whatever the order."""
    said = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return hashlib.sha256(said.encode()).hexdigest()


def _opened(config: Config, query: Mapping[str, str], encrypted: str, now: datetime) -> str:
    stamp = query.get("timestamp", "")
    if abs(_instant(stamp, datetime.min.replace(tzinfo=UTC)) - now) > FRESH:
        raise BadEnvelope(-40001, "stale")
    return config.crypt().open(
        signature=query.get("msg_signature", ""),
        timestamp=stamp,
        nonce=query.get("nonce", ""),
        encrypted=encrypted,
    )


def _instant(stamp: str, otherwise: datetime) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC) if stamp.isdigit() and len(stamp) < 12 else otherwise
