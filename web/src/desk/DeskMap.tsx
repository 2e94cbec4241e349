/** The queue on a map: what waits as dots that follow their vehicles, sites behind them. */
import { useMemo } from "react";
import { CityMap } from "../map/CityMap";
import css from "./desk.module.css";
import { dotsOf } from "./dots";
import type { Positions } from "./live";
import type { Item } from "./queue";
import { nameOf, useDesk, useKind } from "./says";

interface Props {
  items: readonly Item[];
  positions: Positions;
  selected: string | null;
  onSelect(key: string): void;
}

export function DeskMap({ items, positions, selected, onSelect }: Props) {
  const t = useDesk();
  const kind = useKind();
  const dots = useMemo(() => dotsOf(items, positions), [items, positions]);
  const incidents = useMemo(
    () =>
      dots.map(({ item, lat, lon }) => ({
        id: item.key,
        lat,
        lon,
        level: item.level,
        state: item.state,
        label: `${kind(item)}, ${nameOf(item)}`,
      })),
    [dots, kind],
  );
  return (
    <CityMap
      className={css.map ?? ""}
      label={t("map")}
      sites
      grids
      incidents={incidents}
      selectedId={selected}
      onSelect={onSelect}
    />
  );
}
