import type { Schemas } from "../api/client";
import css from "./desk.module.css";
import { QueueRow } from "./QueueRow";
import { GROUPS, type Item, type Row } from "./queue";
import { useDesk } from "./says";
import type { Verdict } from "./VerdictDialog";

interface Props {
  rows: readonly Row[];
  selected: string | null;
  glance: (Schemas["DeskOut"] & { aheadMs: number }) | undefined;
  onSelect(key: string): void;
  onJudge(item: Item, verdict: Verdict): void;
}

/** The queue by groups; a group without rows is not shown. */
export function QueueList({ rows, selected, glance, onSelect, onJudge }: Props) {
  const t = useDesk();
  return GROUPS.map((group) => {
    const some = rows.filter((row) => row.group === group);
    if (some.length === 0) return null;
    return (
      <section key={group} aria-labelledby={`group-${group}`}>
        <h2 id={`group-${group}`} className={css.groupTitle}>
          {t(`group_${group}`)} <span className="muted">{some.length}</span>
        </h2>
        {/* biome-ignore lint/a11y/noRedundantRoles: Safari drops the role with list-style none */}
        <ul role="list" className={css.rows}>
          {some.map((row) => (
            <QueueRow
              key={row.item.key}
              row={row}
              selected={row.item.key === selected}
              steps={(row.item.kind === "fire" ? glance?.fire_calls : glance?.theft_calls) ?? []}
              aheadMs={glance?.aheadMs ?? 0}
              onSelect={() => onSelect(row.item.key)}
              onJudge={(verdict) => onJudge(row.item, verdict)}
            />
          ))}
        </ul>
      </section>
    );
  });
}
