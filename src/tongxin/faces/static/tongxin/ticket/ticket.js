// The holder's code, new every thirty seconds, made on the phone: also without network, until the event is over.
// The same rules stand in events/rules/tickets.py.

import { encode } from "../uqr/index.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const card = document.getElementById("my-ticket");
const { fixed, secret, ticket, step, now, until } = card.dataset;
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
// This phone's clock may be wrong; a page that comes fresh from the server says how far. What the keeper shows later carries
// the instant at which it was kept, and how far the clock was off then was noted under it.
const ahead = aheadOf(now);

function aheadOf(stamp) {
  const before = localStorage.getItem(`tongxin-ahead-${stamp}`);
  if (before !== null) return Number(before);
  return navigator.onLine ? noteAhead(stamp) : 0;
}

function noteAhead(stamp) {
  for (const key of Object.keys(localStorage)) if (key.startsWith("tongxin-ahead-")) localStorage.removeItem(key);
  const off = Date.parse(stamp) - Date.now();
  const found = Math.abs(off) > 5000 ? off : 0; // less is the way from the server
  localStorage.setItem(`tongxin-ahead-${stamp}`, String(found));
  return found;
}

function base32(bytes) {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += LETTERS[held >> bits];
      held &= (1 << bits) - 1;
    }
  }
  return bits ? text + LETTERS[held << (5 - bits)] : text;
}

async function moving(number) {
  const key = await crypto.subtle.importKey("raw", unhex(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, number);
  const said = new Uint8Array([...unhex(ticket.replaceAll("-", "")), ...count]);
  const mark = new Uint8Array(await crypto.subtle.sign("HMAC", key, said)).slice(0, 10);
  return base32([...count, ...mark]);
}

function drawn(code) {
  const { data, size } = encode(code, { ecc: "M", border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("shape-rendering", "crispEdges");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", "#171930");
  picture.append(shape);
  return picture;
}

let shown = -1;

async function turn() {
  const at = Date.now() + ahead;
  if (at > Date.parse(until)) {
    card.querySelector(".qr").replaceChildren();
    card.dataset.secret = "";
    return;
  }
  const number = Math.floor(at / 1000 / Number(step));
  if (number !== shown) {
    shown = number;
    const code = `TX1.${fixed}.${await moving(number)}`;
    card.querySelector(".qr").replaceChildren(drawn(code));
    card.dataset.code = code;
  }
  const left = Number(step) - Math.floor((at / 1000) % Number(step));
  document.getElementById("turn").value = left;
  setTimeout(turn, 500);
}

async function keep() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(card.dataset.worker, { scope: card.dataset.scope });
  await navigator.serviceWorker.ready;
  // The first visit came before the keeper; the page is asked for once more so that it is kept.
  if (navigator.onLine && !(await caches.match(location.pathname))) {
    const answer = await fetch(location.pathname).catch(() => null);
    if (answer?.ok) {
      const stamp = /data-now="([^"]+)"/.exec(await answer.clone().text())?.[1];
      await (await caches.open("tongxin-tickets")).put(location.pathname, answer);
      if (stamp) noteAhead(stamp);
    }
  }
  document.getElementById("kept").hidden = !(await caches.match(location.pathname));
}

turn();
keep().catch(() => undefined);
