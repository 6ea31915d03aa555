// Notices: dismissed by their button; those that only confirm pass by themselves, unless pointed at or focused.
// A request that found no server, or a server error, becomes a notice as well.
const PASSING_MS = 6000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  button?.closest(button.dataset.dismiss)?.remove();
});

document.addEventListener("htmx:after:request", (event) => {
  const form = event.detail?.ctx?.sourceElement?.closest?.(".notice form");
  if (form && (event.detail.ctx.response?.status ?? 500) < 400) form.closest(".notice").remove();
});

const watch = (notice) => {
  const pass = () => {
    if (notice.matches(":hover, :focus-within")) setTimeout(pass, PASSING_MS);
    else notice.remove();
  };
  setTimeout(pass, PASSING_MS);
};

export const announce = (text) => {
  const region = document.getElementById("notices");
  const notice = document.getElementById("notice-failed")?.content.firstElementChild.cloneNode(true);
  if (!region || !notice) return;
  notice.querySelector(".notice__text").textContent = text;
  region.append(notice);
};

document.addEventListener("htmx:response:error", (event) => {
  const code = event.detail.ctx.response.status;
  if (code >= 500) announce(`The server failed (${code}). Nothing was changed; try again, and look at the log if it stays.`);
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx?.request) announce("The studio did not answer. Check that it is running, then try again.");
});

const region = document.getElementById("notices");
if (region) {
  for (const notice of region.querySelectorAll("[data-passing]")) watch(notice);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      const passing = node.matches?.("[data-passing]") ? [node] : [...(node.querySelectorAll?.("[data-passing]") ?? [])];
      passing.forEach(watch);
    }
  }).observe(region, { childList: true, subtree: true });
}
