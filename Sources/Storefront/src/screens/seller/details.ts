// The product form's fields as typed, and the product's details that they mean.

import type { Product } from "../../api/types";
import { inputToAmount, moneyToInput } from "../../lib/format";
import type { ProductDetails } from "./product";

export interface DetailsInput {
  title: string;
  description: string;
  price: string;
  currency: string;
  category: string;
  tags: string;
  limit: string;
}

export const currencies = ["USD", "EUR", "GBP", "CHF", "JPY"];

export function inputOf(product: Product | null): DetailsInput {
  if (!product) return { title: "", description: "", price: "", currency: "USD", category: "", tags: "", limit: "" };
  return {
    title: product.title,
    description: product.description,
    price: moneyToInput(product.price),
    currency: product.price.currency,
    category: product.category,
    tags: product.tags.join(", "),
    limit: product.download_limit ? String(product.download_limit) : "",
  };
}

export function readTags(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, "")).filter(Boolean);
  return [...new Set(tags)];
}

export function readDetails(input: DetailsInput): { details: ProductDetails } | { problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  if (!input.title.trim()) problems["/title"] = "Give it a title.";
  const amount = inputToAmount(input.price || "", input.currency);
  if (amount === null) problems["/price"] = "A price like 9.00, or 0 to give it away.";
  if (!input.category) problems["/category"] = "Choose a shelf for it.";
  const tags = readTags(input.tags);
  if (tags.length > 20) problems["/tags"] = "At most 20 tags.";
  if (tags.some((tag) => tag.length > 40)) problems["/tags"] = "A tag has at most 40 characters.";
  const limit = input.limit.trim() === "" ? null : Number(input.limit);
  if (limit !== null && (!Number.isInteger(limit) || limit < 1 || limit > 1000)) {
    problems["/download_limit"] = "A number from 1 to 1,000, or nothing.";
  }
  if (Object.keys(problems).length || amount === null) return { problems };
  return {
    details: {
      title: input.title.trim(),
      description: input.description.trim(),
      price: { amount, currency: input.currency },
      category: input.category,
      tags,
      download_limit: limit,
    },
  };
}
