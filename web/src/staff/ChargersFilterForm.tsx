import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import css from "./charging.module.css";
import { type ChargersFilter, isArea, readChargers, writeChargers } from "./moneyFilters";

/** Area, site, and whether only those in trouble. */
export function ChargersFilterForm(props: {
  filter: ChargersFilter;
  onChange(filter: ChargersFilter): void;
}) {
  const { t } = useTranslation("charging");
  const [fault, setFault] = useState<string | null>(null);
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const area = String(form.get("area")).trim();
    const site = String(form.get("site")).trim();
    if (area && !isArea(area)) {
      setFault(t("area_fault"));
      return;
    }
    setFault(null);
    const wanted = new URLSearchParams(writeChargers(props.filter));
    wanted.set("area", area);
    wanted.set("site", site);
    props.onChange(readChargers(wanted));
  }
  const { trouble, ...rest } = props.filter;
  return (
    <form className={css.filters} onSubmit={send}>
      <label className={css.check}>
        <input
          type="checkbox"
          checked={trouble === true}
          onChange={(event) =>
            props.onChange(event.target.checked ? { ...rest, trouble: true } : rest)
          }
        />
        {t("only_trouble")}
      </label>
      <Field label={t("area")} hint={t("area_hint")} fault={fault}>
        <input name="area" inputMode="numeric" defaultValue={props.filter.area ?? ""} />
      </Field>
      <Field label={t("site")} hint={t("site_hint")}>
        <input name="site" defaultValue={props.filter.site ?? ""} />
      </Field>
      <Button type="submit">{t("apply")}</Button>
    </form>
  );
}
