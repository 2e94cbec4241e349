import css from "./charging.module.css";

/** How full something is, 0 to 1, with the words that say it. */
export function Meter(props: { share: number; tone: "plain" | "warn" | "danger"; words: string }) {
  const share = Math.min(1, Math.max(0, props.share));
  return (
    <span className={css.meter}>
      <span className={css.meterTrack} aria-hidden="true">
        <span data-tone={props.tone} style={{ width: `${100 * share}%` }} />
      </span>
      <span>{props.words}</span>
    </span>
  );
}

/** Colour of a box's level: as the causes of a station say, over 80 % and over 95 %. */
export function toneOf(share: number): "plain" | "warn" | "danger" {
  if (share > 0.95) return "danger";
  return share > 0.8 ? "warn" : "plain";
}
