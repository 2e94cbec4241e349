/** A first menu, to be replaced by the real one. */
import { useTranslation } from "react-i18next";
import { useSession } from "../app/session";
import { Button } from "../ui/Button";

export function AccountMenu() {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <Button
      kind="quiet"
      onClick={() => void session.logOut().then(() => location.assign("/app/login"))}
    >
      {t("log_out")} {session.display}
    </Button>
  );
}
