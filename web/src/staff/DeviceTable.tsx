/** Devices in a table: which, how, why, since when, and where. */
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Age } from "../ui/Age";
import { type Column, DataTable } from "../ui/DataTable";
import { Causes, SeverityBadge } from "./HealthMarks";
import css from "./health.module.css";
import type { Device } from "./healthTypes";

type Row = Device;

export function DeviceTable({ rows }: { rows: Row[] }) {
  const { t } = useTranslation("health");
  const columns: Column<Row>[] = [
    {
      key: "device",
      title: t("device"),
      cell: (row) => (
        <>
          <Link to={`/staff/devices/${row.id}`}>{row.name || row.id}</Link>
          <small className={css.under}>
            {[t(`one_${row.cls}`), row.name ? row.id : "", row.model].filter(Boolean).join(" · ")}
          </small>
        </>
      ),
    },
    { key: "state", title: t("state"), cell: (row) => <SeverityBadge health={row} /> },
    { key: "why", title: t("why"), cell: (row) => <Causes health={row} /> },
    {
      key: "since",
      title: t("since"),
      cell: (row) => (row.since ? <Age t={row.since} /> : <span className="muted">—</span>),
    },
    { key: "heard", title: t("heard"), cell: (row) => <Heard row={row} /> },
    {
      key: "where",
      title: t("where"),
      cell: (row) => (
        <div className={css.place}>
          {row.site_id ?? row.vehicle_id ?? ""}
          <small className={css.under}>{row.area}</small>
        </div>
      ),
    },
  ];
  return <DataTable caption={t("title")} columns={columns} rows={rows} rowKey={(row) => row.id} />;
}

function Heard({ row }: { row: Row }) {
  const { t } = useTranslation("health");
  return (
    <div>
      {row.heard ? <Age t={row.heard} /> : t("never")}
      {row.next_expected && (
        <small className={css.under}>
          {t("due")} <Age t={row.next_expected} />
        </small>
      )}
    </div>
  );
}
