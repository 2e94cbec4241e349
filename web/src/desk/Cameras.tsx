import type { Schemas } from "../api/client";
import { useSay } from "../i18n";
import { Badge } from "../ui/Badge";
import css from "./case.module.css";
import { useDesk } from "./says";

type Camera = Schemas["NearCameraOut"];

/** The nearest cameras, and whether they work. */
export function Cameras({ cameras }: { cameras: readonly Camera[] }) {
  const t = useDesk();
  const say = useSay();
  if (cameras.length === 0) return <p className="muted">{t("cameras_empty")}</p>;
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role with list-style none
    <ul role="list" className={css.cameras}>
      {cameras.map((camera) => (
        <li key={camera.id}>
          <span>
            <strong>{camera.name || camera.id}</strong>{" "}
            <span className="muted">{t("meters", { m: Math.round(camera.distance_m) })}</span>
          </span>
          <span>
            <Badge tone={camera.works ? "ok" : "danger"}>
              {t(camera.works ? "camera_works" : "camera_broken")}
            </Badge>
            {!camera.works && camera.causes.length > 0 && (
              <span className="muted"> {camera.causes.map(say).join(", ")}</span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
