import type { Pages } from "../api/pages";
import { messageOf } from "../api/client";
import { Alert } from "./Alert";
import { Button } from "./Button";

/** Fetches the next page of a list and says how much is shown. */
export function MoreButton({ list, noun }: { list: Pages<unknown>; noun: string }) {
  if (!list.hasMore && !list.moreError) return null;
  return (
    <div className="more">
      {list.moreError ? <Alert tone="bad">{messageOf(list.moreError)}</Alert> : null}
      <Button look="secondary" busy={list.loadingMore} onClick={list.more}>
        Show more {noun}
      </Button>
    </div>
  );
}
