/** The password: shown on demand, and a hint when caps lock is on. */
import { type KeyboardEvent, type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import css from "./login.module.css";

interface Props {
  box: RefObject<HTMLInputElement | null>;
  fault: string | null;
  onInput(): void;
}

export function PasswordField({ box, fault, onInput }: Props) {
  const { t } = useTranslation("login");
  const [shown, setShown] = useState(false);
  const [caps, setCaps] = useState(false);
  const look = (event: KeyboardEvent) => setCaps(event.getModifierState("CapsLock"));
  return (
    <div className={css.password}>
      <Field label={t("password")} hint={caps && !shown ? t("caps") : null} fault={fault}>
        <input
          ref={box}
          name="password"
          type={shown ? "text" : "password"}
          autoComplete="current-password"
          maxLength={200}
          spellCheck={false}
          autoCapitalize="none"
          onKeyDown={look}
          onKeyUp={look}
          onBlur={() => setCaps(false)}
          onInput={onInput}
        />
      </Field>
      <Button
        kind="quiet"
        aria-label={t(shown ? "hide_password" : "show_password")}
        onClick={() => setShown(!shown)}
      >
        {t(shown ? "hide" : "show")}
      </Button>
    </div>
  );
}
