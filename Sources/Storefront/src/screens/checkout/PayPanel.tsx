import { useRef, useState } from "react";
import { ApiError, messageOf, newIdempotencyKey } from "../../api/client";
import { confirmPayment, declineOf, declineText } from "../../api/orders";
import type { Card, Money, Order, Payment } from "../../api/types";
import { Button } from "../../components/Button";
import { Alert } from "../../components/Alert";
import { formatMoney } from "../../lib/format";
import { CardForm } from "./CardForm";
import { Challenge } from "./Challenge";

interface PayPanelProps {
  total: Money;
  /** The payment of an order that exists; null while there is only a cart. */
  payment: Payment | null;
  /** Makes the order and pays it, for a cart. */
  checkout?: (card: Card | null, key: string) => Promise<Order>;
  /** Paid, or being processed: nothing more for the buyer to do. */
  onDone: (order: Order) => void;
  /** An order exists from here on, whatever becomes of its payment. */
  onOrder?: (id: string) => void;
  /** The cart is not what it was (409); true when that has been shown. */
  onConflict?: (error: ApiError) => boolean;
}

/** Pays: a card, the bank's question, a decline and the next try, on one spot. */
export function PayPanel({ total, payment, checkout, onDone, onOrder, onConflict }: PayPanelProps) {
  const [paying, setPaying] = useState(false);
  const [answering, setAnswering] = useState<"succeed" | "fail" | null>(null);
  const [paymentId, setPaymentId] = useState<string | null>(payment?.id ?? null);
  const [asked, setAsked] = useState(payment?.status === "requires_action");
  const [declined, setDeclined] = useState<string | null>(
    payment?.decline ? declineText(payment.decline) : null,
  );
  const [error, setError] = useState<string | null>(null);
  // One attempt keeps its key as long as its outcome is unknown, so that pressing again can't charge twice.
  const attempt = useRef<{ body: string; key: string } | null>(null);

  const settle = (order: Order) => {
    onOrder?.(order.id);
    setPaymentId(order.payment?.id ?? null);
    setAsked(order.payment?.status === "requires_action");
    if (order.payment?.status === "requires_action") return;
    if (order.payment?.status === "requires_payment_method") {
      setDeclined(declineText(order.payment.decline));
      return;
    }
    onDone(order);
  };

  const run = async (body: string, action: (key: string) => Promise<Order>) => {
    if (attempt.current?.body !== body) attempt.current = { body, key: newIdempotencyKey() };
    setDeclined(null);
    setError(null);
    try {
      const order = await action(attempt.current.key);
      attempt.current = null;
      settle(order);
    } catch (problem) {
      const unknown =
        problem instanceof ApiError &&
        (problem.status === 0 || problem.status >= 500 || problem.code === "request_in_flight");
      if (!unknown) attempt.current = null;
      const decline = declineOf(problem);
      if (decline) {
        setPaymentId(decline.payment);
        setAsked(false);
        setDeclined(decline.text);
        onOrder?.(decline.order);
      } else if (!(problem instanceof ApiError && problem.status === 409 && onConflict?.(problem))) {
        setError(messageOf(problem));
      }
    }
  };

  const pay = async (card: Card | null) => {
    if (paying) return;
    setPaying(true);
    await run(JSON.stringify([paymentId, card]), (key) => {
      if (paymentId && card) return confirmPayment(paymentId, { card }, key);
      if (checkout) return checkout(card, key);
      return Promise.reject(new Error("There is nothing to pay."));
    });
    setPaying(false);
  };

  const answer = async (authentication: "succeed" | "fail") => {
    if (!paymentId || answering) return;
    setAnswering(authentication);
    await run(JSON.stringify([paymentId, authentication]), (key) => confirmPayment(paymentId, { authentication }, key));
    setAnswering(null);
  };

  if (total.amount === 0 && checkout) {
    return (
      <div className="form">
        {error ? <Alert tone="bad">{error}</Alert> : null}
        <Button wide busy={paying} onClick={() => void pay(null)}>
          Get it for free
        </Button>
      </div>
    );
  }
  return (
    <>
      <CardForm
        label={`${declined ? "Pay again:" : "Pay"} ${formatMoney(total)}`}
        busy={paying}
        declined={declined}
        error={error}
        onPay={(card) => void pay(card)}
      />
      {asked ? <Challenge amount={total} answering={answering} onAnswer={(given) => void answer(given)} /> : null}
    </>
  );
}
