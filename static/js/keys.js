// Keyboard shortcuts declared in markup: data-key="a", "mod+s", "alt+up", "g e" (one after the other), "?".
// A button or link is clicked, a field is focused. Shortcuts rest while typing and while a dialog is open;
// what destroys (data-danger) never answers to a key without a modifier.
const NAMES = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", " ": "space", Escape: "esc" };
const EDITING = new Set(["mod+z", "mod+y", "mod+a", "mod+c", "mod+v", "mod+x", "mod+shift+z"]);
const SEQUENCE_MS = 1200;
let pending = { key: "", at: 0 };

export const isTyping = (element) =>
  element?.isContentEditable ||
  element?.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=range])");

const singleKeysOn = () => {
  try {
    return localStorage.getItem("single-keys") !== "off";
  } catch {
    return true;
  }
};

export const chordOf = (event) => {
  const key = (NAMES[event.key] ?? event.key).toLowerCase();
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && key.length > 1) parts.push("shift");
  return [...parts, key].join("+");
};

const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled;
const hasModifier = (chord) => chord.startsWith("mod+") || chord.startsWith("alt+");

const find = (chord) => {
  const scope = document.querySelector("dialog:modal") ?? document;
  const matches = [...scope.querySelectorAll("[data-key]")].filter((element) => element.dataset.key === chord && isShown(element));
  return matches.find((element) => !("danger" in element.dataset) || hasModifier(chord));
};

const act = (element) => {
  if (isTyping(element)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || ["Control", "Alt", "Shift", "Meta"].includes(event.key)) return;
  const chord = chordOf(event);
  if (isTyping(event.target) && (!hasModifier(chord) || EDITING.has(chord))) return;
  if (!hasModifier(chord) && !singleKeysOn()) return;
  if (["enter", "space"].includes(chord) && event.target.closest("a, button, summary")) return;
  const isFresh = event.timeStamp - pending.at < SEQUENCE_MS;
  const element = (isFresh && pending.key && find(`${pending.key} ${chord}`)) || find(chord);
  pending = element ? { key: "", at: 0 } : { key: chord, at: event.timeStamp };
  if (!element) return;
  event.preventDefault();
  act(element);
});

const labelOf = (element) => {
  if (element.dataset.keyLabel) return element.dataset.keyLabel;
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  const copy = element.cloneNode(true);
  for (const hint of copy.querySelectorAll("kbd")) hint.remove();
  return copy.textContent.trim();
};

const printed = (chord) =>
  chord.split(" ").map((part) => part.replace("mod+", "Ctrl ").replace("alt+", "Alt ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase()));

const fillSheet = (sheet) => {
  const shown = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!element.closest("dialog") && !shown.has(element.dataset.key)) shown.set(element.dataset.key, labelOf(element));
  }
  const rows = [...shown].sort(([, a], [, b]) => a.localeCompare(b)).flatMap(([chord, label]) => {
    const term = document.createElement("dt");
    for (const part of printed(chord)) {
      const key = Object.assign(document.createElement("kbd"), { className: "kbd", textContent: part });
      term.append(key, " ");
    }
    return [term, Object.assign(document.createElement("dd"), { textContent: label })];
  });
  sheet.replaceChildren(...rows);
};

document.addEventListener("beforetoggle", (event) => {
  const sheet = event.target.querySelector?.("[data-key-sheet]");
  if (sheet && event.newState === "open") {
    fillSheet(sheet);
    event.target.querySelector("[data-single-keys]").checked = singleKeysOn();
  }
}, true);

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-single-keys]")) return;
  try {
    localStorage.setItem("single-keys", event.target.checked ? "on" : "off");
  } catch {
    // Without storage the shortcuts stay on.
  }
});
