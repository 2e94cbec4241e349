/** Answers about devices as the client gives them. */
import type { Schemas } from "../api/client";

/** openapi-fetch gives a pair as a plain list. */
type Given<Answer extends { missing_newest: unknown }> = Omit<Answer, "missing_newest"> & {
  missing_newest: number[] | null;
};

export type Health = Given<Schemas["HealthOut"]>;
export type Device = Given<Schemas["DeviceOut"]>;
export type Camera = Given<Schemas["CameraOut"]>;
export type Spell = Schemas["SpellOut"];
export type Spent = Schemas["SpentOut"];
export type Trend = Schemas["TrendOut"];
export type FixDay = Schemas["FixDayOut"];
