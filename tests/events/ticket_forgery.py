"""Codes that somebody who is not us might show: altered, foreign, respelled, old."""

import uuid
from datetime import timedelta

from tongxin.events.rules import tickets
from tongxin.events.rules.tickets import ORDER, code

SIZES = {1: 88, 2: 14}  # bytes of the part that stays and of the moving one


def mutations(text, chance, count):
    """Every character changed once, then cuts, doublings, swaps and random spellings, until there are `count`."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.=01 abcxyz-"
    made = {text[:n] + chance.choice(letters.replace(c, "")) + text[n + 1 :] for n, c in enumerate(text)}
    made |= {text[:n] for n in range(len(text))} | {text[n:] for n in range(1, len(text))}
    made |= {text.lower(), text + "=", text + "A", " " + text, text + "\n", text.replace(".", "..")}
    while len(made) < count:
        a, b = sorted(chance.sample(range(len(text)), 2))
        made.add(
            chance.choice(
                [
                    text[:a] + text[b] + text[a + 1 : b] + text[a] + text[b + 1 :],
                    text[:a] + text[b:],
                    text[:b] + text[a:],
                    text[:a] + "".join(chance.choices(letters, k=b - a)) + text[b:],
                    text[:a] + chance.choice(letters) + text[a:],
                ]
            )
        )
    return made - {text}


def bits(text, part=0):
    """Every bit of a code flipped once, in its bytes rather than its letters; `part` 1 or 2 for one of them alone."""
    parts, made = text.split("."), []
    for place, size in SIZES.items():
        if part not in {0, place}:
            continue
        raw = tickets._bytes(parts[place], size)
        for bit in range(size * 8):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            forged = [*parts]
            forged[place] = tickets._text(bytes(flipped))
            made.append(".".join(forged))
    return made


def respelled(key, ticket, event):
    """The same signature in its other spelling, which verifies wherever the first does."""
    said = ticket.bytes + tickets.event_mark(event)
    good = tickets.sign(key, tickets._domain(said))
    r, s = good[:32], int.from_bytes(good[32:], "big")
    return f"TX1.{tickets._text(said + r + (ORDER - s).to_bytes(32, 'big'))}"


def foreign(key, others, ticket, event, now):
    """Another installation's, another event's, another ticket's, the parts of two put together."""
    mine = code(key, ticket, event, now).split(".")
    made = [code(others, ticket, event, now), respelled(key, ticket, event)]
    made += [code(key, ticket, uuid.UUID(int=n << 64), now) for n in range(1, 50)]
    for n in range(1, 50):
        other = code(key, uuid.UUID(int=n), event, now - timedelta(seconds=30 * n)).split(".")
        made += [f"{mine[0]}.{mine[1]}.{other[2]}", f"{mine[0]}.{other[1]}.{mine[2]}"]
    return made
