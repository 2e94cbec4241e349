/** The buttons at the thumb: what comes next, "more", and the call for help. */
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import type { Card } from "./card";
import css from "./patrol.module.css";
import { outcomesOf, stepsOf } from "./steps";
import { stateAfter } from "./taps";
import { useTaps } from "./useTaps";

export function ActionBar({ card, isSaved }: { card: Card; isSaved: boolean }) {
  const { t } = useTranslation("patrol");
  const { waiting, press } = useTaps();
  const { id, kind } = card.incident;
  const ahead = stateAfter(waiting, id);
  const state = ahead ?? card.incident.state;
  const guessed = ahead !== null || (isSaved && card.held_by !== "other");
  const { main, more } = stepsOf(state, guessed ? null : card.next);
  const sheet = useRef<HTMLDialogElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const move = (next: string) => void press(id, { kind: "move", state: next });
  const closes = main.includes("closed");
  return (
    <div className={css.bar}>
      <div className={css.barMain}>
        {closes ? (
          <Button kind="primary" size="big" onClick={() => sheet.current?.showModal()}>
            {t("do_closed")}
          </Button>
        ) : (
          main.map((next, number) => (
            <Button
              key={next}
              kind={number === 0 ? "primary" : "plain"}
              size="big"
              onClick={() => move(next)}
            >
              {t(`do_${next}`)}
            </Button>
          ))
        )}
      </div>
      <div className={css.barMore}>
        {more.length > 0 && (
          <Button size="big" onClick={() => sheet.current?.showModal()}>
            {t("do_more")}
          </Button>
        )}
        <Button kind="danger" size="big" onClick={() => help.current?.showModal()}>
          {t("do_help")}
        </Button>
      </div>
      <Sheet sheet={sheet} title={closes ? t("close_title") : t("do_more")}>
        {closes && (
          <>
            <p className="muted">{t("close_note")}</p>
            {outcomesOf(state, kind).map((outcome) => (
              <Button
                key={outcome}
                size="big"
                onClick={() => {
                  sheet.current?.close();
                  void press(id, { kind: "close", outcome });
                }}
              >
                {t(`outcome_${outcome}`)}
              </Button>
            ))}
          </>
        )}
        {more.map((next) => (
          <Button
            key={next}
            size="big"
            onClick={() => {
              sheet.current?.close();
              move(next);
            }}
          >
            {t(`do_${next}`)}
          </Button>
        ))}
      </Sheet>
      <Sheet sheet={help} title={t("help_title")}>
        <p>{t("help_text")}</p>
        <Button
          kind="danger"
          size="big"
          className={css.alarm ?? ""}
          onClick={() => {
            help.current?.close();
            void press(id, { kind: "help" });
          }}
        >
          {t("help_send")}
        </Button>
      </Sheet>
    </div>
  );
}

interface SheetProps {
  sheet: React.RefObject<HTMLDialogElement | null>;
  title: string;
  children: React.ReactNode;
}

/** A sheet from below; the browser keeps the focus inside and closes it by Escape. */
function Sheet({ sheet, title, children }: SheetProps) {
  const { t } = useTranslation();
  const heading = useId();
  return (
    <dialog ref={sheet} className={css.sheet} aria-labelledby={heading}>
      <div className={css.sheetBody}>
        <h2 id={heading}>{title}</h2>
        {children}
        <Button kind="quiet" size="big" onClick={() => sheet.current?.close()}>
          {t("cancel")}
        </Button>
      </div>
    </dialog>
  );
}
