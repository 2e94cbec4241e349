/** What a device measured, one measure at a time. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { TimeChart } from "../charts";
import { Field } from "../ui/Field";
import { Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { type Measure, measuresOf, SPANS, type Span } from "./deviceMeasures";
import css from "./health.module.css";

export function DeviceMeasures({ id, cls }: { id: string; cls: string }) {
  const { t } = useTranslation("health");
  const measures = measuresOf(cls);
  const [name, setName] = useState(measures[0]?.name ?? "");
  const [word, setWord] = useState("hours_24");
  const measure = measures.find((one) => one.name === name);
  const span = SPANS.find((one) => one.word === word);
  if (measure === undefined || span === undefined) {
    return (
      <Panel title={t("measures")}>
        <p className="muted">{t("measure_of_none")}</p>
      </Panel>
    );
  }
  return (
    <Panel title={t("measures")}>
      <div className={css.choices}>
        <Field label={t("measure")}>
          <select value={name} onChange={(event) => setName(event.target.value)}>
            {measures.map((one) => (
              <option key={one.name} value={one.name}>
                {t(`m_${one.name}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("period")}>
          <select value={word} onChange={(event) => setWord(event.target.value)}>
            {SPANS.map((one) => (
              <option key={one.word} value={one.word}>
                {t(one.word)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Chart id={id} measure={measure} span={span} />
    </Panel>
  );
}

function Chart({ id, measure, span }: { id: string; measure: Measure; span: Span }) {
  const { t } = useTranslation("health");
  const asked = useQuery({
    queryKey: ["device-history", id, measure.name, span.word],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/devices/{device_id}/history", {
          params: {
            path: { device_id: id },
            query: {
              measure: measure.name,
              from: String(Date.now() - span.ms),
              every: span.every,
            },
          },
          signal,
        }),
      ),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
  if (asked.isError) {
    return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  }
  if (asked.data === undefined) return <Skeleton lines={6} />;
  const { data } = asked;
  if (data.intervals.length === 0) return <p className="muted">{t("measure_none")}</p>;
  return (
    <TimeChart
      label={t(`m_${data.measure}`)}
      unit={data.measure === measure.name ? measure.unit : ""}
      digits={measure.digits}
      intervals={data.intervals}
      from={data.from_ms}
      to={data.to_ms}
      everyMs={data.every_s * 1000}
    />
  );
}
