/** One charging station: ports, box, sessions, and its money day by day. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, got, type Schemas } from "../api/client";
import { useSession } from "../app/session";
import { useSay } from "../i18n";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Empty, Page, Panel } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { ChargerBox } from "./ChargerBox";
import { ChargerMoney } from "./ChargerMoney";
import { ChargerPorts } from "./ChargerPorts";
import { ChargerSessions } from "./ChargerSessions";
import css from "./charging.module.css";

type Charger = Schemas["ChargerOut"];

/** The processor writes a station at most every 10 s. */
const REFRESH_MS = 10_000;

export function ChargerPage() {
  const { id = "" } = useParams();
  const { t } = useTranslation("charging");
  const { t: common } = useTranslation();
  const cache = useQueryClient();
  const asked = useQuery({
    queryKey: ["charger", id],
    queryFn: ({ signal }) =>
      got(api.GET("/v1/chargers/{charger_id}", { params: { path: { charger_id: id } }, signal })),
    refetchInterval: REFRESH_MS,
  });
  const station = asked.data;
  return (
    <Page
      title={station?.name || id}
      actions={
        <>
          <Link to="/staff/chargers">{t("chargers")}</Link>
          {/* the page of the device's health knows every class */}
          <Link to={`/staff/devices/${id}`}>{t("device_page")}</Link>
        </>
      }
    >
      {asked.isError && <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Skeleton lines={10} />}
      {station && <Head station={station} />}
      {station && station.at === null && (
        <Empty title={t("charger_never")}>
          <p>{t("charger_never_text")}</p>
          <Link to={`/staff/quarantine?device=${id}`}>{t("look_in_quarantine")}</Link>
        </Empty>
      )}
      {station && station.at !== null && (
        <>
          <ChargerPorts ports={station.ports} />
          <div className={css.columns}>
            {station.box && (
              <ChargerBox
                id={station.id}
                box={station.box}
                onSent={() => void cache.invalidateQueries({ queryKey: ["charger", id] })}
              />
            )}
            <ChargerSessions sessions={station.sessions} />
          </div>
        </>
      )}
      {station?.money && <ChargerMoney days={station.money} />}
      {asked.isRefetchError && <p className="stale">{common("problem_network")}</p>}
    </Page>
  );
}

function Head({ station }: { station: Charger }) {
  const { t } = useTranslation("charging");
  const say = useSay();
  const session = useSession();
  return (
    <Panel>
      <div className={css.facts}>
        <span>
          <code>{station.id}</code>
        </span>
        {station.site_id && (
          <Link to={`/staff/chargers?site=${station.site_id}`}>{station.site_id}</Link>
        )}
        {station.area && <span className="muted">{station.area}</span>}
        {station.at !== null && (
          <span>
            {t("shown_of")} <Age t={station.at} staleAfterS={600} />
          </span>
        )}
        {session.may("quarantine_read") && (
          <Link to={`/staff/quarantine?device=${station.id}`}>{t("look_in_quarantine")}</Link>
        )}
      </div>
      {station.causes.length > 0 && (
        <ul className={css.chips}>
          {station.causes.map((cause) => (
            <li key={cause.code}>
              <Badge tone="warn">{say(cause)}</Badge>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
