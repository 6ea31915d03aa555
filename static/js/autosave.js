// Says whether what was typed is safe. Anything inside [data-autosave] that htmx sends (except GET) is a save,
// unless [data-no-autosave] lies nearer;
// #save-status shows saving… / saved / not saved, and leaving with unsaved text asks first.
const unsaved = new Set();
const inFlight = new Set();

const status = () => document.getElementById("save-status");
const say = (state, text) => {
  const element = status();
  if (!element) return;
  element.dataset.state = state;
  if (element.textContent !== text) element.textContent = text;
};
const isSaved = (element) => Boolean(element?.closest?.("[data-autosave], [data-no-autosave]")?.matches("[data-autosave]"));
const saveOf = (event) => {
  const ctx = event.detail?.ctx;
  const source = ctx?.sourceElement;
  const isSave = isSaved(source) && (ctx.request?.method ?? "GET").toUpperCase() !== "GET";
  return isSave ? { ctx, source } : null;
};
const REASONS = { 409: "not saved: changed by someone else", 422: "not saved: mend the marked field", 401: "not saved: log in again", 403: "not saved: not allowed" };

document.addEventListener("input", (event) => {
  if (!isSaved(event.target)) return;
  unsaved.add(event.target);
  say("dirty", "unsaved changes");
});

document.addEventListener("htmx:before:request", (event) => {
  const save = saveOf(event);
  if (!save) return;
  inFlight.add(save.ctx);
  const saved = [...unsaved].filter((field) => save.source === field || save.source === field.form || save.source.contains(field));
  save.ctx.savedFields = saved.length ? saved : [save.source];
  for (const field of save.ctx.savedFields) unsaved.delete(field);
  say("saving", "saving…");
});

const fail = (save, text) => {
  for (const field of save.ctx.savedFields ?? []) unsaved.add(field);
  say("failed", text);
};

document.addEventListener("htmx:after:request", (event) => {
  const save = saveOf(event);
  if (!save) return;
  inFlight.delete(save.ctx);
  const code = save.ctx.response?.status ?? 0;
  if (code >= 400) fail(save, REASONS[code] ?? `not saved: the server answered ${code}`);
  else if (!inFlight.size && !pendingFields().length) say("saved", "saved");
});

document.addEventListener("htmx:error", (event) => {
  const save = saveOf(event);
  if (!save) return;
  inFlight.delete(save.ctx);
  fail(save, "not saved: no connection");
});

const pendingFields = () => {
  for (const field of unsaved) if (!field.isConnected) unsaved.delete(field);
  return [...unsaved];
};

addEventListener("beforeunload", (event) => {
  if (pendingFields().length || inFlight.size) event.preventDefault();
});
