import { useTranslation } from "react-i18next";
import { Badge, type Tone } from "../ui/Badge";

const TONES: Record<string, Tone> = {
  fire: "danger",
  outage: "danger",
  security: "danger",
  offline: "danger",
  failing: "danger",
  degraded: "warn",
  late: "warn",
  fine: "ok",
};

/** How bad it is, in a word and a colour. */
export function Severity({ word }: { word: string }) {
  const { t } = useTranslation("charging");
  return (
    <div>
      <Badge tone={TONES[word] ?? "plain"}>{t(`severity_${word}`, { defaultValue: word })}</Badge>
    </div>
  );
}
