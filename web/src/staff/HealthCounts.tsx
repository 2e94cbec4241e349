/** How many devices are how: each count is a filter. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { Age } from "../ui/Age";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import css from "./health.module.css";
import { type DeviceFilter, PRESENCES, queryOf, toggled } from "./healthFilter";
import { presenceTone } from "./healthText";
import { HEALTH_KEY } from "./useHealthList";
import type { ChangeFilter } from "./useUrlFilter";

export function HealthCounts({ filter, change }: { filter: DeviceFilter; change: ChangeFilter }) {
  const { t } = useTranslation("health");
  const around: DeviceFilter = { ...filter, presence: [], condition: null };
  const asked = useQuery({
    queryKey: [HEALTH_KEY, "summary", around],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/devices/summary", { params: { query: queryOf(around) }, signal })),
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  if (asked.data === undefined) {
    return asked.isError ? (
      <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
    ) : (
      <Skeleton lines={2} />
    );
  }
  const { presence, condition, devices } = asked.data;
  return (
    <section className={css.counts} aria-label={t("counts")}>
      {PRESENCES.map((word) => (
        <button
          key={word}
          type="button"
          className={css.count}
          data-tone={(presence[word] ?? 0) > 0 ? presenceTone(word) : "plain"}
          aria-pressed={filter.presence.includes(word)}
          onClick={() => change({ presence: toggled(filter.presence, word) })}
        >
          <b>{presence[word] ?? 0}</b>
          <span>{t(`presence_${word}`)}</span>
        </button>
      ))}
      <button
        type="button"
        className={css.count}
        data-tone={(condition.degraded ?? 0) > 0 ? "warn" : "plain"}
        aria-pressed={filter.condition === "degraded"}
        onClick={() => change({ condition: filter.condition === "degraded" ? null : "degraded" })}
      >
        <b>{condition.degraded ?? 0}</b>
        <span>{t("condition_degraded")}</span>
      </button>
      <p className={css.readAt}>
        {t("devices_count", { count: devices })} · {t("as_of")} <Age t={asked.dataUpdatedAt} />
      </p>
    </section>
  );
}
