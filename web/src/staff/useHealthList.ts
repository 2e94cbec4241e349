/** A list of devices by pages that stays as it is until somebody asks for the news. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLive } from "../live/live";
import type { DeviceFilter } from "./healthFilter";
import { heard, type News, NO_NEWS } from "./healthNews";

interface RowsPage<Row> {
  rows: Row[];
  next: string | null;
}

export interface HealthList<Row> {
  rows: Row[] | undefined;
  error: unknown;
  readMs: number;
  hasMore: boolean;
  isReading: boolean;
  news: News;
  more(): void;
  /** Read what is shown anew, and the counts with it. */
  renew(): void;
}

/** Key of everything that is read anew together. */
export const HEALTH_KEY = "health-list";

export function useHealthList<Row>(
  what: string,
  filter: DeviceFilter,
  ask: (cursor: string | null, signal: AbortSignal) => Promise<RowsPage<Row>>,
): HealthList<Row> {
  const cache = useQueryClient();
  const [news, setNews] = useState<News>(NO_NEWS);
  const list = useInfiniteQuery({
    queryKey: [HEALTH_KEY, what, filter],
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 30_000,
    refetchOnWindowFocus: false, // nothing jumps under the pointer
    refetchOnReconnect: false,
  });
  useLive("health", (event) => setNews((before) => heard(before, event.data, filter)));
  const readMs = list.dataUpdatedAt;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever was read anew has the news
  useEffect(() => setNews(NO_NEWS), [readMs, filter]);
  return {
    rows: list.data?.pages.flatMap((page) => page.rows),
    error: list.error,
    readMs,
    hasMore: list.hasNextPage,
    isReading: list.isFetching,
    news,
    more: () => void list.fetchNextPage(),
    renew: () => {
      setNews(NO_NEWS);
      void cache.invalidateQueries({ queryKey: [HEALTH_KEY] });
    },
  };
}
