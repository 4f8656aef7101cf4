"""A case from the report to the answer of an appeal: who may, in which order, what is told to whom, what is lifted."""

from datetime import timedelta

import pytest

from stores.factories import AccountFactory, GrantFactory, StaffFactory, StoreFactory
from tongxin.communities import actions as communities
from tongxin.communities.models import Membership, PartTerm
from tongxin.communities.terms import Part
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry as Trail
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Customer, Deed
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role
from tongxin.voices.actions import moderating
from tongxin.voices.models import Appeal, Case, Evidence, Mute, Report, Strike
from tongxin.voices.queries import moderation as desks
from tongxin.voices.rules.judging import POLICY, Author, judge
from tongxin.voices.terms import PostState
from tongxin.voices.terms_moderation import Desk, ReportKind, Verdict
from voices.factories import old_community, says, settled

pytestmark = pytest.mark.django_db


def refused(code, act, **given):
    rows = [model.objects.count() for model in (Case, Report, Strike, Mute, Appeal, Send, Deed)]
    with pytest.raises(Refused) as caught:
        act(**given)
    assert caught.value.code == code
    assert [model.objects.count() for model in (Case, Report, Strike, Mute, Appeal, Send, Deed)] == rows


def staff(store, role=Role.CHAMPION, name="李敏"):
    account = AccountFactory()
    StaffFactory(store=store, account=account, name=name)
    GrantFactory(account=account, role=role, store=store)
    return viewer_for(account)


@pytest.fixture
def place(noon):
    store = StoreFactory()
    community = old_community(store)
    return store, community, settled(community), settled(community)


def held(author, community, text="诚招代理，一件代发"):
    """A text that waits, with its case as the writing of it opens one."""
    post = says(author, community, text)
    if not Case.objects.filter(post=post).exists():
        verdict = judge(text, Author(ring="inner", days=60), POLICY, clock.now())
        moderating.opened(viewer=author, post=post, judgement=verdict)
    assert post.state == PostState.WAITING
    return post, Case.objects.get(post=post)


def kinds(person):
    return sorted(
        Send.objects.filter(person=person, kind__startswith="voices.").values_list("kind", flat=True)
    )


def test_what_waits_has_a_case_a_deadline_and_a_sealed_copy(place):
    store, community, author, _ = place
    _, case = held(author, community)
    assert (case.desk, case.codes, case.due_at - case.opened_at) == (
        Desk.ADVERT,
        ["advert"],
        timedelta(hours=24),
    )
    kept = Evidence.objects.get(case=case)
    assert kept.said == "诚招代理，一件代发"
    assert kept.keep_until == case.opened_at + timedelta(days=180)
    line = desks.desk(staff(store), Desk.ADVERT)
    assert [(one.id, one.text, one.late) for one in line] == [(case.public_id, "诚招代理，一件代发", False)]
    with clock.held(case.due_at):
        assert [one.late for one in desks.desk(staff(store))] == [True]
        assert [(c.desk, c.open, c.late) for c in desks.desk_counts(staff(store)) if c.open] == [
            (Desk.ADVERT, 1, 1)
        ]


def test_released_by_a_named_person(place):
    store, community, author, _ = place
    post, case = held(author, community)
    keeper = staff(store)
    moderating.decide(viewer=keeper, case_id=case.public_id, verdict=Verdict.RELEASE, reason="")
    case.refresh_from_db()
    post.refresh_from_db()
    assert (case.state, case.verdict, case.decided_by) == ("decided", "release", keeper.name)
    assert post.state == PostState.PUBLISHED
    assert kinds(author.person) == ["voices.shown"]
    assert Strike.objects.count() == 0
    refused(
        "voices.case_decided",
        moderating.decide,
        viewer=keeper,
        case_id=case.public_id,
        verdict=Verdict.HIDE,
        reason="晚了",
    )


def test_removed_with_a_strike_and_pauses_that_grow_by_the_ladder(place):
    store, community, author, _ = place
    keeper = staff(store)
    texts = ["诚招代理，一件代发", "刷单网赚，躺赚就在这里"]
    for text in texts:
        post, case = held(author, community, text)
        moderating.decide(
            viewer=keeper, case_id=case.public_id, verdict=Verdict.REMOVE, reason="群规第二条", strike=True
        )
        post.refresh_from_db()
        assert (post.state, post.body) == (PostState.REMOVED, text)
    mute = Mute.objects.get()
    assert mute.until - mute.since == timedelta(days=3)
    assert desks.muted_until(community.pk, author.person) == mute.until
    assert len(desks.strikes_of(author.person)) == 2
    assert desks.marks((author.person,), community.pk, clock.now()) == desks.Marks(
        desks.strikes_of(author.person), mute.until, "", ()
    )
    assert Deed.objects.filter(person=author.person, kind="violation_upheld").count() == 2
    assert kinds(author.person) == ["voices.paused", "voices.taken_down", "voices.taken_down"]
    body = Send.objects.filter(kind="voices.taken_down").first().body
    assert "李敏" in body
    assert "群规第二条" in body


