import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { CardPage } from "./CardPage";
import { PatrolArea } from "./PatrolArea";
import { PatrolList } from "./PatrolList";
import { words } from "./words";

addWords("patrol", words);

/** Pages below /app/patrol, loaded when the first of them is asked for. */
export const routes: RouteObject[] = [
  {
    element: <PatrolArea />,
    children: [
      { index: true, element: <PatrolList /> },
      { path: ":id", element: <CardPage /> },
    ],
  },
];
