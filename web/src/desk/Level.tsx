import { Badge, type Tone } from "../ui/Badge";
import { useDesk, useWord } from "./says";

const TONES: readonly Tone[] = ["plain", "plain", "warn", "danger", "danger"];

/** The level in words; its colour never stands alone. */
export function LevelBadge({ level }: { level: number }) {
  const t = useDesk();
  const word = useWord();
  return (
    <Badge tone={TONES[level] ?? "plain"}>
      {t("level", { level })} · {word("level", String(level))}
    </Badge>
  );
}
