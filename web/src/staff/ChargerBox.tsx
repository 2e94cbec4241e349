import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useNow } from "../app/clock";
import { useSession } from "../app/session";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Panel } from "../ui/Page";
import { untilWords } from "./boxForecast";
import { CollectForm } from "./CollectForm";
import css from "./charging.module.css";
import { FullWhen } from "./FullWhen";
import { Meter, toneOf } from "./Meter";
import { yuan } from "./money";

type Box = Schemas["BoxOut"];

/** The coin box: how full, how much, when emptied, and that somebody empties it. */
export function ChargerBox({ id, box, onSent }: { id: string; box: Box; onSent(): void }) {
  const { t } = useTranslation("charging");
  const session = useSession();
  return (
    <Panel title={t("box")}>
      <Level box={box} />
      <dl className={css.pairs}>
        <dt>{t("counted")}</dt>
        <dd>{box.counted_fen === null ? t("counted_unknown") : yuan(box.counted_fen)}</dd>
        {box.amount_fen !== null && (
          <>
            <dt>{t("said_amount")}</dt>
            <dd>{yuan(box.amount_fen)}</dd>
          </>
        )}
        <dt>{t("door")}</dt>
        <dd>{box.open ? <Badge tone="warn">{t("box_is_open")}</Badge> : t("box_is_shut")}</dd>
        <dt>{t("emptied")}</dt>
        <dd>
          <Emptied box={box} />
        </dd>
        {session.may("tickets") && (
          <>
            <dt>{t("full_when")}</dt>
            <dd>
              <FullWhen id={id} />
            </dd>
          </>
        )}
      </dl>
      <Collector who={box.collector} untilMs={box.collector_until_ms} />
      {session.may("tickets") && <CollectForm id={id} box={box} onSent={onSent} />}
    </Panel>
  );
}

function Level({ box }: { box: Box }) {
  const { t } = useTranslation("charging");
  if (box.coins === null) return <p className="muted">{t("box_unknown")}</p>;
  if (!box.cap_coins) return <p>{t("box_level_only", { coins: box.coins })}</p>;
  const share = box.coins / box.cap_coins;
  return (
    <Meter
      share={share}
      tone={toneOf(share)}
      words={`${t("box_level", { coins: box.coins, cap: box.cap_coins })} · ${Math.round(100 * share)} %`}
    />
  );
}

function Emptied({ box }: { box: Box }) {
  const { t } = useTranslation("charging");
  if (box.emptied_ms === null) return t("emptied_never");
  const key = box.emptied_fen === null ? "emptied_by_uncounted" : "emptied_by";
  return (
    <>
      <Age t={box.emptied_ms} />{" "}
      {box.emptied_by && t(key, { who: box.emptied_by, money: yuan(box.emptied_fen) })}
    </>
  );
}

/** Who is there now, until when; nothing when nobody is. */
export function Collector({ who, untilMs }: { who: string; untilMs: number }) {
  const { t } = useTranslation("charging");
  const language = useLanguage();
  const nowMs = useNow();
  if (untilMs <= nowMs) return null;
  return (
    <p className={css.there}>
      {t("collector_there", { who, time: untilWords(untilMs, nowMs, language) })}
    </p>
  );
}
