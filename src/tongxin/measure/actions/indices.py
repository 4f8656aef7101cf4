"""The four indices of each community, kept day by day as they were told: with the reference, the formula and a fingerprint."""

from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.audit.actions import trail
from tongxin.measure.models import CommunityIndices, Measurement
from tongxin.measure.terms import StudyState

KIND = "indices"
NIGHT = system("measure.night")


def keep_indices(asked: Measurement) -> int:
    """One row a community and day from an answered measurement of the whole chain; a second answer of the day changes nothing.

    Answers how many rows are new. A measurement of one store or region is not kept: it has other peers.
    """
    if asked.kind != KIND or asked.state != StudyState.DONE or asked.store_id or asked.region_id:
        return 0
    told = (asked.answer or {}).get("communities", ())
    day = clock.business_day(asked.at or clock.now(), asked.brand.zone)
    rows = [
        CommunityIndices(
            brand=asked.brand,
            measurement=asked,
            community=int(one["community"]),
            day=day,
            members=one["members"],
            answer=one,
            version=str(one["reference"])[:40],
            fingerprint=asked.fingerprint or str(one["reference_digest"]),
            simulated=asked.simulated,
            taken_at=clock.now(),
        )
        for one in told
        if str(one["community"]).isdigit()
    ]
    before = CommunityIndices.objects.filter(brand=asked.brand, day=day).count()
    CommunityIndices.objects.bulk_create(rows, ignore_conflicts=True)
    new = CommunityIndices.objects.filter(brand=asked.brand, day=day).count() - before
    if new:
        trail(
            viewer=NIGHT,
            act="measure.indices_kept",
            subject=("measure", "measurement", str(asked.public_id)),
            after={"communities": new, "day": day.isoformat()},
        )
    return new
