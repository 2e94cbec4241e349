/** Confirm or dismiss one alert: Enter sends, Escape leaves it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNote } from "../ui/ProblemNote";
import css from "./desk.module.css";
import { NO_THEFT, type Outcome } from "./outcomes";
import { useDesk, useWord } from "./says";

export type Verdict = "confirm" | "dismiss";

interface Props {
  alertId: string;
  verdict: Verdict;
  /** What it is about, in words. */
  about: string;
  onClose(sent: boolean): void;
}

export function VerdictDialog({ alertId, verdict, about, onClose }: Props) {
  const t = useDesk();
  const word = useWord();
  const { t: common } = useTranslation();
  const cache = useQueryClient();
  const box = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [outcome, setOutcome] = useState<Outcome | "">("");
  const send = useMutation({
    mutationFn: () =>
      got(
        api.POST("/v1/alerts/{alert_id}/verdict", {
          params: { path: { alert_id: alertId } },
          body: { verdict, reason, outcome: outcome === "" ? null : outcome },
        }),
      ),
    onSuccess: () => onClose(true),
    onError: () => void cache.invalidateQueries({ queryKey: ["desk"] }),
  });
  useEffect(() => {
    box.current?.showModal();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!send.isPending) send.mutate();
  };
  const confirms = verdict === "confirm";
  return (
    <dialog
      ref={box}
      className={css.dialog}
      aria-labelledby="verdict-title"
      onCancel={() => onClose(false)}
      onClose={() => onClose(false)}
    >
      <form onSubmit={submit}>
        <h2 id="verdict-title">{t(confirms ? "confirm_title" : "dismiss_title")}</h2>
        <p>{about}</p>
        {confirms ? (
          <p className="muted">{t("verdict_hint")}</p>
        ) : (
          <Field label={t("why_dismiss")}>
            <select
              value={outcome}
              onChange={(event) => setOutcome(event.target.value as Outcome | "")}
              onKeyDown={(event) => {
                if (event.key !== "Enter") return; // sends instead of opening the list
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
            >
              <option value="">{t("why_unsaid")}</option>
              {NO_THEFT.map((one) => (
                <option key={one} value={one}>
                  {word("outcome", one)}
                </option>
              ))}
            </select>
          </Field>
        )}
        <Field label={t("reason")} hint={t("reason_hint")}>
          <input
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        {send.isError && <ProblemNote error={send.error} />}
        <div className={css.buttons}>
          <Button onClick={() => onClose(false)}>{common("cancel")}</Button>
          <Button type="submit" kind={confirms ? "danger" : "primary"} busy={send.isPending}>
            {t(confirms ? "confirm_send" : "dismiss_send")}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
