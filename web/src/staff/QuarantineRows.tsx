import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { Age } from "../ui/Age";
import { Badge, type Tone } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import css from "./charging.module.css";
import type { RowState } from "./quarantineFilter";

export type Row = Schemas["QuarantineOut"];

const TONES: Record<RowState, Tone> = { held: "warn", queued: "info", replayed: "ok" };

/** What became of it. */
export function stateOf(row: Pick<Row, "held" | "replayed_ms" | "queued_ms">): RowState | null {
  if (row.replayed_ms !== null) return "replayed";
  if (row.held) return "held";
  return row.queued_ms !== null ? "queued" : null;
}

export function RowStateBadge({ row }: { row: Row }) {
  const { t } = useTranslation("quarantine");
  const state = stateOf(row);
  if (state === null) return <span className="muted">–</span>;
  return (
    <div>
      <Badge tone={TONES[state]}>{t(`state_${state}`)}</Badge>
    </div>
  );
}

export function QuarantineRows({ rows }: { rows: Row[] }) {
  const { t } = useTranslation("quarantine");
  const columns: Column<Row>[] = [
    {
      key: "came",
      title: t("came"),
      cell: (row) => (
        <Link to={`/staff/quarantine/${row.id}`}>
          <Age t={row.recv_ms} />
        </Link>
      ),
    },
    {
      key: "device",
      title: t("device"),
      cell: (row) => row.device_id || <span className="muted">{t("nobody")}</span>,
    },
    {
      key: "why",
      title: t("why"),
      cell: (row) => (
        <div className={css.stack}>
          <span>{t(`means_${row.reason}`, { defaultValue: row.reason })}</span>
          <small className="muted">{row.detail}</small>
        </div>
      ),
    },
    { key: "state", title: t("state"), cell: (row) => <RowStateBadge row={row} /> },
    {
      key: "bytes",
      title: t("bytes"),
      align: "right",
      cell: (row) => t("bytes_of", { count: row.bytes }),
    },
  ];
  return (
    <DataTable caption={t("quarantine")} columns={columns} rows={rows} rowKey={(row) => row.id} />
  );
}
