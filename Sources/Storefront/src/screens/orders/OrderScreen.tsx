import { useState } from "react";
import { messageOf } from "../../api/client";
import { cancelPayment, keepOrder, useOrder } from "../../api/orders";
import type { Order, Payment } from "../../api/types";
import { Link } from "../../app/Link";
import type { ScreenProps } from "../../app/screens";
import { Alert } from "../../components/Alert";
import { Button, ButtonLink } from "../../components/Button";
import { PageHeading } from "../../components/PageHeading";
import { Steps } from "../../components/Progress";
import { RowsSkeleton } from "../../components/Skeleton";
import { ScreenError } from "../../components/States";
import { toast } from "../../components/Toasts";
import { formatMoney, formatPrice, formatTime } from "../../lib/format";
import { PayPanel } from "../checkout/PayPanel";
import { OrderBadge } from "./OrderBadge";

export function OrderScreen({ parameters }: ScreenProps) {
  const query = useOrder(parameters.id ?? "");
  if (query.data) return <OrderPage order={query.data} />;
  if (query.error) return <ScreenError error={query.error} what="order" onRetry={query.reload} />;
  return <RowsSkeleton />;
}

function OrderPage({ order }: { order: Order }) {
  const waits = order.payment?.status === "requires_payment_method" || order.payment?.status === "requires_action";
  const payable = order.status === "open" && order.payment !== null && waits;
  return (
    <>
      <PageHeading
        title={`Order ${order.number}`}
        above={
          <nav className="crumbs" aria-label="Breadcrumb">
            <Link to="/orders">Orders</Link>
          </nav>
        }
        actions={<OrderBadge order={order} />}
      />
      <div className="with-side">
        <div className="stack">
          <section className="panel" aria-label="Progress">
            <Progress order={order} />
            <Outcome order={order} />
          </section>
          {payable && order.payment ? <PayAgain order={order} payment={order.payment} /> : null}
        </div>
        <aside className="panel side" aria-label="Summary">
          <h2>What you ordered</h2>
          <ul className="sum-lines" role="list">
            {order.items.map((item) => (
              <li className="sum" key={item.id}>
                <Link to={item.entitlement_id ? `/library/${item.entitlement_id}` : `/product/${item.slug}`}>
                  {item.title}
                </Link>
                <span>{formatPrice(item.price)}</span>
              </li>
            ))}
          </ul>
          <p className="sum sum-total">
            <span>Total</span>
            <strong>{formatMoney(order.total)}</strong>
          </p>
          <p className="fine">Placed on {formatTime(order.created_at)}</p>
        </aside>
      </div>
    </>
  );
}

function Progress({ order }: { order: Order }) {
  const over = order.status === "canceled" || order.status === "expired";
  const paid = order.status === "paid";
  const fulfilled = order.fulfilment_status === "fulfilled";
  const failed = over || order.payment?.status === "requires_payment_method";
  return (
    <Steps
      label="Progress of the order"
      steps={[
        { title: "Ordered", state: "done", detail: formatTime(order.created_at) },
        {
          title: "Paid",
          state: paid ? "done" : failed ? "failed" : "now",
          detail: order.paid_at ? formatTime(order.paid_at) : undefined,
        },
        {
          title: "In your library",
          state: fulfilled ? "done" : paid ? "now" : "next",
          detail: order.fulfilled_at ? formatTime(order.fulfilled_at) : undefined,
        },
      ]}
    />
  );
}

/** Where the order stands in a sentence; read out whenever it changes. */
function Outcome({ order }: { order: Order }) {
  const first = order.items.find((item) => item.entitlement_id);
  return (
    <div role="status" className="outcome">
      {order.status === "paid" && order.fulfilment_status === "fulfilled" ? (
        <>
          <p className="outcome-title">It is yours.</p>
          <p>Everything is in your library, ready to download.</p>
          <div className="actions">
            <ButtonLink
              to={order.items.length === 1 && first?.entitlement_id ? `/library/${first.entitlement_id}` : "/library"}
              icon="download"
            >
              Go to your downloads
            </ButtonLink>
          </div>
        </>
      ) : order.status === "paid" ? (
        <>
          <p className="outcome-title">Your payment went through.</p>
          <p>We are putting it into your library; this page follows along.</p>
        </>
      ) : order.status === "processing" ? (
        <>
          <p className="outcome-title">We are waiting for the bank.</p>
          <p>That rarely takes longer than a few seconds. This page follows along; you may also leave it.</p>
        </>
      ) : order.status === "canceled" ? (
        <p className="outcome-title">This order was canceled. Nothing was charged.</p>
      ) : order.status === "expired" ? (
        <p className="outcome-title">This order was not paid in time and has expired. Nothing was charged.</p>
      ) : (
        <p className="outcome-title">This order is not paid yet.</p>
      )}
    </div>
  );
}

function PayAgain({ order, payment }: { order: Order; payment: Payment }) {
  const [canceling, setCanceling] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const cancel = async () => {
    setCanceling(true);
    try {
      keepOrder(await cancelPayment(payment.id));
      toast("The order is canceled.");
    } catch (error) {
      setProblem(messageOf(error));
      setCanceling(false);
    }
  };
  return (
    <section className="panel" aria-labelledby="pay">
      <h2 id="pay">Pay by card</h2>
      <PayPanel
        key={`${payment.id} ${payment.number} ${payment.status}`}
        total={order.total}
        payment={payment}
        onDone={keepOrder}
      />
      {problem ? <Alert tone="bad">{problem}</Alert> : null}
      <div className="cancel-order">
        <Button look="quiet" busy={canceling} onClick={() => void cancel()}>
          Cancel the order
        </Button>
      </div>
    </section>
  );
}
