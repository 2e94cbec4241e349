/** The channels of a camera or recorder: which is broken, why, since when. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, got, type Schemas } from "../api/client";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { type Column, DataTable } from "../ui/DataTable";
import { Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { Causes } from "./HealthMarks";
import css from "./health.module.css";

type Channel = Schemas["ChannelOut"];

export function CameraChannels({ id }: { id: string }) {
  const { t } = useTranslation("health");
  const asked = useQuery({
    queryKey: ["device", id, "channels"],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/cameras/{camera_id}", { params: { path: { camera_id: id } }, signal })),
  });
  const camera = asked.data;
  const columns: Column<Channel>[] = [
    {
      key: "channel",
      title: t("channel"),
      cell: (one) => t("channel_n", { n: one.n }),
    },
    {
      key: "state",
      title: t("state"),
      cell: (one) => (
        <span className={css.marks}>
          <Badge tone={one.works ? (one.causes.length > 0 ? "warn" : "ok") : "danger"}>
            {one.works ? t("channel_works") : t("channel_broken")}
          </Badge>
        </span>
      ),
    },
    { key: "why", title: t("why"), cell: (one) => <Causes health={one} /> },
    { key: "since", title: t("since"), cell: (one) => one.since && <Age t={one.since} /> },
  ];
  return (
    <Panel title={t("channels")}>
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={3} />}
      {camera?.presence === "offline" && camera.channels.length > 0 && (
        <p className="stale">{t("cannot_tell")}</p>
      )}
      {camera?.channels.length === 0 && <p className="muted">{t("channels_none")}</p>}
      {camera && camera.channels.length > 0 && (
        <DataTable
          caption={t("channels")}
          columns={columns}
          rows={camera.channels}
          rowKey={(one) => one.n}
        />
      )}
    </Panel>
  );
}
