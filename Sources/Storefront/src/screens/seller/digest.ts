import type { DigestProgress } from "../../workers/digest-worker";

export interface Digest {
  result: Promise<string>;
  stop: () => void;
}

/** Computes a file's SHA-256 in a worker of its own, beside its upload. */
export function digestFile(file: File, onProgress: (done: number) => void): Digest {
  const worker = new Worker(DIGEST_WORKER_URL, { type: "module", name: "digest" });
  const result = new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<DigestProgress>) => {
      if (data.error !== undefined) reject(new Error(`The file could not be read: ${data.error}`));
      else if (data.sha256 !== undefined) resolve(data.sha256);
      else onProgress(data.done);
    };
    worker.onerror = () => reject(new Error("The checksum could not be computed."));
  });
  // A failure that comes while nobody waits yet is not unhandled: the upload asks later.
  result.catch(() => undefined).finally(() => worker.terminate());
  worker.postMessage(file);
  return { result, stop: () => worker.terminate() };
}
