"""Community Stars: asked, answered, looked at, shown; and never a work without its author's live yes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events.after_setup import After
from people.factories import CustomerFactory, member_viewer
from tongxin.amplify import actions, queries
from tongxin.amplify.models import Licence, Star, Work, WorkUse
from tongxin.amplify.queries import stars as reading
from tongxin.amplify.terms import ASK_AGAIN, INVITED_FOR, Scope, Shut, StarState
from tongxin.events.actions import submit_review
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.models import Letter
from tongxin.outreach.actions.robots import add_robot
from tongxin.people import actions as people
from tongxin.people.models import Customer, Deed
from tongxin.people.terms import Purpose
from tongxin.voices import actions as voices
from tongxin.voices.models import PostPhoto
from voices.factories import TESTS, old_community, says, settled
from voices.test_post_photos import jpeg

pytestmark = pytest.mark.django_db
SAID = {"went_well": "第一炉出炉", "to_change": "多备两条围裙", "said_by_guests": "还来"}
TABLES = (Star, Work, Licence, WorkUse, Entry)


def refused(code, act, **given):
    before = [one.objects.count() for one in TABLES]
    with pytest.raises(Refused) as caught:
        act(**given)
    assert (caught.value.code, [one.objects.count() for one in TABLES]) == (code, before)


@pytest.fixture
def group(noon):
    return old_community()


@pytest.fixture
def lin(group):
    return settled(group)


def member(viewer):
    return Customer.objects.get(pk=viewer.person)


def invited(viewer, why="三个月回答了四十个问题"):
    return actions.invite_star(viewer=TESTS, customer=member(viewer).public_id, why=why)


def accepted(viewer, name="小林"):
    star = invited(viewer)
    actions.accept_star(viewer=viewer, shown_as=name)
    return star


def licensed(viewer, work, scope=Scope.COMMUNITY, days=30):
    return actions.license_work(
        viewer=viewer, work_id=work.public_id, scope=scope, until=clock.now() + timedelta(days=days)
    )


def shown(viewer, *, scope=Scope.COMMUNITY, words="一口一口来，不着急"):
    """A Star with one licensed work of words."""
    star = accepted(viewer)
    work = actions.add_work(viewer=viewer, words=words)
    licensed(viewer, work, scope)
    actions.show_star(viewer=TESTS, star_id=star.public_id)
    return star, work


def outsider():
    return member_viewer(CustomerFactory())


def on_the_wall(viewer):
    return [(one.name, [work.words for work in one.works]) for one in queries.wall(viewer).items]


def test_from_a_word_to_the_wall_step_by_step(group, lin):
    star = invited(lin)
    assert queries.my_star(lin).state == StarState.INVITED
    refused("amplify.star_state", actions.add_work, viewer=lin, words="等一下")
    actions.accept_star(viewer=lin, shown_as="小林")
    refused("amplify.nothing_to_show", actions.show_star, viewer=TESTS, star_id=star.public_id)
    work = actions.add_work(viewer=lin, words="一口一口来，不着急")
    assert on_the_wall(outsider()) == []
    licensed(lin, work)
    assert on_the_wall(outsider()) == []  # nobody has looked at it yet
    actions.show_star(viewer=TESTS, star_id=star.public_id)
    assert on_the_wall(outsider()) == [("小林", ["一口一口来，不着急"])]
    assert [one.kind for one in Deed.objects.filter(source_system="amplify")] == ["featured"]
    told = ["amplify.star_invited", "amplify.star_accepted", "amplify.work_added", "amplify.licensed"]
    acts = Entry.objects.filter(act__startswith="amplify.").order_by("id").values_list("act", flat=True)
    assert list(acts) == [*told, "amplify.star_shown"]


@pytest.mark.parametrize("way", ["withdraw", "remove", "over", "end", "post", "erase"])
def test_what_its_author_takes_back_is_gone_with_the_next_reading(group, lin, way):
    _star, work = shown(lin)
    post = says(lin, group, "南瓜泥要蒸二十分钟")
    told = actions.add_work(viewer=lin, post=post.public_id)
    licensed(lin, told)
    reader = settled(group)
    assert on_the_wall(reader) == [("小林", ["一口一口来，不着急", "南瓜泥要蒸二十分钟"])]
    left = [("小林", ["南瓜泥要蒸二十分钟"])]
    now = clock.now()
    if way == "withdraw":
        actions.withdraw_licence(viewer=lin, work_id=work.public_id)
    elif way == "remove":
        actions.remove_work(viewer=lin, work_id=work.public_id)
        assert Work.objects.get(pk=work.pk).words == ""
    elif way == "over":
        licensed(lin, told, days=40)
        now += timedelta(days=31)
    elif way == "end":
        actions.end_star(viewer=lin)
        left = []
    elif way == "post":
        voices.withdraw_post(viewer=lin, post_id=post.public_id)
        left = [("小林", ["一口一口来，不着急"])]
    else:
        people.erase(viewer=TESTS, customer=member(lin), reason="member asked")
        left = []
        assert (Star.objects.get().why, Star.objects.get().shown_as) == ("", "")
    with clock.held(now):
        assert on_the_wall(reader) == left


def test_control_a_wall_that_does_not_ask_shows_it(group, lin, monkeypatch):
    """The protection is the rule and nothing else: without it the withdrawn work would stand there."""
    _star, work = shown(lin)
    actions.withdraw_licence(viewer=lin, work_id=work.public_id)
    assert on_the_wall(outsider()) == []
    monkeypatch.setattr(reading, "why_not", lambda *_: None)
    assert on_the_wall(outsider()) == [("小林", ["一口一口来，不着急"])]


def test_how_far_out_is_the_authors_word(group, lin):
    shown(lin, scope=Scope.GROUP)
    assert (on_the_wall(settled(group)) != [], on_the_wall(outsider()) != []) == (True, False)


def test_who_runs_it_sees_no_work_without_a_licence(group, lin):
    star = accepted(lin)
    actions.add_work(viewer=lin, words="只是草稿")
    line = queries.star_line(TESTS, star.public_id)
    assert (line.works, line.unlicensed) == ((), 1)
    work = Work.objects.get()
    licensed(lin, work)
    line = queries.star_line(TESTS, star.public_id)
    assert ([one.words for one in line.works], line.unlicensed) == (["只是草稿"], 0)
    actions.withdraw_licence(viewer=lin, work_id=work.public_id)
    assert queries.star_line(TESTS, star.public_id).works == ()


def photo_of(lin, group, **more):
    post = says(lin, group)
    return voices.add_photo(viewer=lin, post_id=post.public_id, data=jpeg(), show=True, **more)


def sees(viewer, work):
    try:
        queries.work_file(viewer, work.public_id)
    except Refused as no:
        return no.code
    return "seen"


def test_a_childs_photo_never_goes_beyond_its_guardians_file(group, lin):
    child = people.add_companion(viewer=lin, nickname="果果", age_years=1, agreed=True, notice_version="1")
    photo = photo_of(lin, group, children=[child.public_id])
    star = accepted(lin)
    work = actions.add_work(viewer=lin, photo=photo.public_id)
    licensed(lin, work, Scope.COMMUNITY)
    actions.show_star(viewer=TESTS, star_id=star.public_id)
    assert PostPhoto.objects.get(pk=photo.pk).state == PhotoState.PUBLIC
    assert PostPhoto.objects.get(pk=photo.pk).guardian_file_id is not None
    reader = outsider()
    assert sees(reader, work) == "seen"
    given = {
        "viewer": lin,
        "customer": member(lin),
        "purpose": Purpose.PHOTO,
        "notice_version": "photo/1",
        "channel": "member_page",
        "companion": child,
    }
    people.set_consent(granted=False, **given)
    assert (sees(reader, work), on_the_wall(reader), sees(lin, work)) == ("absent", [], "seen")
    assert queries.my_star(lin).works[0].why is Shut.SEEN_DISAGREE
    people.set_consent(granted=True, **given)
    assert sees(reader, work) == "absent"  # a yes to photos again is no yes to this one


def test_strangers_in_a_photo_keep_it_at_home(group, lin):
    post = says(lin, group)
    photo = voices.add_photo(viewer=lin, post_id=post.public_id, data=jpeg(), strangers=True)
    accepted(lin)
    work = actions.add_work(viewer=lin, photo=photo.public_id)
    refused(
        "voices.photo_unseen",
        actions.license_work,
        viewer=lin,
        work_id=work.public_id,
        scope=Scope.GROUP,
        until=clock.now() + timedelta(days=9),
    )


def test_uses_on_paper_need_the_live_word_and_come_down_with_it(group, lin):
    _star, work = shown(lin, scope=Scope.PUBLIC)
    given = {"viewer": TESTS, "work_id": work.public_id, "place": "二号店门口海报"}
    store, address = work.star.store, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"
    robot = add_robot(viewer=TESTS, store=store, label="店员群", url=address)
    refused("amplify.licence", actions.use_work, scope=Scope.ADVERT, **given)
    use = actions.use_work(scope=Scope.PUBLIC, **given)
    assert [one.down_by for one in queries.uses(TESTS)] == [None]
    assert queries.my_star(lin).works[0].used_at == ("二号店门口海报",)
    actions.withdraw_licence(viewer=lin, work_id=work.public_id)
    assert [one.down_by for one in queries.uses(TESTS, due=True)] == [clock.now() + timedelta(days=1)]
    (told,) = Letter.objects.filter(kind="outreach.staff_notice")  # once, into the group, with the withdrawal
    assert (told.carrier, told.to) == ("robot", str(robot.public_id))
    assert "还用在 1 处" in told.body
    assert "一口一口来" not in told.body
    refused("amplify.licence", actions.use_work, scope=Scope.PUBLIC, **given)
    actions.end_use(viewer=TESTS, use_id=use.public_id)
    assert queries.uses(TESTS) == []


def test_a_champions_nomination_is_taken_up_with_its_reason(noon):
    after = After(2)
    with clock.held(after.over):
        submit_review(
            viewer=after.champion,
            event_id=after.event.public_id,
            answers=SAID,
            star=after.seats[1].public_id,
            star_why="帮三个孩子擀面",
        )
        assert [one.why for one in queries.nominations(TESTS)] == ["帮三个孩子擀面"]
        refused("absent", actions.take_up, viewer=outsider(), event=after.event.public_id)
        star = actions.take_up(viewer=TESTS, event=after.event.public_id)
        assert (star.person_id, star.why, star.store_id) == (
            after.members[1].pk,
            "帮三个孩子擀面",
            after.store.pk,
        )
        assert queries.nominations(TESTS) == []
        refused("amplify.star_already", actions.take_up, viewer=TESTS, event=after.event.public_id)


def test_a_no_is_not_asked_again_and_silence_ends(group, lin):
    invited(lin)
    refused("amplify.star_already", invited, viewer=lin)
    actions.decline_star(viewer=lin)
    refused("amplify.asked_lately", invited, viewer=lin)
    assert [one.kind for one in Deed.objects.filter(source_system="amplify")] == ["refused"]
    with clock.held(clock.now() + ASK_AGAIN):
        invited(lin)
    with clock.held(clock.now() + ASK_AGAIN + INVITED_FOR):
        assert actions.lapse_stars(viewer=TESTS) == 1
    assert [one.state for one in Star.objects.order_by("id")] == [StarState.DECLINED, StarState.LAPSED]


def test_refusals_write_nothing(group, lin):
    refused("amplify.why_needed", actions.invite_star, viewer=TESTS, customer=member(lin).public_id, why=" ")
    refused("absent", actions.invite_star, viewer=lin, customer=member(lin).public_id, why="自己")
    refused("absent", actions.accept_star, viewer=lin, shown_as="小林")
    star = accepted(lin)
    for words, code in (
        ("", "amplify.words"),
        ("字" * 301, "amplify.words"),
        ("加我微信 13800138000", "amplify.words_unfit"),
    ):
        refused(code, actions.add_work, viewer=lin, words=words)
    work = actions.add_work(viewer=lin, words="慢慢来")
    for days in (0, 800):
        refused(
            "amplify.until",
            actions.license_work,
            viewer=lin,
            work_id=work.public_id,
            scope=Scope.GROUP,
            until=clock.now() + timedelta(days=days),
        )
    for who in (settled(group), outsider()):
        refused("absent", actions.withdraw_licence, viewer=who, work_id=work.public_id)
        refused("absent", actions.show_star, viewer=who, star_id=star.public_id)
    post = says(settled(group), group)
    refused("absent", actions.add_work, viewer=lin, post=post.public_id)


def test_the_database_keeps_the_proof_and_one_live_star(group, lin):
    _star, _work = shown(lin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Licence.objects.update(granted=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Star.objects.create(person_id=lin.person, invited_by="x", invited_at=clock.now())


def test_a_wall_of_three_costs_what_a_wall_of_one_does(group):
    reader = settled(group)
    found = []
    for _ in range(3):
        lin = settled(group)
        _star, _ = shown(lin)
        work = actions.add_work(viewer=lin, photo=photo_of(lin, group).public_id)
        licensed(lin, work)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            cards = queries.wall(reader).items
        found.append((len(cards), len(seen)))
    assert [one for one, _ in found] == [1, 2, 3]
    assert len({n for _, n in found}) == 1, found
    assert found[0][1] <= 8, found
