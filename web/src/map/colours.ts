/** The page's colours (styles/tokens.css) for the canvas of the map. */

const NAMES = {
  ground: "--map-ground",
  line: "--map-line",
  text: "--text",
  muted: "--muted",
  halo: "--surface",
  surface: "--surface",
  accent: "--accent",
  onAccent: "--on-accent",
  danger: "--danger",
  warn: "--warn",
  ok: "--ok",
  stale: "--stale",
} as const;

export type Colours = Record<keyof typeof NAMES, string>;

/** Read them from an element of the page as its theme is now. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = Object.entries(NAMES).map(([name, variable]) => [
    name,
    style.getPropertyValue(variable).trim() || "#808080",
  ]);
  return Object.fromEntries(read) as Colours;
}