@pytest.mark.parametrize("verdict", [Verdict.HIDE, Verdict.REMOVE])
def test_a_decision_against_somebody_needs_a_reason(place, verdict):
    store, community, author, _ = place
    _, case = held(author, community)
    refused(
        "voices.case_reason",
        moderating.decide,
        viewer=staff(store),
        case_id=case.public_id,
        verdict=verdict,
        reason="  ",
    )
    refused(
        "voices.strike_needs",
        moderating.decide,
        viewer=staff(store),
        case_id=case.public_id,
        verdict=Verdict.RELEASE,
        reason="好",
        strike=True,
    )


def test_who_does_not_keep_the_community_finds_no_case(place):
    _, community, author, other = place
    _, case = held(author, community)
    elsewhere = staff(StoreFactory())
    for viewer in (author, other, elsewhere):
        refused(
            "absent",
            moderating.decide,
            viewer=viewer,
            case_id=case.public_id,
            verdict=Verdict.RELEASE,
            reason="",
        )
        assert desks.desk(viewer) == []
        with pytest.raises(Refused, match="absent"):
            desks.case_page(viewer, case.public_id)


def moderator(community, viewer, store):
    row = Membership.objects.get(community=community, person=viewer.person)
    communities.give_part(
        viewer=staff(store, Role.STORE_MANAGER, "店长"),
        community_id=community.public_id,
        part=Part.MODERATOR,
        until=clock.now() + timedelta(days=90),
        membership=row.public_id,
    )


def test_a_moderator_of_the_community_decides_but_not_about_own_words(place):
    store, community, author, other = place
    moderator(community, other, store)
    _, case = held(author, community)
    _, own = held(other, community, "刷单网赚，躺赚就在这里")
    assert {one.id for one in desks.desk(other)} == {case.public_id, own.public_id}
    moderating.decide(viewer=other, case_id=case.public_id, verdict=Verdict.HIDE, reason="换个说法")
    refused(
        "voices.case_own",
        moderating.decide,
        viewer=other,
        case_id=own.public_id,
        verdict=Verdict.RELEASE,
        reason="",
    )
    with clock.held(clock.now() + timedelta(days=91)):
        assert desks.desk(other) == []


def test_one_report_a_person_and_three_put_it_away(place):
    store, community, author, other = place
    post = says(author, community)
    case = moderating.report(viewer=other, post_id=post.public_id, kind=ReportKind.ADVERT, note="像广告")
    assert (case.desk, case.reports) == (Desk.REPORTED, 1)
    refused("voices.reported", moderating.report, viewer=other, post_id=post.public_id, kind=ReportKind.OTHER)
    refused(
        "voices.report_own", moderating.report, viewer=author, post_id=post.public_id, kind=ReportKind.OTHER
    )
    for _ in range(2):
        post.refresh_from_db()
        assert post.state == PostState.PUBLISHED
        moderating.report(viewer=settled(community), post_id=post.public_id, kind=ReportKind.OTHER)
    post.refresh_from_db()
    assert post.state == PostState.HIDDEN
    assert Case.objects.count() == 1
    page = desks.case_page(staff(store), case.public_id)
    assert page.line.reports == 3
    assert page.reported[0] == ("advert", "像广告")
    assert kinds(author.person) == []
    trail = [f"{e.after} {e.before} {e.reason}" for e in Trail.objects.filter(act="voices.reported")]
    assert len(trail) == 3
    assert not any("像广告" in line for line in trail)


def test_the_author_never_reads_who_reported(place):
    store, community, author, other = place
    post = says(author, community)
    case = moderating.report(viewer=other, post_id=post.public_id, kind=ReportKind.ABUSE, note="秘密的话")
    moderating.decide(viewer=staff(store), case_id=case.public_id, verdict=Verdict.HIDE, reason="换个说法")
    told = str(desks.own_cases(author)) + Send.objects.get(person=author.person, kind="voices.put_away").body
    assert Customer.objects.get(pk=other.person).nickname not in told
    assert "秘密的话" not in told


