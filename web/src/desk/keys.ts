/** The desk's keys: what a press means, given what is listed and chosen. Pure. */

export type Act =
  | { do: "select"; key: string }
  | { do: "open"; key: string }
  | { do: "confirm"; key: string }
  | { do: "dismiss"; key: string }
  | { do: "release" }
  | { do: "clear" }
  | { do: "mute" }
  | { do: "help" };

export interface Press {
  key: string;
  /** Ctrl, Alt or Meta is down: the browser's own business. */
  modified: boolean;
  /** A field, a dialog or the map has the focus: the key belongs to it. */
  typing: boolean;
  /** A link or a button has the focus: Enter belongs to it. */
  onControl: boolean;
}

export interface Listed {
  /** Keys of the rows in their order. */
  order: readonly string[];
  selected: string | null;
  /** Whether the chosen row is an alert that waits for a verdict. */
  canJudge: boolean;
}

/** Keys and the words that explain them (`?`). */
export const HELP: readonly [keys: string, word: string][] = [
  ["j ↓", "key_down"],
  ["k ↑", "key_up"],
  ["Enter", "key_open"],
  ["c", "key_confirm"],
  ["d", "key_dismiss"],
  ["n", "key_new"],
  ["m", "key_mute"],
  ["Esc", "key_clear"],
  ["?", "key_help"],
];

export function actOf(press: Press, listed: Listed): Act | null {
  if (press.modified || press.typing) return null;
  const { selected } = listed;
  switch (press.key) {
    case "j":
    case "ArrowDown":
      return step(listed, 1);
    case "k":
    case "ArrowUp":
      return step(listed, -1);
    case "Enter":
      return selected !== null && !press.onControl ? { do: "open", key: selected } : null;
    case "c":
      return selected !== null && listed.canJudge ? { do: "confirm", key: selected } : null;
    case "d":
      return selected !== null && listed.canJudge ? { do: "dismiss", key: selected } : null;
    case "n":
      return { do: "release" };
    case "m":
      return { do: "mute" };
    case "Escape":
      return selected !== null ? { do: "clear" } : null;
    case "?":
      return { do: "help" };
    default:
      return null;
  }
}

/** The row after or before the chosen one; from none the first or the last. No wrapping round. */
function step({ order, selected }: Listed, by: 1 | -1): Act | null {
  if (order.length === 0) return null;
  const at = selected === null ? -1 : order.indexOf(selected);
  const to = at === -1 ? (by === 1 ? 0 : order.length - 1) : at + by;
  const key = order[Math.min(Math.max(to, 0), order.length - 1)];
  return key === undefined || key === selected ? null : { do: "select", key };
}

/** What to choose when a row was dealt with: the one after it, else the one before. */
export function neighbourOf(key: string, order: readonly string[]): string | null {
  const at = order.indexOf(key);
  return at === -1 ? null : (order[at + 1] ?? order[at - 1] ?? null);
}

/** Whether what has the focus takes letters for itself. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("input,select,textarea,dialog,canvas") !== null
  );
}

export function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a,button,summary") !== null;
}
