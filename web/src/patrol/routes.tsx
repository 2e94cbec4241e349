import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { words } from "./words";

addWords("patrol", words);

/** Pages below /app/patrol, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [];
