/** Who is logged in, how the pages look to them, and the way out. */
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { useSession } from "../app/session";
import { keptTheme, setTheme, type Theme } from "../app/theme";
import { addWords, useLanguage } from "../i18n";
import { clockTime, exact } from "../ui/ages";
import { Button } from "../ui/Button";
import { ProblemNote } from "../ui/ProblemNote";
import { Choice } from "./Choice";
import { LanguageChoice } from "./LanguageChoice";
import css from "./login.module.css";
import { words } from "./words";

addWords("login", words);

export function AccountMenu() {
  const { t: common } = useTranslation();
  const session = useSession();
  const id = useId();
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (event.target instanceof Node && !whole.current?.contains(event.target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  return (
    <div className={css.account} ref={whole}>
      <button
        ref={button}
        type="button"
        className={css.opener}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <span className={css.initial} data-initial={[...session.display][0]?.toUpperCase()} />
        <span className={css.unseen}>{common("account")}</span>
        <span className={css.openerName}>{session.display}</span>
      </button>
      <div id={id} className={css.sheet} hidden={!open}>
        {open && <Account />}
      </div>
    </div>
  );
}

function Account() {
  const { t } = useTranslation("login");
  const { t: common } = useTranslation();
  const session = useSession();
  const language = useLanguage();
  const nowMs = useNow();
  const [theme, choose] = useState(keptTheme);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const areas = session.areas.includes("")
    ? t("whole_city")
    : t("areas", { areas: session.areas.join(", ") });

  async function leave() {
    setBusy(true);
    setError(null);
    try {
      await session.logOut();
      location.assign("/app/login"); // nothing of this person stays in memory
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  return (
    <>
      <div>
        <p className={css.who}>{session.display}</p>
        <p className="muted">
          {session.name} · {t(`role_${session.role}`)}
        </p>
        {session.role !== "owner" && <p className="muted">{areas}</p>}
      </div>
      <LanguageChoice />
      <Choice<Theme>
        legend={common("theme")}
        options={(["auto", "light", "dark"] as const).map((value) => ({
          value,
          label: common(`theme_${value}`),
        }))}
        value={theme}
        onChange={(value) => {
          setTheme(value);
          choose(value);
        }}
      />
      {session.expires_ms !== null && (
        <p className="muted">
          <time
            dateTime={new Date(session.expires_ms).toISOString()}
            title={exact(session.expires_ms, language)}
          >
            {t("until", { time: clockTime(session.expires_ms, nowMs, language) })}
          </time>
        </p>
      )}
      {error !== null && <ProblemNote error={error} />}
      <Button busy={busy} onClick={() => void leave()}>
        {common("log_out")}
      </Button>
    </>
  );
}
