/** Money is whole fen until it is written; a float never touches it. */

/** `¥1,234.50`; unknown is a dash. */
export function yuan(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return "–";
  const sign = fen < 0 ? "−" : "";
  const whole = Math.trunc(Math.abs(fen) / 100).toLocaleString("en-US");
  const rest = String(Math.abs(fen) % 100).padStart(2, "0");
  return `${sign}¥${whole}.${rest}`;
}

/** The same of a difference: its sign always stands there. */
export function yuanSigned(fen: number): string {
  return fen > 0 ? `+${yuan(fen)}` : yuan(fen);
}
