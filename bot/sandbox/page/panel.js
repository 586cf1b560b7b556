// What the bot is doing, beside the chat.
import { make } from "./messages.js";
import { counted, fill, region, words } from "./words.js";

const EVENTS = 4;
const number = new Intl.NumberFormat(region);
const clock = new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const find = (id) => document.getElementById(id);
let before = null;

export function showStatus(status) {
  const { totals = {}, pushes = [], sources = [], rate } = status;
  find("pace").textContent = rate === undefined ? "" : rate > 0 ? fill(words.pace, { n: number.format(rate) }) : words.unlimited;
  keep(find("totals"), ["subscribers", "stories", "deliveries"].map((name) => [name, totals[name] ?? 0]), ([name]) => name, ([name, count]) =>
    make("div", {}, make("b", {}, number.format(count)), make("span", {}, counted(name, count))));
  keep(find("pushes"), pushes.length ? pushes : [null], (push) => push?.id ?? "none", (push) => push ? pushCard(push) : make("li", { class: "quiet" }, words.waiting));
  const now = Date.now() / 1000;
  keep(find("sources"), sources.map((source) => ({ ...source, age: source.last_success ? Math.max(0, Math.round(now - source.last_success)) : null })), (source) => source.id, sourceRow);
  if (before) for (const event of changes(before, status)) tell(event);
  else find("events").replaceChildren(make("li", { class: "quiet" }, words.calm));
  before = sources.length ? status : before;
}

// Only what changed is drawn anew, so that a bar moves and a selection stays.
function keep(list, items, keyOf, draw) {
  const leftover = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, at) => {
    const [key, shape] = [String(keyOf(item)), JSON.stringify(item)];
    let node = leftover.get(key);
    leftover.delete(key);
    if (!node || node.shape !== shape) {
      const drawn = draw(item);
      drawn.dataset.key = key;
      drawn.shape = shape;
      const [old, bar] = [node?.querySelector("progress"), drawn.querySelector("progress")];
      if (old && bar) { const value = bar.value; bar.value = old.value; requestAnimationFrame(() => { bar.value = value; }); }
      if (node) node.replaceWith(drawn);
      node = drawn;
    }
    if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
  });
  for (const gone of leftover.values()) gone.remove();
}

const kindOf = (push) => words[push.kind] ?? push.kind;
const settledOf = (push) => push.sent + push.failed;

function pushCard(push) {
  const whole = Math.max(push.total, settledOf(push));
  const done = push.state === "finished";
  return make("li", { class: `push ${push.kind}`, "data-testid": "push", "data-id": push.id, "data-state": push.state },
    make("div", { class: "top" }, make("span", { class: "kind" }, kindOf(push)), make("span", { class: "state" }, words[push.state] ?? push.state)),
    make("p", { dir: "auto" }, push.title),
    make("progress", { max: Math.max(whole, 1), value: done ? Math.max(whole, 1) : settledOf(push), "aria-label": push.title }),
    make("small", {}, `${number.format(push.sent)} / ${number.format(whole)}`, push.failed ? make("span", { class: "failed" }, ` · ✕ ${number.format(push.failed)}`) : null));
}

function sourceRow(source) {
  const when = source.age === null ? words.never : fill(words.secondsAgo, { n: number.format(source.age) });
  return make("li", { class: source.error ? "source bad" : "source", title: source.url },
    make("span", { class: "dot", "aria-hidden": "true" }), make("b", {}, source.id),
    make("small", {}, source.error || `${number.format(source.stories)} ${counted("stories", source.stories)} · ${when}`));
}

function changes(last, now) {
  const sentences = [];
  const earlier = new Map(last.pushes.map((push) => [push.id, push]));
  for (const push of [...now.pushes].reverse()) {
    const old = earlier.get(push.id);
    const told = { kind: kindOf(push), title: push.title, n: number.format(push.sent) };
    if (push.state === "finished" && old?.state !== "finished") sentences.push(fill(words.done, told));
    else if (push.state === "running" && old?.state !== "running") sentences.push(fill(words.begun, told));
  }
  const troubled = new Map(last.sources.map((source) => [source.id, Boolean(source.error)]));
  for (const source of now.sources) {
    if (troubled.get(source.id) === Boolean(source.error) || !troubled.has(source.id)) continue;
    sentences.push(fill(source.error ? words.troubled : words.recovered, source));
  }
  for (const [name, sentence] of [["stories", "newStories"], ["subscribers", "newReaders"]]) {
    const more = (now.totals?.[name] ?? 0) - (last.totals?.[name] ?? 0);
    if (more > 0) sentences.push(fill(counted(sentence, more), { n: number.format(more) }));
  }
  return sentences;
}

function tell(event) {
  const list = find("events");
  list.querySelector(".quiet")?.remove();
  const sentence = event[0].toUpperCase() + event.slice(1);
  list.prepend(make("li", {}, make("time", {}, clock.format(new Date())), make("span", { dir: "auto" }, sentence)));
  while (list.children.length > EVENTS) list.lastChild.remove();
}
