/** Where it is now: drawing, age, accuracy, and the way into the phone's own map. */
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { Age } from "../ui/Age";
import { Note, Panel } from "../ui/Page";
import { Drawing } from "./Drawing";
import { distance, onThisClock, STALE_S, type View } from "./link";
import css from "./owner.module.css";

export function Place({ view, receivedMs }: { view: View; receivedMs: number }) {
  const { t } = useTranslation("owner");
  const nowMs = useNow();
  const { position } = view;
  if (view.position_hidden) return null;
  if (!position) {
    return (
      <Panel title={t("where")}>
        <p>{t("no_position")}</p>
      </Panel>
    );
  }
  const tMs = onThisClock(position.t_ms, view, receivedMs);
  const stale = nowMs - tMs > STALE_S * 1000;
  const at = `${position.lat_deg.toFixed(6)},${position.lon_deg.toFixed(6)}`;
  return (
    <Panel title={t("where")}>
      <Drawing view={view} stale={stale} />
      <p className={css.facts}>
        <span>
          {t("seen")} <Age t={tMs} staleAfterS={STALE_S} />
        </span>
        {position.acc_m !== null && <span>{t("accurate", { d: distance(position.acc_m) })}</span>}
        <a className={css.away} href={`geo:${at}?q=${at}`}>
          {t("open_map")}
        </a>
      </p>
      {view.track === null && <Note tone="warn">{t("no_track")}</Note>}
    </Panel>
  );
}
