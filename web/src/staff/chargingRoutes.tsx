/** Pages of charging stations, their money, and the quarantine: routes and words. */
import type { RouteObject } from "react-router";
import { addWords } from "../i18n";
import { BooksPage } from "./BooksPage";
import { ChargerPage } from "./ChargerPage";
import { ChargersPage } from "./ChargersPage";
import { CollectionPage } from "./CollectionPage";
import { QuarantinePage } from "./QuarantinePage";
import { QuarantineRowPage } from "./QuarantineRowPage";
import { RevenuePage } from "./RevenuePage";
import { words as charging } from "./words-charging";
import { words as quarantine } from "./words-quarantine";
import { words as revenue } from "./words-revenue";

addWords("charging", charging);
addWords("revenue", revenue);
addWords("quarantine", quarantine);

export const chargingRoutes: RouteObject[] = [
  { path: "chargers", element: <ChargersPage /> },
  { path: "chargers/:id", element: <ChargerPage /> },
  { path: "revenue", element: <RevenuePage /> },
  { path: "collection", element: <CollectionPage /> },
  { path: "quarantine", element: <QuarantinePage /> },
  { path: "quarantine/:id", element: <QuarantineRowPage /> },
  { path: "books", element: <BooksPage /> },
];
