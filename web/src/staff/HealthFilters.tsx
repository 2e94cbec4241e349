/** The filters of a list of devices: the frequent ones in sight, the others behind "more". */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { useSay } from "../i18n";
import { Field } from "../ui/Field";
import { FilterChips } from "./FilterChips";
import { FilterText } from "./FilterText";
import css from "./health.module.css";
import {
  ADMINS,
  CLASSES,
  type DeviceFilter,
  isDistrict,
  queryOf,
  TEXT_LEAST,
} from "./healthFilter";
import { HEALTH_KEY } from "./useHealthList";
import type { ChangeFilter } from "./useUrlFilter";

interface Props {
  filter: DeviceFilter;
  change: ChangeFilter;
  /** A page of one class has no choice of it. */
  hasClass?: boolean;
}

export function HealthFilters({ filter, change, hasClass = true }: Props) {
  const { t } = useTranslation("health");
  const say = useSay();
  const causes = useCauses(filter);
  const more = [filter.site, filter.vendor, filter.model, filter.admin].some(
    (words) => words.length,
  );
  return (
    <search className={css.filters} aria-label={t("filters")}>
      <FilterText
        label={t("search")}
        hint={t("search_hint")}
        type="search"
        value={filter.text}
        faultOf={() => null}
        isReady={(text) => text === "" || text.length >= TEXT_LEAST}
        onChange={(text) => change({ text })}
      />
      {hasClass && (
        <Field label={t("cls")}>
          <select
            value={filter.cls[0] ?? ""}
            onChange={(event) => {
              const cls = CLASSES.find((one) => one === event.target.value);
              change({ cls: cls ? [cls] : [] });
            }}
          >
            <option value="">{t("any")}</option>
            {CLASSES.map((cls) => (
              <option key={cls} value={cls}>
                {t(`cls_${cls}`)}
              </option>
            ))}
          </select>
        </Field>
      )}
      <CauseField filter={filter} change={change} causes={causes} />
      <FilterText
        label={t("district")}
        hint={t("district_hint")}
        inputMode="numeric"
        value={filter.district}
        faultOf={(text) => (text === "" || isDistrict(text) ? null : t("district_fault"))}
        isReady={(text) => text === "" || isDistrict(text)}
        onChange={(district) => change({ district })}
      />
      <details className={css.moreFilters} open={more || undefined}>
        <summary>{t("more_filters")}</summary>
        <div className={css.filters}>
          <Field label={t("admin")}>
            <select
              value={filter.admin[0] ?? ""}
              onChange={(event) => {
                const admin = ADMINS.find((one) => one === event.target.value);
                change({ admin: admin ? [admin] : [] });
              }}
            >
              <option value="">{t("any")}</option>
              {ADMINS.map((admin) => (
                <option key={admin} value={admin}>
                  {t(`admin_${admin}`)}
                </option>
              ))}
            </select>
          </Field>
          {(["site", "vendor", "model"] as const).map((name) => (
            <FilterText
              key={name}
              label={t(name)}
              hint={t("exact_hint")}
              value={filter[name][0] ?? ""}
              faultOf={() => null}
              isReady={() => true}
              onChange={(word) => change({ [name]: word ? [word] : [] })}
            />
          ))}
        </div>
      </details>
      <FilterChips
        filter={hasClass ? filter : { ...filter, cls: [] }}
        change={change}
        causes={new Map(causes.map((cause) => [cause.code, say(cause)]))}
      />
    </search>
  );
}

type CauseCount = Schemas["CauseCountOut"];

/** Causes that any device in the list has, with how many; the one asked for always among them. */
function CauseField({ filter, change, causes }: Props & { causes: CauseCount[] }) {
  const { t } = useTranslation("health");
  const say = useSay();
  const wanted = filter.cause[0] ?? "";
  const isListed = causes.some((cause) => cause.code === wanted);
  return (
    <Field label={t("cause")}>
      <select
        value={wanted}
        onChange={(event) => change({ cause: event.target.value ? [event.target.value] : [] })}
      >
        <option value="">{t("cause_any")}</option>
        {wanted !== "" && !isListed && <option value={wanted}>{wanted}</option>}
        {causes.map((cause) => (
          <option key={cause.code} value={cause.code}>
            {say(cause)} ({cause.devices})
          </option>
        ))}
      </select>
    </Field>
  );
}

function useCauses(filter: DeviceFilter): CauseCount[] {
  const around: DeviceFilter = { ...filter, cause: [] };
  const asked = useQuery({
    queryKey: [HEALTH_KEY, "summary", around],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/devices/summary", { params: { query: queryOf(around) }, signal })),
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  return asked.data?.causes ?? [];
}
