/** Where it is, with trail and cameras; the same in words below it. */
import type { Schemas } from "../api/client";
import { Age } from "../ui/Age";
import css from "./case.module.css";
import { useDesk } from "./says";

/** A position older than this is grey, s (the patrol's card: three missed reports of 20 s). */
const STALE_S = 60;

export interface Place {
  lat: number;
  lon: number;
  accM: number | null;
  courseDeg?: number | null;
  tMs: number;
  label: string;
}

/** Whether it is young enough to be called live. */
export function isFresh(place: Place, nowMs: number): boolean {
  return nowMs - place.tMs <= STALE_S * 1000;
}

interface Props {
  place: Place | null;
  trail?: readonly Schemas["TrailPointOut"][];
  cameras: readonly Schemas["NearCameraOut"][];
}

export function CaseMap({ place }: Props) {
  const t = useDesk();
  if (place === null) return <p className="muted">{t("place_none")}</p>;
  return (
    <div className={css.place}>
      <p>
        <Age t={place.tMs} staleAfterS={STALE_S} />
        {place.accM !== null && ` · ${t("accuracy", { m: Math.round(place.accM) })}`}
        <span className="muted">
          {" "}
          · {place.lat.toFixed(5)}, {place.lon.toFixed(5)}
        </span>
      </p>
    </div>
  );
}
