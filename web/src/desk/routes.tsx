import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { words } from "./words";

addWords("desk", words);

/** Pages below /app/desk, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [];
