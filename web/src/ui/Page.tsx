import { type ReactNode, useEffect } from "react";
import css from "./ui.module.css";

/** One page: its title (also the window's), its actions, its content. */
export function Page(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · ParkGuard`;
  }, [props.title]);
  return (
    <div className={css.page}>
      <div className={css.pageHead}>
        <h1>{props.title}</h1>
        {props.actions && <div className={css.actions}>{props.actions}</div>}
      </div>
      {props.children}
    </div>
  );
}

export function Panel(props: { title?: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.panel}>
      {props.title && (
        <div className={css.pageHead}>
          <h2>{props.title}</h2>
          {props.actions && <div className={css.actions}>{props.actions}</div>}
        </div>
      )}
      {props.children}
    </section>
  );
}

/** Nothing is here: say why, and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Note(props: { tone?: "plain" | "warn" | "danger"; children: ReactNode }) {
  return (
    <div className={css.note} data-tone={props.tone ?? "plain"}>
      {props.children}
    </div>
  );
}
