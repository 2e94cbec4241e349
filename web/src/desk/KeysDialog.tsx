import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import css from "./desk.module.css";
import { HELP } from "./keys";
import { useDesk } from "./says";

export function KeysDialog({ onClose }: { onClose(): void }) {
  const t = useDesk();
  const { t: common } = useTranslation();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} className={css.dialog} aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">{t("keys_title")}</h2>
      <dl className={css.keys}>
        {HELP.map(([keys, wordKey]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(wordKey)}</dd>
          </div>
        ))}
      </dl>
      <div className={css.buttons}>
        <Button onClick={onClose}>{common("close")}</Button>
      </div>
    </dialog>
  );
}
