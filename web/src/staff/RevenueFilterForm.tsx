import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import css from "./charging.module.css";
import {
  isArea,
  isDay,
  periodFault,
  REVENUE_BY,
  type RevenueFilter,
  readRevenue,
  shiftDay,
  written,
} from "./moneyFilters";

const PRESETS_DAYS = [7, 30, 90] as const;

interface Props {
  filter: RevenueFilter;
  /** What the server answered for, and so what stands in the fields when nothing was asked. */
  shown: { from: string; to: string };
  onChange(filter: RevenueFilter): void;
}

export function RevenueFilterForm({ filter, shown, onChange }: Props) {
  const { t } = useTranslation("revenue");
  const [faults, setFaults] = useState<{ to?: string; area?: string }>({});
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [by, from, to, area] = ["by", "from", "to", "area"].map((name) =>
      String(form.get(name) ?? "").trim(),
    ) as [string, string, string, string];
    const found: { to?: string; area?: string } = {};
    if ((from && !isDay(from)) || (to && !isDay(to))) found.to = t("day_fault");
    else if (from && to) {
      const fault = periodFault(from, to);
      if (fault) found.to = t(fault);
    }
    if (area && !isArea(area)) found.area = t("area_fault");
    setFaults(found);
    if (Object.keys(found).length === 0) onChange(readRevenue(written({ by, from, to, area })));
  }
  function preset(days: number) {
    const { from: _from, ...rest } = filter;
    onChange({ ...rest, to: shown.to, from: shiftDay(shown.to, 1 - days) });
  }
  return (
    <form className={css.filters} onSubmit={send}>
      <Field label={t("by")}>
        <select name="by" defaultValue={filter.by}>
          {REVENUE_BY.map((one) => (
            <option key={one} value={one}>
              {t(`by_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t("from")}>
        <input name="from" type="date" defaultValue={filter.from ?? shown.from} />
      </Field>
      <Field label={t("to")} fault={faults.to}>
        <input name="to" type="date" defaultValue={filter.to ?? shown.to} />
      </Field>
      <Field label={t("area")} hint={t("area_hint")} fault={faults.area}>
        <input name="area" inputMode="numeric" defaultValue={filter.area ?? ""} />
      </Field>
      <div className={css.row}>
        <Button type="submit" kind="primary">
          {t("apply")}
        </Button>
        {shown.to !== "" &&
          PRESETS_DAYS.map((days) => (
            <Button key={days} onClick={() => preset(days)}>
              {t(`last_${days}`)}
            </Button>
          ))}
      </div>
    </form>
  );
}
