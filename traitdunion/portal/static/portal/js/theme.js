// Runs before the first paint: tells the style sheet that scripts work, and sets the theme without a flash.
// The DSFR's own script takes over once loaded and stores the choice under the same key.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let scheme = "system";
  try {
    scheme = localStorage.getItem("scheme") || "system";
  } catch {
    // Storage refused by the browser: follow the system.
  }
  const dark = scheme === "dark" || (scheme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.frScheme = scheme;
  root.dataset.frTheme = dark ? "dark" : "light";
})();
