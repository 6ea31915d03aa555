// A save answers with the whole editor, the preview as it was when the save was sent. When another answer was asked
// for since, or someone is at work in the preview, the answer leaves the preview as it stands.
// A tab is marked at once: a button that an answer changes is set up anew, and its stream of verdicts would end.
let asked = 0;

const panel = () => document.getElementById("preview");
const kindIn = (root) => root?.querySelector('input[name="preview.kind"]')?.value;
const isPreview = (ctx) => panel()?.contains(ctx.sourceElement) ?? false;

const mark = (source) => {
  if (!source.matches(".tab")) return;
  for (const tab of panel().querySelectorAll(".tab")) tab.removeAttribute("aria-current");
  source.setAttribute("aria-current", "true");
};

document.addEventListener("htmx:before:request", (event) => {
  const ctx = event.detail?.ctx;
  if (!ctx || !panel()) return;
  if (isPreview(ctx)) {
    asked += 1;
    mark(ctx.sourceElement);
  } else ctx.previewAsked = asked;
});

document.addEventListener("htmx:before:swap", (event) => {
  const ctx = event.detail?.ctx;
  const shown = panel();
  if (!shown || !ctx) return;
  shown.removeAttribute("hx-morph-skip");
  if (ctx.previewAsked === undefined) return;
  const answer = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
  const isOld = ctx.previewAsked !== asked || kindIn(answer) !== kindIn(shown);
  shown.toggleAttribute("hx-morph-skip", isOld || shown.contains(document.activeElement));
});
