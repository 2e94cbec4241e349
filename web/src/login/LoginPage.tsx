/** A first form, to be replaced by the real page. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { api, got } from "../api/client";
import { SESSION_KEY } from "../app/session";
import { addWords } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { words } from "./words";

addWords("login", words);

export default function LoginPage() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const location = useLocation();
  const [error, setError] = useState<unknown>(null);
  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: String(form.get("name")), password: String(form.get("password")) };
    try {
      const session = await got(api.POST("/v1/session", { body }));
      cache.setQueryData(SESSION_KEY, session);
      const state = location.state as { back?: string } | null;
      void navigate(state?.back ?? "/", { replace: true });
    } catch (problem) {
      setError(problem);
    }
  }
  return (
    <Page title="ParkGuard">
      <form onSubmit={send}>
        <Field label="Name">
          <input name="name" autoComplete="username" />
        </Field>
        <Field label="Password">
          <input name="password" type="password" autoComplete="current-password" />
        </Field>
        {error !== null && <ProblemNote error={error} />}
        <Button type="submit" kind="primary">
          Log in
        </Button>
      </form>
    </Page>
  );
}
