/** How a device is now, and what is registered of it. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { Badge, type Tone } from "../ui/Badge";
import { Panel } from "../ui/Page";
import { Causes } from "./HealthMarks";
import css from "./health.module.css";
import { numberText, presenceTone, severityTone } from "./healthText";
import type { Device } from "./healthTypes";

export function DeviceFacts({ device }: { device: Device }) {
  const { t } = useTranslation("health");
  return (
    <div className={css.pair}>
      <Panel title={t("now")}>
        <div className={css.marks}>
          <Badge tone={presenceTone(device.presence)}>{t(`presence_${device.presence}`)}</Badge>
          <Badge tone={conditionTone(device)}>{t(`condition_${device.condition}`)}</Badge>
          <Badge tone={device.admin === "active" ? "plain" : "stale"}>
            {t(`admin_${device.admin}`)}
          </Badge>
          {["fire", "outage", "security", "failing"].includes(device.severity) && (
            <Badge tone={severityTone(device.severity)}>{t(`severity_${device.severity}`)}</Badge>
          )}
        </div>
        {device.admin === "maintenance" && <p className="muted">{t("maintenance_is")}</p>}
        <Causes health={device} />
        <Readings device={device} />
      </Panel>
      <Registered device={device} />
    </div>
  );
}

/** Who is away says nothing of how it is: no green of it. */
function conditionTone(device: Device): Tone {
  if (device.condition === "degraded") return severityTone(device.severity);
  return device.presence === "offline" || device.presence === "unknown" ? "stale" : "ok";
}

function Readings({ device }: { device: Device }) {
  const { t } = useTranslation("health");
  const language = useLanguage();
  const number = (value: number | null, unit: string) =>
    value === null ? null : `${numberText(value, "", language)} ${unit}`;
  const isGone = device.presence === "offline" || device.presence === "unknown";
  const hole = device.missing_newest;
  return (
    <dl className={css.facts} data-stale={isGone}>
      <Fact name={t("since")}>{device.since && <Age t={device.since} />}</Fact>
      <Fact name={t("heard")}>{device.heard ? <Age t={device.heard} /> : t("never")}</Fact>
      <Fact name={t("expected")}>{device.next_expected && <Age t={device.next_expected} />}</Fact>
      <Fact name={t("battery")}>{number(device.battery_pct, "%")}</Fact>
      <Fact name={t("signal")}>{number(device.rssi_dbm, "dBm")}</Fact>
      <Fact name={t("clock_off")}>
        {device.clock_off_ms === null ? null : number(device.clock_off_ms / 1000, "s")}
      </Fact>
      <Fact name={t("missing")}>
        {device.missing_records > 0 &&
          (hole
            ? t("missing_newest", { count: device.missing_records, from: hole[0], to: hole[1] })
            : device.missing_records)}
      </Fact>
    </dl>
  );
}

function Registered({ device }: { device: Device }) {
  const { t } = useTranslation("health");
  const foreign = Object.entries(device.profile?.foreign ?? {});
  const { installed_lat_deg: lat, installed_lon_deg: lon } = device;
  return (
    <Panel title={t("registered")}>
      <dl className={css.facts}>
        <Fact name={t("device")}>{device.id}</Fact>
        <Fact name={t("cls")}>{t(`one_${device.cls}`)}</Fact>
        <Fact name={t("vendor")}>{device.vendor}</Fact>
        <Fact name={t("model")}>{device.model}</Fact>
        <Fact name={t("site")}>{device.site_id}</Fact>
        <Fact name={t("vehicle")}>{device.vehicle_id}</Fact>
        <Fact name={t("area")}>{device.area}</Fact>
        <Fact name={t("places")}>
          {lat !== null && lon !== null && `${lat.toFixed(5)}, ${lon.toFixed(5)} (WGS 84)`}
        </Fact>
        <Fact name={t("reports_through")}>{device.profile?.gateway}</Fact>
        <Fact name={t("foreign")}>
          {foreign.length > 0 && foreign.map(([adapter, id]) => `${adapter} ${id}`).join(", ")}
        </Fact>
      </dl>
    </Panel>
  );
}

/** One line; none at all of what is not known. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === null || children === undefined || children === "" || children === false) {
    return null;
  }
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
