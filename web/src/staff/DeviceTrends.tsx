/** Where a tracker's battery and signal are going, and how well it fixes by day. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { TimeChart } from "../charts";
import { useLanguage, useSay } from "../i18n";
import { Badge } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import { Panel } from "../ui/Page";
import { prediction } from "./deviceMeasures";
import css from "./health.module.css";
import { numberText, percent } from "./healthText";
import type { FixDay, Trend } from "./healthTypes";

const UNITS: Record<string, string> = { battery_pct: "%", rssi_dbm: "dBm" };
const PAST_MS = 14 * 86_400_000;

export function DeviceTrends(props: { id: string; trends: Trend[]; days: FixDay[] }) {
  const { t } = useTranslation("health");
  const battery = props.trends.find((trend) => trend.measure === "battery_pct");
  return (
    <div className={css.pair}>
      <Panel title={t("trends")}>
        {props.trends.map((trend) => (
          <TrendLine key={trend.measure} trend={trend} />
        ))}
        {battery && <BatteryChart id={props.id} trend={battery} />}
      </Panel>
      <FixDays days={props.days} />
    </div>
  );
}

function TrendLine({ trend }: { trend: Trend }) {
  const { t } = useTranslation("health");
  const language = useLanguage();
  const say = useSay();
  const unit = UNITS[trend.measure] ?? "";
  const number = (value: number | null) => `${numberText(value, "", language)} ${unit}`;
  const falls = trend.outlook === "falling";
  return (
    <div className={css.trend}>
      <div className={css.trendHead}>
        <b>{t(`trend_${trend.measure}`)}</b>
        {trend.level !== null && <span>{number(trend.level)}</span>}
        <Badge tone={falls && trend.empty !== null ? "warn" : "plain"}>{say(trend)}</Badge>
      </div>
      {trend.per_day !== null && (
        <p className="muted">
          {t("trend_day", {
            value: number(trend.per_day),
            low: numberText(trend.per_day_low, "", language),
            high: numberText(trend.per_day_high, "", language),
          })}
        </p>
      )}
      {trend.empty !== null && (
        <p>
          {t("trend_empty")} <b>{dayText(trend.empty, language)}</b>
          {trend.empty_earliest !== null && trend.empty_latest !== null && (
            <span className="muted">
              {" "}
              {t("trend_between", {
                from: dayText(trend.empty_earliest, language),
                to: dayText(trend.empty_latest, language),
              })}
            </span>
          )}
        </p>
      )}
    </div>
  );
}

function dayText(instant: string, language: string): string {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).format(Date.parse(instant));
}

function BatteryChart({ id, trend }: { id: string; trend: Trend }) {
  const { t } = useTranslation("health");
  const asked = useQuery({
    queryKey: ["device-history", id, "battery_pct", "trend"],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/devices/{device_id}/history", {
          params: {
            path: { device_id: id },
            query: { measure: "battery_pct", from: String(Date.now() - PAST_MS), every: "6h" },
          },
          signal,
        }),
      ),
    staleTime: 300_000,
    refetchOnWindowFocus: false,
  });
  if (asked.data === undefined || asked.data.intervals.length === 0) return null;
  const ahead = prediction(trend, asked.data.to_ms);
  return (
    <TimeChart
      label={t("m_battery_pct")}
      unit="%"
      digits={0}
      intervals={asked.data.intervals}
      from={asked.data.from_ms}
      to={ahead.at(-1)?.t_ms ?? asked.data.to_ms}
      everyMs={asked.data.every_s * 1000}
      trend={ahead}
    />
  );
}

function FixDays({ days }: { days: FixDay[] }) {
  const { t } = useTranslation("health");
  const language = useLanguage();
  const columns: Column<FixDay>[] = [
    { key: "day", title: t("fix_day"), cell: (day) => day.day },
    {
      key: "usable",
      title: t("fix_usable"),
      align: "right",
      cell: (day) => percent(day.usable, 0) ?? "—",
    },
    {
      key: "acc",
      title: t("fix_acc"),
      align: "right",
      cell: (day) => (day.acc_m === null ? "—" : `${numberText(day.acc_m, "", language)} m`),
    },
    {
      key: "fixes",
      title: t("fix_fixes"),
      align: "right",
      cell: (day) => numberText(day.fixes, "", language),
    },
  ];
  return (
    <Panel title={t("fix_quality")}>
      {days.length === 0 ? (
        <p className="muted">{t("fix_none")}</p>
      ) : (
        <DataTable
          caption={t("fix_quality")}
          columns={columns}
          rows={[...days].reverse().slice(0, 7)}
          rowKey={(day) => day.day}
        />
      )}
    </Panel>
  );
}
