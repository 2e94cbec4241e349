/** The vehicle on the map: dot with its accuracy, trail, cameras, me. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { CityMap } from "../map/CityMap";
import { camerasOf, trailOf } from "../map/fromApi";
import { type Card, freshness } from "./card";
import type { Place } from "./geo";
import css from "./patrol.module.css";
import { placeOf } from "./Where";

interface Props {
  card: Card;
  aheadMs: number;
  me: Place | null;
}

export function CardMap({ card, aheadMs, me }: Props) {
  const { t } = useTranslation("patrol");
  const stale = freshness(card, useNow() + aheadMs) !== "live";
  const { position, trail, cameras, incident } = card;
  // the map draws anew when one of these is another object: not every second
  const dot = useMemo(() => {
    const place = placeOf(card);
    if (place === null) return null;
    const acc_m = position === null ? incident.acc_m : position.acc_m;
    return { ...place, acc_m, course_deg: stale ? null : (position?.course_deg ?? null), stale };
  }, [card, position, incident, stale]);
  const points = useMemo(() => trailOf(trail), [trail]);
  const seen = useMemo(() => camerasOf(cameras), [cameras]);
  if (dot === null) return null;
  return (
    <CityMap
      label={t("map")}
      dot={dot}
      trail={points}
      me={me}
      cameras={seen}
      grids
      follow
      className={css.map ?? ""}
    />
  );
}
