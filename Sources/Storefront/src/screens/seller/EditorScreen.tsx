import { useQuery } from "../../api/query";
import { fetchOwnProduct } from "../../api/catalog";
import type { ScreenProps } from "../../app/screens";
import { isSeller, useSession } from "../../app/session";
import { PageSkeleton } from "../../components/Skeleton";
import { ScreenError } from "../../components/States";
import { Editor } from "./Editor";
import { ownProductKey, type OwnProduct } from "./product";
import { BuyersOnly } from "./SellerPage";

export function EditorScreen({ parameters }: ScreenProps) {
  const id = parameters.id ?? "new";
  const { user } = useSession();
  const seller = isSeller(user);
  const query = useQuery<OwnProduct>(id === "new" || !seller ? null : ownProductKey(id), () => fetchOwnProduct(id), 5000);
  if (!seller) return <BuyersOnly />;
  if (id === "new") return <Editor own={null} />;
  if (query.data) return <Editor own={query.data} />;
  if (query.error) return <ScreenError error={query.error} what="product" onRetry={query.reload} />;
  return <PageSkeleton />;
}
