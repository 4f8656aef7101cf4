"""Words of stores: the closed list of roles, kinds of places and of resources."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Role(StrEnum):
    """Who may do what (contract.md §5). A closed list: a new role is a decision."""

    ADMIN = "admin"
    HQ_EDITOR = "hq_editor"
    HQ_ANALYST = "hq_analyst"
    REGION_MANAGER = "region_manager"
    STORE_MANAGER = "store_manager"
    CHAMPION = "champion"
    DOOR = "door"
    AUDITOR = "auditor"
    MEMBER = "member"
    MODERATOR = "moderator"
    DEVICE = "device"
    WEBHOOK = "webhook"

    @property
    def zh(self) -> str:
        return ROLE_LABELS[self][0]

    @property
    def en(self) -> str:
        return ROLE_LABELS[self][1]


ROLE_LABELS: dict[Role, tuple[str, str]] = {
    Role.ADMIN: ("总部管理员", "HQ administrator"),
    Role.HQ_EDITOR: ("总部编辑", "HQ editor"),
    Role.HQ_ANALYST: ("分析师", "analyst"),
    Role.REGION_MANAGER: ("区域经理", "region manager"),
    Role.STORE_MANAGER: ("店长", "store manager"),
    Role.CHAMPION: ("主理人", "champion"),
    Role.DOOR: ("签到员", "door"),
    Role.AUDITOR: ("审计员", "auditor"),
    Role.MEMBER: ("会员", "member"),
    Role.MODERATOR: ("社群管理员", "moderator"),
    Role.DEVICE: ("门店设备", "device"),
    Role.WEBHOOK: ("外部系统", "webhook"),
}

# Roles that work for the whole brand. They need a second factor (promise P25), and only an admin grants them.
HQ_ROLES = frozenset({Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST, Role.AUDITOR})

# Who may hand out which roles. Nobody hands out more places or days than they hold themselves.
GRANTABLE: dict[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(
        {
            Role.ADMIN,
            Role.HQ_EDITOR,
            Role.HQ_ANALYST,
            Role.AUDITOR,
            Role.REGION_MANAGER,
            Role.STORE_MANAGER,
            Role.CHAMPION,
            Role.DOOR,
            Role.MODERATOR,
            Role.DEVICE,
            Role.WEBHOOK,
        }
    ),
    Role.REGION_MANAGER: frozenset({Role.STORE_MANAGER, Role.CHAMPION, Role.DOOR, Role.DEVICE}),
    Role.STORE_MANAGER: frozenset({Role.CHAMPION, Role.DOOR, Role.DEVICE}),
    Role.CHAMPION: frozenset({Role.DOOR}),
}

# Which breadth a role may have: a champion of a whole region would be a region manager by another name.
BREADTHS: dict[Role, frozenset[str]] = {
    Role.REGION_MANAGER: frozenset({"region"}),
    Role.STORE_MANAGER: frozenset({"store"}),
    Role.CHAMPION: frozenset({"store"}),
    Role.DOOR: frozenset({"store"}),
    Role.MODERATOR: frozenset({"store"}),
    Role.DEVICE: frozenset({"store"}),
    Role.WEBHOOK: frozenset({"brand", "region", "store"}),
    **dict.fromkeys(HQ_ROLES, frozenset({"brand"})),
}


class ResourceKind(StrEnum):
    """What a store has that an event can use."""

    ROOM = "room"
    OVEN = "oven"
    TABLE = "table"
    YARD = "yard"
    OTHER = "other"


RESOURCE_LABELS: dict[ResourceKind, tuple[str, str]] = {
    ResourceKind.ROOM: ("活动室", "room"),
    ResourceKind.OVEN: ("烤箱", "oven"),
    ResourceKind.TABLE: ("长桌", "table"),
    ResourceKind.YARD: ("户外场地", "yard"),
    ResourceKind.OTHER: ("其他", "other"),
}

UNSORTED_LABEL = ("待归类", "to be sorted")

REFUSALS: dict[str, Sentence] = {
    "stores.no_brand": Sentence("还没有建立品牌，请先完成初始设置。", "No brand has been set up yet.", 409),
    "stores.brand_exists": Sentence("品牌已经建立。", "The brand exists already.", 409),
    "stores.bad_zone": Sentence("不认识的时区：{zone}", "Unknown time zone: {zone}", 422),
    "stores.code_taken": Sentence("“{what}”已有人用。", "{what} is taken.", 409),
    "stores.wider_than_own": Sentence(
        "授权范围不能超过你自己的：{what}。", "A grant cannot be wider than your own: {what}.", 403
    ),
    "stores.wrong_breadth": Sentence(
        "“{role}”不能授予这么大或这么小的范围。", "{role} cannot be granted over that kind of place.", 422
    ),
    "stores.one_place": Sentence(
        "授权要正好写明一个范围：品牌、区域或门店。", "Name exactly one place.", 422
    ),
    "stores.past_expiry": Sentence("到期时间已经过去。", "The expiry lies in the past.", 422),
    "stores.last_admin": Sentence(
        "这是最后一位管理员，先授权另一位再撤销。", "This is the last administrator.", 409
    ),
    "stores.second_person": Sentence(
        "总部角色要由另一位管理员点头：不能是授权的人，也不能是本人。",
        "A role of headquarters takes a second administrator: neither who gave it nor who holds it.",
        409,
    ),
    "stores.not_waiting": Sentence("这个授权已经生效。", "This grant is in force already.", 409),
    "stores.not_for_staff": Sentence(
        "这个账号不能担任这一角色。", "This account cannot hold that role.", 422
    ),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    "stores.brand_opened": "建立品牌",
    "stores.region_opened": "新增区域",
    "stores.resource_added": "新增门店资源",
    "stores.unsorted_found": "出现待归类门店",
    "stores.stores_imported": "导入门店",
    "stores.staff_imported": "导入员工",
    "stores.former_staff_forgotten": "抹去离职员工资料",
    "stores.staff_linked": "员工绑定账号",
    "stores.granted": "授权",
    "stores.grant_seconded": "第二人确认授权",
    "stores.revoked": "撤销授权",
}
