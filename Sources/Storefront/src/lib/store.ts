import { useSyncExternalStore } from "react";

/** One value outside React that components can follow. */
export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  get = (): T => this.value;

  set = (value: T): void => {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** localStorage that may be refused (private windows): what can't be kept is forgotten with the page. */
export const keep = {
  get(name: string): string | null {
    try {
      return localStorage.getItem(`sunset.${name}`);
    } catch {
      return null;
    }
  },
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`sunset.${name}`);
      else localStorage.setItem(`sunset.${name}`, value);
    } catch {
      // Refused or full; nothing that is kept here is needed for correctness.
    }
  },
};
