/** Revenue of a period by station, site, district or day, with every difference. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api, got, type Schemas } from "../api/client";
import { useSession } from "../app/session";
import { useLanguage } from "../i18n";
import { type Column, DataTable } from "../ui/DataTable";
import { Empty, Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { CsvButton } from "./CsvButton";
import charging from "./charging.module.css";
import { dayLabel } from "./DayBars";
import { Differences } from "./DifferenceView";
import { openFen } from "./differences";
import { yuan } from "./money";
import { csvAddress, type RevenueBy, readRevenue, writeRevenue } from "./moneyFilters";
import { Opened } from "./Opened";
import { RevenueFilterForm } from "./RevenueFilterForm";
import css from "./revenue.module.css";
import { TakingsList } from "./Takings";

type Line = Schemas["RevenueLineOut"];

export function RevenuePage() {
  const { t } = useTranslation("revenue");
  const [search, setSearch] = useSearchParams();
  const filter = readRevenue(search);
  const asked = useQuery({
    queryKey: ["revenue", filter],
    queryFn: ({ signal }) => got(api.GET("/v1/revenue", { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
  });
  const found = asked.data;
  const shown = { from: found?.from_day ?? "", to: found?.to_day ?? "" };
  return (
    <Page
      title={t("revenue")}
      actions={
        found &&
        found.lines.length > 0 && (
          <CsvButton address={csvAddress("/v1/revenue", writeRevenue(filter))} name="revenue.csv" />
        )
      }
    >
      <RevenueFilterForm
        key={`${search} ${shown.from}`}
        filter={filter}
        shown={shown}
        onChange={(next) => setSearch(writeRevenue(next))}
      />
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {found && (
        <div className={asked.isPlaceholderData ? `${css.found} stale` : css.found}>
          <p className="muted">{t("period", { from: found.from_day, to: found.to_day })}</p>
          {found.all === null ? (
            <Empty title={t("revenue_empty")}>
              <p>{t("revenue_empty_text")}</p>
            </Empty>
          ) : (
            <>
              <Whole line={found.all} />
              <Lines rows={found.lines} by={filter.by} />
            </>
          )}
        </div>
      )}
    </Page>
  );
}

function Whole({ line }: { line: Line }) {
  const { t } = useTranslation("revenue");
  const open = openFen(line.comparisons);
  return (
    <Panel title={`${t("all")}: ${yuan(line.total_fen)}`}>
      <TakingsList line={line} />
      <details>
        <summary>
          {t("differences")}
          {" · "}
          {t("open")}: {open === 0 ? t("open_none") : <strong>{yuan(open)}</strong>}
        </summary>
        <Differences comparisons={line.comparisons} />
      </details>
    </Panel>
  );
}

function Lines({ rows, by }: { rows: Line[]; by: RevenueBy }) {
  const { t } = useTranslation("revenue");
  const money = (key: string, of: (row: Line) => number): Column<Line> => ({
    key,
    title: t(key),
    align: "right",
    cell: (row) => <span className={css.money}>{yuan(of(row))}</span>,
  });
  const columns: Column<Line>[] = [
    { key: "key", title: t(`by_${by}`), cell: (row) => <Key line={row} by={by} /> },
    money("coins", (row) => row.coins_fen),
    money("cashless", (row) => row.qr_fen + row.card_fen),
    money("refund", (row) => -row.refund_fen),
    money("total", (row) => row.total_fen),
    { key: "open", title: t("open"), align: "right", cell: (row) => <Open line={row} /> },
  ];
  if (rows.some((row) => row.other_fen))
    columns.splice(
      3,
      0,
      money("other", (row) => row.other_fen),
    );
  if (rows.some((row) => row.unproven_fen))
    columns.push(money("unproven", (row) => row.unproven_fen));
  return (
    <DataTable caption={t("revenue")} columns={columns} rows={rows} rowKey={(row) => row.key} />
  );
}

function Key({ line, by }: { line: Line; by: RevenueBy }) {
  const { t } = useTranslation("revenue");
  const language = useLanguage();
  const session = useSession();
  if (line.key === "-") return <span className="muted">{t("nowhere")}</span>;
  if (by === "day") return dayLabel(line.key, language);
  if (by === "station" && session.may("chargers_read")) {
    return (
      <div className={charging.stack}>
        <Link to={`/staff/chargers/${line.key}`}>{line.name || line.key}</Link>
        {line.name && <small className="muted">{line.key}</small>}
      </div>
    );
  }
  if (by === "site" && session.may("chargers_read")) {
    return <Link to={`/staff/chargers?site=${encodeURIComponent(line.key)}`}>{line.key}</Link>;
  }
  return line.key;
}

/** What is unexplained; its parts on demand. */
function Open({ line }: { line: Line }) {
  const { t } = useTranslation("revenue");
  const open = openFen(line.comparisons);
  const amount = open === 0 ? t("open_none") : yuan(open);
  if (line.comparisons.every((one) => one.lines.length === 0)) {
    return <span className="muted">{amount}</span>;
  }
  return (
    <Opened
      label={<span className={open === 0 ? "muted" : css.open}>{amount}</span>}
      hint={t("show_differences")}
      title={t("differences_of", { what: line.name || line.key })}
    >
      <TakingsList line={line} />
      <Differences comparisons={line.comparisons} />
    </Opened>
  );
}
