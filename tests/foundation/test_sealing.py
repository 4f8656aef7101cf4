"""Sealed values: what leaks, what rotates, what refuses."""

import base64

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models

from tongxin.foundation import sealing
from tongxin.foundation.sealing import EncryptedText, Unreadable, blind, mask_phone, rotate, seal, unseal

OLD = "k1:" + "11" * 32
NEW = "k2:" + "22" * 32
PHONE = "13812341234"


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.TONGXIN_PII_KEYS = (OLD,)


def test_the_same_text_seals_differently_each_time_and_opens_again():
    first, second = seal(PHONE), seal(PHONE)
    assert first != second
    assert first.startswith("k1:")
    assert PHONE not in first
    assert unseal(first) == unseal(second) == PHONE


def test_every_flipped_character_is_noticed():
    sealed = seal("林小雨")
    for at in range(3, len(sealed)):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(Unreadable):
            unseal(sealed[:at] + other + sealed[at + 1 :])


def test_another_spelling_of_the_same_bytes_is_noticed():
    """In base64 the last letter can have bits that mean nothing."""
    sealed = seal("四个字节一")
    text = sealed.partition(":")[2]
    assert text.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    twin = alphabet[alphabet.index(body[-1]) ^ 1]
    other = body[:-1] + twin + "=" * (len(text) - len(body))
    assert base64.b64decode(other) == base64.b64decode(text)  # control: a lenient reader sees no difference
    with pytest.raises(Unreadable):
        unseal("k1:" + other)


def test_control_without_the_tag_a_flipped_bit_would_pass():
    """AES-CTR alone opens a changed value to something else: what the tag of GCM protects from."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key, nonce = b"1" * 32, b"2" * 16
    cipher = Cipher(algorithms.AES(key), modes.CTR(nonce))
    body = bytearray(cipher.encryptor().update(PHONE.encode()))
    body[0] ^= 1
    assert cipher.decryptor().update(bytes(body)) != PHONE.encode()  # and nobody is told


@pytest.mark.parametrize("value", ["", "k9:AAAA", "k1:", "k1:不是", "plain text", "k1:AAAA"])
def test_what_is_no_sealed_value_is_unreadable(value):
    with pytest.raises(Unreadable):
        unseal(value)


def test_an_error_says_nothing_of_the_content():
    with pytest.raises(Unreadable) as fault:
        unseal(seal(PHONE)[:-4])
    assert PHONE not in str(fault.value)


def test_a_value_of_another_context_does_not_open():
    sealed = seal(PHONE, "people.phone")
    assert unseal(sealed, "people.phone") == PHONE
    with pytest.raises(Unreadable):
        unseal(sealed, "stores.phone")


def test_the_blind_hash_is_keyed_stable_and_bound_to_its_purpose(settings):
    first = blind("phone", PHONE)
    assert len(first) == 64
    assert first == blind("phone", PHONE)
    assert first != blind("unionid", PHONE)
    settings.TONGXIN_PII_KEYS = (NEW, OLD)
    assert blind("phone", PHONE) == first  # a new key in front changes no look-up
    settings.TONGXIN_PII_KEYS = (NEW,)
    assert blind("phone", PHONE) != first  # control: the key matters


@pytest.mark.parametrize("keys", [(), ("k1:zz",), ("k1:aabb",), (":" + "11" * 32,)])
def test_bad_keys_are_refused(settings, keys):
    settings.TONGXIN_PII_KEYS = keys
    with pytest.raises(ValueError):
        seal("x")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        (PHONE, "138****1234"),
        ("+8613812341234", "+86138****1234"),
        ("0571881", "05****81"),
        ("12345", "****"),
        ("", "****"),
    ],
)
def test_masking(phone, shown):
    assert mask_phone(phone) == shown


@pytest.fixture
def card(db):
    """A model of the test's own, with its table."""
    from django.apps import apps

    apps.all_models["sealtest"].pop("card", None)

    class Card(models.Model):
        phone = EncryptedText(null=True, context="card.phone")
        lookup = models.CharField(max_length=64, default="")

        class Meta:
            app_label = "sealtest"

    with connection.schema_editor() as editor:
        editor.create_model(Card)
    yield Card
    with connection.schema_editor() as editor:
        editor.delete_model(Card)
    apps.all_models.pop("sealtest", None)


