/** The filter of a page, kept in its address. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type DeviceFilter, filterOf, paramsOf } from "./healthFilter";

export type ChangeFilter = (changes: Partial<DeviceFilter>) => void;

export function useUrlFilter(): { filter: DeviceFilter; change: ChangeFilter } {
  const [params, setParams] = useSearchParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const change = useCallback<ChangeFilter>(
    (changes) => {
      setParams((old) => paramsOf({ ...filterOf(old), ...changes }), { replace: true });
    },
    [setParams],
  );
  return { filter, change };
}
