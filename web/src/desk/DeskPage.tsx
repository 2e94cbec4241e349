/** The verification and duty desk: the queue, its map, its keys, its sound. */
import { useEffect, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Button } from "../ui/Button";
import { Empty, Note, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { unlockSound } from "../ui/tones";
import { DeskMap } from "./DeskMap";
import { QUEUE_MAX, useGlance, useLiveQueue } from "./data";
import css from "./desk.module.css";
import { GlanceBar } from "./Glance";
import { KeysDialog } from "./KeysDialog";
import { actOf, isControl, isTyping, neighbourOf } from "./keys";
import { usePositions } from "./live";
import { QueueList } from "./QueueList";
import { addressOf } from "./QueueRow";
import type { Item } from "./queue";
import { nameOf, useDesk, useKind } from "./says";
import { keepSound, keptSound } from "./sound";
import { useHold } from "./useHold";
import { useQueue } from "./useQueue";
import { type Verdict, VerdictDialog } from "./VerdictDialog";

const MAP_KEPT = "parkguard.desk.map";

/** Beside the queue where there is room for both, unless somebody chose. */
function keptMap(): boolean {
  const kept = localStorage.getItem(MAP_KEPT);
  return kept === null ? matchMedia("(min-width: 1000px)").matches : kept === "on";
}

export function DeskPage() {
  const t = useDesk();
  const kind = useKind();
  const navigate = useNavigate();
  const [params, setParams] = useSearchParams();
  const [selected, setSelected] = useState(params.get("at"));
  const select = (key: string | null) => {
    setSelected(key); // at once: the address follows later than the next key
    setParams(key ? { at: key } : {}, { replace: true });
  };
  const [soundOn, setSound] = useState(keptSound);
  const [mapOn, setMap] = useState(keptMap);
  const [judging, setJudging] = useState<{ item: Item; verdict: Verdict } | null>(null);
  const [sent, setSent] = useState<ReadonlySet<string>>(new Set());
  const [helping, setHelping] = useState(false);
  const hold = useHold();
  const glance = useGlance();
  const queue = useQueue(hold.held || judging !== null, soundOn);
  useLiveQueue();
  const { rows, fresh } = queue.shown;
  const items = useMemo(() => rows.filter((row) => !row.gone).map((row) => row.item), [rows]);
  const positions = usePositions();
  const chosen = rows.find((row) => row.item.key === selected)?.item;
  const order = rows
    .filter((row) => !row.gone && !sent.has(row.item.key))
    .map((row) => row.item.key);
  const toggleSound = () => {
    unlockSound();
    keepSound(!soundOn);
    setSound(!soundOn);
  };

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      unlockSound();
      const act = actOf(
        {
          key: event.key,
          modified: event.ctrlKey || event.metaKey || event.altKey,
          typing: isTyping(event.target),
          onControl: isControl(event.target),
        },
        {
          order,
          selected: chosen?.key ?? null,
          canJudge: chosen?.type === "alert" && !sent.has(chosen.key),
        },
      );
      if (act === null) return;
      event.preventDefault();
      if (act.do === "select") select(act.key);
      else if (act.do === "clear") select(null);
      else if (act.do === "release") hold.release();
      else if (act.do === "mute") toggleSound();
      else if (act.do === "help") setHelping(true);
      else if (chosen && act.do === "open") void navigate(addressOf(chosen));
      else if (chosen && (act.do === "confirm" || act.do === "dismiss"))
        setJudging({ item: chosen, verdict: act.do });
    };
    window.addEventListener("keydown", pressed);
    window.addEventListener("click", unlockSound);
    return () => {
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("click", unlockSound);
    };
  });

  return (
    <Page
      title={t("title")}
      actions={
        <>
          <Button
            onClick={() => {
              localStorage.setItem(MAP_KEPT, mapOn ? "off" : "on");
              setMap(!mapOn);
            }}
          >
            {t(mapOn ? "map_hide" : "map_show")}
          </Button>
          <Button aria-pressed={soundOn} onClick={toggleSound}>
            {t(soundOn ? "sound_on" : "sound_off")}
          </Button>
          <Button className={css.keysButton} onClick={() => setHelping(true)}>
            {t("queue_keys")} <kbd>?</kbd>
          </Button>
        </>
      }
    >
      {glance.data && <GlanceBar glance={glance.data} />}
      <div className={css.desk} data-map={mapOn}>
        <section className={css.list} aria-label={t("queue")}>
          {queue.error !== null && <ProblemNote error={queue.error} onRetry={queue.retry} />}
          {queue.isLoading && queue.error === null && <Skeleton lines={9} />}
          {!queue.isLoading && rows.length === 0 && (
            <Empty title={t("empty_title")}>
              <p>{t("empty_text")}</p>
            </Empty>
          )}
          {fresh.length > 0 && (
            <Button kind="primary" className={css.fresh} onClick={hold.release}>
              {t("fresh", { count: fresh.length })}
            </Button>
          )}
          <div onPointerMove={hold.onPointerMove} onPointerLeave={hold.onPointerLeave}>
            <QueueList
              rows={rows.map((row) => (sent.has(row.item.key) ? { ...row, gone: true } : row))}
              selected={selected}
              glance={glance.data}
              onSelect={select}
              onJudge={(item, verdict) => setJudging({ item, verdict })}
            />
          </div>
          {rows.length >= QUEUE_MAX && <Note>{t("limited", { shown: QUEUE_MAX })}</Note>}
        </section>
        {mapOn && (
          <DeskMap items={items} positions={positions} selected={selected} onSelect={select} />
        )}
      </div>
      <p className="visually-hidden" role="status">
        {queue.arrived && t("new_arrived", { what: kind(queue.arrived) })}
      </p>
      {judging && (
        <VerdictDialog
          alertId={judging.item.alertId}
          verdict={judging.verdict}
          about={`${kind(judging.item)} · ${nameOf(judging.item)}`}
          onClose={(isSent) => {
            if (isSent) {
              setSent((before) => new Set(before).add(judging.item.key));
              select(neighbourOf(judging.item.key, order));
            }
            setJudging(null);
          }}
        />
      )}
      {helping && <KeysDialog onClose={() => setHelping(false)} />}
    </Page>
  );
}
