import "./register";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./charts.module.css";

interface Props<Row> {
  caption: string;
  heads: readonly string[];
  rows: readonly Row[];
  cells(row: Row): readonly string[];
}

/** What a picture shows as a table, for who cannot see it or wants the figures; made when opened. */
export function Numbers<Row>({ caption, heads, rows, cells }: Props<Row>) {
  const { t } = useTranslation("charts");
  const [open, setOpen] = useState(false);
  const turn = (event: SyntheticEvent<HTMLDetailsElement>) => setOpen(event.currentTarget.open);
  return (
    <details className={css.numbers} onToggle={turn}>
      <summary>{t("numbers")}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section tabIndex={0} aria-label={caption}>
          <table>
            <caption className="visually-hidden">{caption}</caption>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, number) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
                <tr key={number}>
                  {cells(row).map((cell, column) => (
                    <td key={heads[column]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
