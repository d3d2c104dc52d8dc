// The REST representations that the storefront reads, named as openapi.yaml names them.

export interface Money {
  amount: number;
  currency: string;
}

export interface List<T> {
  object: "list";
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

export interface User {
  id: string;
  email: string;
  name: string;
  groups: string[];
  created_at: string;
  confirmed: boolean;
}

export interface Thumbnail {
  width: number;
  url: string;
  type: string;
}

export interface Cover {
  thumbnails: Thumbnail[];
  placeholder: string | null;
  width: number;
  height: number;
}

export interface SellerRef {
  id: string;
  name: string;
  slug: string;
}

export type FileKind =
  | "ebook"
  | "document"
  | "audio"
  | "image"
  | "font"
  | "archive"
  | "software"
  | "video"
  | "other";

export interface ProductFile {
  id: string;
  filename: string;
  size: number;
  kind: FileKind;
  sha256: string;
  content_type: string;
}

export type ProductStatus = "draft" | "published" | "withdrawn";

export interface Product {
  id: string;
  slug: string;
  title: string;
  description: string;
  price: Money;
  category: string;
  tags: string[];
  status: ProductStatus;
  seller: SellerRef;
  files: ProductFile[];
  cover: Cover | null;
  sales: number;
  download_limit?: number | null;
  version: number;
  created_at: string;
  updated_at: string;
  published_at: string | null;
}

export interface Category {
  slug: string;
  name: string;
  count: number;
}

export interface CartItem {
  product: Pick<Product, "id" | "slug" | "title" | "cover" | "seller" | "status">;
  price: Money;
  available: boolean;
  previous_price: Money | null;
}

export interface Cart {
  id: string;
  items: CartItem[];
  total: Money;
  currency: string;
  quote: string;
  created_at: string;
  updated_at: string;
  checked_out_order: string | null;
}

export interface OrderItem {
  id: string;
  product_id: string;
  title: string;
  slug: string;
  price: Money;
  entitlement_id: string | null;
}

export interface Payment {
  id: string;
  status: "requires_payment_method" | "processing" | "requires_action" | "succeeded" | "canceled";
  decline: { code: string; decline_code?: string | null; message: string } | null;
  next_action: { type: string; url: string } | null;
  number: number;
}

export interface Order {
  id: string;
  number: number;
  status: "open" | "processing" | "paid" | "canceled" | "expired";
  payment_status: "unpaid" | "authorized" | "paid" | "partially_refunded" | "refunded" | "failed";
  fulfilment_status: "unfulfilled" | "fulfilled";
  items: OrderItem[];
  total: Money;
  payment: Payment | null;
  created_at: string;
  paid_at: string | null;
  fulfilled_at: string | null;
}

/** One order item sold, as its seller sees it. */
export interface Sale {
  id: string;
  order: string;
  number: number;
  product: Pick<Product, "id" | "title" | "slug">;
  price: Money;
  fee: Money;
  earning: Money;
  sold_at: string;
}

export interface Entitlement {
  id: string;
  status: "active" | "suspended" | "revoked";
  product: Pick<Product, "id" | "slug" | "title" | "cover" | "seller">;
  order_id: string;
  files: ProductFile[];
  downloads: { limit: number | null; used: number; remaining: number | null };
  created_at: string;
}

export interface Grant {
  url: string;
  expires_at: string;
  size: number;
  sha256: string;
  filename: string;
  remaining: number | null;
}

export interface UploadReport {
  sha256: string;
  detected_type: string;
  kind: FileKind;
  size: number;
  width: number | null;
  height: number | null;
  duplicate_of: string | null;
  checks: { name: string; result: string; detail: string | null }[];
  thumbnails: Thumbnail[];
  placeholder: string | null;
}

export type UploadState = "pending" | "uploaded" | "processing" | "ready" | "rejected" | "quarantined";

export interface Upload {
  id: string;
  filename: string;
  size: number;
  content_type: string;
  sha256: string | null;
  purpose: "file" | "cover";
  state: UploadState;
  created_at: string;
  upload: { method: string; url: string; headers: Record<string, string>; expires_at: string } | null;
  report: UploadReport | null;
  problem: { code: string; detail: string } | null;
}

export interface Card {
  number: string;
  exp_month: number;
  exp_year: number;
  cvc: string;
}
