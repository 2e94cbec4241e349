/** One refused message: why, what it said byte by byte, what to do about it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, got, type Schemas } from "../api/client";
import { useSession } from "../app/session";
import { useSay } from "../i18n";
import { Age } from "../ui/Age";
import { Button } from "../ui/Button";
import { Note, Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import charging from "./charging.module.css";
import { bytesOf, hexLines, laidOut, SHOWN_BYTES } from "./payload";
import { QuarantineAdopt } from "./QuarantineAdopt";
import { Result } from "./QuarantineReplay";
import { RowStateBadge } from "./QuarantineRows";
import css from "./quarantine.module.css";

type Detail = Schemas["QuarantineDetailOut"];

export function QuarantineRowPage() {
  const { id = "" } = useParams();
  const { t } = useTranslation("quarantine");
  const session = useSession();
  const number = Number(id);
  const asked = useQuery({
    queryKey: ["quarantine", "row", number],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/quarantine/{row_id}", { params: { path: { row_id: number } }, signal })),
    staleTime: Number.POSITIVE_INFINITY, // each look is written to the audit
    refetchOnWindowFocus: false,
  });
  const row = asked.data;
  const mayWrite = session.may("quarantine_write");
  const isCity = session.areas.includes("");
  return (
    <Page
      title={t("message", { id })}
      actions={<Link to="/staff/quarantine">{t("quarantine")}</Link>}
    >
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {row && <Facts row={row} />}
      {row && <Payload row={row} />}
      {row && mayWrite && !isCity && <p className="muted">{t("replay_city")}</p>}
      {row && mayWrite && isCity && row.reason === "unknown_device" && row.device_id && (
        <QuarantineAdopt name={row.device_id} />
      )}
      {row && mayWrite && isCity && row.reason !== "unknown_device" && <ReplayOne row={row} />}
    </Page>
  );
}

function Facts({ row }: { row: Detail }) {
  const { t } = useTranslation("quarantine");
  const say = useSay();
  const pairs: [string, React.ReactNode][] = [
    [t("came"), <Age key="came" t={row.recv_ms} />],
    [
      t("device"),
      row.device_id ? (
        <Link key="device" to={`/staff/quarantine?device=${encodeURIComponent(row.device_id)}`}>
          {row.device_id}
        </Link>
      ) : (
        t("nobody")
      ),
    ],
    [t("topic"), <code key="topic">{row.topic || "–"}</code>],
    [t("detail"), row.detail || "–"],
    [t("state"), <RowStateBadge key="state" row={row} />],
    [t("item"), row.item < 0 ? t("whole") : t("item_n", { n: row.item })],
    [t("refused_by"), row.code_version],
  ];
  if (row.retained) pairs.push([t("retained"), "✓"]);
  if (row.replay_by) pairs.push([t("replay"), t("asked_by", { who: row.replay_by })]);
  return (
    <Panel title={t(`means_${row.reason}`, { defaultValue: row.reason })}>
      <Note>
        <p>
          <strong>{t("what_to_do")}:</strong> {say(row.hint)}
        </p>
      </Note>
      <dl className={charging.pairs}>
        {pairs.map(([name, value]) => (
          <Pair key={name} name={name} value={value} />
        ))}
      </dl>
    </Panel>
  );
}

function Pair({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function Payload({ row }: { row: Detail }) {
  const { t } = useTranslation("quarantine");
  const text = row.payload_text;
  return (
    <Panel title={`${t("payload")} · ${t("bytes_of", { count: row.bytes })}`}>
      {row.bytes === 0 && <p className="muted">{t("payload_empty")}</p>}
      {row.bytes > 0 && text !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
        <pre className={css.payload} tabIndex={0}>
          {laidOut(text)}
        </pre>
      )}
      {row.bytes > 0 && text === null && <Hex base64={row.payload_base64} />}
      <p className="muted">{t("look_noted")}</p>
    </Panel>
  );
}

function Hex({ base64 }: { base64: string }) {
  const { t } = useTranslation("quarantine");
  const bytes = bytesOf(base64);
  const lines = hexLines(bytes).map((one) => `${one.offset}  ${one.hex.padEnd(47)}  ${one.text}`);
  return (
    <>
      <p className="muted">{t("payload_hex")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <pre className={css.hex} tabIndex={0}>
        {lines.join("\n")}
      </pre>
      {bytes.length > SHOWN_BYTES && (
        <p className="muted">{t("payload_cut", { count: SHOWN_BYTES })}</p>
      )}
    </>
  );
}

function ReplayOne({ row }: { row: Detail }) {
  const { t } = useTranslation("quarantine");
  const cache = useQueryClient();
  const run = useMutation({
    mutationFn: () =>
      got(api.POST("/v1/quarantine/{row_id}/replay", { params: { path: { row_id: row.id } } })),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["quarantine"] }),
  });
  if (row.reason === "control") return <Note>{t("replay_control")}</Note>;
  if (!row.runnable) return <Note>{t("replay_not_runnable")}</Note>;
  return (
    <Panel title={t("replay")}>
      <p>{t("replay_what")}</p>
      {run.isError && <ProblemNote error={run.error} />}
      {run.data && <Result queued={run.data.queued} left={0} />}
      {row.held && run.data === undefined && (
        <div>
          <Button kind="primary" busy={run.isPending} onClick={() => run.mutate()}>
            {t("replay_one")}
          </Button>
        </div>
      )}
    </Panel>
  );
}
