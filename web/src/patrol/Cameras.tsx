/** Cameras near the vehicle, and whether they see anything. */
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useLanguage, useSay } from "../i18n";
import { Badge } from "../ui/Badge";
import { Panel } from "../ui/Page";
import { spokenM, windOf } from "./geo";
import css from "./patrol.module.css";

export function Cameras({ cameras }: { cameras: Schemas["NearCameraOut"][] }) {
  const { t } = useTranslation("patrol");
  const say = useSay();
  const language = useLanguage();
  return (
    <Panel title={t("cameras")}>
      {cameras.length === 0 && <p className="muted">{t("cameras_none")}</p>}
      <ul className={css.rows}>
        {cameras.map((camera) => (
          <li key={camera.id}>
            <span>
              <strong>{camera.name || camera.id}</strong>
              <br />
              <span className="muted">
                {t("camera_way", {
                  distance: spokenM(camera.distance_m, language),
                  wind: t(`wind_${windOf(camera.bearing_deg)}`),
                })}
                {camera.causes.length > 0 && ` · ${camera.causes.map(say).join(", ")}`}
              </span>
            </span>
            <Badge tone={camera.works ? "ok" : "warn"}>
              {camera.works ? t("camera_works") : t("camera_broken")}
            </Badge>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
