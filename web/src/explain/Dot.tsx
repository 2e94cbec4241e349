import css from "./explain.module.css";
import type { Kind } from "./story";

/** A fix by what was made of it: told apart by form as well as by colour. */
export function Dot({ kind, x, y }: { kind: Kind; x: number; y: number }) {
  const d = {
    unscored: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0Z",
    scored: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0Z",
    held: "M-4-4L4 4M4-4L-4 4",
    owner: "M0-5.5L5 4H-5Z",
    police: "M-4-4H4V4H-4Z",
  }[kind];
  return <path className={css.dot} data-kind={kind} d={d} transform={`translate(${x},${y})`} />;
}
