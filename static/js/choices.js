// A field that asks the server when it changes does not hear what was chosen before htmx listened, nor what the browser
// put back on a reload. Once htmx listens, each form tells of the first field that is not as the server wrote it: its
// request carries the whole form.
const ASKING = '[hx-get][hx-trigger^="change"]';

const isTyping = (field) => field === document.activeElement && field.matches('input:not([type="checkbox"], [type="radio"]), textarea');
const isAsWritten = (field) => {
  if (field.type === "checkbox" || field.type === "radio") return field.checked === field.defaultChecked;
  if (!field.options) return field.value === field.defaultValue;
  const written = [...field.options].findLastIndex((option) => option.defaultSelected);
  return field.selectedIndex === Math.max(written, 0);
};

const told = new WeakMap();
const tell = () => {
  for (const form of document.forms) {
    const field = [...form.elements].find((each) => each.matches(ASKING) && !isAsWritten(each) && !isTyping(each));
    if (!field || told.get(field) === field.value) continue;
    told.set(field, field.value);
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
};

let isHeard = false;
document.addEventListener("htmx:after:process", () => { isHeard = true; tell(); }, { once: true });
window.addEventListener("pageshow", () => isHeard && tell());
