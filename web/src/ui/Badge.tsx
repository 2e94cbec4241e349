import type { ReactNode } from "react";
import css from "./ui.module.css";

export type Tone = "plain" | "danger" | "warn" | "ok" | "info" | "stale";

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={css.badge} data-tone={tone}>
      {children}
    </span>
  );
}
