/** Close an incident: an outcome is required. */
import { type FormEvent, useState } from "react";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import css from "./case.module.css";
import { type Outcome, outcomesFor } from "./outcomes";
import { useDesk, useWord } from "./says";

interface Props {
  kind: string;
  busy: boolean;
  onClose(outcome: Outcome, reason: string): void;
}

export function CloseForm({ kind, busy, onClose }: Props) {
  const t = useDesk();
  const word = useWord();
  const [outcome, setOutcome] = useState<Outcome | "">("");
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (outcome === "") setMissing(true);
    else if (!busy) onClose(outcome, reason);
  };
  return (
    <details className={css.closing}>
      <summary>{t("close_case")}</summary>
      <form className={css.close} onSubmit={submit} noValidate>
        <Field label={t("close_outcome")} fault={missing ? t("close_missing") : null}>
          <select
            value={outcome}
            required
            onChange={(event) => {
              setOutcome(event.target.value as Outcome | "");
              setMissing(false);
            }}
          >
            <option value="">{t("close_choose")}</option>
            {outcomesFor(kind).map((one) => (
              <option key={one} value={one}>
                {word("outcome", one)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("reason")} hint={t("reason_hint")}>
          <input
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <p className="muted">{t("close_hint")}</p>
        <Button type="submit" kind="primary" busy={busy}>
          {t("close_send")}
        </Button>
      </form>
    </details>
  );
}
