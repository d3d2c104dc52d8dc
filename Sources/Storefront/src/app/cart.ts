// The cart lives on the server, a guest's too; the browser keeps its id.

import { ApiError, get, send } from "../api/client";
import { invalidate, setQuery, useQuery, type QueryState } from "../api/query";
import type { Cart } from "../api/types";
import { Store, keep, useStore } from "../lib/store";

const cartId = new Store<string | null>(keep.get("cart"));

export function cartKey(id: string): string {
  return `cart:${id}`;
}

function setCartId(id: string | null): void {
  keep.set("cart", id);
  cartId.set(id);
}

export function startCart(): void {
  window.addEventListener("storage", (event) => {
    if (event.key === "sunset.cart") cartId.set(event.newValue);
  });
}

/** The cart, undefined data while there is none. A cart that the server no longer knows is forgotten. */
export function useCart(): QueryState<Cart> & { reload: () => void; id: string | null } {
  const id = useStore(cartId);
  const state = useQuery<Cart>(id ? cartKey(id) : null, async () => {
    try {
      const cart = await get<Cart>(`/carts/${id ?? ""}`);
      return cart;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) setCartId(null);
      throw error;
    }
  });
  return { ...state, loading: id !== null && state.loading, id };
}

let creating: Promise<string> | null = null;

async function ensureCart(): Promise<string> {
  const known = cartId.get();
  if (known) return known;
  creating ??= send<Cart>("POST", "/carts").then(
    (cart) => {
      creating = null;
      setQuery(cartKey(cart.id), cart);
      setCartId(cart.id);
      return cart.id;
    },
    (error: unknown) => {
      creating = null;
      throw error;
    },
  );
  return creating;
}

/** Puts a product into the cart; a cart that was checked out, or has gone, makes room for a new one. */
export async function addToCart(productId: string): Promise<Cart> {
  const id = await ensureCart();
  try {
    return keepCart(await send<Cart>("PUT", `/carts/${id}/items/${productId}`));
  } catch (error) {
    const spent = error instanceof ApiError && (error.status === 404 || error.status === 403 || error.code === "cart_checked_out");
    if (!spent || cartId.get() !== id || error.code === "product_not_found") throw error;
    setCartId(null);
    return keepCart(await send<Cart>("PUT", `/carts/${await ensureCart()}/items/${productId}`));
  }
}

export async function removeFromCart(productId: string): Promise<Cart> {
  return keepCart(await send<Cart>("DELETE", `/carts/${cartId.get() ?? ""}/items/${productId}`));
}

function keepCart(cart: Cart): Cart {
  setQuery(cartKey(cart.id), cart);
  return cart;
}

/** The cart became an order; the next product starts a new one. */
export function leaveCart(): void {
  const id = cartId.get();
  setCartId(null);
  if (id) invalidate(cartKey(id));
}
