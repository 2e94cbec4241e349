/** One comparison: two sums, and what their difference is made of, drawn and in words. */
import { useTranslation } from "react-i18next";
import { useSay } from "../i18n";
import { Note } from "../ui/Page";
import { addsUp, type Comparison, draw, kindOf } from "./differences";
import { yuan, yuanSigned } from "./money";
import css from "./revenue.module.css";

export function Differences({ comparisons }: { comparisons: readonly Comparison[] }) {
  const { t } = useTranslation("revenue");
  if (comparisons.length === 0) return <p className="muted">{t("differences_none")}</p>;
  return (
    <div className={css.comparisons}>
      {comparisons.map((one) => (
        <DifferenceView key={one.compared} comparison={one} />
      ))}
    </div>
  );
}

function DifferenceView({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation("revenue");
  const which = comparison.compared;
  return (
    <section className={css.comparison}>
      <h3>{t(`compared_${which}`, { defaultValue: which })}</h3>
      <dl className={css.sums}>
        <div>
          <dt>{t(`first_${which}`, { defaultValue: which })}</dt>
          <dd>{yuan(comparison.first_fen)}</dd>
        </div>
        <div>
          <dt>{t(`second_${which}`, { defaultValue: which })}</dt>
          <dd>{yuan(comparison.second_fen)}</dd>
        </div>
        <div>
          <dt>{t("difference")}</dt>
          <dd>
            <strong>{yuanSigned(comparison.difference_fen)}</strong>
          </dd>
        </div>
      </dl>
      {comparison.lines.length === 0 ? (
        <p className="muted">{t("agrees")}</p>
      ) : (
        <Parts {...comparison} />
      )}
      {!addsUp(comparison) && <Note tone="danger">{t("not_adding")}</Note>}
    </section>
  );
}

function Parts(comparison: Comparison) {
  const { t } = useTranslation("revenue");
  const say = useSay();
  return (
    <>
      <Bar comparison={comparison} />
      <ul className={css.parts}>
        {comparison.lines.map((line) => (
          <li key={`${line.code}${Math.sign(line.fen)}`}>
            <span className={css.key} data-kind={kindOf(line)} aria-hidden="true" />
            <span>
              {say(line)}
              <small className="muted"> · {t(`kind_${kindOf(line)}`)}</small>
            </span>
            <span className={css.amount}>{yuanSigned(line.fen)}</span>
          </li>
        ))}
      </ul>
      <p className={comparison.open_fen === 0 ? "muted" : css.open}>
        {comparison.open_fen === 0
          ? t("all_explained")
          : t("open_sum", { money: yuanSigned(comparison.open_fen) })}
      </p>
    </>
  );
}

/** Left of the mark is what the second sum has less, right of it what it has more. */
function Bar({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation("revenue");
  const { zero, segments } = draw(comparison);
  return (
    <div className={css.bar} aria-hidden="true">
      <div className={css.track}>
        {segments.map((one) => (
          <span
            key={`${one.line.code}${Math.sign(one.line.fen)}`}
            data-kind={one.kind}
            style={{ left: `${100 * one.from}%`, width: `${100 * (one.to - one.from)}%` }}
          />
        ))}
        <i style={{ left: `${100 * zero}%` }} />
      </div>
      <div className={css.ends}>
        <span>{zero > 0 && `← ${t("less")}`}</span>
        <span>{zero < 1 && `${t("more")} →`}</span>
      </div>
    </div>
  );
}
