import { useTranslation } from "react-i18next";
import { Page } from "../ui/Page";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("not_found_title")}>
      <p>{t("not_found_text")}</p>
    </Page>
  );
}
