import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { Button } from "../ui/Button";
import { Note, Page } from "../ui/Page";

/** A bug of a page: said plainly, with what helps. */
export function Crash() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <Page title={t("crash_title")}>
      <Note tone="danger">
        <p>{t("crash_text")}</p>
        <pre>{error instanceof Error ? error.message : String(error)}</pre>
        <Button onClick={() => location.reload()}>{t("reload")}</Button>
      </Note>
    </Page>
  );
}
