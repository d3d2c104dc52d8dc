// Changes to a seller's product. Each answer's entity tag is kept, as the next change has to name it.

import { fetchOwnProduct, type Tagged } from "../../api/catalog";
import { request } from "../../api/client";
import { invalidate, setQuery } from "../../api/query";
import type { Money, Product } from "../../api/types";

export interface ProductDetails {
  title: string;
  description: string;
  price: Money;
  category: string;
  tags: string[];
  download_limit: number | null;
}

export type OwnProduct = Tagged<Product>;

export function ownProductKey(id: string): string {
  return `own:${id}`;
}

async function change(method: string, path: string, body?: unknown, ifMatch?: string): Promise<OwnProduct> {
  const answer = await request<Product>(method, `/seller/products${path}`, {
    body,
    ...(ifMatch ? { ifMatch } : {}),
  });
  const own = answer.etag ? { value: answer.data, etag: answer.etag } : await fetchOwnProduct(answer.data.id);
  setQuery(ownProductKey(own.value.id), own);
  invalidate("list:/seller/products");
  invalidate("list:/products");
  invalidate("product:");
  invalidate("categories");
  return own;
}

export function createProduct(details: ProductDetails): Promise<OwnProduct> {
  return change("POST", "", details);
}

export function updateProduct(own: OwnProduct, details: ProductDetails): Promise<OwnProduct> {
  return change("PATCH", `/${own.value.id}`, details, own.etag ?? "*");
}

export function setFiles(id: string, uploads: string[]): Promise<OwnProduct> {
  return change("PUT", `/${id}/files`, { upload_ids: uploads });
}

export function setCover(id: string, upload: string): Promise<OwnProduct> {
  return change("PUT", `/${id}/cover`, { upload_id: upload });
}

export function publish(id: string): Promise<OwnProduct> {
  return change("POST", `/${id}/publish`);
}

export function withdraw(id: string): Promise<OwnProduct> {
  return change("POST", `/${id}/unpublish`);
}

export async function deleteProduct(id: string): Promise<void> {
  await request("DELETE", `/seller/products/${id}`);
  invalidate("list:/seller/products");
}
