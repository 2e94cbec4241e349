/** One alert: why, what happened, who was told, the verdict. */
import { useMemo, useState } from "react";
import { Link, useParams } from "react-router";
import { Explanation } from "../explain/Explanation";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Cameras } from "./Cameras";
import { CaseMap } from "./CaseMap";
import css from "./case.module.css";
import { Deliveries } from "./Deliveries";
import { useAlert, useCameras, useDeliveries, useLiveCase, useOpenIncidents } from "./data";
import { Facts } from "./Facts";
import { LevelBadge } from "./Level";

import { reasonsOf } from "./queue";
import { Reasons } from "./Reasons";
import { nameOf, useDesk, useKind, useWord } from "./says";
import { Timeline } from "./Timeline";
import { timelineOf } from "./timeline";
import { type Verdict, VerdictDialog } from "./VerdictDialog";

const WAITS = new Set(["raised", "verifying"]);

export function AlertPage() {
  const { id = "" } = useParams();
  const t = useDesk();
  const kind = useKind();
  const word = useWord();
  const asked = useAlert(id);
  const told = useDeliveries(id);
  const open = useOpenIncidents();
  useLiveCase(id, "");
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [sent, setSent] = useState(false);
  const alert = asked.data;
  const lat = alert?.lat_deg ?? null;
  const lon = alert?.lon_deg ?? null;
  const cameras = useCameras(lat !== null && lon !== null ? { lat, lon } : null);
  const entries = useMemo(() => timelineOf(alert?.timeline ?? [], []), [alert]);
  if (!alert) {
    return (
      <Page title={t("alert_title")}>
        {asked.isError ? (
          <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </Page>
    );
  }
  const waits = WAITS.has(alert.state);
  const incident = open.data?.incidents.find((one) => one.alert_id === id);
  const name = nameOf({
    label: alert.label ?? "",
    vehicleId: alert.vehicle_id,
    deviceId: alert.device_id,
  });
  return (
    <Page
      title={`${kind(alert)} · ${name}`}
      actions={<Link to={`/desk?at=alert:${encodeURIComponent(id)}`}>{t("to_queue")}</Link>}
    >
      <div className={css.tags}>
        <LevelBadge level={alert.level} />
        <Badge tone={waits ? "warn" : "plain"}>{word("st", alert.state)}</Badge>
        <Age t={alert.raised_ms} />
      </div>
      <div className={css.case}>
        <div className={css.lead}>
          <Panel title={t("verdict")}>
            {waits && !sent ? (
              <>
                <p className="muted">{t("verdict_hint")}</p>
                <div className={css.moves}>
                  <Button kind="danger" onClick={() => setVerdict("confirm")}>
                    {t("confirm")}
                  </Button>
                  <Button onClick={() => setVerdict("dismiss")}>{t("dismiss")}</Button>
                </div>
              </>
            ) : (
              <p>
                {t(
                  waits
                    ? "verdict_sent"
                    : alert.state === "confirmed"
                      ? "verdict_confirmed"
                      : "verdict_ended",
                )}{" "}
                {incident && (
                  <Link to={`/desk/incidents/${encodeURIComponent(incident.id)}`}>
                    {t("go_incident")}
                  </Link>
                )}
              </p>
            )}
          </Panel>
        </div>
        <div className={css.main}>
          <Panel title={t("reasons")}>
            <Reasons reasons={reasonsOf(alert.reasons)} />
          </Panel>
          <Explanation alertId={id} />
          <Panel title={t("timeline")}>
            <Timeline entries={entries} />
          </Panel>
          <Panel title={t("deliveries")}>
            {told.isError ? (
              <ProblemNote error={told.error} onRetry={() => void told.refetch()} />
            ) : told.data ? (
              <Deliveries deliveries={told.data.deliveries} />
            ) : (
              <Skeleton lines={3} />
            )}
          </Panel>
        </div>
        <div className={css.side}>
          <Panel title={t("place")}>
            <CaseMap
              place={
                lat !== null && lon !== null
                  ? { lat, lon, accM: alert.acc_m, tMs: alert.updated_ms, label: name }
                  : null
              }
              cameras={cameras.data?.cameras ?? []}
            />
            <Facts
              facts={[
                [t("moved"), t("meters", { m: Math.round(alert.moved_m) })],
                [t("grid_name"), alert.grid || t("no_grid")],
                [t("vehicle"), alert.vehicle_id],
                [t("device"), alert.device_id],
                [t("began"), <Age key="onset" t={alert.onset_ms} />],
              ]}
            />
          </Panel>
          <Panel title={t("cameras")}>
            {cameras.isError ? (
              <ProblemNote error={cameras.error} onRetry={() => void cameras.refetch()} />
            ) : (
              <Cameras cameras={cameras.data?.cameras ?? []} />
            )}
          </Panel>
        </div>
      </div>
      {verdict && (
        <VerdictDialog
          alertId={id}
          verdict={verdict}
          about={`${kind(alert)} · ${name}`}
          onClose={(isSent) => {
            if (isSent) setSent(true);
            setVerdict(null);
          }}
        />
      )}
    </Page>
  );
}
