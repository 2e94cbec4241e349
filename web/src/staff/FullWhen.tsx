import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { dayWords, type Full, forecastOf } from "./boxForecast";
import css from "./charging.module.css";

export function collectionQuery(area?: string) {
  return {
    queryKey: ["collection", area ?? ""],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      got(api.GET("/v1/collection", { params: { query: area ? { area } : {} }, signal })),
    staleTime: 60_000,
  };
}

/** When one station's box is full, out of the collection list. */
export function FullWhen({ id }: { id: string }) {
  const asked = useQuery(collectionQuery());
  const box = asked.data?.boxes.find((one) => one.id === id);
  if (asked.isPending) return "…";
  return <FullWords full={box?.full ?? null} />;
}

export function FullWords({ full }: { full: Full | null }) {
  const { t } = useTranslation("charging");
  const language = useLanguage();
  const nowMs = useNow();
  const forecast = forecastOf(full, nowMs);
  if (forecast.kind === "unknown") return <span className="muted">{t("full_unknown")}</span>;
  if (forecast.kind === "now") return <strong>{t("full_now")}</strong>;
  const { low, high, likelyMs } = forecast;
  return (
    <span className={css.stack}>
      <span>
        {likelyMs === null
          ? t("full_perhaps_never")
          : t("full_date", { date: dayWords(likelyMs, language) })}
      </span>
      <small className="muted">
        {high === null ? t("full_from", { low }) : t("full_range", { low, high })}
      </small>
      {full && (
        <small className="muted">
          {t("full_based", { rate: full.coins_per_day.toFixed(1), days: full.of_days })}
        </small>
      )}
    </span>
  );
}
