import { useTranslation } from "react-i18next";
import css from "./ui.module.css";

/** What stands where something will come; it shows after 300 ms. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <div className={css.skeleton} role="status" aria-label={t("loading")}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are alike
        <span key={line} />
      ))}
    </div>
  );
}
