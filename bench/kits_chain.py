"""A chain for measuring headquarters' pages: stores, a kit in three versions, its events with places, people, checks and rings.

Stores, kits and releases go through the actions; what is many (instances, events, registrations, attendances, checks, placements) is
written by SQL. `build` answers the kit.
"""

from django.db import connection

from tongxin.foundation.access import system
from tongxin.kits import actions
from tongxin.kits.models import Draft, Kit
from tongxin.rings.actions import ensure_policy
from tongxin.stores import actions as stores
from tongxin.stores.rules import StoreRow

JOB = system("bench")
PEOPLE = 40  # at home in each store
CITIES = ("杭州", "宁波", "温州", "绍兴", "嘉兴", "湖州", "金华", "台州", "苏州", "无锡")

_INSTANCES = """
WITH v AS (SELECT array_agg(id ORDER BY number) AS ids FROM kits_version WHERE kit_id = %(kit)s),
shops AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM stores_store)
INSERT INTO kits_instance (public_id, kit_id, version_id, store_id, room, kind, key, overrides, revision, adopted_by, adopted_at,
    changed_at)
SELECT gen_random_uuid(), %(kit)s, v.ids[1 + (g %% 3)::int], s.id, 'events', 'series', 's' || g, '{"places": 10}', 1, 'bench',
    now() - make_interval(hours => g), now() - make_interval(hours => g)
FROM v, generate_series(0, 1999) g JOIN shops s ON s.n = g %% (%(stores)s * 9 / 10)
"""
_EVENTS = """
WITH shops AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM stores_store)
INSERT INTO events_occurrence (public_id, store_id, detached, kind, format, title, theme, summary, place, online_url, starts_at,
    ends_at, state, admission, party_most, questions, fee_fen, voucher_fen, voucher_days, details, kit, version, schedule, sequence,
    made_by, made_at, published_at, cancel_reason, simulated)
SELECT gen_random_uuid(), s.id, false, CASE WHEN g %% 4 = 3 THEN 'brand_event' ELSE 'ritual' END,
    (ARRAY['class', 'tea', 'swap', 'market'])[1 + g %% 4], (ARRAY['小小烘焙师', '妈妈早茶会', '旧物交换角', '周末农夫市集'])[1 + g %% 4],
    '', '', '二楼', '', t.at, t.at + interval '90 minutes',
    CASE WHEN g %% 11 = 0 THEN 'cancelled' WHEN t.at < now() THEN 'ended' ELSE 'published' END,
    CASE WHEN g %% 16 = 0 THEN 'lottery' ELSE 'first_come' END, 3, '[]', 3900, 3900, 30, '{}',
    CASE WHEN g %% 4 = 0 THEN 'little-baker' ELSE '' END, 1, 1, 0, 'bench', now(), now(), '', true
FROM generate_series(0, %(events)s - 1) g JOIN shops s ON s.n = g %% %(stores)s,
    LATERAL (SELECT date_trunc('day', now()) + make_interval(days => (g * 7 / %(stores)s + g %% 7) %% 365 - 330, hours => 1 + g %% 9)
        AS at) t
"""
_POOLS = """
INSERT INTO events_pool (occurrence_id, audience, size, taken, held, waited, opened, schedule)
SELECT id, '', 12, CASE WHEN state = 'cancelled' THEN 0 ELSE 6 + id % 7 END, 0, CASE WHEN id % 5 = 0 THEN 1 ELSE 0 END,
    state = 'published', 1 FROM events_occurrence
"""
_USES = """
INSERT INTO kits_use (public_id, instance_id, version_id, store_id, room, key, overrides, starts_at, ends_at, standing)
SELECT gen_random_uuid(), i.id, i.version_id, i.store_id, 'events', o.public_id::text, '{"places": 10}', o.starts_at, o.ends_at,
    CASE WHEN o.state = 'cancelled' THEN 'cancelled' WHEN o.starts_at > now() OR o.id % 7 = 0 THEN 'open' ELSE 'held' END
FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM events_occurrence) o
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM kits_instance) i ON i.n = o.n % 2000
"""
_PEOPLE = """
INSERT INTO people_customer (public_id, brand_id, home_store_id, kind, state, nickname, nickname_pinyin, nickname_initials, gender,
    tier, is_paid, source_channel, is_staff, personalise, simulated, created_at)
SELECT gen_random_uuid(), s.brand_id, s.id, 'member', 'live', '街坊' || n, '', '', '', '', false, '', false, true, true, now()
FROM stores_store s, generate_series(1, %(people)s) n
"""
_SEATS = """
WITH folk AS (SELECT id, home_store_id, row_number() OVER (PARTITION BY home_store_id ORDER BY id) - 1 AS n FROM people_customer)
INSERT INTO events_registration (public_id, occurrence_id, person_id, pool_id, state, party, priority, answers, channel, ticket,
    walk_in, version, registered_at, decided_by, reason)
SELECT gen_random_uuid(), o.id, f.id, p.id, CASE WHEN k < p.taken THEN 'confirmed' ELSE 'waiting' END, 1, 0, '', 'h5',
    gen_random_uuid(), false, 1, o.starts_at - interval '3 days', '', ''
FROM events_occurrence o JOIN events_pool p ON p.occurrence_id = o.id
CROSS JOIN LATERAL generate_series(0, p.taken + p.waited - 1) k
JOIN folk f ON f.home_store_id = o.store_id AND f.n = (o.id + k) %% %(people)s
"""
_CAME = """
INSERT INTO events_attendance (registration_id, occurrence_id, person_id, counted, at, rewarded)
SELECT g.id, g.occurrence_id, g.person_id, gen_random_uuid(), o.starts_at, true FROM events_registration g
JOIN events_occurrence o ON o.id = g.occurrence_id
WHERE o.state = 'ended' AND g.state = 'confirmed' AND g.id % 100 < CASE WHEN o.store_id % 19 = 0 THEN 35 ELSE 84 END
"""
_CHECKS = """
INSERT INTO champions_checkanswer (public_id, store_id, day, list, item, answer, sentence, by, at)
SELECT gen_random_uuid(), s.id, current_date - d, 0, i.key,
    CASE WHEN s.id % 9 = 0 AND d = 2 AND i.key = 'invited' THEN 'no' ELSE 'yes' END,
    CASE WHEN s.id % 9 = 0 AND d = 2 AND i.key = 'invited' THEN '人手不够' ELSE '' END, 'bench', now() - make_interval(days => d)
FROM stores_store s, generate_series(1, 60) d, (VALUES ('board'), ('invited')) AS i(key)
WHERE s.id % 21 <> 0 AND NOT (s.id % 15 = 0 AND d <= 4) AND NOT (s.id % 8 = 0 AND d <= 2) AND (s.id * 7 + d * 13) % 10 < 8
"""
_RINGS = """
INSERT INTO rings_placement (customer_id, ring, period, cause, reasons, policy_id, moved_from, by_name)
SELECT c.id, CASE WHEN c.id % 50 = 0 THEN 'inner' WHEN c.id % 3 = 0 THEN 'middle' ELSE 'outer' END,
    tstzrange(now() - make_interval(days => 5 + (c.id % 300)::int), NULL), 'run', '{}', p.id,
    CASE WHEN c.id % 50 = 0 THEN 'middle' WHEN c.id % 3 = 0 THEN 'outer' WHEN c.id % 7 = 0 THEN 'middle' ELSE '' END, ''
FROM people_customer c, (SELECT id FROM rings_policy ORDER BY id DESC LIMIT 1) p
"""


