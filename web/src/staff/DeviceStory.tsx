/** What a device was through, how available it was, and where it is going. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { purposesOf } from "../app/purposes";
import { useSession } from "../app/session";
import { Spells } from "../charts";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { DeviceSpells } from "./DeviceSpells";
import { DeviceTrends } from "./DeviceTrends";
import css from "./health.module.css";
import { percent, spanParts } from "./healthText";
import type { Device, Spent } from "./healthTypes";

const DAY_MS = 86_400_000;
const PERIODS = [7, 30] as const;

export function DeviceStory({ device }: { device: Device }) {
  const { t } = useTranslation("health");
  const [days, setDays] = useState<number>(PERIODS[0]);
  const [purpose, setPurpose] = useState<string | null>(null);
  const asked = useQuery({
    queryKey: ["story", device.id, days, purpose],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/devices/{device_id}/story", {
          params: {
            path: { device_id: device.id },
            query: { from: String(Date.now() - days * DAY_MS), limit: 1000 },
            header: purpose === null ? {} : { "X-Purpose": purpose },
          },
          signal,
        }),
      ),
    // each look at a vehicle's tracker stands in the audit: it is not repeated by itself
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  const story = asked.data;
  const periods = (
    <fieldset className={css.choice}>
      <legend className="visually-hidden">{t("period")}</legend>
      {PERIODS.map((one) => (
        <Button
          key={one}
          kind={one === days ? "primary" : "plain"}
          aria-pressed={one === days}
          onClick={() => setDays(one)}
        >
          {t(`days_${one}`)}
        </Button>
      ))}
    </fieldset>
  );
  return (
    <>
      <Panel title={t("availability")} actions={periods}>
        {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
        {story === undefined && !asked.isError && <Skeleton lines={5} />}
        {story && <SpentLine spent={story.spent} />}
        {story && !story.spells_hidden && (
          <>
            <Spells
              label={t("spells")}
              from={story.from_ms}
              to={story.to_ms}
              spells={story.spells.map((spell) => ({
                from_ms: Date.parse(spell.since),
                to_ms: spell.until === null ? story.to_ms : Date.parse(spell.until),
                presence: spell.presence,
              }))}
            />
            <DeviceSpells spells={story.spells} />
          </>
        )}
        {story?.spells_hidden && <AskPurpose onGive={setPurpose} />}
      </Panel>
      {story && device.cls === "trk" && (
        <DeviceTrends id={device.id} trends={story.trends} days={story.fix_days} />
      )}
    </>
  );
}

function SpentLine({ spent }: { spent: Spent }) {
  const { t } = useTranslation("health");
  const span = useSpan();
  if (spent.available === null) return <p className="muted">{t("spent_nothing")}</p>;
  const parts: [string, number][] = [
    ["spent_late", spent.late_s],
    ["spent_offline", spent.offline_s],
    ["spent_never", spent.never_heard_s],
    ["spent_maintenance", spent.maintenance_s],
  ];
  return (
    <dl className={css.figures}>
      <div>
        <dt>{t("available")}</dt>
        <dd title={t("available_hint")}>{percent(spent.available)}</dd>
      </div>
      {(spent.degraded ?? 0) > 0 && (
        <div>
          <dt>{t("spent_degraded")}</dt>
          <dd>{percent(spent.degraded)}</dd>
        </div>
      )}
      {parts
        .filter(([, s]) => s > 0)
        .map(([word, s]) => (
          <div key={word}>
            <dt>{t(word)}</dt>
            <dd>{span(s)}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A span of time in words. */
export function useSpan(): (s: number) => string {
  const { t } = useTranslation("health");
  return (s) =>
    spanParts(s)
      .map(([unit, count]) => t(unit, { count }))
      .join(" ");
}

function AskPurpose({ onGive }: { onGive(purpose: string): void }) {
  const { t } = useTranslation("health");
  const purposes = purposesOf(useSession().role);
  const [purpose, setPurpose] = useState(purposes[0] ?? "");
  if (purposes.length === 0) return <p className="muted">{t("spells_not_yours")}</p>;
  return (
    <div className={css.purpose}>
      <p>{t("spells_hidden")}</p>
      <div className={css.purposeRow}>
        <Field label={t("purpose")}>
          <select value={purpose} onChange={(event) => setPurpose(event.target.value)}>
            {purposes.map((one) => (
              <option key={one} value={one}>
                {t(`purpose_${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Button onClick={() => onGive(purpose)}>{t("spells_show")}</Button>
      </div>
    </div>
  );
}
