// A password that was just chosen, so that confirming the address can sign in at once. In memory only, and used once.

let pending: { email: string; password: string } | null = null;

export function rememberPassword(email: string, password: string): void {
  pending = { email, password };
}

export function takePassword(email: string): string | null {
  const password = pending && pending.email === email ? pending.password : null;
  pending = null;
  return password;
}
