import type { Order } from "../../api/types";
import { Badge } from "../../components/Badge";

export function OrderBadge({ order }: { order: Order }) {
  if (order.payment_status === "refunded") return <Badge tone="warn">Refunded</Badge>;
  if (order.payment_status === "partially_refunded") return <Badge tone="warn">Partly refunded</Badge>;
  switch (order.status) {
    case "paid":
      return <Badge tone="good">Paid</Badge>;
    case "processing":
      return <Badge tone="accent">Processing</Badge>;
    case "canceled":
      return <Badge>Canceled</Badge>;
    case "expired":
      return <Badge>Expired</Badge>;
    case "open":
      return <Badge tone="warn">Not paid yet</Badge>;
  }
}
