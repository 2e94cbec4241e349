/** The desk's figures: what waits, the oldest, how busy. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useNow } from "../app/clock";
import { spoken } from "../ui/ages";
import css from "./desk.module.css";
import { clockOf } from "./escalation";
import { useDesk } from "./says";

type Glance = Schemas["DeskOut"] & { aheadMs: number };

export function GlanceBar({ glance }: { glance: Glance }) {
  const t = useDesk();
  const { waiting, workload } = glance;
  return (
    <dl className={css.glance}>
      <Figure n={waiting.untaken} word={t("glance_untaken")} warn={waiting.untaken > 0}>
        <Oldest t={waiting.untaken_oldest_ms} aheadMs={glance.aheadMs} />
      </Figure>
      <Figure n={waiting.alerts} word={t("glance_alerts")}>
        <Oldest t={waiting.alerts_oldest_ms} aheadMs={glance.aheadMs} />
      </Figure>
      <Figure n={waiting.open} word={t("glance_open")} />
      <Figure
        n={waiting.undelivered}
        word={t("glance_undelivered")}
        warn={waiting.undelivered > 0}
      />
      <Figure n={workload.per_hour ?? "–"} word={t("glance_workload")}>
        {workload.median_s === null
          ? t("glance_workload_none")
          : t("glance_workload_more", {
              judged: workload.judged,
              hours: Math.round(workload.period_s / 3600),
              median: clockOf(workload.median_s),
            })}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  n: number | string;
  word: string;
  warn?: boolean;
  children?: ReactNode;
}

function Figure({ n, word, warn = false, children }: FigureProps) {
  return (
    <div className={css.figure} data-warn={warn}>
      <dt>{word}</dt>
      <dd>{n}</dd>
      {children && <dd className={css.figureMore}>{children}</dd>}
    </div>
  );
}

function Oldest({ t: since, aheadMs }: { t: number | null; aheadMs: number }) {
  const t = useDesk();
  const { t: common } = useTranslation();
  const nowMs = useNow() + aheadMs;
  if (since === null) return null;
  const { key, count } = spoken(since, nowMs);
  return <>{t("glance_oldest", { age: common(key, { count }) })}</>;
}
