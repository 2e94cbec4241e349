import css from "./case.module.css";
import type { Reason } from "./queue";
import { useDesk, useReasonText } from "./says";

/** A bar is full at so many nats: more is certain enough for anybody. */
const FULL_NATS = 12;

/** Why, in words, the strongest first; what speaks against it and what does not count, said so. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  const t = useDesk();
  const text = useReasonText();
  if (reasons.length === 0) return <p className="muted">{t("no_reasons")}</p>;
  const ordered = [...reasons].sort((a, b) => Math.abs(b.nats) - Math.abs(a.nats));
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role with list-style none
    <ul role="list" className={css.reasons} title={t("strength_title")}>
      {ordered.map((reason) => {
        const side = reason.nats > 0 ? "for" : reason.nats < 0 ? "against" : "zero";
        const share = Math.min(Math.abs(reason.nats) / FULL_NATS, 1);
        return (
          <li key={`${reason.code}-${reason.en}`} data-side={side}>
            <span>{text(reason)}</span>
            <span className={css.strength}>
              <span className={css.bar} aria-hidden="true">
                <span style={{ width: `${Math.round(share * 100)}%` }} />
              </span>
              {reason.group === "human" && reason.nats === 0 ? null : (
                <span className="muted">
                  {t(`reason_${side}`)}
                  {reason.nats !== 0 && ` ${reason.nats > 0 ? "+" : "−"}${Math.abs(reason.nats)}`}
                </span>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
