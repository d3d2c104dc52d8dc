// Uploads outlive the screen that started them: going elsewhere in the shop and coming back finds them still running.

import { ApiError, get, messageOf, send } from "../../api/client";
import type { Upload } from "../../api/types";
import { Store, useStore } from "../../lib/store";
import { digestFile, type Digest } from "./digest";

export type Phase = "waiting" | "sending" | "checking" | "ready" | "refused" | "failed";

export interface UploadTask {
  id: number;
  file: File;
  purpose: "file" | "cover";
  /** The product that it is for, or "new". */
  product: string;
  phase: Phase;
  sent: number;
  hashed: number;
  started: number;
  upload: Upload | null;
  /** What this browser computed; compared with what the server did. */
  sha256: string | null;
  problem: string | null;
}

interface Running {
  request: XMLHttpRequest | null;
  digest: Digest | null;
  stopped: boolean;
}

const tasks = new Store<UploadTask[]>([]);
const running = new Map<number, Running>();
/** More at once would only share the same line. */
const atOnce = 2;
let count = 0;

export function useUploads(product: string): UploadTask[] {
  return useStore(tasks).filter((task) => task.product === product);
}

export function uploadsOf(product: string): UploadTask[] {
  return tasks.get().filter((task) => task.product === product);
}

export function startUploads(files: File[], purpose: "file" | "cover", product: string): void {
  const added = files.map<UploadTask>((file) => ({
    id: ++count,
    file,
    purpose,
    product,
    phase: "waiting",
    sent: 0,
    hashed: 0,
    started: 0,
    upload: null,
    sha256: null,
    problem: file.size === 0 ? "The file is empty." : null,
  }));
  tasks.set([...tasks.get(), ...added.map((task) => (task.problem ? { ...task, phase: "failed" as const } : task))]);
  next();
}

/** The product got its id: what was uploaded for it goes along. */
export function adoptUploads(product: string): void {
  tasks.set(tasks.get().map((task) => (task.product === "new" ? { ...task, product } : task)));
}

export function retryUpload(id: number): void {
  change(id, { phase: "waiting", sent: 0, hashed: 0, upload: null, sha256: null, problem: null });
  next();
}

/** Ends an upload wherever it is; what the server holds of it is deleted. */
export function dropUpload(id: number, options: { keepOnServer?: boolean } = {}): void {
  const task = tasks.get().find((candidate) => candidate.id === id);
  const work = running.get(id);
  if (work) {
    work.stopped = true;
    work.request?.abort();
    work.digest?.stop();
    running.delete(id);
  }
  tasks.set(tasks.get().filter((candidate) => candidate.id !== id));
  // An upload that stays behind is swept after a day.
  if (task?.upload && !options.keepOnServer) send("DELETE", `/uploads/${task.upload.id}`).catch(() => undefined);
  next();
}

function change(id: number, part: Partial<UploadTask>): void {
  tasks.set(tasks.get().map((task) => (task.id === id ? { ...task, ...part } : task)));
}

function next(): void {
  const sending = tasks.get().filter((task) => task.phase === "sending").length;
  const waiting = tasks.get().find((task) => task.phase === "waiting");
  if (waiting && sending < atOnce) {
    void run(waiting);
    next();
  }
}

async function run(task: UploadTask): Promise<void> {
  const work: Running = { request: null, digest: null, stopped: false };
  running.set(task.id, work);
  change(task.id, { phase: "sending", started: Date.now() });
  const { file, id } = task;
  try {
    const upload = await send<Upload>("POST", "/uploads", {
      filename: file.name,
      size: file.size,
      content_type: typeOf(file),
      purpose: task.purpose,
    });
    change(id, { upload });
    if (work.stopped) return;
    work.digest = digestFile(file, (hashed) => change(id, { hashed }));
    await put(file, upload, work, (sent) => change(id, { sent }));
    change(id, { phase: "checking", sent: file.size });
    next();
    const sha256 = await work.digest.result;
    change(id, { sha256, hashed: file.size });
    const accepted = await send<Upload>("POST", `/uploads/${upload.id}/complete`, { sha256 });
    await watch(id, accepted, sha256, work);
  } catch (error) {
    if (!work.stopped) change(id, { phase: "failed", problem: messageOf(error) });
  } finally {
    work.digest?.stop();
    if (running.get(id) === work) running.delete(id);
    next();
  }
}

function put(file: File, upload: Upload, work: Running, onProgress: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const target = upload.upload;
    if (!target) {
      reject(new Error("The server gave no address to send the file to."));
      return;
    }
    // XMLHttpRequest, as fetch tells nothing about a request body's progress.
    const request = new XMLHttpRequest();
    work.request = request;
    request.open(target.method, target.url);
    for (const [name, value] of Object.entries(target.headers)) {
      // The browser sets this one itself and refuses it from a script.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiError(request.status, "upload_failed", problemText(request)));
    };
    request.onerror = () => reject(new Error("The connection was lost while sending."));
    request.onabort = () => reject(new Error("Stopped."));
    request.send(file);
  });
}

function problemText(request: XMLHttpRequest): string {
  try {
    const problem = JSON.parse(request.responseText) as { detail?: string };
    if (problem.detail) return problem.detail;
  } catch {
    // Not a problem document.
  }
  return `The server refused the file (${request.status}).`;
}

/** Follows the ingestion: often at first, then less and less. */
async function watch(id: number, first: Upload, sha256: string, work: Running): Promise<void> {
  let upload = first;
  for (let delay = 250; ; delay = Math.min(delay * 1.5, 5000)) {
    change(id, { upload });
    if (upload.state === "rejected" || upload.state === "quarantined") {
      const reason = upload.problem?.detail ?? "It did not pass the checks.";
      change(id, { phase: "refused", problem: reason });
      return;
    }
    if (upload.state === "ready") {
      const same = upload.report === null || upload.report.sha256 === sha256;
      if (same) change(id, { phase: "ready" });
      else change(id, { phase: "refused", problem: "What arrived is not what was sent: the checksums differ. Send it again." });
      return;
    }
    await new Promise((resolve) => window.setTimeout(resolve, delay));
    if (work.stopped) return;
    try {
      upload = await get<Upload>(`/uploads/${upload.id}`);
    } catch (error) {
      // A server that restarts is asked again; a refusal is final.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    if (work.stopped) return;
  }
}

const types: Record<string, string> = {
  epub: "application/epub+zip",
  flac: "audio/flac",
  otf: "font/otf",
  ttf: "font/ttf",
  woff2: "font/woff2",
  "7z": "application/x-7z-compressed",
  md: "text/markdown",
};

function typeOf(file: File): string {
  const extension = file.name.split(".").pop()?.toLowerCase() ?? "";
  return file.type || types[extension] || "application/octet-stream";
}

window.addEventListener("beforeunload", (event) => {
  if (tasks.get().some((task) => task.phase === "sending" || task.phase === "waiting")) event.preventDefault();
});
