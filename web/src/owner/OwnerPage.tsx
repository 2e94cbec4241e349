/** "Is it you?": one alert behind a signed link, for a phone, without a login. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { clientWith, got } from "../api/client";
import { problemOf } from "../api/problem";
import { addWords, setLanguage, useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { Note, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Answers } from "./Answers";
import { Next, Shared, Why } from "./Further";
import {
  type AnswerWord,
  distance,
  isOnItsWay,
  onThisClock,
  POLL_MS,
  phaseOf,
  tokenOf,
} from "./link";
import css from "./owner.module.css";
import { Place } from "./Place";
import { words } from "./words";

addWords("owner", words);

export default function OwnerPage() {
  const { t } = useTranslation("owner");
  const language = useLanguage();
  const token = tokenOf(useLocation().hash);
  return (
    <main className={css.page}>
      <div className={css.top}>
        <strong>ParkGuard</strong>
        <button
          type="button"
          className={css.language}
          lang={language === "zh" ? "en" : "zh"}
          onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
        >
          {language === "zh" ? "English" : "中文"}
        </button>
      </div>
      {token === null ? (
        <Page title={t("no_link")}>
          <p>{t("no_link_do")}</p>
        </Page>
      ) : (
        <Asked key={token} token={token} />
      )}
    </main>
  );
}

function Asked({ token }: { token: string }) {
  const { t } = useTranslation("owner");
  const client = useMemo(() => clientWith(token), [token]);
  const cache = useQueryClient();
  const queryKey = ["link", token];
  const [sent, setSent] = useState<AnswerWord | null>(null);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => got(client.GET("/v1/link", { signal })),
    retry: (times, error) => problemOf(error).isPassing && times < 2,
    refetchInterval: ({ state }) =>
      state.data?.ended || (state.error && !problemOf(state.error).isPassing) ? false : POLL_MS,
  });
  const answer = useMutation({
    mutationFn: (word: AnswerWord) =>
      got(client.POST("/v1/link/answer", { body: { answer: word } })),
    retry: (times, error) => problemOf(error).isPassing && times < 30,
    retryDelay: 1_000,
    onMutate: (word) => setSent(word),
    onError: () => setSent(null),
    onSettled: () => cache.invalidateQueries({ queryKey }),
  });
  const { data: view, error, dataUpdatedAt } = query;
  if (!view) {
    if (error) return <Refused error={error} again={() => void query.refetch()} />;
    return <Skeleton lines={6} />;
  }
  const phase = phaseOf(view);
  const since = onThisClock(view.onset_ms, view, dataUpdatedAt);
  return (
    <Page title={t(`title_${phase}`)}>
      <p className={css.what}>
        <strong>{view.vehicle.label || t("vehicle")}</strong>
        {view.vehicle.plate_masked && ` (${view.vehicle.plate_masked})`}{" "}
        {view.moved_m >= 1 ? t("moved", { d: distance(view.moved_m) }) : t(kindKey(view.kind))}{" "}
        <Age t={since} />
      </p>
      {error && (
        <Note tone="warn">
          {problemOf(error).code === "link_ended" ? (
            t("link_ended_do")
          ) : (
            <>
              {t("as_of")} <Age t={dataUpdatedAt} />
            </>
          )}
        </Note>
      )}
      {view.ended && <Note>{t("ended_do")}</Note>}
      <Answers
        view={view}
        sent={isOnItsWay(sent, view) ? sent : null}
        busy={answer.isPending}
        paused={answer.isPaused || answer.failureCount > 0}
        error={answer.isError ? answer.error : null}
        say={(word) => answer.mutate(word)}
      />
      <div className={error ? `${css.parts} ${css.old}` : css.parts}>
        <Place view={view} receivedMs={dataUpdatedAt} />
        <Next view={view} receivedMs={dataUpdatedAt} />
        <Why view={view} />
        <Shared view={view} />
      </div>
    </Page>
  );
}

function Refused({ error, again }: { error: unknown; again: () => void }) {
  const { t } = useTranslation("owner");
  const { code } = problemOf(error);
  if (code === "link_ended") {
    return (
      <Page title={t("link_ended")}>
        <p>{t("link_ended_do")}</p>
      </Page>
    );
  }
  if (code === "unauthenticated" || code === "not_found" || code === "forbidden") {
    return (
      <Page title={t("no_link")}>
        <p>{t("no_link_do")}</p>
      </Page>
    );
  }
  return <ProblemNote error={error} onRetry={again} />;
}

function kindKey(kind: string): string {
  return ["tamper", "geofence", "sos", "fire"].includes(kind) ? `kind_${kind}` : "kind_other";
}
