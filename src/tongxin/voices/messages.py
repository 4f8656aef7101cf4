"""What people are told about their posts: the words of each kind, in both languages, and the fields they need."""

from tongxin.outreach.terms import MessageKind

MESSAGES: dict[str, MessageKind] = {
    "voices.answered": MessageKind(
        "你在{name}的提问有人回答了，点开看看。",
        "Somebody has answered your question in {name}.",
        ("name",),
    ),
    "voices.commented": MessageKind(
        "你在{name}的分享有人评论了。",
        "Somebody has commented on your post in {name}.",
        ("name",),
    ),
    "voices.accepted": MessageKind(
        "你在{name}的回答被采纳了，帮到了一位邻居。谢谢你。",
        "Your answer in {name} was accepted: it helped a neighbour. Thank you.",
        ("name",),
    ),
    "voices.shown": MessageKind(
        "你在{name}写的内容，版主看过了，已经发出来。",
        "What you wrote in {name} has been looked at and is out now.",
        ("name",),
    ),
}
