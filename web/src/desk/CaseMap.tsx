/** Where it is, with trail and cameras; the same in words below it. */
import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useNow } from "../app/clock";
import { CityMap } from "../map/CityMap";
import { camerasOf, trailOf } from "../map/fromApi";
import { Age } from "../ui/Age";
import css from "./case.module.css";
import { useDesk } from "./says";

/** A position older than this is grey, s: three reports of a tracker with an open alert, and more. */
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
  cameras?: readonly Schemas["NearCameraOut"][];
}

const NO_TRAIL: NonNullable<Props["trail"]> = [];
const NO_CAMERAS: NonNullable<Props["cameras"]> = [];

export function CaseMap({ place, trail = NO_TRAIL, cameras = NO_CAMERAS }: Props) {
  const t = useDesk();
  const nowMs = useNow();
  const stale = place !== null && !isFresh(place, nowMs);
  const { lat, lon, accM, courseDeg, label } = place ?? {};
  const dot = useMemo(
    () =>
      lat === undefined || lon === undefined
        ? null
        : {
            lat,
            lon,
            acc_m: accM ?? null,
            course_deg: courseDeg ?? null,
            stale,
            label: label ?? "",
          },
    [lat, lon, accM, courseDeg, stale, label],
  );
  const line = useMemo(() => trailOf(trail), [trail]);
  const seeing = useMemo(() => camerasOf(cameras), [cameras]);
  if (place === null) return <p className="muted">{t("place_none")}</p>;
  return (
    <div className={css.place}>
      <CityMap
        className={css.map ?? ""}
        label={t("place")}
        dot={dot}
        trail={line}
        cameras={seeing}
        grids
        sites
        follow
      />
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
