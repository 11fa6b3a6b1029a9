// The one place that speaks to the server. JSON is read and written so that numbers keep all their digits.
import { isSafeNumber, LosslessNumber, parse, stringify } from 'lossless-json';
import type { ErrorBody, Json, JsonObject } from './types';

/** An answer that is an error, in REST's envelope. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly body: ErrorBody) {
    super(body.message);
  }
  get reason() { return this.body.context.reason; }
  get hint() { return this.body.context.hint; }
}

// Whole numbers that fit are plain numbers; others keep their text.
const number = (text: string) => (/^-?\d+$/.test(text) && isSafeNumber(text) ? Number(text) : new LosslessNumber(text));

export const readJson = (text: string) => parse(text, undefined, number) as Json;
export const writeJson = (value: unknown, space?: number) => stringify(value, undefined, space) ?? 'null';

interface Options {
  method?: string;
  body?: unknown;
  /** The revision that a change of the key file was made of. */
  revision?: string;
  signal?: AbortSignal;
  /** Further ones, such as `idempotency-key`. */
  headers?: Record<string, string>;
  /** Is given the answer, for its status and headers. */
  seen?: (answer: Response) => void;
}

/** Sends a request; throws an `ApiError` where the answer is an error. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const { status, ok, text } = await exchange(path, options);
  const value = text ? readable(text, status) : null;
  if (ok) return value as T;
  throw new ApiError(status, errorOf(value) ?? fault(status, `the server answers ${status}`));
}

/** Sends a request and tells its answer as it came, an error or not; throws only where none came. */
export async function exchange(path: string, { method = 'GET', body, revision, signal, headers: further, seen }: Options = {}) {
  const headers: Record<string, string> = { accept: 'application/json', ...further };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (revision) headers['if-match'] = `"${revision}"`;
  const begin = performance.now();
  const lost = (cause: unknown) => { throw signal?.aborted ? cause : unreachable(); };
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : writeJson(body) }).catch(lost);
  seen?.(answer);
  const text = await answer.text().catch(lost);
  return { status: answer.status, ok: answer.ok, text, milliseconds: performance.now() - begin };
}

/** Asks GraphQL; throws where the answer has errors. */
export async function graphql<T = JsonObject>(query: string, variables?: JsonObject, signal?: AbortSignal): Promise<T> {
  const answer = await request<{ data: T; errors?: { message: string; extensions?: { code?: string } }[] }>(
    '/graphql', { method: 'POST', body: { query, variables }, signal },
  );
  const error = answer.errors?.[0];
  if (error) throw new ApiError(200, { ...fault(200, error.message), context: { reason: error.extensions?.code ?? 'INTERNAL' } });
  return answer.data;
}

function readable(text: string, status: number) {
  try {
    return readJson(text);
  } catch {
    throw new ApiError(status, fault(status, 'the answer is not JSON'));
  }
}

function errorOf(value: Json): ErrorBody | null {
  const error = value && typeof value === 'object' && 'error' in value ? value.error : null;
  return (error as ErrorBody | null) ?? null;
}

/** What the console itself refuses, in the form of the server's errors. */
export const refusal = (message: string, hint: string, reason = 'INVALID_REQUEST') =>
  new ApiError(400, { code: 400, status_code: 400, message, context: { reason, hint } });

const fault = (status: number, message: string): ErrorBody =>
  ({ code: status, status_code: status, message, context: { reason: 'INTERNAL' } });

const unreachable = () => new ApiError(0, fault(0, 'the proxy does not answer'));
