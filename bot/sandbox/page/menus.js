// Menus that open over the chat, worked with the mouse or the arrow keys.
const find = (id) => document.getElementById(id);
const pairs = [["menu", "menu-button"], ["commands", "command-button"]];

export function fold(id) {
  const [, button] = pairs.find(([menu]) => menu === id);
  const inside = find(id).contains(document.activeElement);
  find(id).hidden = true;
  find(button).setAttribute("aria-expanded", "false");
  if (inside) find(button).focus();
}

export function unfold(id, { focus = true } = {}) {
  const [, button] = pairs.find(([menu]) => menu === id);
  find(id).hidden = false;
  find(button).setAttribute("aria-expanded", "true");
  if (focus) itemsOf(id)[0]?.focus();
}

// Whether one was open.
export function foldAll() {
  const open = pairs.filter(([menu]) => !find(menu).hidden);
  for (const [menu] of open) fold(menu);
  return open.length > 0;
}

const itemsOf = (id) => [...find(id).querySelectorAll("[role=menuitem]:not([hidden])")];

for (const [menu, button] of pairs) {
  find(button).addEventListener("click", () => (find(menu).hidden ? unfold(menu) : fold(menu)));
  find(menu).addEventListener("keydown", (event) => {
    const items = itemsOf(menu);
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  });
  document.addEventListener("click", (event) => {
    if (!find(menu).hidden && !event.target.closest(`#${menu}, #${button}, #text`)) fold(menu);
  });
}
