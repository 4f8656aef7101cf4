"""Setting WeCom up, step by step: each is tried against the platform, and what is wrong is said with how to mend it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from tongxin.connect.wecom.api import contacts, groups, staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.config import Config
from tongxin.connect.wecom.crypto import BadEnvelope
from tongxin.connect.wecom.errors import CURES, WeComFault
from tongxin.foundation import clock
from tongxin.foundation.http import Blocked, Client, NoAnswer, NotSent
from tongxin.outreach.queries.wecom import staff_accounts

Words = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One step: what was tried, how it went (None: left out), and what to do."""

    name: str
    zh: str
    en: str
    ok: bool | None
    cure: Words = ("", "")


class Wrong(Exception):
    """It went wrong, and this is how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = (zh, en)


class Left(Exception):
    """Not tried, and why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = (zh, en)


class Wizard:
    """Tries everything that WeCom needs; changes nothing but, with `to`, sends one message to a colleague."""

    def __init__(self, config: Config, *, corp: Caller | None = None, to: str = "", base: str = "") -> None:
        self._config, self._to = config, to
        self._corp = corp or Caller(config)
        self._base = (base or str(settings.TONGXIN_BASE_URL)).rstrip("/")

    def steps(self) -> list[Step]:
        """All steps in order. After a step without which nothing works the others are left out."""
        tries: list[tuple[str, Words, Callable[[], None], bool]] = [
            (
                "settings",
                ("填好企业 ID、应用 Secret 和应用 ID", "corp id, secret and agent id are set"),
                self._settings,
                True,
            ),
            ("token", ("取得凭证（gettoken）", "a token is given (gettoken)"), self._token, True),
            ("address", ("服务器 IP 在“企业可信IP”里", "this server's IP is trusted"), self._address, True),
            ("domain", ("可信域名的校验文件能打开", "the domain's file can be opened"), self._domain, False),
            (
                "visible",
                ("应用的可见范围包含门店同事", "colleagues are in the visible range"),
                self._visible,
                False,
            ),
            (
                "customers",
                ("应用可以调用“客户联系”接口", "the app may use Customer Contact"),
                self._customers,
                False,
            ),
            (
                "callback",
                ("回调地址能解开并回应", "the callback address opens and answers"),
                self._callback,
                False,
            ),
            ("message", ("给自己发一条消息", "one message to oneself"), self._message, False),
        ]
        found: list[Step] = []
        stopped = False
        for name, (zh, en), work, needed in tries:
            if stopped:
                found.append(Step(name, zh, en, None, ("先改好前面的步骤。", "Mend the steps before first.")))
                continue
            step = self._try(name, zh, en, work)
            found.append(step)
            stopped = needed and not step.ok
        return found

    @staticmethod
    def _try(name: str, zh: str, en: str, work: Callable[[], None]) -> Step:
        try:
            work()
        except Wrong as wrong:
            return Step(name, zh, en, ok=False, cure=wrong.words)
        except Left as left:
            return Step(name, zh, en, ok=None, cure=left.words)
        except WeComFault as fault:
            cure = CURES[fault.fault]
            number = f"（{fault.number}）" if fault.number else ""
            return Step(name, zh, en, ok=False, cure=(f"{cure.zh}{number}", f"{cure.en} ({fault.number})"))
        return Step(name, zh, en, ok=True)

    def _settings(self) -> None:
        missing = [
            name
            for name, value in (
                ("TONGXIN_WECOM_CORP", self._config.corp),
                ("TONGXIN_WECOM_SECRET", self._config.secret),
                ("TONGXIN_WECOM_AGENT", self._config.agent),
            )
            if not value
        ]
        if missing:
            raise Wrong(
                f"还没有设置：{'、'.join(missing)}。企业 ID 在“我的企业”最下方，Secret 和 AgentId 在应用详情页。",
                f"Not set: {', '.join(missing)}. The corp id stands at the bottom of My Company, the others on the app's page.",
            )

    def _token(self) -> None:
        self._corp.sign_in()

    def _address(self) -> None:
        staff.departments(self._corp)

    def _domain(self) -> None:
        code = str(getattr(settings, "TONGXIN_WECOM_VERIFY", ""))
        if not code:
            raise Left(
                "没有设置 TONGXIN_WECOM_VERIFY：用到网页授权时，到应用的“网页授权及JS-SDK”下载校验文件，填文件名里 WW_verify_ 后面的部分。",
                "TONGXIN_WECOM_VERIFY is not set: for signing in, download the file under Web Authorisation and set the part after WW_verify_.",
            )
        status, body = self._own(f"/WW_verify_{code}.txt")
        if status != 200 or body.strip() != code:
            raise Wrong(
                f"打不开 {self._base}/WW_verify_{code}.txt：检查域名解析、证书和反向代理。",
                f"{self._base}/WW_verify_{code}.txt does not open: look at DNS, certificate and reverse proxy.",
            )

    def _visible(self) -> None:
        seen = {one.userid for one in staff.colleagues(self._corp)}
        ours = staff_accounts()
        if not seen:
            raise Wrong(
                "应用看不到任何同事：到应用详情页的“可见范围”里勾选门店部门。",
                "The app sees nobody: tick the stores' departments in its visible range.",
            )
        unseen = sorted(ours - seen)
        if unseen:
            some = "、".join(unseen[:5])
            raise Wrong(
                f"有 {len(unseen)} 位门店同事不在可见范围内（{some}）：到应用详情页补上，或改正员工表里的企业微信账号。",
                f"{len(unseen)} colleagues are outside the visible range ({some}): add them, or correct their WeCom accounts.",
            )

    def _customers(self) -> None:
        if not staff.with_customers(self._corp):
            raise Wrong(
                "没有同事开通“客户联系”：到“客户联系 → 权限配置”里设置使用范围。",
                "Nobody may have customers: set the range under Customer Contact → Permissions.",
            )
        next(iter(groups.chats(self._corp, staff.with_customers(self._corp)[:1])), None)
        contacts.tags(self._corp)

    def _callback(self) -> None:
        if not self._config.hears:
            raise Wrong(
                "还没有设置 TONGXIN_WECOM_TOKEN 和 TONGXIN_WECOM_KEY：到应用的“接收消息”里生成后填上，没有回调就要等夜里对账。",
                "TONGXIN_WECOM_TOKEN and _KEY are not set: generate them under Receive Messages. Without, everything waits for the night.",
            )
        try:
            crypt = self._config.crypt()
        except BadEnvelope:
            raise Wrong(
                "EncodingAESKey 不对：应是 43 个字符。", "The EncodingAESKey is wrong: it has 43 characters."
            ) from None
        word, stamp, nonce = secrets.token_hex(8), str(int(clock.now().timestamp())), secrets.token_hex(4)
        sealed = crypt.seal(word)
        query = {
            "msg_signature": crypt.sign(stamp, nonce, sealed),
            "timestamp": stamp,
            "nonce": nonce,
            "echostr": sealed,
        }
        status, body = self._own(f"/wecom/callback/?{urlencode(query)}")
        if status != 200 or body != word:
            raise Wrong(
                f"{self._base}/wecom/callback/ 没有正确回应（{status}）：检查网站是否在运行、反向代理是否放行这个地址。",
                f"{self._base}/wecom/callback/ does not answer rightly ({status}): is the site up, does the proxy let it through?",
            )

    def _message(self) -> None:
        if not self._to:
            raise Left("填上自己的企业微信账号，就会发一条。", "Give your own account to send one.")
        staff.tell(self._corp, [self._to], "同心已接通企业微信。")

    def _own(self, path: str) -> tuple[int, str]:
        """A page of our own, through the front door."""
        host = urlsplit(self._base).netloc
        near = host.partition(":")[0] in {"127.0.0.1", "localhost"}
        port = host if ":" in host else f"{host}:{'443' if self._base.startswith('https') else '80'}"
        client = Client(allow=[host.partition(":")[0]], local=[port] if near else [], insecure=True)
        try:
            reply = client.get(f"{self._base}{path}")
        except (Blocked, NotSent, NoAnswer):
            return 0, ""
        return reply.status, reply.body.decode(errors="replace")
