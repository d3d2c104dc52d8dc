import { get, request } from "./client";
import { useQuery } from "./query";
import type { Category, List, Product } from "./types";

export function useCategories() {
  return useQuery<Category[]>("categories", async () => (await get<List<Category>>("/categories")).data, 120_000);
}

export function useProduct(slug: string) {
  return useQuery<Product>(`product:${slug}`, () => get<Product>(`/products/${encodeURIComponent(slug)}`));
}

/** The name that people read for a category's slug. */
export function categoryName(categories: Category[] | undefined, slug: string): string {
  return categories?.find((category) => category.slug === slug)?.name ?? slug;
}

export interface Tagged<T> {
  value: T;
  etag: string | null;
}

/** A seller's own product with its entity tag, which a change has to name. */
export async function fetchOwnProduct(id: string): Promise<Tagged<Product>> {
  const answer = await request<Product>("GET", `/seller/products/${id}`);
  return { value: answer.data, etag: answer.etag };
}
