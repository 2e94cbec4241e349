import { Navigate, type RouteObject } from "react-router";
import { addWords } from "../i18n";
import { CamerasPage } from "./CamerasPage";
import { chargingRoutes } from "./chargingRoutes";
import { DevicePage } from "./DevicePage";
import { HealthPage } from "./HealthPage";
import { words } from "./words";
import { words as deviceWords } from "./words-device";
import { words as healthWords } from "./words-health";

addWords("staff", words);
addWords("health", {
  en: { ...healthWords.en, ...deviceWords.en },
  zh: { ...healthWords.zh, ...deviceWords.zh },
});

/** Pages below /app/staff, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [
  { index: true, element: <Navigate to="health" replace /> },
  { path: "health", element: <HealthPage /> },
  { path: "devices/:id", element: <DevicePage /> },
  { path: "cameras", element: <CamerasPage /> },
  ...chargingRoutes,
];
