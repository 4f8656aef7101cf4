"""Through the API wrong codes are counted too: the refusal of a write does not take its count back."""

import uuid

import pytest

from access.actors import api, undone

pytestmark = pytest.mark.django_db


def test_wrong_codes_at_a_till_are_counted_across_requests(world):
    champion, home = world.actors["champion"], world.document["regions"][0]["stores"][0]["id"]
    wrong = {"code": "0" * 28, "store": home, "receipt": "R-1"}
    path = f"/api/v1/vouchers/{uuid.uuid4()}/redeem"
    with undone():
        codes = [api(champion, "POST", path, wrong).json()["code"] for _ in range(6)]
    assert codes == [*["commerce.voucher_unknown"] * 5, "accounts.too_many"]
