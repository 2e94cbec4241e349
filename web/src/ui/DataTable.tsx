import type { ReactNode } from "react";
import css from "./ui.module.css";

export interface Column<Row> {
  key: string;
  title: string;
  align?: "right";
  cell(row: Row): ReactNode;
}

interface Props<Row> {
  /** What the table is about, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string | number;
}

/** A table at a desk; on a phone each row is a card, the first column its heading. */
export function DataTable<Row>({ caption, columns, rows, rowKey }: Props<Row>) {
  return (
    <div className={css.table}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" data-align={column.align}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) => (
                <td
                  key={column.key}
                  data-label={column.title}
                  data-align={column.align}
                  data-lead={index === 0}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
