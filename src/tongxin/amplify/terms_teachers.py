"""Words of super teachers: what they teach, how far they are, what is refused."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class TeacherState(StrEnum):
    """Asked, shown, declined, over."""

    INVITED = "invited"
    SHOWN = "shown"
    DECLINED = "declined"
    ENDED = "ended"


LIVE_TEACHERS = (TeacherState.INVITED, TeacherState.SHOWN)
TEACHER_LABELS: dict[TeacherState, tuple[str, str]] = {
    TeacherState.INVITED: ("等本人答复", "waits for an answer"),
    TeacherState.SHOWN: ("展示中", "shown"),
    TeacherState.DECLINED: ("本人婉拒", "declined"),
    TeacherState.ENDED: ("已结束", "over"),
}


class Specialty(StrEnum):
    """What somebody is good at and likes to share: a closed list, so that members find them."""

    BAKING = "baking"
    NUTRITION = "nutrition"
    COOKING = "cooking"
    TEA = "tea"
    WINE = "wine"
    FLOWERS = "flowers"
    CRAFT = "craft"
    PARENTING = "parenting"
    MOVING = "moving"
    GREEN = "green"


SPECIALTY_LABELS: dict[Specialty, tuple[str, str]] = {
    Specialty.BAKING: ("烘焙", "baking"),
    Specialty.NUTRITION: ("营养与辅食", "nutrition and weaning"),
    Specialty.COOKING: ("家常菜", "home cooking"),
    Specialty.TEA: ("茶与咖啡", "tea and coffee"),
    Specialty.WINE: ("酒与品鉴", "wine and tasting"),
    Specialty.FLOWERS: ("花艺", "flowers"),
    Specialty.CRAFT: ("手作", "crafts"),
    Specialty.PARENTING: ("带娃", "parenting"),
    Specialty.MOVING: ("运动", "sports"),
    Specialty.GREEN: ("环保与旧物", "second hand and zero waste"),
}

ASK_AGAIN = timedelta(days=90)
NAME_MOST, ABOUT_MOST, WHY_MOST = 24, 300, 120
CLASSES_SHOWN = 5

REFUSALS: dict[str, Sentence] = {
    "amplify.teacher_already": Sentence("TA 已经收到邀请，或正在展示。", "Asked or shown already.", 409),
    "amplify.teacher_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.teacher_who": Sentence("写一位会员，或者一位同事。", "Name one member or one colleague.", 422),
}  # fmt: skip

ACTS: dict[str, str] = {
    "amplify.teacher_invited": "邀请做名师",
    "amplify.teacher_shown": "名师主页开放",
    "amplify.teacher_declined": "婉拒做名师",
    "amplify.teacher_ended": "名师主页结束",
}
