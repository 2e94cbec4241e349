/** All charging stations, who is in trouble first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api, got } from "../api/client";
import { useSay } from "../i18n";
import { Age } from "../ui/Age";
import { Button } from "../ui/Button";
import { type Column, DataTable } from "../ui/DataTable";
import { Empty, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Severity } from "./ChargerSeverity";
import { ChargersFilterForm } from "./ChargersFilterForm";
import { CsvButton } from "./CsvButton";
import css from "./charging.module.css";
import { Meter, toneOf } from "./Meter";
import { type ChargersFilter, csvAddress, readChargers, writeChargers } from "./moneyFilters";
import { besidePorts } from "./ports";

type Line = Awaited<ReturnType<typeof load>>["chargers"][number];

const REFRESH_MS = 20_000;

function load(filter: ChargersFilter, cursor: string, signal: AbortSignal) {
  const query = { ...filter, ...(cursor ? { cursor } : {}) };
  return got(api.GET("/v1/chargers", { params: { query }, signal }));
}

export function ChargersPage() {
  const { t } = useTranslation("charging");
  const { t: common } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const filter = readChargers(search);
  const asked = useInfiniteQuery({
    queryKey: ["chargers", filter],
    queryFn: ({ pageParam, signal }) => load(filter, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: REFRESH_MS,
  });
  const first = asked.data?.pages[0];
  const rows = asked.data?.pages.flatMap((page) => page.chargers) ?? [];
  const csv = csvAddress("/v1/chargers", writeChargers(filter));
  return (
    <Page
      title={t("chargers")}
      actions={rows.length > 0 && <CsvButton address={csv} name="chargers.csv" />}
    >
      <ChargersFilterForm
        key={search.toString()}
        filter={filter}
        onChange={(next) => setSearch(writeChargers(next))}
      />
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {first && (
        <p className="muted" aria-live="polite">
          {t("chargers_count", { count: first.stations, trouble: first.in_trouble })}
        </p>
      )}
      {first && rows.length === 0 && <NoChargers all={first.stations} filtered={search.size > 0} />}
      {rows.length > 0 && <Lines rows={rows} />}
      {asked.hasNextPage && (
        <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {common("more")}
        </Button>
      )}
    </Page>
  );
}

function NoChargers({ all, filtered }: { all: number; filtered: boolean }) {
  const { t } = useTranslation("charging");
  const key = all > 0 ? "chargers_fine" : filtered ? "chargers_none" : "chargers_empty";
  return (
    <Empty title={t(key)}>
      <p>{t(`${key}_text`)}</p>
      {filtered && <Link to="/staff/chargers">{t("show_all")}</Link>}
    </Empty>
  );
}

function Lines({ rows }: { rows: Line[] }) {
  const { t } = useTranslation("charging");
  const columns: Column<Line>[] = [
    { key: "station", title: t("station"), cell: (row) => <Station row={row} /> },
    { key: "state", title: t("state"), cell: (row) => <Severity word={row.severity} /> },
    { key: "why", title: t("why"), cell: (row) => <Why row={row} /> },
    { key: "ports", title: t("ports"), cell: (row) => <Ports row={row} /> },
    { key: "box", title: t("box"), cell: (row) => <Box row={row} /> },
    {
      key: "heard",
      title: t("heard"),
      cell: (row) => (row.heard ? <Age t={row.heard} staleAfterS={600} /> : t("never")),
    },
  ];
  return (
    <DataTable caption={t("chargers")} columns={columns} rows={rows} rowKey={(row) => row.id} />
  );
}

function Station({ row }: { row: Line }) {
  return (
    <div className={css.stack}>
      <Link to={`/staff/chargers/${row.id}`}>{row.name || row.id}</Link>
      <small className="muted">
        {[row.name && row.id, row.site_id].filter(Boolean).join(" · ")}
      </small>
    </div>
  );
}

function Why({ row }: { row: Line }) {
  const { t } = useTranslation("charging");
  const say = useSay();
  if (row.causes.length === 0 && row.trouble.length === 0) {
    return <span className="muted">{t("nothing_wrong")}</span>;
  }
  return (
    <ul className={css.causes}>
      {besidePorts(row.causes, row.trouble).map((cause) => (
        <li key={cause.code}>{say(cause)}</li>
      ))}
      {row.trouble.map((port) => (
        <li key={port.n}>
          <strong>{t("port_n", { n: port.n })}</strong>{" "}
          {port.causes.map(say).join(", ") ||
            t(`state_${port.state}`, { defaultValue: port.state })}
          {port.err && <code> {port.err}</code>}
        </li>
      ))}
    </ul>
  );
}

function Ports({ row }: { row: Line }) {
  const { t } = useTranslation("charging");
  if (row.ports === 0) return <span className="muted">{t("ports_never")}</span>;
  return (
    <div className={css.stack}>
      <span>{t("ports_line", { inUse: row.ports_in_use, free: row.ports_free })}</span>
      <small className="muted">{t("ports_of", { count: row.ports })}</small>
    </div>
  );
}

function Box({ row }: { row: Line }) {
  const { t } = useTranslation("charging");
  return (
    <div className={css.stack}>
      {row.box_share === null ? (
        <span className="muted">–</span>
      ) : (
        <Meter
          share={row.box_share}
          tone={toneOf(row.box_share)}
          words={`${Math.round(100 * row.box_share)} %`}
        />
      )}
      {row.box_open && <strong>{t("box_is_open")}</strong>}
    </div>
  );
}
