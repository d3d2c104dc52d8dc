import type { ProductStatus } from "../../api/types";
import { Badge } from "../../components/Badge";

export function StatusBadge({ status }: { status: ProductStatus }) {
  if (status === "published") return <Badge tone="good">On the shelf</Badge>;
  if (status === "withdrawn") return <Badge tone="warn">Withdrawn</Badge>;
  return <Badge>Draft</Badge>;
}
