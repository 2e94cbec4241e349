import css from "./case.module.css";
import type { Reason } from "./queue";
import { useDesk, useReasonText } from "./says";
import { weigh } from "./weighing";

/** Why, in words; what speaks against it and what does not count, said so. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  const t = useDesk();
  const text = useReasonText();
  if (reasons.length === 0) return <p className="muted">{t("no_reasons")}</p>;
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role with list-style none
    <ul role="list" className={css.reasons}>
      {weigh(reasons).map(({ reason, side, share }) => (
        <li key={`${reason.code}-${reason.en}`} data-side={side}>
          <span className={css.reasonText}>{text(reason)}</span>
          {side !== "fact" && (
            <span className={css.strength} title={reason.nats ? t("strength_title") : undefined}>
              {reason.nats !== 0 && (
                <span className={css.bar} aria-hidden="true">
                  <span style={{ width: `${Math.round(share * 100)}%` }} />
                </span>
              )}
              <span>
                {t(`reason_${side}`)}
                {reason.nats !== 0 && ` ${reason.nats > 0 ? "+" : "−"}${Math.abs(reason.nats)}`}
              </span>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
