/** Commands to a device: send one, and see what becomes of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { type Column, DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { useSpan } from "./DeviceStory";
import css from "./health.module.css";
import { commandTone } from "./healthText";

type Command = Schemas["CommandOut"];
type Kind = "locate" | "interval" | "find_me";

/** While one is open, and else: no event tells of commands, ms. */
const OPEN_MS = 1_500;
const CALM_MS = 30_000;
const SHOWN = 10;
const KINDS: readonly Kind[] = ["locate", "interval", "find_me"];
const EVERY_S = [5, 10, 30, 60];
const FOR_S = [180, 600, 3600];
const BEEP_S = [10, 30, 60];

export function DeviceCommands({ id, isRetired }: { id: string; isRetired: boolean }) {
  const { t } = useTranslation("health");
  const [sent, setSent] = useState<string | null>(null);
  const asked = useQuery({
    queryKey: ["commands", id],
    queryFn: ({ signal }) =>
      got(
        api.GET("/v1/devices/{device_id}/commands", {
          params: { path: { device_id: id }, query: { limit: SHOWN } },
          signal,
        }),
      ),
    refetchInterval: (query) =>
      isUnderWay(query.state.data?.commands ?? [], sent) ? OPEN_MS : CALM_MS,
  });
  return (
    <Panel title={t("commands")}>
      {!isRetired && <SendForm id={id} onSent={setSent} />}
      <p role="status" className={css.sendState}>
        {sent !== null && !has(asked.data?.commands ?? [], sent) && t("state_queued")}
      </p>
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={4} />}
      {asked.data?.commands.length === 0 && <p className="muted">{t("commands_none")}</p>}
      {asked.data && asked.data.commands.length > 0 && <List commands={asked.data.commands} />}
    </Panel>
  );
}

function has(commands: readonly Command[], id: string): boolean {
  return commands.some((one) => one.id === id);
}

/** One has no answer yet, or was sent and is not in the list yet. */
function isUnderWay(commands: readonly Command[], sent: string | null): boolean {
  const open = commands.some((one) => one.state === "queued" || one.state === "sent");
  return open || (sent !== null && !has(commands, sent));
}

function SendForm({ id, onSent }: { id: string; onSent(commandId: string): void }) {
  const { t } = useTranslation("health");
  const span = useSpan();
  const cache = useQueryClient();
  const [kind, setKind] = useState<Kind>("locate");
  const [everyS, setEvery] = useState(5);
  const [forS, setFor] = useState(180);
  const [beepS, setBeep] = useState(30);
  const send = useMutation({
    mutationFn: () => {
      const params = {
        locate: {},
        interval: { every_s: everyS, for_s: forS },
        find_me: { for_s: beepS },
      }[kind];
      return got(
        api.POST("/v1/devices/{device_id}/commands", {
          params: { path: { device_id: id } },
          body: { kind, deadline_s: 60, ...params },
        }),
      );
    },
    onSuccess: (accepted) => {
      onSent(accepted.command_id);
      return cache.invalidateQueries({ queryKey: ["commands", id] });
    },
  });
  const seconds = (
    label: string,
    value: number,
    there: readonly number[],
    set: (s: number) => void,
  ) => (
    <Field label={label}>
      <select value={value} onChange={(event) => set(Number(event.target.value))}>
        {there.map((s) => (
          <option key={s} value={s}>
            {span(s)}
          </option>
        ))}
      </select>
    </Field>
  );
  return (
    <form
      className={css.sendForm}
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      <Field label={t("command")}>
        <select
          value={kind}
          onChange={(event) => {
            setKind(KINDS.find((one) => one === event.target.value) ?? "locate");
          }}
        >
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`command_${one}`)}
            </option>
          ))}
        </select>
      </Field>
      {kind === "interval" && seconds(t("every"), everyS, EVERY_S, setEvery)}
      {kind === "interval" && seconds(t("for_long"), forS, FOR_S, setFor)}
      {kind === "find_me" && seconds(t("for_long"), beepS, BEEP_S, setBeep)}
      <Button type="submit" kind="primary" busy={send.isPending}>
        {t("send")}
      </Button>
      <p className="muted">{t("commands_hint")}</p>
      {send.isError && <ProblemNote error={send.error} />}
    </form>
  );
}

function List({ commands }: { commands: Command[] }) {
  const { t } = useTranslation("health");
  const what = useParameters();
  const columns: Column<Command>[] = [
    {
      key: "command",
      title: t("command"),
      cell: (one) => (
        <>
          {t(`command_${one.kind}`)}
          <small className={css.under}>{what(one)}</small>
        </>
      ),
    },
    { key: "asked", title: t("asked"), cell: (one) => <Age t={one.asked_ms} /> },
    {
      key: "by",
      title: t("by"),
      cell: (one) => (
        <div>
          {one.why === "" ? one.by : t("system")}
          {one.why !== "" && <small className={css.under}>{t(`why_${one.why}`)}</small>}
        </div>
      ),
    },
    {
      key: "result",
      title: t("result"),
      cell: (one) => (
        <div>
          <Badge tone={commandTone(one.state)}>{t(`state_${one.state}`)}</Badge>
          {one.detail !== "" && <small className={css.under}>{one.detail}</small>}
        </div>
      ),
    },
  ];
  return (
    <div aria-live="polite">
      <DataTable
        caption={t("commands")}
        columns={columns}
        rows={commands}
        rowKey={(one) => one.id}
      />
    </div>
  );
}

function useParameters(): (command: Command) => string {
  const { t } = useTranslation("health");
  const span = useSpan();
  return ({ kind, every_s, for_s }) => {
    if (kind === "find_me") return for_s > 0 ? span(for_s) : "";
    if (kind !== "interval") return "";
    if (every_s === 0) return t("interval_own");
    return for_s > 0
      ? t("interval_as", { every: every_s, span: span(for_s) })
      : t("interval_open", { every: every_s });
  };
}
