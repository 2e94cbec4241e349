/** `/app/staff/cameras`: which cameras do not see or record, the worst first. */
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, got } from "../api/client";
import { Age } from "../ui/Age";
import { type Column, DataTable } from "../ui/DataTable";
import { Page } from "../ui/Page";
import { CsvButton } from "./CsvButton";
import { DeviceList } from "./DeviceList";
import { HealthCounts } from "./HealthCounts";
import { HealthFilters } from "./HealthFilters";
import { Causes, SeverityBadge } from "./HealthMarks";
import css from "./health.module.css";
import { type DeviceFilter, paramsOf, queryOf, sortOf } from "./healthFilter";
import type { Camera } from "./healthTypes";
import { useHealthList } from "./useHealthList";
import { useUrlFilter } from "./useUrlFilter";

export function CamerasPage() {
  const { t } = useTranslation("health");
  const { filter: inUrl, change } = useUrlFilter();
  const filter: DeviceFilter = { ...inUrl, cls: ["cam"] };
  const list = useHealthList("cameras", filter, async (cursor, signal) => {
    const query = { ...queryOf(filter), sort: sortOf(filter), cursor, limit: 50 };
    const page = await got(api.GET("/v1/cameras", { params: { query }, signal }));
    return { rows: page.cameras, next: page.next };
  });
  const address = `/v1/cameras?${paramsOf(filter)}&sort=${sortOf(filter)}&limit=1000&format=csv`;
  return (
    <Page title={t("cameras_title")} actions={<CsvButton address={address} name="cameras.csv" />}>
      <HealthCounts filter={filter} change={change} />
      <HealthFilters filter={filter} change={change} hasClass={false} />
      <DeviceList
        list={list}
        filter={inUrl}
        change={change}
        empty={{ title: t("cameras_empty"), none: t("cameras_none") }}
      >
        {(rows) => <CameraTable rows={rows} />}
      </DeviceList>
    </Page>
  );
}

function CameraTable({ rows }: { rows: Camera[] }) {
  const { t } = useTranslation("health");
  const columns: Column<Camera>[] = [
    {
      key: "device",
      title: t("device"),
      cell: (row) => (
        <>
          <Link to={`/staff/devices/${row.id}`}>{row.name || row.id}</Link>
          <small className={css.under}>
            {[row.name ? row.id : "", row.vendor, row.model].filter(Boolean).join(" · ")}
          </small>
        </>
      ),
    },
    { key: "state", title: t("state"), cell: (row) => <SeverityBadge health={row} /> },
    { key: "why", title: t("why"), cell: (row) => <Causes health={row} /> },
    { key: "channels", title: t("channels"), cell: (row) => <Channels camera={row} /> },
    { key: "since", title: t("since"), cell: (row) => row.since && <Age t={row.since} /> },
    {
      key: "where",
      title: t("where"),
      cell: (row) => (
        <div className={css.place}>
          {row.site_id}
          <small className={css.under}>{row.area}</small>
        </div>
      ),
    },
  ];
  return (
    <DataTable
      caption={t("cameras_title")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
    />
  );
}

/** How many pictures there are, and which of them are no good. */
function Channels({ camera }: { camera: Camera }) {
  const { t } = useTranslation("health");
  const count = camera.channels.length;
  const broken = camera.channels.filter((channel) => !channel.works);
  if (count === 0) return <span className="muted">{t("unknown")}</span>;
  return (
    <span className={camera.presence === "offline" ? "stale" : undefined}>
      {broken.length === 0
        ? t("channels_work", { count })
        : t("channels_broken", { count, broken: broken.length })}
      {broken.length > 0 && count > 1 && (
        <small className={css.under}>
          {broken.map((channel) => t("channel_n", { n: channel.n })).join(", ")}
        </small>
      )}
    </span>
  );
}
