"""Two hundred scripts in every text that people can write, over every page: the writing of them, and the reading of a page for one.

`poison` overwrites the text columns of all rooms inside a transaction that is taken back; `pages` are the addresses that each role
may open; `faults` reads a page as a browser would and names what could run. The browser itself does it in bench/payloads.py.
"""

import json
from contextlib import suppress
from html.parser import HTMLParser

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from access.actors import ACTORS
from access.requests import FIXED, address, parameters
from access.test_matrix import may
from access.things import FACTORIES
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import EncryptedText
from tongxin.project.permissions import PAGES
from voices.payloads import DRESSES, TRICKS

OURS = "tongxin."
# Columns that programs read and nobody writes by hand: a word of ours, a number of another system, a proof, the markup of a report
# (which the engine writes and which is served as a file, shut into a sandbox).
WORDLESS = (
    "code", "key", "hash", "handle", "kind", "state", "source", "room", "act", "chain", "content", "signature", "secret", "token", "language",
    "zone", "currency", "chat_id", "external", "userid", "url", "channel", "scope", "notice", "policy", "version", "fingerprint", "lookup",
    "picture", "file", "receipt", "rule", "gate", "format", "device", "audience", "cause", "method", "digest", "seed", "schema", "template",
    "until", "cursor", "subject_id", "value", "tail", "salt", "number", "config", "body_json", "epoch", "model", "app", "session", "codename", "found", "years", "age", "html", "report_en",
)  # fmt: skip
ROOMS = (
    "accounts",
    "audit",
    "outbox",
    "idempotency",
    "media",
    "draw",
    "webhooks",
    "procrastinate",
    "sessions",
    "auth",
    "contenttypes",
)
# Pages that anybody may open, and a thing to show there.
OPEN = {"member.community": "talked_in", "member.event": "event"}
LISTED = (
    "purpose",
    "lines",
    "perks",
    "options",
    "questions",
    "rituals",
    "interests",
    "answers",
    "values",
    "goals",
    "needs",
)


def columns():
    """(model, field) of every text that people write: no choice, no key, nothing that must be unique."""
    for model in apps.get_models():
        if not model.__module__.startswith(OURS) or model._meta.app_label in ROOMS:
            continue
        for field in model._meta.concrete_fields:
            if field.unique or field.primary_key or field.choices:
                continue
            if isinstance(field, models.JSONField):
                if field.name in LISTED:
                    yield model, field
            elif isinstance(field, models.CharField | models.TextField) and not any(
                field.name == word or field.name.endswith(f"_{word}") for word in WORDLESS
            ):
                yield model, field


def poison(turn):
    """Overwrite them all with the tricks in one dress; answers (done, those that the database would not take)."""
    scripts = [DRESSES[turn % len(DRESSES)].replace("{}", trick) for trick in TRICKS]
    done, refused = [], []
    for model, field in columns():
        try:
            with transaction.atomic():
                _overwrite(model, field, scripts, turn)
        except (DatabaseError, ValueError):
            refused.append((model._meta.label, field.name))
        else:
            done.append((model._meta.label, field.name))
    return done, refused


def _overwrite(model, field, scripts, turn):
    room = field.max_length or 10_000
    fit = [one for one in scripts if len(one) <= room]
    if isinstance(field, models.JSONField):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(
                **{field.name: _inside(getattr(row, field.name), scripts[turn % 20])}
            )
        return
    if _json_inside(model, field):
        for row in model.objects.all():
            kept = _json(getattr(row, field.name))
            if kept is not None:
                model.objects.filter(pk=row.pk).update(
                    **{field.name: json.dumps(_inside(kept, scripts[turn % 20]))}
                )
        return
    if isinstance(field, EncryptedText) or not field.max_length:
        model.objects.update(**{field.name: "\n".join(scripts)[:room]})
        return
    if fit:
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{model._meta.db_table}" SET "{field.column}" = (%s::text[])[1 + (abs(hashtext("{model._meta.pk.column}"::text)::bigint) + %s) %% %s]',
                [fit, turn, len(fit)],
            )  # fmt: skip


def _json_inside(model, field):
    """Is it a text in which a program keeps something of its own?"""
    return any(_json(value) is not None for value in model.objects.values_list(field.name, flat=True)[:20])


def _json(text):
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _inside(value, script):
    """The same shape with the script in place of every word."""
    if isinstance(value, dict):
        return {key: _inside(one, script) for key, one in value.items()}
    if isinstance(value, list):
        return [_inside(one, script) for one in value]
    return script if isinstance(value, str) else value


def furnish(world, kinds=None):
    """Something of every kind for a member and for headquarters, so that lists have lines too; what cannot be there twice is left out."""
    for kind in kinds or FACTORIES:
        for name in ("member_middle", "admin"):
            with suppress(Refused, LookupError, DatabaseError), transaction.atomic():
                FACTORIES[kind](world, world.actors[name])


def pages(world, only=None):
    """(actor, route, path) of every page that can be opened, by who may; the thing that it shows is made on the way."""
    found = []
    for row in PAGES:
        if row.method != "GET" or (only is not None and row.route not in only):
            continue
        for actor in (
            world.actors[a] for a in ACTORS if a not in ("device", "webhook", "unscoped", "anonymous")
        ):
            if not may(row, actor):
                continue
            kind = row.kind or OPEN.get(row.route, "")
            things = FACTORIES[kind](world, actor) if kind in FACTORIES else None
            if (things is None and set(parameters(row.route)) - set(FIXED)) or (
                things is not None and things.own is None
            ):
                continue
            found.append((actor, row.route, address(row, None if things is None else things.own, world)))
    return found


class _Reader(HTMLParser):
    """What of a page could run, if it came from somebody's words."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.inside = [], ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        for name, value in attrs:
            said = (value or "").strip().lower()
            if name.startswith("on") and "pwned" in said:
                self.found.append(f"<{tag} {name}>")
            if name in {"href", "src", "action", "formaction", "data", "xlink:href"} and said.startswith(
                "javascript:"
            ):
                self.found.append(f"<{tag} {name}=javascript:>")
            if name == "srcdoc" or (
                tag == "meta" and "pwned" in said and name == "content" and "url" in said
            ):
                self.found.append(f"<{tag} {name}>")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside in {"script", "style"} and "pwned" in data and not _only_data(data):
            self.found.append(f"<{self.inside}>")


def _only_data(text):
    """A block of JSON is data, whatever its strings say."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def faults(html):
    """Everything in a page that could run."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found
