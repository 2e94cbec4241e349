/** What was refused and why: counts by reason, the messages, and running them again. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api, got } from "../api/client";
import { useNow } from "../app/clock";
import { useSession } from "../app/session";
import { Button } from "../ui/Button";
import { Empty, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { CsvButton } from "./CsvButton";
import { csvAddress } from "./moneyFilters";
import { QuarantineFilterForm } from "./QuarantineFilterForm";
import { QuarantineReasons } from "./QuarantineReasons";
import { QuarantineReplay } from "./QuarantineReplay";
import { QuarantineRows } from "./QuarantineRows";
import { askedOf, readQuarantine, replayOf, writeQuarantine } from "./quarantineFilter";

const REFRESH_MS = 15_000;

export function QuarantinePage() {
  const { t } = useTranslation("quarantine");
  const { t: common } = useTranslation();
  const session = useSession();
  const nowMs = useNow();
  const [search, setSearch] = useSearchParams();
  const filter = readQuarantine(search);
  const query = askedOf(filter, nowMs);
  const reasons = useQuery({
    queryKey: ["quarantine", "reasons"],
    queryFn: ({ signal }) => got(api.GET("/v1/quarantine/reasons", { signal })),
    refetchInterval: REFRESH_MS,
  });
  const asked = useInfiniteQuery({
    queryKey: ["quarantine", "rows", filter],
    queryFn: ({ pageParam, signal }) =>
      got(
        api.GET("/v1/quarantine", {
          params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: REFRESH_MS,
  });
  const rows = asked.data?.pages.flatMap((page) => page.quarantine) ?? [];
  const wanted = replayOf(filter);
  const csv = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, `${value}`]));
  return (
    <Page
      title={t("quarantine")}
      actions={
        rows.length > 0 && (
          <CsvButton address={csvAddress("/v1/quarantine", csv)} name="quarantine.csv" />
        )
      }
    >
      <p className="muted">{t("intro")}</p>
      {reasons.data && <QuarantineReasons found={reasons.data} filter={filter} />}
      <QuarantineFilterForm
        key={search.toString()}
        filter={filter}
        reasons={reasons.data?.reasons.map((one) => one.reason) ?? []}
        onChange={(next) => setSearch(writeQuarantine(next))}
      />
      {session.may("quarantine_write") && rows.length > 0 && (
        <QuarantineReplay key={JSON.stringify(wanted)} wanted={wanted} />
      )}
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {asked.data && rows.length === 0 && <Nothing filtered={search.size > 0} />}
      {rows.length > 0 && <QuarantineRows rows={rows} />}
      {asked.hasNextPage && (
        <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {common("more")}
        </Button>
      )}
    </Page>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation("quarantine");
  return (
    <Empty title={filtered ? t("none") : t("empty")}>
      <p>{filtered ? t("none_text") : t("empty_text")}</p>
      {filtered && <Link to="/staff/quarantine">{t("show_all")}</Link>}
    </Empty>
  );
}
