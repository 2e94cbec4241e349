/** How a device is: a badge, and its causes in words. */
import { useTranslation } from "react-i18next";
import { useSay } from "../i18n";
import { Badge } from "../ui/Badge";
import css from "./health.module.css";
import { presenceTone, severityTone } from "./healthText";
import type { Health } from "./healthTypes";

type Marked = Pick<Health, "presence" | "condition" | "admin" | "severity" | "causes">;

/** The worst that can be said of it in one word, and what staff said where it is not in use. */
export function SeverityBadge({ health }: { health: Marked }) {
  const { t } = useTranslation("health");
  const isFine = health.severity === "fine";
  return (
    <span className={css.marks}>
      {(!isFine || health.admin === "active") && (
        <Badge tone={isFine ? presenceTone(health.presence) : severityTone(health.severity)}>
          {isFine ? t(`presence_${health.presence}`) : t(`severity_${health.severity}`)}
        </Badge>
      )}
      {health.admin !== "active" && <Badge tone="stale">{t(`admin_${health.admin}`)}</Badge>}
    </span>
  );
}

export function Causes({ health }: { health: Pick<Health, "causes"> }) {
  const { t } = useTranslation("health");
  const say = useSay();
  if (health.causes.length === 0) return <span className="muted">{t("nothing")}</span>;
  return (
    <ul className={css.causes}>
      {health.causes.map((cause) => (
        <li key={cause.code}>{say(cause)}</li>
      ))}
    </ul>
  );
}
