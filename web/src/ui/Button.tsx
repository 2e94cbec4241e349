import type { ButtonHTMLAttributes } from "react";
import css from "./ui.module.css";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "primary" | "danger" | "quiet";
  size?: "normal" | "big";
  /** Something is under way: the button stays where it is and takes no second press. */
  busy?: boolean;
}

export function Button({ kind = "plain", size = "normal", busy = false, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={rest.className ? `${css.button} ${rest.className}` : css.button}
      data-kind={kind}
      data-size={size}
      aria-busy={busy}
      disabled={rest.disabled === true || busy}
    />
  );
}

/** Class of a link that looks like a button. */
export const buttonClass = css.button as string;
