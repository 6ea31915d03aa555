// Focus goes to what changed: the server names the element in the event `focus-on` (HX-Trigger), htmx sends it there.
// The event may come before the swap that puts the element anew, so the next swap that follows at once is heeded too.
const FOLLOWS_MS = 400;
let wanted = "";

document.addEventListener("focus-on", (event) => {
  if (!(event.target instanceof HTMLElement)) return;
  event.target.focus();
  wanted = event.target.id;
  setTimeout(() => { wanted = ""; }, FOLLOWS_MS);
});

document.addEventListener("htmx:after:swap", () => {
  if (wanted && document.activeElement === document.body) document.getElementById(wanted)?.focus();
});
