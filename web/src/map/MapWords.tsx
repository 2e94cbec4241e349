/** The map in words: hidden while the map is drawn, the whole of it where it cannot be. */
import { useTranslation } from "react-i18next";
import css from "./CityMap.module.css";
import { type Said, sayDot, sayMe } from "./says";
import type { LatLon, LiveDot, MapCamera, MapIncident } from "./types";
import type { Failure } from "./useMap";

/** Incidents in the list at most: a page of the queue. */
const LISTED_MAX = 100;

interface Props {
  id: string;
  failure: Failure | null;
  dot: LiveDot | null | undefined;
  me: LatLon | null | undefined;
  cameras: readonly MapCamera[];
  incidents: readonly MapIncident[];
  onSelect: ((id: string) => void) | undefined;
}

export function MapWords(props: Props) {
  const { t } = useTranslation("map");
  const { dot, me, cameras, incidents, failure, onSelect } = props;
  const say = ({ key, values }: Said) => t(key, values ?? {});
  const isEmpty = !dot && !me && incidents.length === 0;
  return (
    <>
      <div id={props.id} className={failure === null ? "visually-hidden" : css.words}>
        {failure !== null && <h3>{t(`${failure}_title`)}</h3>}
        <p>{failure === null ? t("keys") : t(`${failure}_text`)}</p>
        {dot && <p>{sayDot(dot, t("vehicle")).map(say).join(", ")}.</p>}
        {me && <p>{say(sayMe(me))}</p>}
        {cameras.length > 0 && <p>{t("cameras_near", { count: cameras.length })}</p>}
        {incidents.length > 0 && <p>{t("incidents_count", { count: incidents.length })}</p>}
        {isEmpty && failure !== null && <p>{t("no_position")}</p>}
      </div>
      {incidents.length > 0 && onSelect && (
        <ul className={failure === null ? css.list : css.openList} aria-label={t("incidents_list")}>
          {incidents.slice(0, LISTED_MAX).map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => onSelect(one.id)}>
                {one.label ?? t("incident", { level: one.level, id: one.id })}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
