/** Light, dark, or as the system says. */
export type Theme = "auto" | "light" | "dark";

const KEPT = "parkguard.theme";
const DARK = "(prefers-color-scheme: dark)";

export function keptTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEPT, theme);
  show();
}

/** Follow the choice and the system from now on. */
export function startTheme(): void {
  show();
  matchMedia(DARK).addEventListener("change", show);
}

function show(): void {
  const theme = keptTheme();
  const dark = theme === "dark" || (theme === "auto" && matchMedia(DARK).matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
