import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import css from "./charging.module.css";
import { written } from "./moneyFilters";
import { HOURS, type QuarantineFilter, readQuarantine, STATES } from "./quarantineFilter";

interface Props {
  filter: QuarantineFilter;
  /** Those that there are; the one asked for is always among the choices. */
  reasons: readonly string[];
  onChange(filter: QuarantineFilter): void;
}

export function QuarantineFilterForm({ filter, reasons, onChange }: Props) {
  const { t } = useTranslation("quarantine");
  const [fault, setFault] = useState<string | null>(null);
  const choices = [...new Set([...reasons, ...(filter.reason ? [filter.reason] : [])])];
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const asked = Object.fromEntries(
      ["reason", "device", "state", "hours"].map((name) => [name, String(form.get(name)).trim()]),
    );
    const wanted = readQuarantine(written(asked));
    const good = !asked.device || wanted.device !== undefined;
    setFault(good ? null : t("device_fault"));
    if (good) onChange(wanted);
  }
  return (
    <form className={css.filters} onSubmit={send}>
      <Field label={t("reason")}>
        <select name="reason" defaultValue={filter.reason ?? ""}>
          <option value="">{t("any_reason")}</option>
          {choices.map((one) => (
            <option key={one} value={one}>
              {t(`means_${one}`, { defaultValue: one })}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("device")} hint={t("device_hint")} fault={fault}>
        <input name="device" defaultValue={filter.device ?? ""} spellCheck={false} />
      </Field>
      <Field label={t("state")}>
        <select name="state" defaultValue={filter.state ?? ""}>
          <option value="">{t("state_any")}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`state_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("since")}>
        <select name="hours" defaultValue={filter.hours ?? ""}>
          <option value="">{t("hours_any")}</option>
          {HOURS.map((one) => (
            <option key={one} value={one}>
              {t(`hours_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Button type="submit">{t("apply")}</Button>
    </form>
  );
}
