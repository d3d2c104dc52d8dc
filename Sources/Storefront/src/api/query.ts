// A small query cache: one entry per key, shared by all who read it, kept while the page lives, so that going back is instant.

import { useCallback, useEffect, useSyncExternalStore } from "react";

interface Entry {
  state: QueryState<unknown>;
  running: Promise<unknown> | null;
  updated: number;
  listeners: Set<() => void>;
}

export interface QueryState<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
}

const entries = new Map<string, Entry>();
const idle: QueryState<never> = { data: undefined, error: null, loading: true };
const keptEntries = 200;

function entryFor(key: string): Entry {
  let entry = entries.get(key);
  if (!entry) {
    entry = { state: idle, running: null, updated: 0, listeners: new Set() };
    entries.set(key, entry);
    prune();
  }
  return entry;
}

function prune(): void {
  if (entries.size <= keptEntries) return;
  for (const [key, entry] of entries) {
    if (entry.listeners.size === 0 && !entry.running) entries.delete(key);
    if (entries.size <= keptEntries) return;
  }
}

function publish(entry: Entry, state: QueryState<unknown>): void {
  entry.state = state;
  for (const listener of [...entry.listeners]) listener();
}

function load<T>(key: string, fetcher: () => Promise<T>): Promise<T> {
  const entry = entryFor(key);
  if (entry.running) return entry.running as Promise<T>;
  if (entry.state.error) publish(entry, { ...entry.state, error: null, loading: true });
  const running = fetcher().then(
    (data) => {
      if (entry.running === running) {
        entry.running = null;
        entry.updated = Date.now();
        publish(entry, { data, error: null, loading: false });
      }
      return data;
    },
    (error: unknown) => {
      if (entry.running === running) {
        entry.running = null;
        publish(entry, { data: entry.state.data, error, loading: false });
      }
      throw error;
    },
  );
  entry.running = running;
  return running;
}

/** Puts data that arrived by another way (an answer to a change, an event) into the cache. */
export function setQuery<T>(key: string, data: T): void {
  const entry = entryFor(key);
  entry.running = null;
  entry.updated = Date.now();
  publish(entry, { data, error: null, loading: false });
}

export function peekQuery<T>(key: string): T | undefined {
  return entries.get(key)?.state.data as T | undefined;
}

/** Marks every entry whose key starts with the prefix as stale; those on screen are fetched again at once. */
export function invalidate(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    entry.updated = 0;
    entry.running = null;
    if (entry.listeners.size === 0) entries.delete(key);
    // A new state object, or nobody who reads it would notice and fetch.
    else publish(entry, { data: entry.state.data, error: null, loading: entry.state.data === undefined });
  }
}

/** Forgets everything: at sign-in and sign-out, as most answers depend on who asks. */
export function clearQueries(): void {
  for (const [key, entry] of entries) {
    entry.running = null;
    entry.updated = 0;
    if (entry.listeners.size === 0) entries.delete(key);
    else publish(entry, idle);
  }
}

/**
 * Reads `key`, fetching it when it is missing or older than `maximumAge` (milliseconds).
 * A null key reads nothing. Stale data stays on screen while it is fetched again.
 */
export function useQuery<T>(
  key: string | null,
  fetcher: () => Promise<T>,
  maximumAge = 30_000,
): QueryState<T> & { reload: () => void } {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (key === null) return () => undefined;
      const entry = entryFor(key);
      entry.listeners.add(listener);
      return () => {
        entry.listeners.delete(listener);
      };
    },
    [key],
  );
  const state = useSyncExternalStore(subscribe, () => (key === null ? idle : entryFor(key).state)) as QueryState<T>;

  useEffect(() => {
    if (key === null) return;
    const entry = entryFor(key);
    if (entry.running || entry.state.error || (entry.updated > 0 && Date.now() - entry.updated < maximumAge)) return;
    // The error is in the entry's state, where the screen shows it.
    load(key, fetcher).catch(() => undefined);
    // `fetcher` is a new closure on every render; the key alone says what it fetches. `state` is new after `invalidate` too.
  }, [key, state, maximumAge]);

  const reload = useCallback(() => {
    if (key !== null) load(key, fetcher).catch(() => undefined);
  }, [key]);
  return { ...state, reload };
}
