/** One incident: where it is, who has it, why, what happened, who was told, the desk's steps. */
import { useMemo } from "react";
import { Link, useParams } from "react-router";
import { useNow } from "../app/clock";
import { Explanation } from "../explain/Explanation";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Cameras } from "./Cameras";
import { CaseMap, isFresh, type Place } from "./CaseMap";
import { Countdown } from "./Countdown";
import css from "./case.module.css";
import { Deliveries } from "./Deliveries";
import { useAlert, useCard, useDeliveries, useGlance, useIncident, useLiveCase } from "./data";
import { Facts } from "./Facts";
import { LevelBadge } from "./Level";
import { type LivePosition, usePositions } from "./live";

import { reasonsOf } from "./queue";
import { Reasons } from "./Reasons";
import { nameOf, useDesk, useKind, useWord } from "./says";
import { Timeline } from "./Timeline";
import { deliveriesOf, timelineOf } from "./timeline";
import { Work } from "./Work";

const UNTAKEN = new Set(["open", "assigned"]);

export function IncidentPage() {
  const { id = "" } = useParams();
  const t = useDesk();
  const kind = useKind();
  const word = useWord();
  const asked = useIncident(id);
  const card = useCard(id);
  const incident = asked.data;
  const alertId = incident?.alert_id ?? "";
  const alert = useAlert(alertId);
  const told = useDeliveries(alertId);
  const glance = useGlance();
  const live = usePositions().get(id);
  const nowMs = useNow();
  useLiveCase(alertId, id);
  const entries = useMemo(
    () => timelineOf(alert.data?.timeline ?? [], incident?.log ?? []),
    [alert.data, incident],
  );
  if (!incident) {
    return (
      <Page title={t("incident_title")}>
        {asked.isError ? (
          <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </Page>
    );
  }
  const name = nameOf({
    label: incident.label ?? "",
    vehicleId: incident.vehicle_id,
    deviceId: incident.device_id,
  });
  const untaken = UNTAKEN.has(incident.state);
  const steps = incident.kind === "fire" ? glance.data?.fire_calls : glance.data?.theft_calls;
  const place = placeOf(incident, card.data, live, name);
  return (
    <Page
      title={`${kind(incident)} · ${name}`}
      actions={<Link to={`/desk?at=incident:${encodeURIComponent(id)}`}>{t("to_queue")}</Link>}
    >
      <div className={css.tags}>
        <LevelBadge level={incident.level} />
        <Badge tone={untaken ? "warn" : "info"}>{word("st", incident.state)}</Badge>
        {incident.assignee && <span>{t("has_it", { name: incident.assignee })}</span>}
        <Age t={incident.opened_ms} />
        {untaken && glance.data && (
          <Countdown
            sinceMs={incident.opened_ms}
            steps={steps ?? []}
            aheadMs={glance.data.aheadMs}
          />
        )}
      </div>
      <div className={css.case}>
        <div className={css.lead}>
          <Panel title={t("work")}>
            <Work incident={incident} next={card.data?.next ?? []} />
          </Panel>
        </div>
        <div className={css.main}>
          <Panel title={t("reasons")}>
            <Reasons reasons={reasonsOf(incident.reasons)} />
          </Panel>
          <Panel title={t("timeline")}>
            <Timeline entries={entries} />
          </Panel>
          <Explanation alertId={alertId} />
          <Panel title={t("deliveries")}>
            {told.isError && <ProblemNote error={told.error} onRetry={() => void told.refetch()} />}
            <Deliveries
              deliveries={deliveriesOf(told.data?.deliveries ?? [], incident.deliveries)}
            />
          </Panel>
        </div>
        <div className={css.side}>
          <Panel title={t(place && isFresh(place, nowMs) ? "place_live" : "place_last")}>
            {card.isError && <ProblemNote error={card.error} onRetry={() => void card.refetch()} />}
            <CaseMap
              place={place}
              trail={card.data?.trail ?? []}
              cameras={card.data?.cameras ?? []}
            />
            <Facts
              facts={[
                [t("plate"), incident.plate],
                [t("vehicle"), incident.vehicle_id],
                [t(incident.kind === "fire" ? "station" : "device"), incident.device_id],
                [t("grid_name"), incident.grid || t("no_grid")],
                [
                  t("moved"),
                  card.data?.moved_m == null
                    ? null
                    : t("meters", { m: Math.round(card.data.moved_m) }),
                ],
                [t("case_number"), incident.case_number],
                [t("began"), <Age key="onset" t={incident.onset_ms} />],
              ]}
            />
            <Link to={`/desk/alerts/${encodeURIComponent(alertId)}`}>{t("go_alert")}</Link>
          </Panel>
          <Panel title={t("cameras")}>
            {card.data ? <Cameras cameras={card.data.cameras} /> : <Skeleton lines={3} />}
          </Panel>
        </div>
      </div>
    </Page>
  );
}

type Incident = NonNullable<ReturnType<typeof useIncident>["data"]>;
type Card = ReturnType<typeof useCard>["data"];

/** The newest place that is known: from the stream, the card, else where the incident was. */
function placeOf(
  incident: Incident,
  card: Card,
  live: LivePosition | undefined,
  label: string,
): Place | null {
  const seen = card?.position ?? null;
  if (incident.state !== "closed" && live && live.tMs >= (seen?.t_ms ?? 0)) {
    return { ...live, label };
  }
  if (seen) {
    return {
      lat: seen.lat_deg,
      lon: seen.lon_deg,
      accM: seen.acc_m,
      courseDeg: seen.course_deg,
      tMs: seen.t_ms,
      label,
    };
  }
  if (incident.lat_deg === null || incident.lon_deg === null) return null;
  return {
    lat: incident.lat_deg,
    lon: incident.lon_deg,
    accM: incident.acc_m,
    tMs: incident.updated_ms,
    label,
  };
}
