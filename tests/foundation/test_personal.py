"""Every column of every table says whether it is personal, what for, how long, and what erasure does."""

import pytest
from django.apps import apps
from django.db import models

from tongxin.foundation.personal import (
    NOTHING,
    Erase,
    Kind,
    child,
    declare,
    personal,
    sensitive,
    undeclared,
)
from tongxin.foundation.sealing import EncryptedText

OURS = [m for m in apps.get_models() if m.__module__.startswith("tongxin.")]


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_every_column_is_declared(model):
    assert undeclared([model]) == []


def test_the_walk_does_find_our_models():
    assert {"audit.Entry", "outbox.Letter", "accounts.Account", "media.Picture", "draw.Draw"} <= {
        m._meta.label for m in OURS
    }


def fake(declaration, **fields):
    given = {"phone": models.TextField(), "age": models.IntegerField()} | fields
    body = given | {
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "personaltest"}),
        "personal": declaration,
    }
    if declaration is None:
        del body["personal"]
    apps.all_models["personaltest"].clear()
    made = type("Fake", (models.Model,), body)
    apps.all_models.pop("personaltest", None)
    return made


GOOD = personal("p", "r")


@pytest.mark.parametrize(
    ("declaration", "fields", "faults"),
    [
        (declare("id", phone=GOOD, age=GOOD), {}, []),  # control
        (None, {}, ["personaltest.Fake: no declaration"]),
        (declare("id", phone=GOOD), {}, ["personaltest.Fake.age: not declared"]),
        (declare("id ghost", phone=GOOD, age=GOOD), {}, ["personaltest.Fake.ghost: declared, but there is no such field"]),
        (declare("id", phone=personal("", "r"), age=GOOD), {}, ["personaltest.Fake.phone: personal without purpose and retention"]),
        (declare("id", phone=personal("p", ""), age=GOOD), {}, ["personaltest.Fake.phone: personal without purpose and retention"]),
        (declare("id", phone=GOOD, age=child("p", "r", erase=Erase.KEEP)), {},
         ["personaltest.Fake.age: about a child and outlives an erasure"]),
        (declare("id", phone=GOOD, age=child("p", "r")), {}, []),
        (declare("id", phone=sensitive("p", "r"), age=GOOD), {}, ["personaltest.Fake.phone: tender text in the clear"]),
        (declare("id", phone=child("p", "r"), age=GOOD), {}, ["personaltest.Fake.phone: tender text in the clear"]),
        (declare("id", phone=sensitive("p", "r"), age=GOOD), {"phone": EncryptedText()}, []),
        (declare("id phone age", phone_hash=sensitive("p", "r")), {"phone_hash": models.CharField(max_length=64)}, []),
        (declare("id phone", age=sensitive("p", "r")), {}, []),  # a number cannot be sealed as text
    ],
)  # fmt: skip
def test_what_the_walk_finds(declaration, fields, faults):
    assert undeclared([fake(declaration, **fields)]) == faults


def test_declaring():
    made = declare("id at", nickname=GOOD)
    assert made == {"id": NOTHING, "at": NOTHING, "nickname": GOOD}
    assert declare() == {}
    assert (GOOD.kind, GOOD.erase, GOOD.export) == (Kind.PERSONAL, Erase.BLANK, True)
    assert sensitive("p", "r").kind == Kind.SENSITIVE
    assert (child("p", "r").kind, child("p", "r").erase) == (Kind.CHILD, Erase.DELETE_ROW)


@pytest.mark.parametrize(("names", "rules"), [("id id", {}), ("id nickname", {"nickname": GOOD})])
def test_a_field_twice_is_a_fault(names, rules):
    with pytest.raises(ValueError, match="twice"):
        declare(names, **rules)
