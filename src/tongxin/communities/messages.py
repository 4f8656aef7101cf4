"""What people are told about their communities: the words of each kind, in both languages, and the fields they need."""

from tongxin.outreach.terms import MessageKind

MESSAGES: dict[str, MessageKind] = {
    "communities.admitted": MessageKind(
        "欢迎来到{name}。第一周慢慢来：先和带你的伙伴打个招呼，再用一句话介绍自己。",
        "Welcome to {name}. Take the first week slowly: say hello to your buddy, then introduce yourself in a sentence.",
        ("name",),
    ),
    "communities.declined": MessageKind(
        "{name}这次没有通过：{reason}。条件变了随时可以再申请。",
        "{name} could not take you in this time: {reason}. You can apply again whenever things change.",
        ("name", "reason"),
    ),
    "communities.your_turn": MessageKind(
        "{name}：还差一步就能加入，点开看看。",
        "{name}: one more step and you are in.",
        ("name",),
    ),
    "communities.rules_changed": MessageKind(
        "{name}的群规有了新版，{when_zh} 起生效。看过并同意之后，一切照旧。",
        "The rules of {name} have a new version, in effect from {when_en}. Read and accept it, and all goes on as before.",
        ("name", "when_zh", "when_en"),
    ),
    "communities.buddy": MessageKind(
        "{name}来了一位新成员，请你带一带：打个招呼，答一个问题就很好。",
        "Somebody new has come to {name} and you are their buddy: a hello and one answer are plenty.",
        ("name",),
    ),
    "communities.introduced": MessageKind(
        "{name}里有一位和你聊得来的成员{about}，点开认识一下。",
        "There is somebody in {name} you may get on with{about}. Have a look.",
        ("name", "about"),
    ),
    "communities.removed": MessageKind(
        "你已被请出{name}，原因：{reason}。有异议可以找主理人申诉。",
        "You were asked to leave {name}: {reason}. You may appeal to the host.",
        ("name", "reason"),
    ),
    "communities.closed": MessageKind(
        "{name}到今天为止，谢谢你一路在。{reason}",
        "{name} ends today; thank you for being there. {reason}",
        ("name", "reason"),
    ),
}
