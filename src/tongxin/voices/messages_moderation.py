"""What people are told about a decision on their words, an appeal, and what became of what they told us."""

from tongxin.outreach.terms import MessageKind

MESSAGES: dict[str, MessageKind] = {
    "voices.put_away": MessageKind(
        "你在{name}写的一条内容，{by}看过后先收起来了。原因：{reason}。可以改一改再发；有不同看法，点开就能申诉。",
        "{by} has put away something you wrote in {name}: {reason}. Post it again in other words, or appeal.",
        ("name", "by", "reason"),
    ),
    "voices.taken_down": MessageKind(
        "你在{name}写的一条内容，{by}看过后移除了。原因：{reason}。有不同看法，点开就能申诉，会由另一位同事来看。",
        "{by} has removed something you wrote in {name}: {reason}. You can appeal; a colleague will look at it.",
        ("name", "by", "reason"),
    ),
    "voices.paused": MessageKind(
        "{name}：{until_zh} 之前请先看看、先休息，之后随时欢迎发言。原因：{reason}。有不同看法可以申诉。",
        "{name}: writing opens again at {until_en}. Reading and coming along go on. Reason: {reason}. You can appeal.",
        ("name", "until_zh", "until_en", "reason"),
    ),
    "voices.appeal_upheld": MessageKind(
        "你在{name}的申诉，{by}看过了：你说得对，之前的决定已撤销。{reason}",
        "{by} has looked at your appeal in {name}: you are right, the decision is undone. {reason}",
        ("name", "by", "reason"),
    ),
    "voices.appeal_kept": MessageKind(
        "你在{name}的申诉，{by}重新看过了，维持原来的决定：{reason}。谢谢你说出来。",
        "{by} has looked at your appeal in {name} and keeps the decision: {reason}. Thank you for speaking up.",
        ("name", "by", "reason"),
    ),
    "voices.you_said": MessageKind(
        "你在{name}说过的事，我们做了：{outcome}。谢谢你告诉我们。",
        "You said it in {name}, and we did this: {outcome}. Thank you for telling us.",
        ("name", "outcome"),
    ),
    "voices.contest_won": MessageKind(
        "恭喜！你在{name}的评选“{title}”中获奖：{prize}。主理人会联系你。",
        "You have won in {title} of {name}: {prize}. Your host will be in touch.",
        ("name", "title", "prize"),
    ),
}
