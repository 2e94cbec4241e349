/** A filter that is typed: it is asked for after a moment without typing, or at once by Enter. */
import { useEffect, useRef, useState } from "react";
import { Field } from "../ui/Field";

interface Props {
  label: string;
  hint: string;
  value: string;
  type?: "search" | "text";
  inputMode?: "numeric" | "text";
  /** What is wrong with the text, null for nothing. */
  faultOf(text: string): string | null;
  /** Whether it can be asked for as it is. */
  isReady(text: string): boolean;
  onChange(text: string): void;
}

/** So long nobody types before it is asked for, ms. */
const PAUSE_MS = 400;

export function FilterText(props: Props) {
  const { value, isReady, onChange } = props;
  const [typed, setTyped] = useState(value);
  const [isLeft, setLeft] = useState(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setTyped(value), [value]); // the address changed: back, or "show all"
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = (text: string) => {
    clearTimeout(timer.current);
    const asked = text.trim();
    if (isReady(asked) && asked !== value) onChange(asked);
  };
  return (
    <Field
      label={props.label}
      hint={props.hint}
      fault={isLeft ? props.faultOf(typed.trim()) : null}
    >
      <input
        type={props.type ?? "text"}
        inputMode={props.inputMode ?? "text"}
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          const text = event.target.value;
          setTyped(text);
          setLeft(false);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => ask(text), PAUSE_MS);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            setLeft(true);
            ask(typed);
          }
        }}
        onBlur={() => {
          setLeft(true);
          ask(typed);
        }}
      />
    </Field>
  );
}
