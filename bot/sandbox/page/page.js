// The chat page: who you are, the conversation, and what you do in it.
import { arrive, redraw, remove, showLog, toBottom, typing } from "./log.js";
import { fold, foldAll, unfold } from "./menus.js";
import { make, preview } from "./messages.js";
import { showStatus } from "./panel.js";
import { counted, translate, words } from "./words.js";

const TYPING = 5000; // ms; https://core.telegram.org/bots/api#sendchataction
const find = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 720px)");
const chats = new Map();
let bot = null;
let current = null;
let editing = null;

async function call(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `HTTP ${answer.status}`);
  return answer.json();
}

function attempt(work) {
  return async (...given) => {
    try { return await work(...given); } catch (error) { toast(`${words.failed} ${error.message}`); return undefined; }
  };
}

let toastTimer = 0;
function toast(text) {
  find("toast").textContent = text;
  find("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { find("toast").hidden = true; }, 3500);
}

function alert(text) {
  find("alert-text").textContent = text;
  find("alert").showModal();
}

// Who is there

const nameOf = (info) => info.title ?? info.first_name;
const isGroup = (info) => info.type !== "private";
const isGone = (info) => isGroup(info) && ["kicked", "left"].includes(info.bot_status);
const isSeen = (id) => id === current && !document.hidden && (!narrow.matches || document.body.dataset.view === "chat");

async function loadState() {
  const state = await call("/sandbox/state");
  bot = state.bot;
  for (const info of state.chats) {
    const chat = chats.get(info.id) ?? { messages: null, unread: 0, fresh: null, typing: 0 };
    chats.set(info.id, Object.assign(chat, { info, last: info.last_message ?? chat.last }));
  }
  showPeople();
  if (current !== null) showHeader();
}

function showPeople() {
  const focused = document.activeElement?.closest?.("#chats li")?.dataset.id;
  const reachable = current ?? [...chats.keys()][0];
  find("chats").replaceChildren(...[...chats.values()].map(({ info, last, unread }, at) => make("li", {
    role: "option", tabindex: info.id === reachable ? 0 : -1, "aria-selected": String(info.id === current),
    "data-testid": "person", "data-id": info.id, onclick: () => open(info.id), onkeydown: walk,
  },
  make("span", { class: "avatar", "data-hue": at % 6, "aria-hidden": "true" }, nameOf(info)[0]),
  make("span", { class: "who" },
    make("b", {}, nameOf(info), make("i", {}, isGroup(info) ? words.group : info.language)),
    make("small", { dir: "auto" }, preview(last))),
  unread ? make("span", { class: "unread", "data-testid": "unread", "aria-label": `${unread} ${words.unread}` }, unread > 99 ? "99+" : String(unread)) : null)));
  if (focused) find("chats").querySelector(`[data-id="${focused}"]`)?.focus();
  const total = [...chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
  document.title = total ? `(${total}) Kabar` : "Kabar";
}

function walk(event) {
  const items = [...find("chats").children];
  const at = items.indexOf(event.currentTarget);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(Number(event.currentTarget.dataset.id));
  }
}

// One conversation

const open = attempt(async (id, { stay = false } = {}) => {
  const chat = chats.get(id);
  const { fresh } = chat; // before the chat counts as seen
  current = id;
  stopEditing();
  foldAll();
  if (!stay) view("chat");
  if (!chat.messages) chat.messages = new Map((await call(`/sandbox/chats/${id}/messages`)).map((message) => [message.message_id, message]));
  if (current !== id) return;
  showPeople();
  showHeader();
  showMessages(fresh);
  look();
  if (!narrow.matches) (find("start").hidden ? find("text") : find("start")).focus();
});

function showHeader() {
  const { info } = chats.get(current);
  const group = isGroup(info);
  const stranger = info.type === "private" && info.bot_status === "stranger";
  const away = stranger || info.blocked || isGone(info);
  find("chat-title").textContent = group ? nameOf(info) : bot.first_name;
  find("chat-avatar").textContent = find("chat-title").textContent[0];
  find("start").hidden = !away;
  find("start").textContent = isGone(info) ? words.invite : info.blocked ? words.unblock : words.start;
  find("composer").hidden = away;
  find("menu-button").hidden = stranger;
  find("block").textContent = group ? (isGone(info) ? words.invite : words.remove) : info.blocked ? words.unblock : words.block;
  showSpeakers(info);
  find("commands").replaceChildren(...info.commands.map(({ command, description }) => make("button", { role: "menuitem", type: "button", tabindex: -1, "data-command": command, onclick: () => order(command) },
    make("b", {}, `/${command}`), make("span", {}, description))));
  showDoing();
}

function showSpeakers(info) {
  const speaker = find("speaker");
  const chosen = speaker.value;
  speaker.hidden = !isGroup(info);
  speaker.replaceChildren(...info.members.map((member) => make("option", { value: member.id }, nameOf(chats.get(member.id)?.info ?? { first_name: String(member.id) }))));
  if ([...speaker.options].some((option) => option.value === chosen)) speaker.value = chosen;
}

function showDoing() {
  const { info, typing: until } = chats.get(current);
  const status = find("chat-status");
  const busy = Date.now() < until;
  status.classList.toggle("busy", busy);
  typing(busy);
  if (busy) status.textContent = `${words.typing}…`;
  else if (info.blocked) status.textContent = `${words.as} ${nameOf(info)} · ${words.blocked}`;
  else if (isGone(info)) status.textContent = words.gone;
  else if (isGroup(info)) status.textContent = `${info.members.length + 1} ${counted("members", info.members.length + 1)}`;
  else status.textContent = `${words.bot} · ${words.as} ${nameOf(info)}`;
}

const speakerNow = () => (isGroup(chats.get(current).info) ? Number(find("speaker").value) : current);
const isMine = (message) => message.from !== undefined && !message.from.is_bot && message.from.id === speakerNow();

function showMessages(fresh) {
  const { info, messages } = chats.get(current);
  showLog(messages, {
    fresh, empty: isGroup(info) ? words.emptyGroup : words.empty,
    options: (message) => ({
      mine: isMine(message), onPress: press, onCommand: (command) => say(command),
      name: isGroup(info) && !isMine(message) ? (message.from?.first_name ?? "") : "",
    }),
  });
}

// What happens

function happen(event) {
  if (event.type === "status") { showStatus(event.status); return; }
  if (event.type === "state") { attempt(loadState)(); return; }
  const chat = chats.get(event.chat);
  const here = event.chat === current;
  if (!chat) return;
  if (event.type === "action") {
    chat.typing = Date.now() + TYPING;
    setTimeout(() => { if (event.chat === current) showDoing(); }, TYPING + 50);
    if (here) showDoing();
  }
  if (event.type === "message") receive(chat, event.message, here);
  if (event.type === "edit") {
    chat.messages?.set(event.message.message_id, event.message);
    if (chat.last?.message_id === event.message.message_id) { chat.last = event.message; showPeople(); }
    if (here) redraw(event.message);
  }
  if (event.type === "delete") {
    chat.messages?.delete(event.message_id);
    if (here) remove(event.message_id);
  }
}

function receive(chat, message, here) {
  const isRedelivered = chat.messages?.has(message.message_id);
  chat.messages?.set(message.message_id, message);
  chat.last = message;
  const unseen = !isSeen(chat.info.id) && message.from?.is_bot !== false;
  if (unseen && !isRedelivered) {
    chat.unread += 1;
    chat.fresh ??= message.message_id;
  }
  if (message.from?.is_bot) chat.typing = 0;
  if (here && chat.messages) {
    showDoing();
    if (isRedelivered) redraw(message);
    else arrive(message, { mine: isMine(message), unseen });
    if (chat.typing) showDoing();
  }
  showPeople();
}

// What was away comes back: what arrived in the open chat meanwhile has been seen now.
function look() {
  if (current === null || !isSeen(current)) return;
  const chat = chats.get(current);
  chat.unread = 0;
  chat.fresh = null;
  showPeople();
}

function listen() {
  const events = new EventSource("/sandbox/events");
  let broken = false;
  events.onmessage = (event) => happen(JSON.parse(event.data));
  events.onerror = () => {
    broken = true;
    find("toast").textContent = words.lost;
    find("toast").hidden = false;
    clearTimeout(toastTimer);
  };
  events.onopen = attempt(async () => {
    if (!broken) return;
    broken = false;
    find("toast").hidden = true;
    for (const chat of chats.values()) chat.messages = null;
    await loadState();
    if (current === null) return;
    await open(current, { stay: true });
  });
}

// What you do

const say = attempt(async (text, photo) => {
  await call(`/sandbox/chats/${current}/messages`, { as: speakerNow(), text, ...(photo ? { photo } : {}) });
});

const press = attempt(async (message, data, key) => {
  key.classList.add("pressed");
  try {
    const answer = await call(`/sandbox/chats/${current}/press`, { as: speakerNow(), message_id: message.message_id, data });
    if (answer === null) toast(words.noAnswer);
    else if (answer.url) await openBot(answer.url);
    else if (answer.text && answer.show_alert) alert(answer.text);
    else if (answer.text) toast(answer.text);
  } finally { key.classList.remove("pressed"); }
});

// A link such as https://t.me/kabar_bot?start=latest opens the person's own chat with the bot, and says "/start latest".
async function openBot(url) {
  const person = speakerNow();
  const text = `/start ${new URL(url).searchParams.get("start")}`;
  await call(`/sandbox/chats/${person}/messages`, { as: person, text });
  await open(person);
}

function order(command) {
  fold("commands");
  find("text").value = "";
  grow();
  find("text").focus();
  say(`/${command}`);
}

// On a small window the list, the chat and the panel are screens. Each is an entry of the history, so that the browser's
// Back, or a phone's gesture, leads to the screen before it and not away from the page.
const DEPTH = { list: 0, chat: 1, panel: 2 };
function view(name) {
  const { view: here, from } = history.state;
  show(name);
  if (name === here) return;
  if (name === from) history.back();
  else if (DEPTH[name] > DEPTH[here] && (narrow.matches || name === "panel")) history.pushState({ view: name, from: here }, "");
  else history.replaceState({ view: name, from }, "");
}

function show(name) {
  document.body.dataset.view = name;
  look();
}

history.replaceState({ view: "list" }, "");
addEventListener("popstate", ({ state }) => show(current === null ? "list" : state?.view ?? "list"));

function grow() {
  const text = find("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`;
}

// While a command is typed, the ones that fit are shown.
function suggest() {
  const typed = /^\/(\w*)$/.exec(find("text").value);
  if (!typed) { if (!find("commands").hidden) fold("commands"); return; }
  for (const item of find("commands").children) item.hidden = !item.dataset.command.startsWith(typed[1].toLowerCase());
  if ([...find("commands").children].some((item) => !item.hidden)) unfold("commands", { focus: false });
  else fold("commands");
}

// The first command that fits what is typed is written out; whether there was one.
function complete() {
  const first = /^\/\w/.test(find("text").value) && !find("commands").hidden && find("commands").querySelector("button:not([hidden])");
  if (!first) return false;
  find("text").value = `/${first.dataset.command} `;
  suggest();
  return true;
}

function startEditing() {
  const own = [...chats.get(current).messages.values()].reverse().find((message) => isMine(message) && message.text);
  if (!own) return;
  editing = own.message_id;
  find("editing").hidden = false;
  find("text").value = own.text;
  grow();
}

function stopEditing() {
  if (editing === null) return;
  editing = null;
  find("editing").hidden = true;
  find("text").value = "";
  grow();
}

const correct = attempt(async (message_id, text) => {
  await call(`/sandbox/chats/${current}/edit`, { as: speakerNow(), message_id, text });
});

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("text").value.trim();
  if (!text) return;
  const corrected = editing;
  stopEditing();
  find("text").value = "";
  grow();
  fold("commands");
  if (corrected === null) say(text);
  else correct(corrected, text);
});
find("text").addEventListener("input", () => { grow(); suggest(); });
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); find("composer").requestSubmit(); }
  if (event.key === "ArrowUp" && !find("text").value) { event.preventDefault(); startEditing(); }
  if (event.key === "Tab" && !event.shiftKey && complete()) event.preventDefault();
  if (event.key === "ArrowDown" && !find("commands").hidden) { event.preventDefault(); unfold("commands"); }
});
find("command-button").addEventListener("click", () => { for (const item of find("commands").children) item.hidden = false; }, { capture: true });
find("stop-editing").addEventListener("click", () => { stopEditing(); find("text").focus(); });
find("attach").addEventListener("click", () => find("photo").click());
find("photo").addEventListener("change", () => {
  const file = find("photo").files[0];
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => { say(find("text").value.trim(), reader.result); find("text").value = ""; find("photo").value = ""; grow(); };
  reader.readAsDataURL(file);
});
find("start").addEventListener("click", attempt(async () => {
  if (isGone(chats.get(current).info)) await call(`/sandbox/chats/${current}/membership`, { status: "member" });
  else await call(`/sandbox/start/${current}`, {});
  await loadState();
  toBottom();
  if (!narrow.matches) find("text").focus();
}));
find("block").addEventListener("click", attempt(async () => {
  fold("menu");
  const { info } = chats.get(current);
  if (isGroup(info)) await call(`/sandbox/chats/${current}/membership`, { status: isGone(info) ? "member" : "kicked" });
  else await call(`/sandbox/people/${current}/block`, { blocked: !info.blocked });
  await loadState();
}));
find("add-person").addEventListener("submit", attempt(async (event) => {
  event.preventDefault();
  const name = find("person-name").value.trim();
  if (!name) return;
  find("person-name").value = "";
  const { id } = await call("/sandbox/people", { name, language: find("person-language").value });
  await loadState();
  await open(id);
}));
find("publish").addEventListener("click", attempt(async () => { toast((await call("/sandbox/newsroom/publish", { update: true })).title); }));
find("speaker").addEventListener("change", () => showMessages());
for (const button of document.querySelectorAll("[data-go]")) button.addEventListener("click", () => view(button.dataset.go));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || find("alert").open) return;
  if (foldAll()) return;
  if (editing !== null) { stopEditing(); return; }
  const screen = document.body.dataset.view;
  view(screen === "panel" ? "chat" : "list");
  if (screen !== "panel") find("chats").querySelector("[tabindex='0']")?.focus();
});
document.addEventListener("visibilitychange", look);

// Light or dark: as the machine says, until somebody chooses.
const root = document.documentElement;
root.dataset.theme = localStorage.getItem("theme") ?? "";
find("theme").addEventListener("click", () => {
  const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

translate(document);
listen();
await attempt(loadState)();
call("/sandbox/bot").then((status) => { if (status.sources) showStatus(status); }, () => {});
if (!narrow.matches && chats.size) open([...chats.keys()][0]);
