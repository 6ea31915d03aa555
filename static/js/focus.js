// Focus goes to what changed: the server names the element in the event `focus-on` (HX-Trigger), htmx sends it there.
document.addEventListener("focus-on", (event) => {
  if (event.target instanceof HTMLElement) event.target.focus();
});
