import { useEffect } from "react";
import { ApiError, get, send } from "./client";
import { invalidate, setQuery, useQuery } from "./query";
import type { Card, Order, Payment } from "./types";

export type PaymentAnswer = { card: Card } | { authentication: "succeed" | "fail" };

const waiting = { Prefer: "wait=10" };

export function checkoutCart(cart: string, quote: string, card: Card | null, key: string): Promise<Order> {
  return send<Order>("POST", `/carts/${cart}/checkout`, card ? { quote, card } : { quote }, {
    idempotencyKey: key,
    headers: waiting,
  });
}

export function confirmPayment(payment: string, answer: PaymentAnswer, key: string): Promise<Order> {
  return send<Order>("POST", `/payment-intents/${payment}/confirm`, answer, { idempotencyKey: key, headers: waiting });
}

export function cancelPayment(payment: string): Promise<Order> {
  return send<Order>("POST", `/payment-intents/${payment}/cancel`);
}

/** Nothing about it will change any more without somebody doing something. */
export function isSettled(order: Order): boolean {
  return (
    order.status === "canceled" ||
    order.status === "expired" ||
    (order.status === "paid" && order.fulfilment_status === "fulfilled")
  );
}

export function keepOrder(order: Order): void {
  setQuery(`order:${order.id}`, order);
  invalidate("list:/orders");
  invalidate("list:/library");
}

/** An order, followed live: by server-sent events, and by asking where those do not get through. */
export function useOrder(id: string) {
  const query = useQuery<Order>(`order:${id}`, () => get<Order>(`/orders/${id}`), 5000);
  const live = query.data !== undefined && !isSettled(query.data);

  useEffect(() => {
    if (!live) return;
    let timer = 0;
    const source = new EventSource(`/v1/orders/${id}/events`);
    source.addEventListener("order", (event) => {
      keepOrder(JSON.parse((event as MessageEvent<string>).data) as Order);
    });
    source.onerror = () => {
      // A dropped connection is taken up again by the browser; a refused one is not.
      if (source.readyState === EventSource.CLOSED && timer === 0) timer = window.setInterval(query.reload, 3000);
    };
    return () => {
      source.close();
      window.clearInterval(timer);
    };
  }, [id, live]);
  return query;
}

const declines: Record<string, string> = {
  insufficient_funds: "There is not enough money on this card.",
  expired_card: "This card has expired.",
  incorrect_cvc: "The security code is not the card’s.",
  invalid_cvc: "The security code is not the card’s.",
  processing_error: "The bank could not process the payment just now.",
  authentication_failed: "The payment was not confirmed with your bank.",
  authentication_required: "Your bank wanted a confirmation and got none.",
  generic_decline: "Your bank declined the card.",
  card_declined: "Your bank declined the card.",
};

/** What the bank's refusal means to the buyer. */
export function declineText(decline: Payment["decline"]): string {
  const known = declines[decline?.decline_code ?? ""] ?? declines[decline?.code ?? ""];
  return known ?? decline?.message ?? "Your bank declined the card.";
}

/** The decline inside a 402, or null for every other error. */
export function declineOf(error: unknown): { order: string; payment: string; text: string } | null {
  if (!(error instanceof ApiError) || error.status !== 402) return null;
  const order = error.text("order");
  const payment = error.text("payment");
  if (!order || !payment) return null;
  return { order, payment, text: declineText({ code: error.code, decline_code: error.text("decline_code"), message: error.message }) };
}
