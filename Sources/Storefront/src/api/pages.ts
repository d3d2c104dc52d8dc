// Cursor paging: pages are added to one cached list. How many were open is kept in the history entry, so that going back and
// reloading show the same stretch again.

import { useState } from "react";
import { get } from "./client";
import { setQuery, useQuery } from "./query";
import type { List } from "./types";

interface Stretch<T> {
  items: T[];
  cursor: string | null;
  pages: number;
}

export interface Pages<T> {
  items: T[] | undefined;
  error: unknown;
  loading: boolean;
  hasMore: boolean;
  loadingMore: boolean;
  moreError: unknown;
  more: () => void;
  reload: () => void;
}

function withCursor(path: string, cursor: string | null): string {
  return cursor ? `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}` : path;
}

function openPages(path: string): number {
  const kept = (history.state as { pages?: Record<string, number> } | null)?.pages?.[path];
  return Math.min(Math.max(kept ?? 1, 1), 20);
}

function keepOpenPages(path: string, pages: number): void {
  const state = (history.state ?? {}) as { pages?: Record<string, number> };
  history.replaceState({ ...state, pages: { ...state.pages, [path]: pages } }, "");
}

async function fetchStretch<T>(path: string, pages: number): Promise<Stretch<T>> {
  let stretch: Stretch<T> = { items: [], cursor: null, pages: 0 };
  do {
    const page = await get<List<T>>(withCursor(path, stretch.cursor));
    const cursor = page.has_more ? page.next_cursor : null;
    stretch = { items: [...stretch.items, ...page.data], cursor, pages: stretch.pages + 1 };
  } while (stretch.cursor && stretch.pages < pages);
  return stretch;
}

/** A list endpoint; `path` carries its filters and is the cache's key. */
export function usePages<T>(path: string | null): Pages<T> {
  const key = path === null ? null : `list:${path}`;
  const query = useQuery<Stretch<T>>(key, () => fetchStretch<T>(path ?? "", openPages(path ?? "")));
  const [adding, setAdding] = useState<{ path: string | null; error: unknown }>({ path: null, error: null });
  const stretch = query.data;

  const more = () => {
    if (!stretch?.cursor || path === null || key === null || adding.path === path) return;
    setAdding({ path, error: null });
    get<List<T>>(withCursor(path, stretch.cursor)).then(
      (page) => {
        const pages = stretch.pages + 1;
        setQuery<Stretch<T>>(key, {
          items: [...stretch.items, ...page.data],
          cursor: page.has_more ? page.next_cursor : null,
          pages,
        });
        keepOpenPages(path, pages);
        setAdding({ path: null, error: null });
      },
      (error: unknown) => setAdding({ path: null, error }),
    );
  };

  return {
    items: stretch?.items,
    error: query.error,
    loading: query.loading,
    hasMore: Boolean(stretch?.cursor),
    loadingMore: path !== null && adding.path === path,
    moreError: adding.error,
    more,
    reload: query.reload,
  };
}
