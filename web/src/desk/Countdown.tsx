/** Who is to be called while nobody has an incident. */
import { useNow } from "../app/clock";
import css from "./desk.module.css";
import { type CallStep, clockOf, escalationOf } from "./escalation";
import { useDesk, useWord } from "./says";

interface Props {
  sinceMs: number;
  steps: readonly CallStep[];
  /** The server's clock minus ours, ms. */
  aheadMs: number;
}

export function Countdown({ sinceMs, steps, aheadMs }: Props) {
  const t = useDesk();
  const word = useWord();
  const now = escalationOf(sinceMs, steps, useNow() + aheadMs);
  const { due, next } = now;
  return (
    <span className={css.calls}>
      {due && (
        <strong data-due={!due.is_told}>
          {t(due.is_told ? "told_now" : "call_now", {
            who: word("to", due.to),
            clock: clockOf(now.dueForS),
          })}
        </strong>
      )}
      {next && (
        <span>
          {t(next.is_told ? "told_in" : "call_in", {
            who: word("to", next.to),
            clock: clockOf(now.inS),
          })}
        </span>
      )}
    </span>
  );
}
