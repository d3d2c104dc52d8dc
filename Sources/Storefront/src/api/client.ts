// The fetch client: JSON in and out, problem+json (RFC 9457) as a thrown ApiError, idempotency keys, entity tags.

export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

export class ApiError extends Error {
  constructor(
    /** HTTP status, or 0 when no answer came. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** The problem document, with the members that its type adds. */
    readonly problem: Record<string, unknown> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  get fields(): FieldProblem[] {
    return Array.isArray(this.problem.errors) ? (this.problem.errors as FieldProblem[]) : [];
  }

  get requestId(): string | null {
    return typeof this.problem.request_id === "string" ? this.problem.request_id : null;
  }

  text(member: string): string | null {
    const value = this.problem[member];
    return typeof value === "string" ? value : null;
  }
}

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  idempotencyKey?: string;
  ifMatch?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  status: number;
  etag: string | null;
}

let onUnauthorized: () => void = () => undefined;

/** Called when a signed-in request is answered with 401: the session has ended on the server. */
export function whenUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  if (options.ifMatch) headers["If-Match"] = options.ifMatch;
  const init: RequestInit = { method, headers, credentials: "same-origin", signal: options.signal ?? null };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);

  let response: Response;
  try {
    response = await fetch(`/v1${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "network", "The server could not be reached. Check your connection and try again.");
  }
  if (response.ok) {
    const text = await response.text();
    return {
      data: (text ? JSON.parse(text) : null) as T,
      status: response.status,
      etag: response.headers.get("ETag"),
    };
  }
  const error = await problemOf(response);
  const ended = error.status === 401 && error.code !== "invalid_credentials";
  if (ended || error.code === "account_suspended") onUnauthorized();
  throw error;
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (parsed !== null && typeof parsed === "object") problem = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: a proxy's error page. The status alone has to do.
  }
  const code = typeof problem.code === "string" ? problem.code : `http_${response.status}`;
  const detail = [problem.detail, problem.title].find((text) => typeof text === "string" && text !== "");
  const retryAfter = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    code,
    typeof detail === "string" ? detail : "Something went wrong on the server.",
    problem,
    retryAfter > 0 ? retryAfter : null,
  );
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request<T>("GET", path, signal ? { signal } : {})).data;
}

export async function send<T>(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  return (await request<T>(method, path, { ...options, body })).data;
}

/** A fresh key for one attempt; repeat it when the same attempt is sent again after an unknown outcome. */
export function newIdempotencyKey(): string {
  // randomUUID exists in secure contexts only, and a first installation is often plain HTTP on a LAN.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text to show for any thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.retryAfter) {
    return `${error.message} Try again in ${error.retryAfter} s.`;
  }
  return error instanceof Error ? error.message : "Something went wrong.";
}
