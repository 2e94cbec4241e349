import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { yuan } from "./money";
import css from "./revenue.module.css";

type Line = Schemas["RevenueLineOut"];

/** What the total is made of; parts that are nothing are left out. */
export function TakingsList({ line }: { line: Line }) {
  const { t } = useTranslation("revenue");
  const parts: [key: string, fen: number][] = [
    ["coins", line.coins_fen],
    ["cashless", line.qr_fen + line.card_fen],
    ["other", line.other_fen],
    ["refund", -line.refund_fen],
  ];
  return (
    <>
      <dl className={css.sums}>
        {parts
          .filter(([key, fen]) => fen !== 0 || key === "coins")
          .map(([key, fen]) => (
            <div key={key}>
              <dt>{t(key)}</dt>
              <dd>{yuan(fen)}</dd>
            </div>
          ))}
        <div>
          <dt>{t("total")}</dt>
          <dd>
            <strong>{yuan(line.total_fen)}</strong>
          </dd>
        </div>
        {line.unproven_fen !== 0 && (
          <div>
            <dt>{t("unproven")}</dt>
            <dd>{yuan(line.unproven_fen)}</dd>
          </div>
        )}
      </dl>
      {line.unproven_fen !== 0 && <p className="muted">{t("unproven_note")}</p>}
    </>
  );
}
