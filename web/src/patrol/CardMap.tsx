/** The vehicle on the map: dot with its accuracy, trail, cameras, me. */
import { useTranslation } from "react-i18next";
import type { Card } from "./card";
import type { Place } from "./geo";
import css from "./patrol.module.css";
import { placeOf } from "./Where";

export function CardMap({ card }: { card: Card; aheadMs: number; me: Place | null }) {
  const { t } = useTranslation("patrol");
  const place = placeOf(card);
  if (place === null) return null;
  return (
    <section className={css.map} aria-label={t("map")}>
      <p className="muted">
        {place.lat.toFixed(6)}, {place.lon.toFixed(6)}
      </p>
    </section>
  );
}