def test_an_appeal_goes_to_somebody_else_and_undoes_everything(place):
    store, community, author, _ = place
    first, second = staff(store), staff(store, name="王芳")
    post, case = held(author, community)
    earlier, case0 = held(author, community, "刷单网赚，躺赚就在这里")
    for one in (case0, case):
        moderating.decide(
            viewer=first, case_id=one.public_id, verdict=Verdict.REMOVE, reason="群规第二条", strike=True
        )
    refused("absent", moderating.appeal, viewer=settled(community), case_id=case.public_id, said="?")
    refused("voices.appeal_said", moderating.appeal, viewer=author, case_id=case.public_id, said=" ")
    moderating.appeal(viewer=author, case_id=case.public_id, said="这是我自己的小店")
    refused("voices.appeal_late", moderating.appeal, viewer=author, case_id=case.public_id, said="再说")
    assert [one.mine_to_answer for one in desks.appeals_waiting(first)] == [False]
    assert [one.mine_to_answer for one in desks.appeals_waiting(second)] == [True]
    refused(
        "voices.appeal_same",
        moderating.answer_appeal,
        viewer=first,
        case_id=case.public_id,
        upheld=False,
        reason="不",
    )
    moderating.answer_appeal(viewer=second, case_id=case.public_id, upheld=True, reason="是我们看错了")
    post.refresh_from_db()
    earlier.refresh_from_db()
    assert (post.state, earlier.state) == (PostState.PUBLISHED, PostState.REMOVED)
    assert len(desks.strikes_of(author.person)) == 1
    assert desks.muted_until(community.pk, author.person) is None
    assert Deed.objects.filter(kind="violation_upheld", reverses=None).count() == 2
    assert Deed.objects.filter(reverses__kind="violation_upheld").count() == 1
    assert "voices.appeal_upheld" in kinds(author.person)
    refused(
        "voices.case_decided",
        moderating.answer_appeal,
        viewer=second,
        case_id=case.public_id,
        upheld=True,
        reason="又",
    )


def test_an_appeal_comes_within_two_weeks(place):
    store, community, author, _ = place
    _, case = held(author, community)
    moderating.decide(viewer=staff(store), case_id=case.public_id, verdict=Verdict.HIDE, reason="换个说法")
    assert desks.own_case(author, case.public_id).appeal_until == clock.now() + timedelta(days=14)
    with clock.held(clock.now() + timedelta(days=14, seconds=1)):
        refused("voices.appeal_late", moderating.appeal, viewer=author, case_id=case.public_id, said="晚了")
        assert desks.own_case(author, case.public_id).appeal_until is None


def test_evidence_goes_when_its_day_has_passed_and_not_before(place):
    store, community, author, other = place
    post = says(author, community)
    case = moderating.report(viewer=other, post_id=post.public_id, kind=ReportKind.OTHER, note="看看")
    moderating.decide(viewer=staff(store), case_id=case.public_id, verdict=Verdict.HIDE, reason="换个说法")
    with clock.held(clock.now() + timedelta(days=179)):
        assert moderating.tidy_evidence(viewer=staff(store)) == 0
    with clock.held(clock.now() + timedelta(days=180)):
        assert moderating.tidy_evidence(viewer=staff(store)) == 1
    case.refresh_from_db()
    assert (case.why, Report.objects.count(), Evidence.objects.count()) == ("", 0, 0)


def test_statistics_count_what_was_decided_in_time(place):
    store, community, author, _ = place
    keeper = staff(store)
    _, case = held(author, community)
    _, late = held(author, community, "刷单网赚，躺赚就在这里")
    with clock.held(clock.now() + timedelta(hours=1)):
        moderating.decide(viewer=keeper, case_id=case.public_id, verdict=Verdict.RELEASE, reason="")
    with clock.held(clock.now() + timedelta(hours=25)):
        moderating.decide(viewer=keeper, case_id=late.public_id, verdict=Verdict.HIDE, reason="换个说法")
        counted = desks.statistics(keeper)
    assert counted == {
        "days": 28,
        "opened": 2,
        "decided": 2,
        "in_time": 1,
        "verdicts": {"hide": 1, "release": 1},
        "minutes": 13 * 60,
        "appeals": 0,
        "upheld": 0,
    }


def test_a_desk_of_one_and_of_three_costs_the_same(place, django_assert_num_queries):
    store, community, author, _ = place
    keeper = staff(store)
    held(author, community)
    with django_assert_num_queries(1):
        assert len(desks.desk(keeper)) == 1
    held(author, community, "刷单网赚，躺赚就在这里")
    held(author, community, "高仿鞋子厂家直销到家")
    with django_assert_num_queries(1):
        assert len(desks.desk(keeper)) == 3


def test_the_member_of_the_parts_is_the_one_named(place):
    store, community, _, other = place
    moderator(community, other, store)
    assert PartTerm.objects.get(part=Part.MODERATOR).person_id == other.person
