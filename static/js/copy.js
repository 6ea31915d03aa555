// Copy buttons: data-copy="text", or data-copy-near="selector" for the text of an element beside the button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-near]");
  if (!button) return;
  const near = button.dataset.copyNear;
  const text = near ? (button.parentElement.querySelector(near)?.textContent ?? "") : button.dataset.copy;
  const before = button.getAttribute("aria-label");
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = "The browser did not allow copying";
  }
  button.setAttribute("aria-label", said);
  button.title = said;
  setTimeout(() => {
    button.setAttribute("aria-label", before);
    button.title = before;
  }, 2000);
});
