"""Order exports of a mini shop as its back office writes them: one row an article, what belongs to the order on its first row only."""

import random
from dataclasses import dataclass

HEADERS = (
    "订单号", "下单时间", "订单状态", "商品名称", "SKU编码", "商品单价（元）", "商品数量", "商品实付", "订单实付金额", "运费", "优惠券码",
    "渠道码", "收货人手机", "售后状态", "退款金额", "退款时间", "更新时间", "收货地址",
)  # fmt: skip
SHELF = {"A100": 1990, "B200": 990, "C300": 4500}


@dataclass
class Export:
    """Rows, and what they must add up to."""

    rows: list[list[str]]
    orders: int = 0
    lines: int = 0
    paid: int = 0
    back: int = 0
    unpaid: int = 0

    def csv(self, encoding):
        text = "\n".join([",".join(HEADERS), *(",".join(row) for row in self.rows)]) + "\n"
        return text.encode(encoding)


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


def export(orders, phones, seed=1):
    """A made export: some orders of several articles, some with a refund by amount or by status, some never paid."""
    dice = random.Random(seed)
    made = Export([])
    for number in range(orders):
        unpaid = number % 7 == 3
        articles = dice.sample(sorted(SHELF), k=dice.randint(1, 3))
        freight = dice.choice((0, 600))
        parts = [SHELF[sku] * dice.randint(1, 3) for sku in articles]
        total = sum(parts) + freight
        refund = dice.choice(("", "", "status", "amount"))
        at = f"2026-03-{1 + number % 20:02d} 1{number % 10}:05:00"
        for place, (sku, part) in enumerate(zip(articles, parts, strict=True)):
            after, back, when = "", "", ""
            if refund and place == 0 and not unpaid:
                fen = part if refund == "status" else part // 2
                after = "退款成功" if refund == "status" else "部分退款"
                back, when = ("", "") if refund == "status" else (yuan(fen), "2026-03-22 09:00:00")
                made.back += fen
            first = place == 0
            made.rows.append(
                [
                    f"37{number:014d}" if first else "", at if first else "", ("待付款" if unpaid else "已完成") if first else "",
                    f"商品{sku}", sku, yuan(SHELF[sku]), str(part // SHELF[sku]), yuan(part), yuan(total) if first else "",
                    yuan(freight) if first else "", "", f"pst-{number % 3}" if first else "",
                    phones[number % len(phones)] if first else "", after, back, when,
                    "2026-03-23 00:00:00" if first else "", "某某路1号" if first else "",
                ]
            )  # fmt: skip
            made.lines += not unpaid
        made.orders += not unpaid
        made.unpaid += unpaid
        made.paid += 0 if unpaid else total
    return made
