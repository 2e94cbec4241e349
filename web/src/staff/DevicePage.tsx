/** `/app/staff/devices/:id`: one device, how it is and how it was. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, got } from "../api/client";
import { problemOf } from "../api/problem";
import { useSession } from "../app/session";
import { useLive } from "../live/live";
import { Empty, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { CameraChannels } from "./CameraChannels";
import { DeviceCommands } from "./DeviceCommands";
import { DeviceFacts } from "./DeviceFacts";
import { DeviceMaintenance } from "./DeviceMaintenance";
import { DeviceMeasures } from "./DeviceMeasures";
import { DeviceStory } from "./DeviceStory";
import css from "./health.module.css";
import type { HealthChange } from "./healthNews";

/** When it was heard last is told by no event, ms. */
const READ_MS = 15_000;

export function DevicePage() {
  const { id = "" } = useParams();
  const { t } = useTranslation("health");
  const session = useSession();
  const cache = useQueryClient();
  const asked = useQuery({
    queryKey: ["device", id],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/devices/{device_id}", { params: { path: { device_id: id } }, signal })),
    refetchInterval: READ_MS,
  });
  useLive("health", (event) => {
    const { changes = [] } = event.data as { changes?: HealthChange[] };
    if (changes.some((change) => change.device === id)) {
      void cache.invalidateQueries({ queryKey: ["device", id] });
    }
  });
  const device = asked.data;
  const back = <Link to="/staff/health">{t("back_list")}</Link>;
  if (device === undefined) {
    return (
      <Page title={id} actions={back}>
        {!asked.isError && <Skeleton lines={10} />}
        {asked.isError &&
          (problemOf(asked.error).status === 404 ? (
            <Empty title={t("not_found_title")}>
              <p>{t("not_found_text")}</p>
              {back}
            </Empty>
          ) : (
            <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
          ))}
      </Page>
    );
  }
  return (
    <Page
      title={device.name || device.id}
      actions={
        <>
          {back}
          {device.cls === "chg" && session.may("chargers_read") && (
            <Link to={`/staff/chargers/${device.id}`}>{t("to_charger")}</Link>
          )}
          {session.may("devices_write") && device.admin !== "retired" && (
            <DeviceMaintenance id={device.id} isOn={device.admin === "maintenance"} />
          )}
        </>
      }
    >
      {asked.isRefetchError && <ProblemNote error={asked.error} />}
      <DeviceFacts device={device} />
      {device.cls === "cam" && session.may("cameras_read") && <CameraChannels id={device.id} />}
      <DeviceStory key={device.id} device={device} />
      <div className={css.pair}>
        <DeviceMeasures key={device.id} id={device.id} cls={device.cls} />
        {session.may("devices_command") && device.cls === "trk" && (
          <DeviceCommands id={device.id} isRetired={device.admin === "retired"} />
        )}
      </div>
    </Page>
  );
}
