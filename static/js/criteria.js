// A rubric by keyboard (macro criteria_list): Enter goes to the next criterion and, after the last, to the new row;
// Alt+Up/Down moves a criterion; pasting several lines adds one criterion per line. Each change is posted by htmx.
const BULLET = /^\s*(?:[-*•–—·▪◦]|\(?\d{1,3}[.)]|\[[ xX]?\])\s+/;

export const linesOf = (text) =>
  text.split(/\r\n|\r|\n/).map((line) => line.replace(BULLET, "").trim()).filter(Boolean);

const listOf = (element) => element.closest("[data-criteria]");
const say = (list, text) => {
  list.querySelector("[data-criteria-said]").textContent = text;
};

const next = (field) => {
  const fields = [...listOf(field).querySelectorAll("[data-criterion-text]")];
  const following = fields[fields.indexOf(field) + 1];
  following?.focus();
};

const move = (field, direction) => {
  const row = field.closest("[data-criterion]");
  const other = direction < 0 ? row?.previousElementSibling : row?.nextElementSibling;
  if (!other) return;
  if (direction < 0) other.before(row);
  else other.after(row);
  field.focus();
  const list = listOf(field);
  const rows = [...list.querySelectorAll("[data-criterion]")];
  say(list, `Moved to ${rows.indexOf(row) + 1} of ${rows.length}`);
  list.querySelector("[data-criteria-order]").dispatchEvent(new CustomEvent("criteria:reorder", { bubbles: true }));
};

const add = (list, lines) => {
  const place = list.querySelector("[data-criteria-new]");
  place.querySelector("[name=lines]").value = lines.join("\n");
  const button = place.querySelector("[data-criteria-add]");
  if (button) button.click();
  else place.requestSubmit();
  say(list, lines.length === 1 ? "Criterion added" : `${lines.length} criteria added`);
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-criterion-text]");
  if (!field || event.isComposing) return;
  const isNew = Boolean(field.closest("[data-criteria-new]"));
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    const lines = linesOf(field.value);
    if (!isNew) next(field);
    else if (lines.length) add(listOf(field), lines);
  } else if (event.altKey && !isNew && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    move(field, event.key === "ArrowUp" ? -1 : 1);
  }
});

document.addEventListener("paste", (event) => {
  const field = event.target.closest?.("[data-criterion-text]");
  if (!field) return;
  const lines = linesOf(event.clipboardData?.getData("text/plain") ?? "");
  if (lines.length < 2) return;
  event.preventDefault();
  add(listOf(field), lines);
});

document.addEventListener("htmx:after:request", (event) => {
  const place = event.detail?.ctx?.sourceElement?.closest?.("[data-criteria-new]");
  if (!place || event.detail.ctx.response?.status >= 400) return;
  place.querySelector("[name=lines]").value = "";
});

// The list is replaced when criteria were added: the cursor belongs into the new row again.
let wasAdding = false;
document.addEventListener("htmx:before:swap", (event) => {
  wasAdding = Boolean(event.detail?.ctx?.sourceElement?.closest?.("[data-criteria-new]"));
});
document.addEventListener("htmx:after:swap", () => {
  if (wasAdding) document.querySelector("[data-criteria-new] [name=lines]")?.focus();
  wasAdding = false;
});
