/** Charts that several areas draw. */

export { Spells, type SpellsProps } from "./Spells";
export type { Interval, TrendPoint } from "./series";
export type { Spell } from "./spans";
export { TimeChart, type TimeChartProps } from "./TimeChart";
