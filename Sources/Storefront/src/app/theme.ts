import { Store, keep } from "../lib/store";

export type Theme = "auto" | "light" | "dark";

const known = keep.get("theme");
export const theme = new Store<Theme>(known === "light" || known === "dark" ? known : "auto");

export function applyTheme(): void {
  const value = theme.get();
  if (value === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", value);
}

export function setTheme(value: Theme): void {
  keep.set("theme", value === "auto" ? null : value);
  theme.set(value);
  applyTheme();
}
