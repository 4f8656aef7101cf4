"""One refusal. Rules and actions raise it; each face turns it into its own words.

People read the sentence, programs the code, tests compare the code. The sentences stand in the `REFUSALS`
of each room's `terms.py`; `faces/sentences.py` lists the rooms and speaks them.
"""

from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """The product says no, and why: a code like `event.full` and the data that the sentence needs.

    `data` holds plain values (numbers, codes, dates as ISO text) that may be shown to the asking person;
    never personal data of somebody else.
    """

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data

    def __repr__(self) -> str:
        return f"Refused({self.code!r}, {self.data!r})"


@dataclass(frozen=True)
class Sentence:
    """What a refusal says, in both languages, and which HTTP status an API gives it.

    `{name}` fields are filled from the refusal's data. `status` 404 is for what one may not know to exist.
    """

    zh: str
    en: str
    status: int = 409


REFUSALS: dict[str, Sentence] = {
    "absent": Sentence("找不到这一项，可能已被删除，或不在你的范围内。", "Not found.", 404),
    "forbidden": Sentence(
        "你的角色不能做这一步。需要的话，请找总部开通。", "Your role does not allow this.", 403
    ),
    "sign_in_needed": Sentence("请先登录。", "Please sign in first.", 401),
    "second_factor_needed": Sentence("总部角色要先通过两步验证。", "This role needs a second factor.", 403),
    "input.bad": Sentence("有一处填写不对：{field}。{reason}", "{field}: {reason}", 422),
    "edit.stale": Sentence(
        "别人刚改过这一页，请先看看新的内容再改。", "Somebody changed this meanwhile.", 412
    ),
    "busy": Sentence("现在有点忙，请过几秒再试一次。", "Busy; try again in a few seconds.", 503),
    "no_space": Sentence(
        "磁盘满了，这一步没有生效。腾出空间后再试。", "The disk is full; nothing was changed.", 507
    ),
}
