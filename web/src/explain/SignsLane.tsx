import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSay } from "../i18n";
import css from "./explain.module.css";
import { Lane, LEFT } from "./Lane";
import type { Scale } from "./lanes";
import type { Explained } from "./story";

interface Props {
  witnesses: Explained["witnesses"];
  x: Scale;
  width: number;
  language: string;
  zone: string;
  /** What goes through all lanes, given this one's height. */
  children(height: number): ReactNode;
}

const ROW_PX = 34;

/** A bar a witness below its name, as long as it counted; what is not counted is a frame. */
export function SignsLane({ witnesses, children, ...frame }: Props) {
  const { t } = useTranslation("explain");
  const say = useSay();
  const codes = [...new Set(witnesses.map((one) => one.code))];
  if (codes.length === 0) return null;
  const { x } = frame;
  const height = ROW_PX * codes.length;
  return (
    <Lane {...frame} title={t("lane_signs")} height={height}>
      {children(height)}
      {witnesses.map((one) => {
        const top = codes.indexOf(one.code) * ROW_PX;
        const said = one.why
          ? t("discounted", { why: say(one.why) })
          : t("counted", { nats: signed(one.counted) });
        return (
          <rect
            key={`${one.code}-${one.from_ms}`}
            className={one.why ? css.discounted : one.nats > 0 ? css.for : css.against}
            x={x(one.from_ms)}
            y={top + 18}
            width={Math.max(x(one.to_ms) - x(one.from_ms), 2)}
            height={11}
            rx={2}
          >
            <title>{`${say(one)}: ${said}`}</title>
          </rect>
        );
      })}
      {codes.map((code, row) => {
        const one = witnesses.find((witness) => witness.code === code);
        return (
          one && (
            <text
              key={code}
              className={`${css.small} ${css.halo}`}
              x={LEFT + 4}
              y={row * ROW_PX + 13}
            >
              {`${say(one)} ${signed(one.nats)}`}
            </text>
          )
        );
      })}
    </Lane>
  );
}

/** With its sign, the minus as long as the plus. */
export function signed(nats: number): string {
  return nats < 0 ? `−${Math.abs(nats)}` : `+${nats}`;
}
