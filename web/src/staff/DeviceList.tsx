/** What stands around a list of devices: news, errors, nothing, more. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import css from "./health.module.css";
import { type DeviceFilter, isEmpty, NO_FILTER } from "./healthFilter";
import type { News } from "./healthNews";
import type { HealthList } from "./useHealthList";
import type { ChangeFilter } from "./useUrlFilter";

interface Props<Row> {
  list: HealthList<Row>;
  filter: DeviceFilter;
  change: ChangeFilter;
  /** Words for nothing: with a filter, and without any. */
  empty: { title: string; none: string };
  children(rows: Row[]): ReactNode;
}

export function DeviceList<Row>({ list, filter, change, empty, children }: Props<Row>) {
  const { t } = useTranslation("health");
  const { t: common } = useTranslation("common");
  const { rows, error } = list;
  return (
    <>
      <NewsBar news={list.news} onShow={list.renew} />
      {error !== null && <ProblemNote error={error} onRetry={list.renew} />}
      {rows === undefined && error === null && <Skeleton lines={10} />}
      {rows !== undefined && rows.length > 0 && children(rows)}
      {rows?.length === 0 && (
        <Empty title={empty.title}>
          <p>{isEmpty(filter) ? empty.none : t("empty_filtered")}</p>
          {!isEmpty(filter) && <Button onClick={() => change(NO_FILTER)}>{t("show_all")}</Button>}
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className={css.foot}>
          {list.hasMore ? (
            <Button onClick={list.more} busy={list.isReading}>
              {common("more")}
            </Button>
          ) : (
            <p className="muted">{t("end", { count: rows.length })}</p>
          )}
        </div>
      )}
    </>
  );
}

function NewsBar({ news, onShow }: { news: News; onShow(): void }) {
  const { t } = useTranslation("health");
  const count = news.changed.size;
  return (
    <div role="status" className={css.newsPlace}>
      {(count > 0 || news.missed) && (
        <div className={css.news}>
          <span>{news.missed ? t("news_missed") : t("news", { count })}</span>
          <Button onClick={onShow}>{t("news_show")}</Button>
        </div>
      )}
    </div>
  );
}
