// Applies the theme a person chose before the first paint. A classic script in <head>, so that nothing flashes.
// The choice is "light", "dark" or nothing (the system decides); the switch cycles through the three.
(() => {
  const root = document.documentElement;
  const words = { light: "Light theme", dark: "Dark theme", system: "System theme" };
  const next = { system: "light", light: "dark", dark: "system" };

  const stored = () => {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system";
    }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const label of document.querySelectorAll("[data-theme-label]")) label.textContent = words[theme] ?? words.system;
    document.dispatchEvent(new CustomEvent("theme:change"));
  };
  const choose = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Private windows may refuse storage: the choice then lasts for this page.
    }
    apply(theme);
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(root.dataset.theme ?? "system"));
  addEventListener("storage", (event) => event.key === "theme" && apply(stored()));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) choose(next[root.dataset.theme ?? "system"]);
  });
})();
