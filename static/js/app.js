// Everything here improves a page that already works without it. Strict CSP: no evaluated code, no inline styles.
// Parts find their elements by data attributes; pieces that htmx brings in later are upgraded the same way.

const find = (selector, root = document) => [...root.querySelectorAll(selector)].concat(root.matches?.(selector) ? [root] : []);
const oneYear = 60 * 60 * 24 * 365;
const setCookie = (name, value, age = oneYear) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax${secure}`;
};

// -- Menus: <details class="menu"> -----------------------------------------------------------------------------------

const closeMenus = (except) => find("details.menu[open]").forEach((menu) => menu !== except && (menu.open = false));

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));

// -- Dialogs and the slide-over --------------------------------------------------------------------------------------

const slideOver = document.getElementById("slide-over");
const openers = new WeakMap(); // who had the focus before

function openDialog(dialog) {
  if (!dialog.open) {
    openers.set(dialog, document.activeElement);
    if (dialog === slideOver) dialog.show();
    else dialog.showModal();
  }
  closeMenus();
  // Named by its own heading, which also takes the focus when nothing in it asks for it.
  const heading = dialog.querySelector("h1, h2");
  if (heading) {
    dialog.setAttribute("aria-label", heading.textContent.trim());
    heading.tabIndex = -1;
  }
  (dialog.querySelector("[autofocus]") ?? heading)?.focus();
}

function closeDialog(dialog) {
  if (!dialog?.open) return;
  dialog.close();
  const opener = openers.get(dialog);
  // A menu's item is hidden again; its button is not.
  (opener?.closest("details.menu")?.querySelector("summary") ?? opener)?.focus();
}

document.addEventListener("click", (event) => {
  const opening = event.target.closest("[data-dialog-open]");
  if (opening) {
    event.preventDefault();
    openDialog(document.getElementById(opening.dataset.dialogOpen));
  }
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    closeDialog(event.target.closest("dialog"));
  }
  if (event.target.matches("dialog.dialog")) closeDialog(event.target); // its backdrop
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (!document.querySelector("dialog:modal")) closeDialog(slideOver);
});

// A server closes the dialog after its form was saved: HX-Trigger: close-dialog.
document.addEventListener("close-dialog", () => closeDialog(document.getElementById("dialog")));

// -- Messages --------------------------------------------------------------------------------------------------------

function say(text) {
  // A page that asks again and again says once that nobody answers.
  if (find("#messages .toast > p").some((paragraph) => paragraph.textContent === text)) return;
  const toast = document.getElementById("toast").content.cloneNode(true);
  toast.querySelector("p").textContent = text;
  document.getElementById("messages").append(toast);
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast").remove());

function passAway(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? passAway(toast) : toast.remove()), 8000);
}

// -- Theme and time zone, kept in cookies that the server reads as they are --------------------------------------------

function chooseTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  setCookie("theme", theme, theme ? oneYear : 0);
  showTheme();
}

function showTheme() {
  const theme = document.documentElement.dataset.theme ?? "";
  find("[data-theme-choice]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.themeChoice === theme));
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) chooseTheme(choice.dataset.themeChoice);
});

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`tz=${zone}`)) setCookie("tz", zone);

// -- Copy buttons: data-copy="text" or data-copy-from="id" -------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom);
  const label = button.querySelector("[data-copy-label]") ?? button;
  const words = label.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? source.value ?? source.textContent.trim());
    label.textContent = "Copied";
    setTimeout(() => (label.textContent = words), 2000);
  } catch {
    say("The browser did not allow copying. Select the text and copy it by hand.");
  }
});

// -- Relative times --------------------------------------------------------------------------------------------------

const inWords = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function showRelative(time) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  const unit = units.find(([, length]) => Math.abs(seconds) >= length);
  if (unit) time.textContent = inWords.format(Math.trunc(seconds / unit[1]), unit[0]);
  else time.textContent = seconds > 0 ? "in a moment" : "just now";
}

setInterval(() => find("time[data-relative]").forEach(showRelative), 20000);

// -- Combobox: <select data-combobox> becomes a list one can search --------------------------------------------------
// An option reads "Title · Team · Location"; what follows the first dot is its second line; data-state stands at the right.

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const make = (tag, className, attributes = {}, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

function upgradeCombobox(select) {
  if (select.closest(".combobox")) return;
  const id = select.id;
  const listId = `${id}-list`;
  const nothing = [...select.options].find((option) => !option.value);
  const box = make("div", "combobox");
  const input = make("input", "input", {
    id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: select.dataset.placeholder ?? nothing?.text ?? "Search",
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
  });
  const clear = make("button", "button button--quiet button--icon combobox-clear", { type: "button", tabindex: "-1", "aria-label": "Clear" }, "✕");
  const toggle = make("button", "button button--quiet button--icon combobox-toggle", { type: "button", tabindex: "-1", "aria-label": "Show all" });
  const list = make("div", "combobox-list", { id: listId, role: "listbox", "aria-label": "Choices" });
  for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));

  const choices = [...select.options].map((option, index) => {
    const [title, ...rest] = option.textContent.trim().split(" · ");
    const element = make("div", "combobox-option", { id: `${listId}-${index}`, role: "option", "aria-disabled": option.disabled });
    element.append(make("span", "combobox-title", {}, title));
    if (option.dataset.state) element.append(make("span", "combobox-state", {}, option.dataset.state));
    if (rest.length) element.append(make("span", "combobox-detail", {}, rest.join(" · ")));
    return { option, title, element, group: option.closest("optgroup")?.label ?? "", words: plain(`${option.textContent} ${option.dataset.state ?? ""}`) };
  });
  let shown = [];
  let current = -1;

  const chosen = () => choices.find(({ option }) => option.selected);
  function rest() {
    input.value = select.value ? chosen().title : "";
    clear.hidden = !select.value || !nothing;
    list.hidden = true;
    current = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function point(index) {
    shown[current]?.element.classList.remove("is-current");
    current = index;
    const choice = shown[current];
    choice?.element.classList.add("is-current");
    choice?.element.scrollIntoView({ block: "nearest" });
    if (choice) input.setAttribute("aria-activedescendant", choice.element.id);
    else input.removeAttribute("aria-activedescendant");
  }
  function open(query = "") {
    const words = plain(query).split(/\s+/).filter(Boolean);
    shown[current]?.element.classList.remove("is-current");
    shown = choices.filter((choice) => words.every((word) => choice.words.includes(word)));
    list.replaceChildren();
    let group = null;
    for (const choice of shown) {
      if (choice.group && choice.group !== group?.getAttribute("aria-label")) {
        group = make("div", "", { role: "group", "aria-label": choice.group });
        group.append(make("div", "combobox-group", { "aria-hidden": "true" }, choice.group));
        list.append(group);
      }
      choice.element.setAttribute("aria-selected", choice.option.selected);
      (choice.group ? group : list).append(choice.element);
    }
    if (!shown.length) list.append(make("p", "combobox-none", { role: "option", "aria-disabled": "true" }, query ? `Nothing matches “${query}”.` : "There is nothing to choose from yet."));
    list.hidden = false;
    const { top, bottom } = input.getBoundingClientRect();
    list.classList.toggle("is-above", innerHeight - bottom < 350 && top > innerHeight - bottom);
    input.setAttribute("aria-expanded", "true");
    point(words.length ? shown.findIndex(({ option }) => !option.disabled) : shown.findIndex(({ option }) => option.selected));
  }
  function choose(choice) {
    if (choice?.option.disabled) return;
    if (choice) choice.option.selected = true;
    else select.value = "";
    rest();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function step(by) {
    if (list.hidden) return open();
    const usable = shown.filter(({ option }) => !option.disabled);
    const next = usable[(usable.indexOf(shown[current]) + by + usable.length + (current < 0 && by < 0 ? 1 : 0)) % usable.length];
    if (next) point(shown.indexOf(next));
  }

  input.addEventListener("input", () => open(input.value));
  input.addEventListener("click", () => list.hidden && open());
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => (input.value.trim() || !select.value || !nothing ? rest() : choose(null)));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && !list.hidden) shown[current] && choose(shown[current]);
    else if (event.key === "Escape" && !list.hidden) rest();
    else return;
    event.preventDefault();
  });
  for (const element of [list, toggle, clear]) element.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
  list.addEventListener("click", (event) => {
    const choice = shown.find(({ element }) => element.contains(event.target));
    if (choice) choose(choice);
  });
  toggle.addEventListener("click", () => (input.focus(), list.hidden ? open() : rest()));
  clear.addEventListener("click", () => (input.focus(), choose(null)));
  // Chosen from elsewhere (a suggestion's button, a form that is reset).
  select.addEventListener("change", rest);
  select.form?.addEventListener("reset", () => setTimeout(rest));

  select.id = `${id}-choice`;
  select.hidden = true;
  select.required = false;
  select.before(box);
  box.append(select, input, clear, toggle, list);
  rest();
}

// -- Forms -----------------------------------------------------------------------------------------------------------

let unsaved = false;
document.addEventListener("input", (event) => event.target.closest("form[data-guard]") && (unsaved = true));
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  unsaved = false;
  // A second click while the answer is on its way sends nothing twice.
  if (event.target.matches("[aria-busy]")) return event.preventDefault();
  if (event.target.method === "post") event.target.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => find("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));

// A filter form without a button: data-submit-on-change.
document.addEventListener("change", (event) => event.target.closest("form[data-submit-on-change]")?.requestSubmit());

// data-check-all="name" ticks every box of that name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.checkAll;
  if (name) find(`input[type="checkbox"][name="${name}"]`).forEach((box) => (box.checked = event.target.checked));
  if (name || event.target.form?.dataset.selection) keepSelection(document.querySelector("form[data-selection]"));
});

// -- Rows chosen across the pages of a list: form[data-selection="name"], its boxes are those that belong to it --------

const boxesOf = (form) => [...form.elements].filter((element) => element.type === "checkbox");
const selectionKey = (form) => `selection:${form.dataset.selection}`;
const readSelection = (form) => new Set(JSON.parse(sessionStorage.getItem(selectionKey(form)) ?? "[]"));

function writeSelection(form, chosen) {
  if (chosen.size) sessionStorage.setItem(selectionKey(form), JSON.stringify([...chosen]));
  else sessionStorage.removeItem(selectionKey(form));
  showSelection(form);
}
function keepSelection(form) {
  if (!form) return;
  const chosen = readSelection(form);
  for (const box of boxesOf(form)) chosen[box.checked ? "add" : "delete"](box.value);
  writeSelection(form, chosen);
}
function showSelection(form) {
  const chosen = readSelection(form);
  const boxes = boxesOf(form);
  boxes.forEach((box) => (box.checked = chosen.has(box.value)));
  find("[data-selection-count]", form).forEach((place) => (place.textContent = chosen.size.toLocaleString("en")));
  find("[data-check-all]").forEach((all) => (all.checked = boxes.length > 0 && boxes.every((box) => box.checked)));
  form.classList.toggle("is-open", chosen.size > 0);
}
document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-selection-clear]")?.form;
  if (form) writeSelection(form, new Set());
});
document.addEventListener("submit", ({ target: form, submitter }) => {
  if (form.dataset.selectionDone) sessionStorage.removeItem(`selection:${form.dataset.selectionDone}`);
  if (!form.dataset.selection || submitter?.value === "all") return;
  const here = new Set(boxesOf(form).map((box) => box.value));
  for (const value of readSelection(form)) if (!here.has(value)) form.append(make("input", "", { type: "hidden", name: boxesOf(form)[0]?.name ?? "", value }));
});

// A choice that means its row: data-ticks="id of a check box".
document.addEventListener("change", (event) => {
  const box = document.getElementById(event.target.dataset?.ticks);
  if (box) box.checked = Boolean(event.target.value);
});

// -- htmx ------------------------------------------------------------------------------------------------------------

// A link that htmx follows still opens in a new tab when somebody asks for one.
const wantsTab = (event) => (event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest("a[hx-get]");
document.addEventListener("click", (event) => wantsTab(event) && event.stopPropagation(), true);

document.addEventListener("htmx:afterSwap", ({ detail: { target, xhr } }) => {
  const dialog = { "slide-over-body": "slide-over", "dialog-body": "dialog" }[target.id];
  if (!dialog) return;
  // htmx tells of a swap even where the answer asked for none.
  const isDone = xhr.getResponseHeader("HX-Trigger")?.includes("close-dialog") || !target.firstElementChild;
  (isDone ? closeDialog : openDialog)(document.getElementById(dialog));
});
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 404) say("This is no longer there. Reload the page to see what is.");
  else if (xhr.status === 403) say("Your role in this company does not allow that.");
  else if (xhr.status === 429) say("That was a lot at once. Wait a minute, then try again.");
  else say("The server could not do that. Nothing was changed; try again in a moment.");
});
document.addEventListener("htmx:sendError", () => say("The server cannot be reached. Check your connection, then try again."));

// -- Looking again: data-look="1.5" is asked to, every so many seconds ------------------------------------------------
// Only while it can be seen and somebody is there: htmx's own "every" goes on in hidden tabs, and its filters need eval.

const idleAfter = 10 * 60 * 1000;
const lookedAt = new WeakMap();
let lastSign = Date.now();

function lookAgain() {
  const now = Date.now();
  if (document.hidden || now - lastSign > idleAfter) return;
  for (const part of find("[data-look]")) {
    if (!lookedAt.has(part)) lookedAt.set(part, now);
    if (now - lookedAt.get(part) < part.dataset.look * 1000 || !part.checkVisibility()) continue;
    lookedAt.set(part, now);
    htmx.trigger(part, "look");
  }
}
for (const sign of ["pointermove", "pointerdown", "keydown", "scroll", "focus"])
  addEventListener(sign, () => (lastSign = Date.now()), { passive: true, capture: true });
document.addEventListener("visibilitychange", () => {
  lastSign = Date.now();
  find("[data-look]").forEach((part) => lookedAt.set(part, 0)); // what was missed meanwhile is seen at once
  lookAgain();
});
setInterval(lookAgain, 250);

// What somebody unfolded stays so when its part is shown anew: <details data-kept id="…">.
const unfolded = new Map();
document.addEventListener("toggle", ({ target }) => target.dataset?.kept !== undefined && unfolded.set(target.id, target.open), true);

// -- Upgrades, at the start and for whatever htmx brings in ----------------------------------------------------------

function upgrade(root) {
  find("select[data-combobox]", root).forEach(upgradeCombobox);
  find("time[data-relative]", root).forEach(showRelative);
  find("[data-passing]", root).forEach(passAway);
  find("form[data-selection]", root).forEach(showSelection);
  find("input[data-timezone]", root).forEach((input) => (input.value ||= zone ?? ""));
  find("details[data-kept]", root).forEach((part) => unfolded.has(part.id) && (part.open = unfolded.get(part.id)));
  find("[data-focus]", root).forEach((element) => element.focus());
}

showTheme();
upgrade(document);
document.addEventListener("htmx:load", (event) => upgrade(event.detail.elt));
