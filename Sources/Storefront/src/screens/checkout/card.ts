// What a person types into the card form, and what it means.

import type { Card } from "../../api/types";

export interface CardInput {
  number: string;
  expiry: string;
  cvc: string;
}

export const emptyCard: CardInput = { number: "", expiry: "", cvc: "" };

/** The payment stub's cards; the numbers are the ones that the field's test modes share. */
export const testCards: { number: string; text: string }[] = [
  { number: "4242 4242 4242 4242", text: "goes through" },
  { number: "4000 0000 0000 0002", text: "is declined" },
  { number: "4000 0000 0000 9995", text: "has too little money" },
  { number: "4000 0025 0000 3155", text: "asks for confirmation" },
  { number: "4000 0000 0000 0069", text: "has expired" },
  { number: "4000 0000 0000 0127", text: "has a wrong security code" },
  { number: "4000 0000 0000 0119", text: "meets a processing error" },
];

export function groupDigits(text: string): string {
  return (text.replace(/\D/g, "").slice(0, 19).match(/.{1,4}/g) ?? []).join(" ");
}

export function formatExpiry(text: string, before: string): string {
  const digits = text.replace(/\D/g, "").slice(0, 4);
  // Deleting the slash takes the digit before it, too; otherwise it would come back at once.
  if (before.endsWith("/") && text === before.slice(0, -1)) return digits.slice(0, -1);
  if (digits.length === 1 && Number(digits) > 1) return `0${digits}/`;
  return digits.length >= 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits;
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    let digit = Number(digits[digits.length - 1 - at]);
    if (at % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** The card, or what is wrong with which field. */
export function readCard(input: CardInput): { card: Card } | { problems: Partial<Record<keyof CardInput, string>> } {
  const problems: Partial<Record<keyof CardInput, string>> = {};
  const number = input.number.replace(/\D/g, "");
  if (number.length < 12 || !luhn(number)) problems.number = "This is not a card number.";
  const expiry = /^(\d{2})\/(\d{2})$/.exec(input.expiry);
  const month = Number(expiry?.[1]);
  const year = 2000 + Number(expiry?.[2]);
  if (!expiry || month < 1 || month > 12) problems.expiry = "Month and year, like 12/31.";
  else if (new Date(year, month) <= new Date()) problems.expiry = "This date has passed.";
  if (!/^\d{3,4}$/.test(input.cvc)) problems.cvc = "Three or four digits.";
  if (Object.keys(problems).length) return { problems };
  return { card: { number, exp_month: month, exp_year: year, cvc: input.cvc } };
}
