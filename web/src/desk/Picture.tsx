/** The picture of `explain`; comes with `web/src/explain`. */
export function Picture(_: { alertId: string }) {
  return null;
}
