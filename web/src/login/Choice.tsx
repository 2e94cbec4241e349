/** One of a few, side by side: a radio group that looks like a switch. */
import { useId } from "react";
import css from "./login.module.css";

interface Props<Value extends string> {
  legend: string;
  options: readonly { value: Value; label: string; lang?: string }[];
  value: Value;
  onChange(value: Value): void;
  /** The legend is for screen readers only. */
  bare?: boolean;
}

export function Choice<Value extends string>(props: Props<Value>) {
  const name = useId();
  return (
    <fieldset className={css.choice}>
      <legend className={props.bare ? css.unseen : undefined}>{props.legend}</legend>
      <div>
        {props.options.map((option) => (
          <label key={option.value} lang={option.lang}>
            <input
              type="radio"
              name={name}
              checked={option.value === props.value}
              onChange={() => props.onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
