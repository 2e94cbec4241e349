import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { problemOf } from "../api/problem";
import { Button } from "./Button";
import css from "./ui.module.css";

/** What went wrong, in words, beside what was tried. */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const problem = problemOf(error);
  const key = `problem_${problem.code}`;
  const text = i18next.exists(key) ? t(key) : t("problem_other", { code: problem.code });
  return (
    <div className={css.note} data-tone="danger" role="alert">
      <p>{text}</p>
      {problem.detail && problem.status !== 0 && problem.status < 500 && (
        <p className="muted">{problem.detail}</p>
      )}
      {onRetry && <Button onClick={onRetry}>{t("retry")}</Button>}
    </div>
  );
}
