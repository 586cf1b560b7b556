// The conversation's messages on the screen: days, the line before what is new, and where one has scrolled to.
import { bubble, dayOf, make } from "./messages.js";
import { words } from "./words.js";

const AT_ONCE = 200; // messages drawn; earlier ones when asked for
const AT_MOST = 400; // kept on the screen while one stays at the bottom
const find = (id) => document.getElementById(id);
const log = find("log");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let draw = null;
let all = null;
let below = 0;
let following = true; // at the newest message, or on the way there
let lastTop = 0;

const nearBottom = () => log.scrollHeight - log.scrollTop - log.clientHeight < 140;
const nodeOf = (id) => log.querySelector(`article[data-id="${id}"]`);
const isNew = () => log.querySelector(".fresh") !== null;

export function toBottom(smooth = false) {
  below = 0;
  following = true;
  lastTop = log.scrollTop; // removing earlier messages lowers it, which is not a person's scrolling
  log.scrollTo({ top: log.scrollHeight, behavior: smooth && !calm.matches ? "smooth" : "instant" });
  find("to-bottom").hidden = true;
}

// `messages` by id, oldest first; `fresh` the first that was not read yet; `options(message)` as bubble() takes them.
export function showLog(messages, { fresh, empty, options }) {
  all = messages;
  draw = (message) => bubble(message, options(message));
  const shown = [...all.values()].slice(-AT_ONCE);
  log.setAttribute("aria-live", "off");
  log.replaceChildren(...rowsOf(shown, fresh));
  if (!shown.length) log.append(make("p", { class: "empty" }, empty));
  offerEarlier(shown[0]);
  const line = log.querySelector(".fresh");
  toBottom();
  if (line && log.scrollHeight - line.offsetTop > log.clientHeight) readFrom(line);
  log.setAttribute("aria-live", "polite");
}

function readFrom(line) {
  log.scrollTo({ top: line.offsetTop - 80, behavior: "instant" });
  following = nearBottom();
}

function rowsOf(messages, fresh) {
  const rows = [];
  let day = "";
  for (const message of messages) {
    if (dayOf(message) !== day) rows.push(make("div", { class: "day" }, (day = dayOf(message))));
    if (message.message_id === fresh) rows.push(freshLine());
    rows.push(draw(message));
  }
  return rows;
}

const freshLine = () => make("div", { class: "fresh" }, words.fresh);

function offerEarlier(first) {
  log.querySelector(".earlier")?.remove();
  const earlier = first ? [...all.values()].filter((message) => message.message_id < first.message_id) : [];
  if (!earlier.length) return;
  log.prepend(make("button", { class: "earlier", type: "button", onclick: () => {
    const [height, top] = [log.scrollHeight, log.scrollTop];
    const shown = earlier.slice(-AT_ONCE);
    log.querySelector(".earlier").replaceWith(...rowsOf(shown));
    offerEarlier(shown[0]);
    log.scrollTo({ top: top + log.scrollHeight - height, behavior: "instant" });
    nodeOf(first.message_id)?.scrollIntoView({ block: "nearest" });
  } }, words.earlier));
}

export function arrive(message, { mine, unseen }) {
  notice(); // a message may overtake the event of a scroll that has happened
  const stay = following || mine;
  log.querySelector(".empty")?.remove();
  if (mine) log.querySelector(".fresh")?.remove();
  const days = log.querySelectorAll(".day");
  if (days[days.length - 1]?.textContent !== dayOf(message)) log.append(make("div", { class: "day" }, dayOf(message)));
  if (unseen && !isNew()) log.append(freshLine());
  const node = draw(message);
  node.classList.add("arriving");
  log.append(node);
  if (stay) {
    trim();
    toBottom(true);
    return;
  }
  below += 1;
  find("below").textContent = String(below);
  find("to-bottom").hidden = false;
}

function trim() {
  const drawn = log.querySelectorAll("article");
  if (drawn.length <= AT_MOST) return;
  const first = drawn[drawn.length - AT_ONCE];
  while (log.firstChild !== first) log.firstChild.remove();
  log.prepend(make("div", { class: "day" }, dayOf(all.get(Number(first.dataset.id)))));
  offerEarlier(all.get(Number(first.dataset.id)));
}

// The focus stays on the same button of a message that was redrawn.
export function redraw(message) {
  const node = nodeOf(message.message_id);
  if (!node) return;
  const stay = following;
  const keys = [...node.querySelectorAll(".key")];
  const focused = keys.indexOf(document.activeElement);
  const drawn = draw(message);
  node.replaceWith(drawn);
  if (focused >= 0) {
    const now = [...drawn.querySelectorAll(".key")];
    const same = now.find((button) => button.dataset.data && button.dataset.data === keys[focused].dataset.data);
    (same ?? now[Math.min(focused, now.length - 1)] ?? log).focus({ preventScroll: true });
  }
  if (stay) toBottom();
}

export function remove(id) {
  nodeOf(id)?.remove();
}

export function typing(is) {
  log.querySelector(".typing")?.remove();
  if (!is) return;
  const stay = following;
  log.append(make("div", { class: "typing", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
  if (stay) toBottom();
}

// Only a person scrolls up. A smooth scroll that newer messages overtake is still on its way down.
function notice() {
  if (nearBottom()) {
    following = true;
    below = 0;
    find("to-bottom").hidden = true;
  } else if (log.scrollTop < lastTop) {
    following = false;
    if (log.scrollHeight - log.scrollTop > 2 * log.clientHeight) find("to-bottom").hidden = false;
    find("below").textContent = below ? String(below) : "";
  }
  lastTop = log.scrollTop;
}

log.addEventListener("scroll", notice, { passive: true });
new ResizeObserver(() => { if (following) toBottom(); }).observe(log);
find("to-bottom").addEventListener("click", () => toBottom(true));
