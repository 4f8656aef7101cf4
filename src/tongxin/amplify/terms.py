"""Words of Stars: states, works, how far out a work may be shown; what this room refuses and does about them."""

from datetime import timedelta
from enum import StrEnum

from tongxin.events.terms_after import PhotoState
from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role

# Who may propose a member; who decides that a Star is shown, and runs programmes, for the places they reach.
PROPOSERS = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)
DECIDERS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER})
EDITORS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})
READERS = DECIDERS | {Role.CHAMPION, Role.HQ_ANALYST, Role.AUDITOR}


class StarState(StrEnum):
    """Invited by a person, accepted by the member, shown after a person has looked; every other state is silence."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    SHOWN = "shown"
    DECLINED = "declined"
    LAPSED = "lapsed"
    ENDED = "ended"


LIVE_STARS = (StarState.INVITED, StarState.ACCEPTED, StarState.SHOWN)
STAR_LABELS: dict[StarState, tuple[str, str]] = {
    StarState.INVITED: ("等本人答复", "waits for the member"),
    StarState.ACCEPTED: ("本人已同意，待展示", "accepted, to be shown"),
    StarState.SHOWN: ("展示中", "shown"),
    StarState.DECLINED: ("本人婉拒", "declined"),
    StarState.LAPSED: ("过期未答复", "not answered in time"),
    StarState.ENDED: ("已结束", "ended"),
}


class WorkKind(StrEnum):
    """A work: a post of theirs, a photo of a post of theirs, or words given for it."""

    POST = "post"
    PHOTO = "photo"
    WORDS = "words"


WORK_LABELS: dict[WorkKind, tuple[str, str]] = {
    WorkKind.POST: ("一条分享", "a post"),
    WorkKind.PHOTO: ("一张照片", "a photo"),
    WorkKind.WORDS: ("一段话", "words"),
}


class Scope(StrEnum):
    """How far out a work may be shown. Each includes what is further in."""

    GROUP = "group"
    COMMUNITY = "community"
    PUBLIC = "public"
    ADVERT = "advert"

    @property
    def reach(self) -> int:
        """How far out: 0 for one's own group."""
        return SCOPES.index(self)


SCOPES = (Scope.GROUP, Scope.COMMUNITY, Scope.PUBLIC, Scope.ADVERT)
SCOPE_LABELS: dict[Scope, tuple[str, str]] = {
    Scope.GROUP: ("只在我的社群里", "in my own community"),
    Scope.COMMUNITY: ("给所有会员看", "for all members"),
    Scope.PUBLIC: ("给所有人看", "for everybody"),
    Scope.ADVERT: ("可以用在广告里", "may be used in adverts"),
}
# What a photo must be allowed to, by everybody seen in it, for a scope: all members are more than one's own group.
PHOTO_USE: dict[Scope, PhotoState] = {
    Scope.GROUP: PhotoState.GROUP,
    Scope.COMMUNITY: PhotoState.PUBLIC,
    Scope.PUBLIC: PhotoState.PUBLIC,
    Scope.ADVERT: PhotoState.ADVERT,
}


class Shut(StrEnum):
    """Why a work is not shown for a use at this moment."""

    NOT_SHOWN = "not_shown"
    NO_LICENCE = "no_licence"
    WITHDRAWN = "withdrawn"
    OVER = "over"
    TOO_FAR = "too_far"
    GONE = "gone"
    SEEN_DISAGREE = "seen_disagree"


SHUT_LABELS: dict[Shut, tuple[str, str]] = {
    Shut.NOT_SHOWN: ("还没有开始展示", "the Star is not shown"),
    Shut.NO_LICENCE: ("作者没有授权", "no licence"),
    Shut.WITHDRAWN: ("作者收回了授权", "the licence was withdrawn"),
    Shut.OVER: ("授权到期了", "the licence is over"),
    Shut.TOO_FAR: ("授权没有到这个范围", "the licence does not go that far"),
    Shut.GONE: ("原来的内容不在了", "what it was is gone"),
    Shut.SEEN_DISAGREE: ("照片里有人没同意这个用途", "somebody seen has not agreed to this use"),
}

NOTICE = "star/1"
INVITED_FOR = timedelta(days=30)  # then an unanswered invitation lapses; nobody is asked twice within
ASK_AGAIN = timedelta(days=90)  # after a no
LICENCE_MOST = timedelta(days=731)  # a yes is never for ever
TAKE_DOWN_WITHIN = timedelta(days=1)  # for what stands on paper or elsewhere; our own pages follow at once
WHY_MOST = 120
WORDS_MOST = 300
NAME_MOST = 24
PLACE_MOST = 80
WORKS_MOST = 12
REVIEWED_FOR = timedelta(days=60)  # a nomination in a review is looked at this long

REFUSALS: dict[str, Sentence] = {
    "amplify.why_needed": Sentence("写一句理由，本人看得到。", "Say why; the member reads it.", 422),
    "amplify.star_already": Sentence("TA 已经收到邀请，或正在展示。", "Invited or shown already.", 409),
    "amplify.asked_lately": Sentence(
        "上次没有答应，{again_on} 之后才能再问。", "Declined lately; ask again after {again_on}.", 409
    ),
    "amplify.star_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.nothing_to_show": Sentence(
        "还没有一件作品有授权，不能展示。", "No work has a live licence yet.", 409
    ),
    "amplify.staff": Sentence("员工不能成为社区之星。", "Staff are not Community Stars.", 422),
    "amplify.words": Sentence("写 1 到 {most} 个字。", "Write 1 to {most} characters.", 422),
    "amplify.words_unfit": Sentence(
        "这段话里有联系方式、链接或不合适的词，改一改再交。",
        "These words hold contacts, links or words that do not fit; change them.",
        422,
    ),
    "amplify.works_many": Sentence("最多放 {most} 件作品。", "At most {most} works.", 409),
    "amplify.until": Sentence(
        "授权要有期限：今天之后、两年以内。", "A licence ends: after today, within two years.", 422
    ),
    "amplify.licence": Sentence("现在不能这样用：{why}。", "It cannot be used: {why_en}.", 409),
}

ACTS: dict[str, str] = {
    "amplify.star_invited": "邀请成为社区之星",
    "amplify.star_accepted": "答应成为社区之星",
    "amplify.star_declined": "婉拒成为社区之星",
    "amplify.star_shown": "展示社区之星",
    "amplify.star_ended": "结束展示社区之星",
    "amplify.star_lapsed": "邀请过期",
    "amplify.work_added": "添加作品",
    "amplify.work_removed": "移除作品",
    "amplify.licensed": "授权使用作品",
    "amplify.licence_withdrawn": "收回作品授权",
    "amplify.work_used": "使用作品",
    "amplify.use_ended": "停止使用作品",
}