def raw(pk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM sealtest_card WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def test_the_column_holds_no_plain_text_and_python_sees_only_plain_text(card):
    row = card.objects.create(phone=PHONE)
    assert PHONE not in raw(row.pk)
    assert card.objects.get(pk=row.pk).phone == PHONE
    assert list(card.objects.values_list("phone", flat=True)) == [PHONE]


def test_empty_and_null_stay_what_they_are(card):
    assert raw(card.objects.create(phone="").pk) == ""
    empty = card.objects.create(phone=None)
    assert raw(empty.pk) is None
    assert card.objects.get(phone__isnull=True) == empty


@pytest.mark.parametrize(
    "where", ["phone", "phone__contains", "phone__in", "phone__lower", "phone__lower__contains"]
)
def test_a_sealed_field_never_stands_in_where(card, where):
    with pytest.raises(FieldError):
        list(card.objects.filter(**{where: PHONE}))


@pytest.mark.parametrize("option", ["db_index", "unique", "primary_key"])
def test_nor_in_an_index(option):
    with pytest.raises(FieldError):
        EncryptedText(**{option: True})


def test_control_a_where_on_sealed_values_would_find_nothing(card):
    card.objects.create(phone=PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sealtest_card WHERE phone = %s", [seal(PHONE, "card.phone")])
        assert cursor.fetchone() == (0,)


def test_migrations_keep_the_context():
    assert EncryptedText(context="a.b").deconstruct()[3] == {"context": "a.b"}
    assert EncryptedText().deconstruct()[3] == {}


def test_rotation_seals_everything_again_in_batches_and_can_be_repeated(card, settings):
    rows = [card.objects.create(phone=f"1381234{n:04d}") for n in range(7)]
    card.objects.create(phone="")
    card.objects.create(phone=None)
    settings.TONGXIN_PII_KEYS = (NEW, OLD)
    assert rotate(card, "phone", batch=3) == 7
    assert all(raw(row.pk).startswith("k2:") for row in rows)
    assert rotate(card, "phone", batch=3) == 0
    settings.TONGXIN_PII_KEYS = (NEW,)  # now the old key may go
    assert card.objects.get(pk=rows[5].pk).phone == "13812340005"


def test_control_dropping_the_old_key_before_rotating_loses_the_values(card, settings):
    row = card.objects.create(phone=PHONE)
    settings.TONGXIN_PII_KEYS = (NEW,)
    with pytest.raises(Unreadable):
        card.objects.get(pk=row.pk)


def test_rotation_with_a_lookup_renews_the_blind_column(card, settings):
    row = card.objects.create(phone=PHONE, lookup=blind("phone", PHONE))
    settings.TONGXIN_PII_KEYS = (NEW, OLD)
    rotate(card, "phone")
    settings.TONGXIN_PII_KEYS = (NEW,)
    assert not card.objects.filter(lookup=blind("phone", PHONE)).exists()  # control
    assert rotate(card, "phone", lookup=("phone", "lookup")) == 1
    assert card.objects.get(lookup=blind("phone", PHONE)) == row


def test_a_value_changed_meanwhile_is_not_overwritten(card, settings, monkeypatch):
    row = card.objects.create(phone=PHONE)
    settings.TONGXIN_PII_KEYS = (NEW, OLD)
    opened = sealing.unseal

    def meanwhile(value, context=""):
        plain = opened(value, context)
        card.objects.filter(pk=row.pk).update(phone="13900000000")
        return plain

    monkeypatch.setattr(sealing, "unseal", meanwhile)
    assert rotate(card, "phone") == 0
    monkeypatch.undo()
    assert card.objects.get(pk=row.pk).phone == "13900000000"
