// The table of screens: a pattern, and where its code is. Browsing comes with the first page; the rest is loaded on demand.

import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { BrowseScreen } from "../screens/browse/BrowseScreen";
import { HomeScreen } from "../screens/home/HomeScreen";
import { ProductScreen } from "../screens/product/ProductScreen";
import { matchPath } from "./router";

export type ScreenProps = { parameters: Record<string, string> };
type Screen = ComponentType<ScreenProps>;

interface Route {
  pattern: string;
  screen: Screen | LazyExoticComponent<Screen>;
  preload?: () => Promise<unknown>;
  /** Shown to the signed-in only; guests are sent to sign in and come back. */
  account?: boolean;
}

function later(pattern: string, load: () => Promise<Record<string, Screen>>, name: string, account = false): Route {
  return {
    pattern,
    account,
    preload: load,
    screen: lazy(async () => {
      const screen = (await load())[name];
      if (!screen) throw new Error(`no screen ${name}`);
      return { default: screen };
    }),
  };
}

const account = () => import("../screens/account");
const buying = () => import("../screens/buying");
const selling = () => import("../screens/seller");

export const routes: Route[] = [
  { pattern: "/", screen: HomeScreen },
  { pattern: "/browse", screen: BrowseScreen },
  { pattern: "/product/:slug", screen: ProductScreen },
  later("/sign-in", account, "SignInScreen"),
  later("/sign-up", account, "SignUpScreen"),
  later("/confirm", account, "ConfirmScreen"),
  later("/forgot-password", account, "ForgotPasswordScreen"),
  later("/reset-password", account, "ResetPasswordScreen"),
  later("/account", account, "AccountScreen", true),
  later("/cart", buying, "CartScreen"),
  later("/checkout", buying, "CheckoutScreen", true),
  later("/orders", buying, "OrdersScreen", true),
  later("/orders/:id", buying, "OrderScreen", true),
  later("/library", buying, "LibraryScreen", true),
  later("/library/:id", buying, "LibraryItemScreen", true),
  later("/sell", selling, "ProductsScreen", true),
  later("/sell/products/:id", selling, "EditorScreen", true),
  later("/sell/orders", selling, "SalesScreen", true),
];

export function findRoute(path: string): { route: Route; parameters: Record<string, string> } | null {
  for (const route of routes) {
    const parameters = matchPath(route.pattern, path);
    if (parameters) return { route, parameters };
  }
  return null;
}

export function preloadScreen(to: string): void {
  const found = findRoute(to.split(/[?#]/)[0] ?? "/");
  // A failed preload is tried again, and reported, when the screen is opened.
  found?.route.preload?.().catch(() => undefined);
}
