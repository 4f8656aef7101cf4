"""Tokens and devices: shown once, kept as a hash, never wider than their owner, gone at once."""

from datetime import timedelta

import pytest

from accounts.proofs import HOME, PASSWORD, code_of
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.accounts import actions, queries
from tongxin.foundation.accounts.models import Account, Device, Token
from tongxin.foundation.accounts.terms import AccountKind

pytestmark = pytest.mark.django_db
SCOPES = frozenset({"members:read"})
DAY = timedelta(days=1)


def own(account, *, second_factor=False) -> Viewer:
    return Viewer(account=account.pk, name=account.handle, second_factor=second_factor)


def test_a_token_carries_its_scopes_and_no_second_factor_that_its_issuer_lacked(chen):
    token, secret = actions.issue_token(viewer=own(chen), account=chen, scopes=SCOPES, name="cash desk")
    entry = queries.entry_of_secret(secret)
    assert (entry.account, entry.scopes, entry.second_factor) == (chen, SCOPES, False)
    assert secret not in str(Token.objects.filter(pk=token.pk).values().get())


@pytest.mark.parametrize("second_factor", [True, False])
def test_the_second_factor_of_the_issuer_goes_into_the_token(chen, second_factor):
    viewer = own(chen, second_factor=second_factor)
    _, secret = actions.issue_token(viewer=viewer, account=chen, scopes=SCOPES)
    assert queries.entry_of_secret(secret).second_factor is second_factor


def test_a_token_ends_by_revocation_expiry_epoch_and_a_closed_account(chen, job):
    def fresh():
        chen.refresh_from_db()
        return actions.issue_token(
            viewer=own(chen), account=chen, scopes=SCOPES, expires_at=clock.now() + DAY
        )

    token, secret = fresh()
    actions.revoke_token(viewer=own(chen), token=token)
    actions.revoke_token(viewer=own(chen), token=token)
    assert queries.entry_of_secret(secret) is None
    _, secret = fresh()
    with clock.held(clock.now() + DAY):
        assert queries.entry_of_secret(secret) is None
    actions.end_sessions(viewer=own(chen), account=chen)
    assert queries.entry_of_secret(secret) is None
    _, secret = fresh()
    assert queries.entry_of_secret(secret)
    actions.switch_account(viewer=job, account=chen, active=False)
    assert queries.entry_of_secret(secret) is None


@pytest.mark.parametrize("ends", [timedelta(0), -DAY, timedelta(days=366)])
def test_an_expiry_lies_within_a_year(chen, ends):
    call = lambda: actions.issue_token(  # noqa: E731
        viewer=own(chen), account=chen, scopes=SCOPES, expires_at=clock.now() + ends
    )
    assert code_of(call) == "accounts.expiry"


def test_nobody_makes_tokens_for_somebody_else_but_a_job_of_ours(chen, job):
    boss = actions.create_account(viewer=job, handle="boss", kind=AccountKind.STAFF, password=PASSWORD)
    everywhere = Viewer(
        account=boss.pk, name="boss", grants=(Grant("admin", everywhere=True),), second_factor=True
    )
    assert code_of(lambda: actions.issue_token(viewer=everywhere, account=chen, scopes=SCOPES)) == "forbidden"
    assert actions.issue_token(viewer=job, account=chen, scopes=SCOPES)[0].second_factor


def test_one_sees_ones_own_tokens_only(chen, job):
    other = actions.create_account(viewer=job, handle="liu", kind=AccountKind.STAFF)
    token, _ = actions.issue_token(viewer=own(chen), account=chen, scopes=SCOPES)
    assert queries.tokens_of(own(chen)) == [token]
    assert queries.tokens_of(own(other)) == []
    assert queries.access_token(own(chen), token.public_id) == token
    assert code_of(lambda: queries.access_token(own(other), token.public_id)) == "absent"
    assert code_of(lambda: queries.tokens_of(Viewer(account=None, name="?"))) == "sign_in_needed"


@pytest.mark.parametrize("secret", ["", "txt_", "txt_nonsense", "txd_nonsense", "Bearer"])
def test_a_made_up_secret_is_nobody(chen, secret):
    assert queries.entry_of_secret(secret) is None


# ---- devices

MANAGER = Viewer(account=1, name="manager", grants=(Grant("store_manager", places=frozenset({7})),))
STRANGER = Viewer(account=2, name="stranger", grants=(Grant("store_manager", places=frozenset({8})),))


@pytest.fixture
def enrolled(db, noon):
    return actions.enrol_device(viewer=MANAGER, place=7, name="front door")


def test_a_device_turns_its_code_into_a_key_once(enrolled):
    device, code = enrolled
    _, secret = actions.activate_device(code=code.lower(), origin=HOME)
    entry = queries.entry_of_secret(secret)
    assert (entry.device, entry.account.kind) == (device.pk, AccountKind.SERVICE)
    assert code_of(lambda: actions.activate_device(code=code, origin=HOME)) == "accounts.wrong_code"
    kept = str(Device.objects.values().get())
    assert secret not in kept
    assert code.replace("-", "") not in kept


def test_the_code_lasts_a_day(enrolled):
    with clock.held(clock.now() + DAY):
        assert (
            code_of(lambda: actions.activate_device(code=enrolled[1], origin=HOME)) == "accounts.wrong_code"
        )


def test_a_revoked_device_is_refused_at_once_and_its_code_too(enrolled):
    device, code = enrolled
    _, secret = actions.activate_device(code=code, origin=HOME)
    actions.revoke_device(viewer=MANAGER, device=device)
    actions.revoke_device(viewer=MANAGER, device=device)
    assert queries.entry_of_secret(secret) is None
    other, unused = actions.enrol_device(viewer=MANAGER, place=7, name="back door")
    actions.revoke_device(viewer=MANAGER, device=other)
    assert code_of(lambda: actions.activate_device(code=unused, origin=HOME)) == "accounts.wrong_code"


def test_devices_belong_to_the_reach_of_their_place(enrolled, job):
    device, _ = enrolled
    assert queries.devices(MANAGER) == [device]
    assert queries.devices(STRANGER) == []
    assert queries.devices(job) == [device]
    assert queries.access_device(MANAGER, device.public_id) == device
    for call in (
        lambda: queries.access_device(STRANGER, device.public_id),
        lambda: actions.revoke_device(viewer=STRANGER, device=device),
        lambda: actions.enrol_device(viewer=STRANGER, place=7, name="x"),
    ):
        assert code_of(call) == "absent"
    assert Account.objects.filter(kind=AccountKind.SERVICE).count() == 1


def test_guessing_codes_from_one_address_is_counted(enrolled):
    for i in range(30):
        assert (
            code_of(lambda i=i: actions.activate_device(code=f"GUESS{i}", origin=HOME))
            == "accounts.wrong_code"
        )
    assert code_of(lambda: actions.activate_device(code=enrolled[1], origin=HOME)) == "accounts.too_many"
