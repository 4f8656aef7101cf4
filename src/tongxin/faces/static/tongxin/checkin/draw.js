// Drawing: the ring of seats, the rows, the answer. Texts stand on the page (in both languages), never in here.

const SVG = "http://www.w3.org/2000/svg";
const RING = 24; // above that a line says it better
const words = new Map([...document.querySelectorAll("#words [data-word]")].map((n) => [n.dataset.word, n.textContent]));

/** A text of the page with its numbers put in. */
export const say = (word, values = {}) =>
  (words.get(word) ?? word).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

export const clockTime = (at) =>
  new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

export function el(tag, classes = "", text = "", more = {}) {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(more)) node.setAttribute(name, value);
  return node;
}

function shape(tag, more) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(more)) node.setAttribute(name, value);
  return node;
}

/** `8 / 12`: who sits round the table already. */
export function ring(svg, came, seats) {
  svg.setAttribute("aria-label", say("ring", { came, seats }));
  const parts = [shape("circle", { cx: 60, cy: 60, r: 30, class: "nf s-line", "stroke-width": 1.5 })];
  if (seats <= RING) {
    for (let n = 0; n < seats; n++) {
      const turn = (2 * Math.PI * n) / seats - Math.PI / 2;
      const there = n < came;
      const place = { cx: 60 + 46 * Math.cos(turn), cy: 60 + 46 * Math.sin(turn) };
      const size = Math.min(7.6, 120 / seats);
      parts.push(shape("circle", { ...place, r: there ? size : size - 1, class: there ? "f-good" : "nf seat-open" }));
    }
  } else {
    const line = { cx: 60, cy: 60, r: 46, pathLength: seats, "stroke-width": 10, transform: "rotate(-90 60 60)" };
    parts.push(shape("circle", { ...line, class: "nf s-line" }));
    parts.push(shape("circle", { ...line, class: "nf s-good", "stroke-dasharray": `${came} ${seats}` }));
  }
  const big = shape("text", { x: 60, y: 62, "text-anchor": "middle", class: "b seat-n" });
  const small = shape("text", { x: 60, y: 77, "text-anchor": "middle" });
  [big.textContent, small.textContent] = [came, `/ ${seats}`];
  svg.replaceChildren(...parts, big, small);
}

/** The answer: colour, sign, word; `kind` is ok, mind, no or off. */
export function answer(box, kind, { title, who = "", note = "", buttons = [] }) {
  box.className = `verdictbox v-${kind}`;
  document.querySelector(".view").dataset.kind = kind;
  const sign = document.querySelector(`#sign-${kind}`).content.cloneNode(true);
  const head = el("div");
  head.append(el("div", "t", title));
  if (who) head.append(el("b", "strong", who));
  const parts = [sign, head];
  if (note) parts.push(el("p", "", note));
  if (buttons.length) {
    const both = el("div", "flex both");
    for (const [text, act, style = "dark"] of buttons) {
      const button = el("button", `btn ${style}`, text, { type: "button" });
      button.addEventListener("click", act);
      both.append(button);
    }
    parts.push(both);
  }
  box.replaceChildren(...parts);
  box.hidden = false;
}

/** One row: initial, name, what is known, a button. */
export function row(name, known, button) {
  const line = el("li");
  line.append(el("span", "ava d", name.slice(0, 1), { "aria-hidden": "true" }));
  const what = el("span", "grow");
  what.append(el("b", "", name), el("small", "", known));
  line.append(what);
  if (button) {
    const press = el("button", "btn small", button.text, { type: "button", "aria-label": `${button.text} ${name}` });
    press.addEventListener("click", button.act);
    line.append(press);
  }
  return line;
}
