import { cloneElement, type ReactElement, type ReactNode, useId } from "react";
import css from "./ui.module.css";

interface Props {
  label: string;
  hint?: ReactNode;
  /** What is wrong with what was entered; stands beside the field. */
  fault?: string | null | undefined;
  /** One input, select or textarea. */
  children: ReactElement<Record<string, unknown>>;
}

/** A labelled field with its hint and its fault. */
export function Field({ label, hint, fault, children }: Props) {
  const id = useId();
  const about = [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].filter(Boolean).join(" ");
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        "aria-describedby": about || undefined,
        "aria-invalid": fault ? true : undefined,
      })}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      {fault && (
        <span id={`${id}-fault`} className={css.fault} role="alert">
          {fault}
        </span>
      )}
    </div>
  );
}
