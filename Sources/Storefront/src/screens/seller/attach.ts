// Gives a product the uploads that have become ready for it, one change at a time.

import type { OwnProduct } from "./product";
import { setCover, setFiles } from "./product";
import { dropUpload, uploadsOf } from "./uploads";

let queue: Promise<unknown> = Promise.resolve();

/** Attaches what is ready; gives the product as it is then. */
export function attachReady(own: OwnProduct): Promise<OwnProduct> {
  const turn = queue.then(() => attach(own));
  queue = turn.catch(() => undefined);
  return turn;
}

async function attach(own: OwnProduct): Promise<OwnProduct> {
  let current = own;
  const ready = uploadsOf(own.value.id).filter((task) => task.phase === "ready" && task.upload);
  const cover = ready.filter((task) => task.purpose === "cover").pop();
  if (cover?.upload) {
    current = await setCover(own.value.id, cover.upload.id);
    for (const task of ready) if (task.purpose === "cover") dropUpload(task.id, { keepOnServer: true });
  }
  const known = current.value.files.map((file) => file.id);
  const added = ready
    .filter((task) => task.purpose === "file")
    .map((task) => task.upload?.id ?? "")
    .filter((id) => id !== "" && !known.includes(id));
  if (added.length) current = await setFiles(own.value.id, [...known, ...added]);
  for (const task of ready) if (task.purpose === "file") dropUpload(task.id, { keepOnServer: true });
  return current;
}
