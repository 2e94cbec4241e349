import { useTranslation } from "react-i18next";
import { Navigate } from "react-router";
import { Empty, Page } from "../ui/Page";
import { startOf } from "./places";
import { useSession } from "./session";

export function Home() {
  const { t } = useTranslation();
  const start = startOf(useSession());
  if (start !== null) return <Navigate to={start} replace />;
  return (
    <Page title="ParkGuard">
      <Empty title={t("nothing_for_role")} />
    </Page>
  );
}
