import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import { Panel } from "../ui/Page";
import css from "./charging.module.css";
import { yuan } from "./money";
import { energy, minutesBetween } from "./ports";

type Session = Schemas["ChargerOut"]["sessions"][number];

/** Open sessions, then the newest that ended. */
export function ChargerSessions({ sessions }: { sessions: readonly Session[] }) {
  const { t } = useTranslation("charging");
  const open = sessions.filter((one) => one.state === "open");
  const ended = sessions.filter((one) => one.state !== "open");
  return (
    <Panel title={t("sessions")}>
      {sessions.length === 0 && <p className="muted">{t("sessions_empty")}</p>}
      {open.length > 0 && <h3>{t("sessions_open")}</h3>}
      {open.length > 0 && <Sessions caption={t("sessions_open")} rows={open} />}
      {ended.length > 0 && <h3>{t("sessions_ended")}</h3>}
      {ended.length > 0 && <Sessions caption={t("sessions_ended")} rows={ended} ended />}
    </Panel>
  );
}

function Sessions(props: { caption: string; rows: Session[]; ended?: boolean }) {
  const { t } = useTranslation("charging");
  const columns: Column<Session>[] = [
    { key: "session", title: t("session"), cell: (row) => <Name row={row} /> },
    {
      key: "began",
      title: t("began"),
      cell: (row) => (row.start_ms === null ? "–" : <Age t={row.start_ms} />),
    },
    { key: "energy", title: t("energy"), align: "right", cell: (row) => energy(row.energy_wh) },
    { key: "paid", title: t("paid"), cell: (row) => <Paid row={row} /> },
  ];
  if (props.ended) {
    columns.splice(2, 0, { key: "stop", title: t("ended_by"), cell: (row) => <End row={row} /> });
  }
  return (
    <DataTable
      caption={props.caption}
      columns={columns}
      rows={props.rows}
      rowKey={(row) => row.id}
    />
  );
}

function Name({ row }: { row: Session }) {
  const { t } = useTranslation("charging");
  return (
    <div className={css.stack}>
      <span>{row.id}</span>
      <small className="muted">{row.port !== null && t("port_n", { n: row.port })}</small>
      {row.review && (
        <Badge tone="warn">{t(`review_${row.review}`, { defaultValue: row.review })}</Badge>
      )}
    </div>
  );
}

function End({ row }: { row: Session }) {
  const { t } = useTranslation("charging");
  const minutes = minutesBetween(row.start_ms, row.stop_ms);
  const why = row.stop || "none";
  return (
    <div className={css.stack}>
      <span>
        {row.state === "abandoned"
          ? t("session_abandoned")
          : t(`stop_${why}`, { defaultValue: why })}
      </span>
      {minutes !== null && <small className="muted">{t("minutes", { count: minutes })}</small>}
    </div>
  );
}

function Paid({ row }: { row: Session }) {
  const { t } = useTranslation("charging");
  const pay = row.pay || "unknown";
  return (
    <div className={css.stack}>
      <span>{yuan(row.paid_fen)}</span>
      <small className="muted">{t(`pay_${pay}`, { defaultValue: pay })}</small>
      {row.refund_fen !== null && row.refund_fen !== 0 && (
        <small className="muted">
          {t("refund")} {yuan(row.refund_fen)}
        </small>
      )}
    </div>
  );
}
