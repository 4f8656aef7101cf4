"""Words of repeated writes."""

from tongxin.foundation.errors import Sentence

REFUSALS: dict[str, Sentence] = {
    "idempotency.key_needed": Sentence(
        "这一步需要带上 Idempotency-Key。", "This write needs an Idempotency-Key header.", 422
    ),
    "idempotency.bad_key": Sentence(
        "Idempotency-Key 须为 1–200 个可见的英文字符。",
        "An Idempotency-Key has 1 to 200 visible ASCII characters.",
        422,
    ),
    "idempotency.other_body": Sentence(
        "同一个 Idempotency-Key 已用于另一份内容。", "This Idempotency-Key was used with another body.", 422
    ),
    "idempotency.in_flight": Sentence(
        "同一个请求正在处理，请稍后再查看结果。", "The same request is still being worked on.", 409
    ),
}
