"""Words of accounts."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class AccountKind(StrEnum):
    """Who stands behind an account."""

    STAFF = "staff"
    MEMBER = "member"
    SERVICE = "service"


class Proof(StrEnum):
    """What somebody offers at the door; each kind is counted by itself."""

    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    FACTOR = "factor"
    PHONE = "phone"
    DEVICE = "device"
    CODE = "code"  # something that whoever holds the code may have


# Promise P24 and P25.
FAILURES_PER_SUBJECT = 5
SUBJECT_WINDOW = timedelta(minutes=30)
FAILURES_PER_ORIGIN = 30
ORIGIN_WINDOW = timedelta(hours=1)
CODES_PER_DAY = 5
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
ENROL_LIFE = timedelta(hours=24)
TOKEN_LIFE = timedelta(days=365)

STAFF_ABSOLUTE = timedelta(hours=12)
STAFF_IDLE = timedelta(hours=3)
MEMBER_ABSOLUTE = timedelta(days=90)
MEMBER_IDLE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)  # how exactly "idle" is kept: one write a minute, not one a request

RECOVERY_CODES = 10

ACTS: dict[str, str] = {
    "accounts.created": "新建账号",
    "accounts.password_set": "设置密码",
    "accounts.opened": "启用账号",
    "accounts.closed": "停用账号",
    "accounts.signed_in": "登录",
    "accounts.signed_out": "退出",
    "accounts.signed_out_everywhere": "所有设备退出",
    "accounts.factor_set": "开启两步验证",
    "accounts.factor_proved": "通过两步验证",
    "accounts.factor_dropped": "撤下两步验证",
    "accounts.token_issued": "签发令牌",
    "accounts.token_revoked": "撤销令牌",
    "accounts.device_enrolled": "登记设备",
    "accounts.device_activated": "设备启用",
    "accounts.device_revoked": "撤销设备",
}

REFUSALS: dict[str, Sentence] = {
    "accounts.wrong": Sentence("账号或密码不对。", "Wrong name or password.", 401),
    "accounts.wrong_code": Sentence(
        "验证码不对或已过期，请重新获取。", "The code is wrong or has expired.", 401
    ),
    "accounts.too_many": Sentence(
        "试得太多次了，请 {minutes} 分钟后再试。", "Too many tries; wait {minutes} minutes.", 429
    ),
    "accounts.too_many_codes": Sentence(
        "今天的验证码已发满 5 次，请明天再试。", "Five codes were sent today; try again tomorrow.", 429
    ),
    "accounts.handle_taken": Sentence("这个账号名已有人用。", "This name is taken.", 409),
    "accounts.weak_password": Sentence(
        "密码太简单：至少 12 位，不要用常见密码。", "Use at least 12 uncommon characters.", 422
    ),
    "accounts.factor_exists": Sentence("两步验证已开启。", "A second factor is already set up.", 409),
    "accounts.no_factor": Sentence("还没有开启两步验证。", "No second factor is set up yet.", 409),
    "accounts.expiry": Sentence(
        "有效期要在将来，且不超过一年。", "The expiry must lie within the next year.", 422
    ),
}
