"""What the platform answers, as far as we use it. Unknown fields are passed over; a missing one of ours is a fault of theirs."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Reads an answer."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Department(Shape):
    """A department: with us, the head office or a store."""

    id: int
    name: str = ""
    parentid: int = 0


class Colleague(Shape):
    """Somebody of the corp."""

    userid: str
    name: str = ""
    department: tuple[int, ...] = ()
    mobile: str = ""


class External(Shape):
    """Somebody outside: a customer."""

    external_userid: str
    name: str = ""
    type: int = 1
    unionid: str = ""


class Follow(Shape):
    """How a colleague knows a customer."""

    userid: str
    remark: str = ""
    createtime: int
    state: str = ""
    add_way: int = 0
    tag_id: tuple[str, ...] = ()


class Contact(Shape):
    """A customer of one colleague."""

    external_contact: External
    follow_info: Follow


class Tag(Shape):
    """A tag."""

    id: str
    name: str


class TagGroup(Shape):
    """Tags that belong together."""

    group_id: str
    group_name: str
    tag: tuple[Tag, ...] = ()


class ChatLine(Shape):
    """A group in the list."""

    chat_id: str
    status: int = 0


class ChatMember(Shape):
    """Somebody in a group: `type` 1 a colleague, 2 from outside."""

    userid: str
    type: int = 2
    join_time: int
    join_scene: int = 0
    state: str = ""
    unionid: str = ""


class Chat(Shape):
    """A group with its members."""

    chat_id: str
    name: str = ""
    owner: str
    create_time: int
    member_list: tuple[ChatMember, ...] = ()
    member_version: str = ""


class OwnerDays(Shape):
    """Counts of one owner's groups over some days."""

    owner: str
    data: dict[str, int]


class Made(Shape):
    """A hand-over that the platform has taken."""

    msgid: str
    fail_list: tuple[str, ...] = ()


class MadeLine(Shape):
    """A hand-over in the list."""

    msgid: str
    create_time: int
    text: dict[str, Any] = Field(default_factory=dict)
    attachments: tuple[dict[str, Any], ...] = ()


class TaskLine(Shape):
    """A colleague's part: 0 not confirmed, 2 confirmed."""

    userid: str
    status: int = 0


class ResultLine(Shape):
    """One customer or group: 0 not sent, 1 sent, 2 no friend any more, 3 has had another mass message."""

    external_userid: str = ""
    chat_id: str = ""
    userid: str = ""
    status: int = 0

    @property
    def target(self) -> str:
        """Whichever it is."""
        return self.chat_id or self.external_userid


class JobResult(Shape):
    """How far the making of a moment is: 3 is done."""

    status: int
    result: dict[str, Any] = Field(default_factory=dict)


class MomentLine(Shape):
    """A colleague's part in a moment: 1 published."""

    userid: str
    publish_status: int = 0


class Way(Shape):
    """A live code as the platform has it."""

    config_id: str
    qr_code: str = ""
    state: str = ""
    chat_id_list: tuple[str, ...] = ()
    user: tuple[str, ...] = ()


class Visitor(Shape):
    """Who came through the authorisation page: a colleague (`userid`) or a customer."""

    userid: str = ""
    external_userid: str = ""
    openid: str = ""
    user_ticket: str = ""


class Moved(Shape):
    """One customer's hand-over to another colleague: errcode 0 is under way."""

    external_userid: str
    errcode: int = 0


class Takeover(Shape):
    """How far a customer's hand-over is: 1 taken over, 2 waits, 3 refused, 4 the successor is full, 5 not known."""

    external_userid: str
    status: int
    takeover_time: int = 0
