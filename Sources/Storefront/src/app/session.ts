// Who is signed in. The session itself is an HttpOnly cookie that scripts can't see; only a hint that there is one is kept,
// so that a guest's page does not start with a request that is bound to fail.

import { get, send, whenUnauthorized, ApiError } from "../api/client";
import { clearQueries } from "../api/query";
import type { User } from "../api/types";
import { Store, keep, useStore } from "../lib/store";

export interface Session {
  status: "unknown" | "guest" | "signed-in";
  user: User | null;
}

const hint = "signed-in";
export const session = new Store<Session>({ status: keep.get(hint) ? "unknown" : "guest", user: null });

export function useSession(): Session {
  return useStore(session);
}

export function startSession(): void {
  whenUnauthorized(endLocally);
  if (session.get().status === "unknown") void loadSession();
  window.addEventListener("storage", (event) => {
    // Another tab signed in or out.
    if (event.key === `sunset.${hint}`) void loadSession();
  });
}

async function loadSession(): Promise<void> {
  if (!keep.get(hint)) {
    endLocally();
    return;
  }
  try {
    session.set({ status: "signed-in", user: await get<User>("/me") });
  } catch (error) {
    // endLocally ran already
    if (error instanceof ApiError && (error.status === 401 || error.code === "account_suspended")) return;
    window.setTimeout(() => void loadSession(), 3000);
  }
}

function endLocally(): void {
  keep.set(hint, null);
  if (session.get().status === "guest") return;
  session.set({ status: "guest", user: null });
  clearQueries();
}

export async function signIn(email: string, password: string): Promise<void> {
  const answer = await send<{ user: User }>("POST", "/auth/sign-in", { email, password });
  keep.set(hint, "1");
  session.set({ status: "signed-in", user: answer.user });
  clearQueries();
}

export async function signOut(): Promise<void> {
  await send("POST", "/auth/sign-out");
  endLocally();
}

/** After a change that ended every session on the server, this browser's among them. */
export function forgetSession(): void {
  endLocally();
}

export function isSeller(user: User | null): boolean {
  return user !== null && (user.groups.includes("seller") || user.groups.includes("admin"));
}
