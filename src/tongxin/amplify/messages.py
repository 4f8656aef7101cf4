"""What members are told by this room: the words of each kind, in both languages, and the fields they need."""

from tongxin.outreach.terms import MessageKind

MESSAGES: dict[str, MessageKind] = {
    "amplify.star_invited": MessageKind(
        "我们想请你做社区之星：{why}。要不要展示、展示什么，都由你决定，点开看看。",
        "We would like to show you as a Community Star: {why}. Whether and what is shown is up to you.",
        ("why",),
    ),
    "amplify.star_shown": MessageKind(
        "你的作品上墙了，谢谢你。随时可以收回。",
        "Your works are on the wall, thank you. You can take them back at any time.",
        (),
    ),
    "amplify.ambassador_invited": MessageKind(
        "我们想请你做大使。协议和要做的都写清楚了，看过再决定。",
        "We would like you to be an ambassador. Read what it means, then decide.",
        (),
    ),
    "amplify.ambassador_declined": MessageKind(
        "谢谢你愿意做大使。这次没有成行：{why}",
        "Thank you for offering to be an ambassador. Not this time: {why}",
        ("why",),
    ),
    "amplify.ambassador_ended": MessageKind(
        "你的大使任期结束了：{why} 谢谢你走过的这一段。",
        "Your term as an ambassador has ended: {why} Thank you for it.",
        ("why",),
    ),
    "amplify.seat_offered": MessageKind(
        "请你来坐一席“{name}”：{why}。新东西先给你试，你说的每一条都有答复。",
        "A seat on {name} for you: {why}. You try new things first, and everything you say is answered.",
        ("name", "why"),
    ),
    "amplify.trial_opened": MessageKind(
        "{name}可以试了，试过告诉我们。", "{name} is ready to try; tell us what you think.", ("name",)
    ),
    "amplify.item_answered": MessageKind(
        "你的点子有答复了：{answer}", "Your idea has been answered: {answer}", ("answer",)
    ),
    "amplify.item_made": MessageKind(
        "你的点子做成了：{product}。{answer} 要不要署上你的名字，由你定。",
        "Your idea was made: {product}. {answer} Whether it carries your name is up to you.",
        ("product", "answer"),
    ),
    "amplify.teacher_invited": MessageKind(
        "我们想请你做名师：{why}。开不开主页、写什么，都由你定。",
        "We would like you to teach: {why}. Whether you have a page and what it says is up to you.",
        ("why",),
    ),
    "amplify.payout_paid": MessageKind(
        "你的谢礼发了：{sum} 元。每一笔怎么来的，点开看得到。",
        "Your thanks have been paid: {sum} yuan. See where each part comes from.",
        ("sum",),
    ),
    "amplify.poll_answered": MessageKind(
        "“{name}”有结果了：{answer}", "{name} has been answered: {answer}", ("name", "answer")
    ),
}
