"""Histories of consent: two mothers say yes and no, show and take back, and somebody always looks.

`generate` draws a history as plain data, `play` carries it out through the actions and looks in between through every door by which
a photo, a post, a Star's work, a tag or a message is used. The judge keeps books of its own about who said what, and never asks
the rules.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from people.factories import CustomerFactory
from tongxin.amplify import actions as amplify
from tongxin.amplify import queries as stars
from tongxin.amplify.terms import PHOTO_USE, Scope
from tongxin.events import evidence
from tongxin.events.terms_after import LADDER, PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import InboxItem
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.terms import Purpose
from tongxin.voices import actions, queries
from tongxin.voices.actions import photos as photo_jobs
from tongxin.voices.models import PostPhotoAnswer
from voices.factories import TESTS, old_community, says, settled
from voices.test_post_photos import jpeg

STEPS = (
    ["look"] * 8 + ["show"] * 4 + ["photo_no", "photo_no", "photo_yes", "public", "public", "private", "private"]
    + ["license", "license", "license", "unlicense", "advert", "wait", "settle", "withdraw"]
    + ["tags_off", "tags_on", "message", "message", "messages_on", "messages_off", "erase"]
)  # fmt: skip
MOTHERS = 2
REACHES = list(LADDER)


def generate(draw, length):
    """A history as plain data: `draw(n)` is a number below n."""
    return [(STEPS[draw(len(STEPS))], draw(MOTHERS), draw(4), draw(3)) for _ in range(length)]


@dataclass
class Mother:
    """One of them: a post with a photo of herself, one with her child, and works of a Star made of them."""

    viewer: object
    child: object
    posts: list
    photos: list  # of these posts, in order; the second one shows the child
    works: list
    star: object


@dataclass
class Town:
    """Where all histories begin; each is played in a transaction that is taken back."""

    group: object
    mothers: list
    onlooker: object


def build():
    """Everybody is there, nothing is shown yet. Painting six photos takes the most of it."""
    group = old_community()
    mothers = []
    for n in range(MOTHERS):
        viewer = settled(group, CustomerFactory(nickname=f"妈妈{n}"))
        child = people.add_companion(
            viewer=viewer, nickname="豆豆", age_years=2, agreed=True, notice_version="1"
        )
        posts = [says(viewer, group) for _ in range(2)]
        photos = [
            actions.add_photo(viewer=viewer, post_id=posts[0].public_id, data=jpeg()),
            actions.add_photo(
                viewer=viewer, post_id=posts[1].public_id, data=jpeg(), children=[child.public_id]
            ),
        ]
        customer = Customer.objects.get(pk=viewer.person)
        people.tag(viewer=TESTS, customer=customer, label=f"爱烘焙{n}")
        amplify.invite_star(viewer=TESTS, customer=customer.public_id, why="常帮人")
        star = amplify.accept_star(viewer=viewer, shown_as=f"豆妈{n}")
        works = [
            amplify.add_work(viewer=viewer, post=posts[0].public_id),
            amplify.add_work(viewer=viewer, photo=photos[1].public_id),
            amplify.add_work(viewer=viewer, words="一口一口来，不着急"),
        ]
        amplify.license_work(
            viewer=viewer,
            work_id=works[2].public_id,
            scope=Scope.GROUP,
            until=clock.now() + timedelta(days=9),
        )
        amplify.show_star(viewer=TESTS, star_id=star.public_id)
        mothers.append(Mother(viewer, child, posts, photos, works, star))
    return Town(group, mothers, settled(group))


@dataclass
class Judge:
    """Its own books, and what it found."""

    town: Town
    at: object
    photo: dict = field(default_factory=dict)  # (mother, photo, child?) → how far out the newest word goes
    public: dict = field(default_factory=dict)  # (mother, post) → yes or no
    licence: dict = field(default_factory=dict)  # (mother, work) → (scope, until)
    untagged: set = field(default_factory=set)
    messages: set = field(default_factory=set)
    withdrawn: set = field(default_factory=set)
    gone: set = field(default_factory=set)
    uses: int = 0
    items: int = 0
    faults: list = field(default_factory=list)

    def used(self, what, right, *told):
        """Something of somebody was used: had they said yes, and not taken it back?"""
        self.uses += 1
        if not right:
            self.faults.append((what, *told))

    def reach(self, n, which):
        """How far out a photo may be by everybody seen in it."""
        if n in self.gone or (n, which) in self.withdrawn:
            return 0
        seen = [self.photo.get((n, which, False), 0)]
        return min([*seen, self.photo.get((n, which, True), 0)] if which == 1 else seen)

    def may_work(self, n, which, scope):
        """May a work of hers be used so far out?"""
        if n in self.gone or (n, which) not in self.licence:
            return False
        most, until = self.licence[n, which]
        there = which == 2 or (n, which) not in self.withdrawn  # words stand nowhere else
        seen = which != 1 or self.reach(n, 1) >= PHOTO_USE[scope].reach
        return until > self.at and scope.reach <= most.reach and there and seen


def play(town, history):
    """Carry a history out; answers the judge."""
    judge = Judge(town, clock.now())
    newest = InboxItem.objects.order_by("-id").first()
    judge.items = 0 if newest is None else newest.pk
    for n in range(MOTHERS):
        judge.licence[n, 2] = (Scope.GROUP, judge.at + timedelta(days=9))
    for step, n, which, more in [*history, *(("look", n, 0, 0) for n in range(MOTHERS))]:
        with clock.held(judge.at):
            if n not in judge.gone or step in {"look", "wait", "settle", "message"}:
                DO[step](judge, n, which, more)
    return judge


def look(judge, whose, *_):
    """Through every door at once: the member beside her, a stranger, whoever sorts people by tags. Files are asked for of one."""
    town, group = judge.town, judge.town.group.public_id
    for viewer, cards, use in (
        (town.onlooker, queries.feed(town.onlooker, group).items, PhotoState.GROUP),
        (ANONYMOUS, queries.public_feed(ANONYMOUS, group).items, PhotoState.PUBLIC),
    ):
        shown = {card.id: {photo.id for photo in card.photos} for card in cards}
        for n, mother in enumerate(town.mothers):
            for which, post in enumerate(mother.posts):
                open_ = judge.public.get((n, which), False)
                live = n not in judge.gone and (n, which) not in judge.withdrawn
                right = live and (viewer is town.onlooker or open_)
                if post.public_id in shown:
                    judge.used("post", right, n, which, str(use))
                photo = mother.photos[which].public_id
                far = judge.reach(n, which) >= use.reach
                if photo in shown.get(post.public_id, ()):
                    judge.used("photo", right and far, n, which, str(use))
                if n == whose and _answers(queries.picture_file, viewer, photo):
                    judge.used("file", right and far, n, which, str(use))
    for viewer, scope in ((town.onlooker, Scope.GROUP), (ANONYMOUS, Scope.PUBLIC)):
        wall = {work.id for star in stars.wall(viewer).items for work in star.works}
        for n, mother in enumerate(town.mothers):
            for which, work in enumerate(mother.works):
                if work.public_id in wall:
                    judge.used("work", judge.may_work(n, which, scope), n, which, str(scope))
                if (n, which) == (whose, 1) and _answers(stars.work_file, viewer, work.public_id):
                    judge.used("work file", judge.may_work(n, which, scope), n, which, str(scope))
    for n, mother in enumerate(town.mothers):
        if any(word.startswith("tag:") for word in evidence.audiences_of(mother.viewer.person)):
            judge.used("tag", n not in judge.untagged and n not in judge.gone, n)


def _answers(door, *given):
    try:
        door(*given)
    except Refused:
        return False
    return True


def _try(act, **given):
    """An act that may be refused; whether it was done."""
    try:
        with transaction.atomic():
            act(**given)
    except Refused:
        return False
    return True


def show(judge, n, which, more):
    """She says how far out a photo may be, inwards too."""
    mother, state = judge.town.mothers[n], REACHES[which]
    photo = more % 2
    if _try(actions.show_photo, viewer=mother.viewer, photo_id=mother.photos[photo].public_id, state=state):
        for child in (False, True):
            judge.photo[n, photo, child] = state.reach


def photo_answer(judge, n, which, more, *, granted):
    """To photos of herself, or as guardian of her child, altogether. A no ends every yes that was said before; a yes opens none."""
    mother, child = judge.town.mothers[n], which % 2 == 1
    people.set_consent(
        viewer=mother.viewer,
        customer=Customer.objects.get(pk=mother.viewer.person),
        purpose=Purpose.PHOTO,
        granted=granted,
        notice_version="photo/1",
        channel="member_page",
        companion=mother.child if child else None,
    )
    if not granted:
        for photo in range(2):
            judge.photo[n, photo, child] = 0


def public(judge, n, which, more, *, granted):
    """Whether strangers may read a post."""
    mother, post = judge.town.mothers[n], which % 2
    if _try(actions.set_public, viewer=mother.viewer, post_id=mother.posts[post].public_id, granted=granted):
        judge.public[n, post] = granted


def license_(judge, n, which, more):
    """A licence for a work, for a scope, until a day; for a photo it is a yes to that photo too, where it does not reach so far."""
    mother, work, scope = judge.town.mothers[n], more, list(Scope)[which]
    until = judge.at + timedelta(days=1 + which)
    answers = PostPhotoAnswer.objects.count()
    if _try(
        amplify.license_work,
        viewer=mother.viewer,
        work_id=mother.works[work].public_id,
        scope=scope,
        until=until,
    ):
        judge.licence[n, work] = (scope, until)
        if PostPhotoAnswer.objects.count() > answers:
            for child in (False, True):
                judge.photo[n, 1, child] = PHOTO_USE[scope].reach


def unlicense(judge, n, which, more):
    mother = judge.town.mothers[n]
    amplify.withdraw_licence(viewer=mother.viewer, work_id=mother.works[more].public_id)
    judge.licence.pop((n, more), None)


def advert(judge, n, which, more):
    """Headquarters wants to print a work."""
    mother, scope = judge.town.mothers[n], list(Scope)[which]
    given = {"viewer": TESTS, "work_id": mother.works[more].public_id, "scope": scope}
    if _try(amplify.use_work, place="海报", **given):
        judge.used("print", judge.may_work(n, more, scope), n, more, str(scope))


def wait(judge, n, which, more):
    judge.at += timedelta(days=which, hours=1 + more)


def settle(judge, *_):
    """The job that takes in what consent no longer covers."""
    photo_jobs.settle_photos(viewer=TESTS)


def withdraw(judge, n, which, more):
    mother, post = judge.town.mothers[n], which % 2
    if _try(actions.withdraw_post, viewer=mother.viewer, post_id=mother.posts[post].public_id):
        judge.withdrawn.add((n, post))


def tags(judge, n, which, more, *, on):
    """“不使用个性化”: her tags are not used from that moment on."""
    mother = judge.town.mothers[n]
    people.switch_personalisation(
        viewer=mother.viewer, customer=Customer.objects.get(pk=mother.viewer.person), on=on
    )
    (judge.untagged.discard if on else judge.untagged.add)(n)


def messages(judge, n, which, more, *, on):
    mother = judge.town.mothers[n]
    people.set_consent(
        viewer=mother.viewer,
        customer=Customer.objects.get(pk=mother.viewer.person),
        purpose=Purpose.GROUP_MESSAGE,
        granted=on,
        notice_version="v1",
        channel="member_page",
    )
    (judge.messages.add if on else judge.messages.discard)(n)


def message(judge, n, which, more):
    """The community writes to her; whatever is shown in an inbox now was agreed to now."""
    mother = judge.town.mothers[n]
    send = SendIn(
        person=mother.viewer.person,
        kind="voices.shown",
        body={"name": "辅食群", "path": "/m/"},
        message_class=MessageClass.COMMUNITY,
        subject=("voices", "history"),
        key=f"history:{judge.at.isoformat()}:{n}:{which}:{more}",
    )
    outreach.notify(viewer=TESTS, sends=[send])
    outreach.drain(batch=20)
    keys = {one.viewer.person: at for at, one in enumerate(judge.town.mothers)}
    for item in InboxItem.objects.filter(id__gt=judge.items).select_related("send").order_by("id"):
        judge.items = item.pk
        who = keys.get(item.send.person_id)
        if who is not None and item.send.message_class == MessageClass.COMMUNITY:
            judge.used("message", who in judge.messages and who not in judge.gone, who)


def erase(judge, n, which, more):
    """She leaves for good; seldom, or nobody would be left."""
    if which or more:
        return
    mother = judge.town.mothers[n]
    people.erase(viewer=mother.viewer, customer=Customer.objects.get(pk=mother.viewer.person), reason="asked")
    judge.gone.add(n)


DO = {
    "look": look, "show": show, "license": license_, "unlicense": unlicense, "advert": advert, "wait": wait, "settle": settle,
    "withdraw": withdraw, "message": message, "erase": erase,
    "photo_no": lambda *all_: photo_answer(*all_, granted=False), "photo_yes": lambda *all_: photo_answer(*all_, granted=True),
    "public": lambda *all_: public(*all_, granted=True), "private": lambda *all_: public(*all_, granted=False),
    "tags_off": lambda *all_: tags(*all_, on=False), "tags_on": lambda *all_: tags(*all_, on=True),
    "messages_on": lambda *all_: messages(*all_, on=True), "messages_off": lambda *all_: messages(*all_, on=False),
}  # fmt: skip
