// Reading a ticket's code and checking the door's list with nothing but the installation's public key.
// The same rules stand in events/rules/tickets.py; whatever is wrong with a code, the answer is null.

const MARK = "TX1";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;
const STATIC = 88;
const SIGNATURE = 64;
const encoder = new TextEncoder();

export const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function bytesOf(text, size) {
  if (text.length !== Math.ceil((size * 8) / 5)) return null;
  const bytes = new Uint8Array(size);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : null; // spare bits are another spelling
}

export async function publicKey(point) {
  return crypto.subtle.importKey("raw", unhex(point), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
}

async function holds(key, domain, message, signature) {
  if (BigInt("0x" + hex(signature.slice(32))) > HALF_ORDER) return false; // the one spelling that we accept
  const said = new Uint8Array(domain.length + message.length);
  said.set(encoder.encode(domain));
  said.set(message, domain.length);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, said);
}

/** The ticket (as a uuid) that a code names, null for anything that is not a code of ours for this event. */
export async function ticketIn(text, list) {
  const parts = text.trim().split(".");
  if (parts[0] !== MARK || parts.length < 2 || parts.length > 3) return null;
  const bytes = bytesOf(parts[1], STATIC);
  if (!bytes) return null;
  const message = bytes.slice(0, -SIGNATURE);
  if (!(await holds(list.key_public, "tongxin ticket 1\0", message, bytes.slice(-SIGNATURE)))) return null;
  if (hex(message.slice(16)) !== list.mark) return null;
  return hex(message.slice(0, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Is a kept list the one that the server signed? */
export async function listHolds(body, signature, key) {
  return holds(key, "tongxin door list 1\0", encoder.encode(body), unhex(signature));
}

/** How this door's list names a ticket, a phone's tail, a name. */
export async function doorHash(list, word) {
  const key = await crypto.subtle.importKey("raw", unhex(list.key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex((await crypto.subtle.sign("HMAC", key, encoder.encode(word))).slice(0, 8));
}
