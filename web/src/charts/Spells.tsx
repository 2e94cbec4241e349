/** A strip of availability: what a device was, when. Colour, texture and words say the same. */
import "./register";
import { scaleLinear } from "d3-scale";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../i18n";
import css from "./charts.module.css";
import { Numbers } from "./Numbers";
import { numberText } from "./series";
import { type Presence, type Spell, sharesOf, spansOf } from "./spans";
import { TimeAxis } from "./TimeAxis";
import { fullTime } from "./times";
import { useWidth } from "./useWidth";

export interface SpellsProps {
  label: string;
  spells: readonly Spell[];
  /** The period that is shown, ms; that of the spells without it. */
  from?: number;
  to?: number;
  height?: number;
  /** IANA name of the city's zone; the reader's own without it. */
  timezone?: string;
}

const SIDE = 12;
const LEAST_PX = 1.5;

export function Spells({ label, spells, height = 26, timezone: zone, ...period }: SpellsProps) {
  const { t } = useTranslation("charts");
  const language = useLanguage();
  const name = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const from = period.from ?? Math.min(...spells.map((one) => one.from_ms));
  const to = period.to ?? Math.max(...spells.map((one) => one.to_ms));
  const spans = spansOf(spells, from, to);
  if (spans.length === 0) {
    return (
      <figure className={css.figure}>
        <figcaption className={css.label}>{label}</figcaption>
        <p className={css.none}>{t("no_spells")}</p>
      </figure>
    );
  }
  const shares = sharesOf(spans);
  const percent = (share: number) => `${numberText(share * 100, language, 1)} %`;
  const x = scaleLinear([from, to], [SIDE, Math.max(width - SIDE, SIDE + 1)]);
  const said = shares.map(({ presence, share }) => `${t(presence)} ${percent(share)}`).join(", ");
  return (
    <figure className={`${css.figure} ${css.strip}`}>
      <figcaption className={css.label}>{label}</figcaption>
      <div ref={ref}>
        <svg height={height + 20} role="img" aria-label={`${label}: ${said}`}>
          <Textures name={name} />
          {width > 0 && (
            <>
              {spans.map((span) => {
                const place = {
                  x: x(span.fromMs),
                  width: Math.max(x(span.toMs) - x(span.fromMs), LEAST_PX),
                  height,
                };
                return (
                  <g key={span.fromMs}>
                    <title>
                      {`${t(span.presence)}: ${t("from_to", {
                        from: fullTime(span.fromMs, language, zone),
                        to: fullTime(span.toMs, language, zone),
                      })}`}
                    </title>
                    <rect {...place} data-presence={span.presence} />
                    <Texture name={name} presence={span.presence} place={place} />
                  </g>
                );
              })}
              <TimeAxis x={x} height={height} language={language} zone={zone} />
            </>
          )}
        </svg>
      </div>
      <ul className={css.legend}>
        {shares.map(({ presence, share }) => (
          <li key={presence}>
            <svg className={css.swatch} aria-hidden="true">
              <rect width={22} height={12} data-presence={presence} />
              <Texture name={name} presence={presence} place={{ x: 0, width: 22, height: 12 }} />
            </svg>
            {t(presence)} {percent(share)}
          </li>
        ))}
      </ul>
      <Numbers
        caption={label}
        heads={[t("time"), label]}
        rows={spans}
        cells={(span) => [
          t("from_to", {
            from: fullTime(span.fromMs, language, zone),
            to: fullTime(span.toMs, language, zone),
          }),
          t(span.presence),
        ]}
      />
    </figure>
  );
}

interface Place {
  x: number;
  width: number;
  height: number;
}

const TEXTURED: readonly Presence[] = ["late", "offline", "sleeping"];

function Texture({ name, presence, place }: { name: string; presence: Presence; place: Place }) {
  if (!TEXTURED.includes(presence)) return null;
  return <rect {...place} fill={`url(#${name}-${presence})`} />;
}

function Textures({ name }: { name: string }) {
  return (
    <defs>
      <pattern id={`${name}-late`} width={8} height={8} patternUnits="userSpaceOnUse">
        <path className={css.texture} d="M-2 2L2 -2M0 8L8 0M6 10L10 6" />
      </pattern>
      <pattern id={`${name}-offline`} width={8} height={8} patternUnits="userSpaceOnUse">
        <path className={css.texture} d="M0 0L8 8M8 0L0 8" />
      </pattern>
      <pattern id={`${name}-sleeping`} width={6} height={6} patternUnits="userSpaceOnUse">
        <circle className={css.dots} cx={3} cy={3} r={1.2} />
      </pattern>
    </defs>
  );
}
