"""A small chain with money in it, for the tests of promises, vouchers, the ledger and budgets."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from people.factories import CustomerFactory
from stores.factories import TESTS, RegionFactory, StoreFactory, viewer
from tongxin.commerce import actions
from tongxin.foundation.access import Viewer
from tongxin.people.models import Customer
from tongxin.stores.models import Store

AT = datetime(2026, 3, 7, 6, 0, tzinfo=UTC)
TERMS = {"zh": "到场后获得等额代金券，一次用完，不找零。", "en": "One voucher of equal value for coming."}


@dataclass
class Chain:
    """Two stores of one region, a champion in the first, their manager, a member."""

    home: Store
    other: Store
    champion: Viewer
    member: Customer

    def promise(self, **more):
        given = {
            "person": self.member.pk,
            "store": self.home,
            "subject": ("events", str(uuid.uuid4())),
            "under": ("events", "baking"),
            "fee_fen": 3900,
            "voucher_fen": 3900,
            "terms": TERMS,
            "valid_days": 30,
        }
        return actions.promise(viewer=TESTS, **(given | more))

    def paid(self, **more):
        made = self.promise(**more)
        return actions.mark_paid(
            viewer=TESTS, promise_id=made.public_id, receipt=uuid.uuid4().hex, store=self.home
        )

    def voucher(self, **more):
        made = self.paid(**more)
        return actions.attended(viewer=TESTS, subject=subject_of(made), at=AT)


def subject_of(promise):
    return promise.subject_room, promise.subject_key


def chain():
    region = RegionFactory()
    home, other = StoreFactory(region=region), StoreFactory(region=region)
    return Chain(home, other, viewer("champion", store=home), CustomerFactory(home_store=home))
