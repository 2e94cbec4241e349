import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNote } from "../ui/ProblemNote";
import { untilWords } from "./boxForecast";
import css from "./charging.module.css";

const LENGTHS_MIN = [30, 60, 120, 240] as const;

interface Props {
  id: string;
  box: { collector_until_ms: number };
  onSent(): void;
}

/** "I am emptying it until ...", and "I am done". */
export function CollectForm({ id, box, onSent }: Props) {
  const { t } = useTranslation("charging");
  const language = useLanguage();
  const nowMs = useNow();
  const [minutes, setMinutes] = useState<number>(60);
  const sent = useMutation({
    mutationFn: (until: number) =>
      got(
        api.POST("/v1/chargers/{charger_id}/collection", {
          params: { path: { charger_id: id } },
          body: { until },
        }),
      ),
    onSuccess: onSent,
  });
  const untilMs = nowMs + minutes * 60_000;
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    sent.mutate(untilMs);
  }
  return (
    <form className={css.collect} onSubmit={send}>
      <Field
        label={`${t("collect")}, ${t("collect_for")}`}
        hint={`${t("collect_until", { time: untilWords(untilMs, nowMs, language) })}. ${t("collect_why")}`}
      >
        <select value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {LENGTHS_MIN.map((one) => (
            <option key={one} value={one}>
              {t(`min_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <div className={css.row}>
        <Button type="submit" kind="primary" busy={sent.isPending}>
          {t("collect_send")}
        </Button>
        {box.collector_until_ms > nowMs && (
          <Button disabled={sent.isPending} onClick={() => sent.mutate(nowMs)}>
            {t("collect_done")}
          </Button>
        )}
      </div>
      {sent.isError && <ProblemNote error={sent.error} />}
      {sent.isSuccess && <p role="status">{t("collect_sent")}</p>}
    </form>
  );
}
