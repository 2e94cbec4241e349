/** Why an alert came, with the picture: asked for with a purpose, because it shows a track. */
import "./register";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got } from "../api/client";
import { type ApiProblem, problemOf } from "../api/problem";
import { purposesOf } from "../app/purposes";
import { useSession } from "../app/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Note, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import css from "./explain.module.css";
import { Picture } from "./Picture";

/** A busy server is asked again so often, ms. */
const AGAIN_MS = 2_000;

export function Explanation({ alertId }: { alertId: string }) {
  const { t } = useTranslation("explain");
  const session = useSession();
  const [purpose, setPurpose] = useState<string | null>(null);
  if (!session.may("explain_read") || alertId === "") return null;
  return (
    <Panel title={t("title")}>
      {purpose === null ? (
        <Ask purposes={purposesOf(session.role)} onGive={setPurpose} />
      ) : (
        <Shown key={alertId} alertId={alertId} purpose={purpose} />
      )}
    </Panel>
  );
}

function Ask(props: { purposes: readonly string[]; onGive(purpose: string): void }) {
  const { t } = useTranslation("explain");
  const [purpose, setPurpose] = useState(props.purposes[0] ?? "");
  return (
    <>
      <p className="muted">{t("intro")}</p>
      <div className={css.ask}>
        <Field label={t("purpose")}>
          <select value={purpose} onChange={(event) => setPurpose(event.target.value)}>
            {props.purposes.map((one) => (
              <option key={one} value={one}>
                {t(`purpose_${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Button onClick={() => props.onGive(purpose)}>{t("show")}</Button>
      </div>
    </>
  );
}

function isBusy(problem: ApiProblem): boolean {
  return problem.code === "busy";
}

function Shown({ alertId, purpose }: { alertId: string; purpose: string }) {
  const { t } = useTranslation("explain");
  const asked = useQuery({
    queryKey: ["explanation", alertId, purpose],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/alerts/{alert_id}/explanation", {
          params: { path: { alert_id: alertId }, header: { "X-Purpose": purpose } },
          signal,
        }),
      ),
    staleTime: 60_000,
    refetchOnWindowFocus: false, // each look is run and stands in the audit
    retry: (count, error) => isBusy(problemOf(error)) && count < 30,
    retryDelay: AGAIN_MS,
  });
  if (asked.data) return <Picture explained={asked.data} />;
  if (asked.isError) {
    const problem = problemOf(asked.error);
    if (problem.code === "unexplained")
      return <Note>{t(`why_${String(problem.members.why)}`)}</Note>;
    return <ProblemNote error={problem} onRetry={() => void asked.refetch()} />;
  }
  return (
    <>
      <p className="muted" role="status">
        {t(asked.failureCount > 0 ? "busy" : "running")}
      </p>
      <Skeleton lines={8} />
    </>
  );
}
