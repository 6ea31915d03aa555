// A button with data-needs="#field" rests while that field is empty. Without script the server decides.
const settle = () => {
  for (const button of document.querySelectorAll("[data-needs]")) {
    const field = document.querySelector(button.dataset.needs);
    button.disabled = field !== null && field.value.trim() === "";
  }
};

document.addEventListener("input", settle);
document.addEventListener("htmx:after:swap", settle);
settle();
