import type { FileKind, Money } from "../api/types";

const moneyFormats = new Map<string, { format: Intl.NumberFormat; digits: number }>();

function moneyFormat(currency: string): { format: Intl.NumberFormat; digits: number } {
  let known = moneyFormats.get(currency);
  if (!known) {
    const format = new Intl.NumberFormat(undefined, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    known = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
    moneyFormats.set(currency, known);
  }
  return known;
}

/** Minor units to text, with the exponent that ISO 4217 gives the currency. */
export function formatMoney(money: Money): string {
  const { format, digits } = moneyFormat(money.currency);
  return format.format(money.amount / 10 ** digits);
}

export function formatPrice(money: Money): string {
  return money.amount === 0 ? "Free" : formatMoney(money);
}

/** Minor units to what a price field holds: a plain decimal. */
export function moneyToInput(money: Money): string {
  return (money.amount / 10 ** moneyFormat(money.currency).digits).toFixed(moneyFormat(money.currency).digits);
}

/** What a person typed as a price to minor units, or null when it is no price. Comma and point both separate. */
export function inputToAmount(text: string, currency: string): number | null {
  const { digits } = moneyFormat(currency);
  const match = /^(\d{1,7})(?:[.,](\d+))?$/.exec(text.trim());
  if (!match) return null;
  const fraction = match[2] ?? "";
  if (fraction.length > digits) return null;
  return Number(`${match[1] ?? "0"}${fraction.padEnd(digits, "0")}`);
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? "B"}`;
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function formatDate(time: string): string {
  return dateFormat.format(new Date(time));
}

export function formatTime(time: string): string {
  return timeFormat.format(new Date(time));
}

const kindNames: Record<FileKind, string> = {
  ebook: "E-book",
  document: "Document",
  audio: "Audio",
  image: "Image",
  font: "Font",
  archive: "Archive",
  software: "Software",
  video: "Video",
  other: "File",
};

export function kindName(kind: FileKind): string {
  return kindNames[kind] ?? "File";
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

export function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  return dot > 0 ? filename.slice(dot + 1).toUpperCase().slice(0, 5) : "";
}
