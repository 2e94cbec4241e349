/** What a port is to whoever looks: in trouble, in use, free, or out of use. */
import type { Schemas } from "../api/client";

export type Port = Schemas["PortOut"];

export type PortMood = "trouble" | "in_use" | "free" | "out";

export function moodOf(port: Pick<Port, "state" | "err" | "causes" | "in_use">): PortMood {
  if (port.err !== "" || port.causes.length > 0 || port.state === "faulted") return "trouble";
  if (port.in_use) return "in_use";
  return port.state === "available" ? "free" : "out";
}

/** Causes of a station that no port of it names: the others stand there, with the port. */
export function besidePorts<Cause extends { code: string }>(
  causes: readonly Cause[],
  ports: readonly { causes: readonly { code: string }[] }[],
): Cause[] {
  const named = new Set(ports.flatMap((port) => port.causes.map((cause) => cause.code)));
  return causes.filter((cause) => !named.has(cause.code));
}

/** `1.2 kWh`, `850 Wh`; unknown is a dash. */
export function energy(wh: number | null): string {
  if (wh === null) return "–";
  return Math.abs(wh) < 1_000 ? `${Math.round(wh)} Wh` : `${(wh / 1_000).toFixed(2)} kWh`;
}

export function power(w: number | null): string {
  return w === null ? "–" : `${Math.round(w)} W`;
}

/** Whole minutes between two times, null when one is unknown or they run backwards. */
export function minutesBetween(fromMs: number | null, toMs: number | null): number | null {
  if (fromMs === null || toMs === null || toMs < fromMs) return null;
  return Math.round((toMs - fromMs) / 60_000);
}
