// The router: the History API, patterns with parameters, scroll positions per entry, and focus on the new screen's heading.

import { useSyncExternalStore } from "react";

export interface Location {
  path: string;
  query: URLSearchParams;
  /** Names the history entry: scroll positions and loaded pages are kept under it. */
  key: string;
}

interface EntryState {
  key: string;
}

const listeners = new Set<() => void>();
let current = read();
let headingWanted = false;
let restore: number | null = null;

function read(): Location {
  const state = history.state as EntryState | null;
  return {
    path: decodePath(window.location.pathname),
    query: new URLSearchParams(window.location.search),
    key: state?.key ?? "first",
  };
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function scrollKey(key: string): string {
  return `sunset.scroll.${key}`;
}

function rememberScroll(): void {
  try {
    sessionStorage.setItem(scrollKey(current.key), String(Math.round(window.scrollY)));
  } catch {
    // Storage is full or refused: the screen then opens at its top.
  }
}

function announce(): void {
  for (const listener of [...listeners]) listener();
}

export function startRouter(): void {
  history.scrollRestoration = "manual";
  if (!(history.state as EntryState | null)?.key) history.replaceState({ key: newKey() }, "");
  current = read();
  restore = Number(sessionStorage.getItem(scrollKey(current.key))) || null;
  if (restore !== null) requestAnimationFrame(restoreScroll);
  window.addEventListener("popstate", () => {
    // The old entry's position was kept by the scroll listener: here the browser may have moved already.
    current = read();
    restore = Number(sessionStorage.getItem(scrollKey(current.key))) || 0;
    headingWanted = true;
    announce();
    requestAnimationFrame(restoreScroll);
  });
  let pending = 0;
  window.addEventListener(
    "scroll",
    () => {
      window.clearTimeout(pending);
      pending = window.setTimeout(rememberScroll, 100);
    },
    { passive: true },
  );
  window.addEventListener("pagehide", rememberScroll);
}

/** Tries until the screen is tall enough or two seconds have passed; a scroll by the reader ends it. */
function restoreScroll(): void {
  const wanted = restore;
  if (wanted === null) return;
  const started = performance.now();
  const stop = () => {
    restore = null;
  };
  for (const type of ["wheel", "touchmove", "keydown"]) {
    window.addEventListener(type, stop, { once: true, passive: true });
  }
  const step = () => {
    if (restore !== wanted) return;
    window.scrollTo(0, wanted);
    if (Math.abs(window.scrollY - wanted) < 2 || performance.now() - started > 2000) {
      restore = null;
      return;
    }
    requestAnimationFrame(step);
  };
  step();
}

function newKey(): string {
  return Math.random().toString(36).slice(2, 10);
}

export function navigate(to: string, options: { replace?: boolean; keepScroll?: boolean } = {}): void {
  const target = new URL(to, window.location.href);
  const same = target.href === window.location.href;
  rememberScroll();
  const state: EntryState = { key: options.replace ? current.key : newKey() };
  if (options.replace || same) history.replaceState(state, "", target);
  else history.pushState(state, "", target);
  current = read();
  restore = null;
  if (!options.keepScroll) {
    headingWanted = true;
    window.scrollTo(0, 0);
  }
  announce();
}

export function useLocation(): Location {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    () => current,
  );
}

/** Whether a new screen's heading should take the focus; true once per navigation. */
export function takeHeadingFocus(): boolean {
  const wanted = headingWanted;
  headingWanted = false;
  return wanted;
}

/** `/product/:slug` against a path: the parameters, or null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split("/").filter(Boolean);
  const have = path.split("/").filter(Boolean);
  if (want.length !== have.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of want.entries()) {
    const value = have[index] ?? "";
    if (part.startsWith(":")) parameters[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return parameters;
}

/** A path with a query; empty values are left out. */
export function href(path: string, query: Record<string, string | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** Where to go after signing in: only paths of this site. */
export function safeNext(next: string | null): string {
  return next && next.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}
