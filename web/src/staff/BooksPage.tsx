/** What was counted, reader by reader, and in plain words whether it adds up. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { Badge } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import { Empty, Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import {
  type Balance,
  type BookLine,
  byReader,
  grouped,
  missing,
  namesOf,
  type ReaderBook,
  type Standing,
  standing,
} from "./books";
import css from "./quarantine.module.css";

const REFRESH_MS = 10_000;
const KEY = ["books"];

interface Read {
  books: Schemas["BooksOut"];
  /** The balances of the reading before this one. */
  before: readonly Balance[];
}

export function BooksPage() {
  const { t } = useTranslation("quarantine");
  const cache = useQueryClient();
  const asked = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }): Promise<Read> => {
      const books = await got(api.GET("/v1/books", { signal }));
      return { books, before: cache.getQueryData<Read>(KEY)?.books.balances ?? [] };
    },
    refetchInterval: REFRESH_MS,
  });
  const books = asked.data?.books;
  return (
    <Page title={t("books")}>
      <p className="muted">{t("books_intro")}</p>
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={8} />}
      {books?.lines.length === 0 && (
        <Empty title={t("books_empty")}>
          <p>{t("books_empty_text")}</p>
        </Empty>
      )}
      {books && books.lines.length > 0 && (
        <>
          <div className={css.balances}>
            {books.balances.map((one) => (
              <BalancePanel
                key={one.equation}
                balance={one}
                before={asked.data?.before.find(({ equation }) => equation === one.equation)}
                lines={books.lines}
              />
            ))}
          </div>
          {byReader(books.lines).map((one) => (
            <Reader key={one.reader} book={one} />
          ))}
        </>
      )}
    </Page>
  );
}

const TONES: Record<Standing, "ok" | "info" | "warn"> = {
  balanced: "ok",
  moving: "info",
  not_balanced: "warn",
};

interface PanelProps {
  balance: Balance;
  before: Balance | undefined;
  lines: readonly BookLine[];
}

function BalancePanel({ balance, before, lines }: PanelProps) {
  const { t } = useTranslation("quarantine");
  const { left, right } = namesOf(balance.equation);
  const rest = missing(balance);
  const how = standing(balance, before);
  const total = (name: string) =>
    lines.filter((line) => line.name === name).reduce((sum, line) => sum + line.count, 0);
  return (
    <Panel
      title={t(`equation_${left}`, { defaultValue: left })}
      actions={<Badge tone={TONES[how]}>{t(how)}</Badge>}
    >
      <div className={css.terms}>
        <Term name={left} count={balance.left} />
        {right.map((name, index) => (
          <span key={name} className={css.terms}>
            <span>{index === 0 ? (balance.balanced ? "=" : "≠") : "+"}</span>
            <Term name={name} count={total(name)} />
          </span>
        ))}
      </div>
      <p>
        {rest === 0 && t("all_accounted", { count: grouped(balance.left) as unknown as number })}
        {rest > 0 && t("missing", { count: grouped(rest) as unknown as number })}
        {rest < 0 && t("missing_more", { count: grouped(-rest) as unknown as number })}
      </p>
    </Panel>
  );
}

function Term({ name, count }: { name: string; count: number }) {
  const { t } = useTranslation("quarantine");
  return (
    <span className={css.term}>
      <strong>{grouped(count)}</strong>
      <small>{t(`name_${name}`, { defaultValue: name })}</small>
    </span>
  );
}

function Reader({ book }: { book: ReaderBook }) {
  const { t } = useTranslation("quarantine");
  type Count = ReaderBook["counts"][number];
  const columns: Column<Count>[] = [
    {
      key: "name",
      title: t("count"),
      cell: (one) => t(`name_${one.name}`, { defaultValue: one.name }),
    },
    { key: "count", title: t("records"), align: "right", cell: (one) => grouped(one.count) },
    {
      key: "reasons",
      title: t("reason"),
      cell: (one) =>
        one.reasons.length === 0 ? (
          <span className="muted">–</span>
        ) : (
          <ul className={css.reasonsOf}>
            {one.reasons.map((each) => (
              <li key={each.reason}>
                {t(`means_${each.reason}`, { defaultValue: each.reason })}: {grouped(each.count)}
              </li>
            ))}
          </ul>
        ),
    },
  ];
  const title = t(`reader_${book.reader}`, { defaultValue: book.reader });
  return (
    <Panel title={title}>
      <DataTable caption={title} columns={columns} rows={book.counts} rowKey={(one) => one.name} />
    </Panel>
  );
}
