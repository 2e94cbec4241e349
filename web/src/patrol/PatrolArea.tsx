/** The frame of the patrol's pages: taps that wait, sound. */
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { useSession } from "../app/session";
import { Empty } from "../ui/Page";
import { TapsProvider } from "./useTaps";

export function PatrolArea() {
  const { t } = useTranslation("patrol");
  if (!useSession().may("incidents_work")) return <Empty title={t("no_area_title")} />;
  return (
    <TapsProvider>
      <Outlet />
    </TapsProvider>
  );
}
