/** The two buttons. "Not me" goes at once; "it's me" ends the watch, so it is asked once more. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Note } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import type { AnswerWord, View } from "./link";
import css from "./owner.module.css";

interface Props {
  view: View;
  /** The answer that is being sent, or was and is not confirmed yet. */
  sent: AnswerWord | null;
  busy: boolean;
  /** No connection: it goes when there is one. */
  paused: boolean;
  error: unknown;
  say: (answer: AnswerWord) => void;
}

export function Answers({ view, sent, busy, paused, error, say }: Props) {
  const { t } = useTranslation("owner");
  const [asking, setAsking] = useState(false);
  const sure = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) sure.current?.focus();
  }, [asking]);
  if (view.may_say.length === 0) return null;
  const wait = busy || sent === "me";
  return (
    <div className={css.answers}>
      {asking && sent !== "me" ? (
        <section className={css.sure} aria-labelledby="owner-sure">
          <p id="owner-sure">{t("sure")}</p>
          <button
            ref={sure}
            type="button"
            className={css.answer}
            data-kind="me"
            onClick={() => {
              setAsking(false);
              say("me");
            }}
          >
            {t("sure_yes")}
          </button>
          <Button size="big" onClick={() => setAsking(false)}>
            {t("sure_no")}
          </Button>
        </section>
      ) : (
        <>
          {view.may_say.includes("not_me") && sent !== "not_me" && (
            <button
              type="button"
              className={css.answer}
              data-kind="not_me"
              disabled={wait}
              onClick={() => say("not_me")}
            >
              {t("not_me")}
              <small>{t("not_me_means")}</small>
            </button>
          )}
          <button
            type="button"
            className={css.answer}
            data-kind="me"
            disabled={wait}
            onClick={() => setAsking(true)}
          >
            {view.may_say.includes("not_me") && sent !== "not_me" ? t("me") : t("me_after")}
            <small>{t("me_means")}</small>
          </button>
        </>
      )}
      <div role="status">
        {paused ? <Note tone="warn">{t("paused")}</Note> : sent && <Note>{t(`sent_${sent}`)}</Note>}
      </div>
      {error !== null && <ProblemNote error={error} />}
    </div>
  );
}
