import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { chargingRoutes } from "./chargingRoutes";
import { HealthPage } from "./HealthPage";
import { words } from "./words";
import { words as healthWords } from "./words-health";

addWords("staff", words);
addWords("health", healthWords);

/** Pages below /app/staff, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [
  { path: "health", element: <HealthPage /> },
  ...chargingRoutes,
];
