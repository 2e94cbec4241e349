/** A button that opens what belongs to it as a dialog: the table around it stays as it is. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import css from "./opened.module.css";

interface Props {
  /** On the button. */
  label: ReactNode;
  /** What the button does, where its label does not say it. */
  hint?: string;
  title: string;
  children: ReactNode;
}

export function Opened({ label, hint, title, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        kind="quiet"
        className={css.opener}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {label}
        {hint && <span className="visually-hidden"> {hint}</span>}
      </Button>
      {isOpen && (
        <Box title={title} onClose={() => setOpen(false)}>
          {children}
        </Box>
      )}
    </>
  );
}

function Box(props: { title: string; children: ReactNode; onClose(): void }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} className={css.box} aria-labelledby={id} onClose={props.onClose}>
      <div className={css.head}>
        <h2 id={id}>{props.title}</h2>
        <Button onClick={() => box.current?.close()}>{t("close")}</Button>
      </div>
      {props.children}
    </dialog>
  );
}