def build(*, shops: int = 600, regions: int = 20, events: int = 31_000, people: int = PEOPLE) -> Kit:
    """Stores, the starter kits, three versions of the first, its instances, events and everything that happened at them."""
    stores.open_brand(viewer=JOB, code="bench", name="连锁")
    for n in range(regions):
        stores.open_region(viewer=JOB, code=f"R{n:02}", name=f"{'东西南北中'[n % 5]}{n // 5 + 1} 区")
    rows = [
        StoreRow(
            store_code=f"S{n:04}",
            name=f"{CITIES[n % len(CITIES)]}{n} 号店",
            region=f"R{n % regions:02}",
            city=CITIES[n % regions % len(CITIES)],
        )
        for n in range(shops)
    ]
    stores.upsert_stores(viewer=JOB, rows=rows)
    kit = actions.seed(viewer=JOB)[0]
    for turn in (1, 2):
        draft = Draft.objects.get(kit=kit)
        changed = actions.change_draft(
            viewer=JOB,
            kit_id=kit.public_id,
            revision=draft.revision,
            content=draft.content | {"minutes": 90 + turn},
        )
        actions.release(viewer=JOB, kit_id=kit.public_id, revision=changed.revision)
    ensure_policy(viewer=JOB)
    given = {"kit": kit.pk, "stores": shops, "events": events, "people": people}
    with connection.cursor() as cursor:
        for text in (_INSTANCES, _EVENTS, _POOLS, _USES, _PEOPLE, _SEATS, _CAME, _CHECKS, _RINGS):
            cursor.execute(text, given if "%(" in text else None)
        cursor.execute("VACUUM ANALYZE")  # as the database does by itself after a night
    return kit
