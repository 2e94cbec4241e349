import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { AlertPage } from "./AlertPage";
import { DeskPage } from "./DeskPage";
import { IncidentPage } from "./IncidentPage";
import { words } from "./words";

addWords("desk", words);

/** Pages below /app/desk, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [
  { index: true, element: <DeskPage /> },
  { path: "alerts/:id", element: <AlertPage /> },
  { path: "incidents/:id", element: <IncidentPage /> },
];
