// Digests a file slice by slice, off the page's thread, while the same file is being uploaded.

import { SHA256 } from "../lib/sha256";

export interface DigestProgress {
  done: number;
  sha256?: string;
  error?: string;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<File>) => void) | null;
  postMessage(message: DigestProgress): void;
}

// The DOM's types and a worker's can't both be loaded in one project; this is all that is used of the latter.
const scope = self as unknown as WorkerScope;
/** Large enough to hide the cost of a read, small enough that two workers stay below 16 MiB. */
const sliceBytes = 4 * 1024 * 1024;

scope.onmessage = async ({ data: file }) => {
  try {
    const digest = new SHA256();
    for (let offset = 0; offset < file.size; offset += sliceBytes) {
      const slice = await file.slice(offset, offset + sliceBytes).arrayBuffer();
      digest.update(new Uint8Array(slice));
      scope.postMessage({ done: Math.min(offset + sliceBytes, file.size) });
    }
    scope.postMessage({ done: file.size, sha256: digest.hex() });
  } catch (error) {
    scope.postMessage({ done: 0, error: error instanceof Error ? error.message : String(error) });
  }
};
