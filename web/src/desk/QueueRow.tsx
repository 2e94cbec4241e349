import { type Ref, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { Countdown } from "./Countdown";
import css from "./desk.module.css";
import type { CallStep } from "./escalation";
import { LevelBadge } from "./Level";
import type { Row } from "./queue";
import { nameOf, useDesk, useKind, useReasonText, useWord } from "./says";
import { leadReason } from "./weighing";

interface Props {
  row: Row;
  selected: boolean;
  steps: readonly CallStep[];
  aheadMs: number;
  onSelect(): void;
  onJudge(verdict: "confirm" | "dismiss"): void;
}

export function addressOf(item: { type: "alert" | "incident"; id: string }): string {
  return `/desk/${item.type}s/${encodeURIComponent(item.id)}`;
}

/** One line of the queue: what, how sure, why, which vehicle, where, who has it, what is due. */
export function QueueRow({ row, selected, steps, aheadMs, onSelect, onJudge }: Props) {
  const t = useDesk();
  const { t: common } = useTranslation();
  const kind = useKind();
  const word = useWord();
  const reasonText = useReasonText();
  const box = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) box.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const { item, gone } = row;
  const lead = leadReason(item.reasons);
  const more = item.reasons.length - 1;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j and k choose (keys.ts); the link opens
    <li
      ref={box as Ref<HTMLLIElement>}
      className={css.row}
      data-selected={selected}
      data-gone={gone}
      data-level={item.level}
      data-testid={item.key}
      aria-current={selected ? "true" : undefined}
      onClick={(event) => {
        // the link was pressed: choosing the row, too, would lead back to the queue
        if (!event.defaultPrevented) onSelect();
      }}
    >
      <div className={css.rowHead}>
        <Link to={addressOf(item)} className={css.rowTitle}>
          {kind(item)}
        </Link>
        <span className={css.rowAge}>
          <Age t={item.sinceMs - aheadMs} />
        </span>
      </div>
      <div className={css.rowTags}>
        <LevelBadge level={item.level} />
        <span className={css.rowName}>{nameOf(item)}</span>
        <span className="muted">{item.grid ? t("grid", { grid: item.grid }) : t("no_grid")}</span>
      </div>
      {lead && (
        <div className={css.rowWhy}>
          <p className={css.rowReason}>{reasonText(lead)}</p>
          {more > 0 && <span>{t("more_reasons", { count: more })}</span>}
        </div>
      )}
      <div className={css.rowFoot}>
        {gone ? (
          <Badge tone="stale">{t("gone")}</Badge>
        ) : item.group === "verdict" ? (
          <Verdicts onJudge={onJudge} what={`${kind(item)}, ${nameOf(item)}`} />
        ) : item.group === "untaken" ? (
          <Countdown sinceMs={item.sinceMs} steps={steps} aheadMs={aheadMs} />
        ) : (
          <span>
            <Badge tone="info">{word("st", item.state)}</Badge>{" "}
            {item.assignee ? t("has_it", { name: item.assignee }) : common("none")}
          </span>
        )}
        {item.caseNumber && (
          <span className="muted">
            {t("case_number")} {item.caseNumber}
          </span>
        )}
      </div>
    </li>
  );
}

function Verdicts({ what, onJudge }: { what: string; onJudge: Props["onJudge"] }) {
  const t = useDesk();
  return (
    <span className={css.judge}>
      {(["confirm", "dismiss"] as const).map((verdict) => (
        <Button
          key={verdict}
          kind={verdict === "confirm" ? "danger" : "plain"}
          aria-label={`${t(verdict)}: ${what}`}
          onClick={(event) => {
            event.stopPropagation();
            onJudge(verdict);
          }}
        >
          {t(verdict)}
        </Button>
      ))}
    </span>
  );
}
