// A message as a bubble. Text goes in as text nodes only: what a newsroom writes never becomes markup.
import { region, words } from "./words.js";

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const STYLES = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const LINK = /^https?:\/\//i;
// What Telegram marks by itself in a text: addresses, commands, mentions, hashtags.
const AUTOMATIC = /https?:\/\/[^\s<>"]+|(?<![\w/])\/[a-z0-9_]{2,32}(?:@\w+)?(?![\w/])|(?<![\w@])@[a-z]\w{3,31}\b|(?<![\w#])#[\p{L}_][\p{L}\p{N}_]*/giu;
const KINDS = { "/": "bot_command", "@": "mention", "#": "hashtag" };

function marksOf(text, entities) {
  const marks = [...(entities ?? [])];
  const taken = marks.filter((mark) => !["bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"].includes(mark.type));
  for (const { 0: piece, index } of text.matchAll(AUTOMATIC)) {
    if (taken.some((mark) => mark.offset < index + piece.length && index < mark.offset + mark.length)) continue;
    const url = KINDS[piece[0]] ? piece : piece.replace(/[.,;:!?)\]]+$/, "");
    marks.push({ type: KINDS[piece[0]] ?? "url", offset: index, length: url.length });
  }
  return marks.sort((a, b) => a.offset - b.offset || b.length - a.length);
}

// Entities count in UTF-16 units, as strings do here. One that reaches out of another goes on behind it.
function pour(parent, text, start, end, marks, onCommand) {
  let at = start;
  let left = marks;
  while (left.length) {
    const [mark, ...rest] = left;
    const [from, to] = [Math.max(mark.offset, at), Math.min(mark.offset + mark.length, end)];
    if (to <= from) { left = rest; continue; }
    const inside = rest.filter((inner) => inner.offset < to);
    const beyond = rest.filter((inner) => inner.offset + inner.length > to);
    const node = wrap(mark, text.slice(mark.offset, mark.offset + mark.length), onCommand);
    pour(node, text, from, to, inside, onCommand);
    parent.append(text.slice(at, from), node);
    // A block ends its line by itself.
    at = BLOCKS.has(mark.type) && to < end && text[to] === "\n" ? to + 1 : to;
    left = beyond;
  }
  parent.append(text.slice(at, end));
}

export function rich(text, entities, onCommand) {
  const fragment = document.createDocumentFragment();
  pour(fragment, text, 0, text.length, marksOf(text, entities), onCommand);
  return fragment;
}

function wrap(mark, whole, onCommand) {
  if (STYLES[mark.type]) return make(STYLES[mark.type]);
  if (mark.type === "expandable_blockquote") return unfolding(make("blockquote", { class: "folded", title: words.more }), "folded");
  if (mark.type === "spoiler") return unfolding(make("span", { class: "spoiler", "aria-label": words.spoiler }), "spoiler");
  if (mark.type === "bot_command") return make("button", { class: "command", type: "button", onclick: () => onCommand(whole) });
  const url = mark.type === "text_link" ? mark.url : mark.type === "url" ? whole : "";
  if (LINK.test(url)) return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" });
  return make("span", { class: mark.type === "custom_emoji" ? "emoji" : "tag" });
}

function unfolding(element, name) {
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  element.setAttribute("aria-expanded", "false");
  const unfold = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (!element.classList.contains(name)) return;
    event.preventDefault();
    element.classList.remove(name);
    for (const attribute of ["tabindex", "role", "aria-expanded", "aria-label", "title"]) element.removeAttribute(attribute);
  };
  element.addEventListener("click", unfold);
  element.addEventListener("keydown", unfold);
  return element;
}

const clock = new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(region, { weekday: "long", day: "numeric", month: "long" });

export function dayOf(message) {
  const day = new Date(message.date * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return calendar.format(day);
}

export function preview(message) {
  if (!message) return "";
  const text = (message.text ?? message.caption ?? "").replace(/\s+/g, " ").slice(0, 80);
  if (message.document) return `📄 ${text || words.aFile}`;
  return message.photo ? `🖼️ ${text || words.aPhoto}` : text;
}

// A message of callback buttons alone is a menu: that it changes when one is pressed is no correction.
function isCorrected(message) {
  const buttons = (message.reply_markup?.inline_keyboard ?? []).flat();
  return message.edit_date && (buttons.some((button) => button.url) || !buttons.some((button) => button.callback_data));
}

export function bubble(message, { mine, name, onPress, onCommand }) {
  const photo = message.photo?.at(-1);
  const text = message.text ?? message.caption ?? "";
  const rows = message.reply_markup?.inline_keyboard ?? [];
  const body = make("div", { class: photo ? "bubble pictured" : "bubble" },
    name ? make("span", { class: "sender" }, name) : null,
    photo ? make("img", { src: `/sandbox/photos/${encodeURIComponent(photo.file_id)}`, alt: words.aPhoto, width: photo.width, height: photo.height, loading: "lazy", decoding: "async" }) : null,
    message.document ? make("div", { class: "text" }, `📄 ${words.aFile} (${message.document.file_size} B)`) : null,
    text ? make("div", { class: "text", dir: "auto" }, rich(text, message.entities ?? message.caption_entities, onCommand)) : null,
    make("span", { class: "meta" }, isCorrected(message) ? make("i", { class: "edited" }, words.edited) : null, make("time", { datetime: new Date(message.date * 1000).toISOString() }, clock.format(message.date * 1000))));
  const keyboard = rows.length ? make("div", { class: "keyboard" }, ...rows.map((row) => make("div", { class: "row" }, ...row.map((button) => key(button, message, onPress))))) : null;
  return make("article", { class: mine ? "message mine" : "message", "data-testid": "message", "data-id": message.message_id }, body, keyboard);
}

function key(button, message, onPress) {
  if (button.url) return make("a", { class: "key", href: LINK.test(button.url) ? button.url : "#", target: "_blank", rel: "noopener noreferrer", "data-testid": "button" }, button.text, make("span", { class: "out", "aria-hidden": "true" }, "↗"));
  return make("button", { class: "key", type: "button", "data-testid": "button", "data-data": button.callback_data, onclick: (event) => onPress(message, button.callback_data, event.currentTarget) }, button.text);
}
