/** Name and password; back to where one wanted to go. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useLocation, useNavigate } from "react-router";
import { api, got } from "../api/client";
import { type ApiProblem, problemOf } from "../api/problem";
import { useNow } from "../app/clock";
import { SESSION_KEY, sessionQuery } from "../app/session";
import { addWords } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { ProblemNote } from "../ui/ProblemNote";
import { LanguageChoice } from "./LanguageChoice";
import { backOf, leftS, minutesAndSeconds, refusalOf } from "./lock";
import css from "./login.module.css";
import { PasswordField } from "./PasswordField";
import { words } from "./words";

addWords("login", words);

interface Faults {
  name: string | null;
  password: string | null;
}
const NONE: Faults = { name: null, password: null };

export default function LoginPage() {
  const { t } = useTranslation("login");
  const location = useLocation();
  const back = backOf(location.state);
  const inside = useQuery({ ...sessionQuery, retry: false, enabled: location.state === null });
  useEffect(() => {
    document.title = `${t("title")} · ParkGuard`;
  }, [t]);
  if (inside.data !== undefined && inside.error === null) return <Navigate to={back} replace />;
  return (
    <main className={css.screen}>
      <div className={css.card}>
        <header className={css.head}>
          <img src="/app/icon.svg" alt="" width="44" height="44" />
          <div>
            <p className={css.brand}>ParkGuard</p>
            <p className="muted">{t("what")}</p>
          </div>
        </header>
        <h1>{t("title")}</h1>
        <LoginForm back={back} />
        <p className={css.foot}>{t("forgotten")}</p>
      </div>
      <LanguageChoice bare />
    </main>
  );
}

function LoginForm({ back }: { back: string }) {
  const { t } = useTranslation("login");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const nameBox = useRef<HTMLInputElement>(null);
  const passwordBox = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [faults, setFaults] = useState(NONE);
  const [untilMs, setUntilMs] = useState(0);
  const [other, setOther] = useState<ApiProblem | null>(null);
  const left = leftS(untilMs, useNow());
  useEffect(() => nameBox.current?.focus(), []);

  function refuse(problem: ApiProblem) {
    const refusal = refusalOf(problem, Date.now());
    if (refusal.kind === "other") return setOther(problem);
    setUntilMs(refusal.untilMs);
    const word = refusal.kind === "wait" ? "wait" : refusal.untilMs > 0 ? "wrong_wait" : "wrong";
    setFaults({ name: null, password: word });
    passwordBox.current?.select();
  }

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = nameBox.current?.value.trim() ?? "";
    const password = passwordBox.current?.value ?? "";
    setOther(null);
    setFaults({
      name: name === "" ? "name_missing" : null,
      password: password === "" ? "password_missing" : null,
    });
    if (name === "") return nameBox.current?.focus();
    if (password === "") return passwordBox.current?.focus();
    setBusy(true);
    try {
      const session = await got(api.POST("/v1/session", { body: { name, password } }));
      cache.clear(); // what somebody else saw here is not for this person
      cache.setQueryData(SESSION_KEY, session);
      void navigate(back, { replace: true });
    } catch (error) {
      refuse(problemOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className={css.form} onSubmit={(event) => void send(event)} noValidate>
      <Field label={t("name")} fault={faults.name && t(faults.name)}>
        <input
          ref={nameBox}
          name="name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          onInput={() => {
            setFaults(NONE); // a wait is of a name
            setUntilMs(0);
          }}
        />
      </Field>
      <PasswordField
        box={passwordBox}
        fault={faults.password && t(faults.password)}
        onInput={() => left === 0 && setFaults(NONE)}
      />
      {untilMs > 0 && (
        <p className={css.wait} role="timer">
          {left > 0 ? t("next_try", { time: minutesAndSeconds(left) }) : t("try_now")}
        </p>
      )}
      {other?.code === "cross_site" && <p role="alert">{t("cross_site")}</p>}
      {other !== null && other.code !== "cross_site" && <ProblemNote error={other} />}
      <Button type="submit" kind="primary" size="big" busy={busy} disabled={left > 0}>
        {t("log_in")}
      </Button>
    </form>
  );
}
