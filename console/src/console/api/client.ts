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
export async function request<T>(path: string, { method = 'GET', body, revision, signal, headers: further, seen }: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...further };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (revision) headers['if-match'] = `"${revision}"`;
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : writeJson(body) })
    .catch((cause: unknown) => { if (signal?.aborted) throw cause; throw unreachable(); });
  seen?.(answer);
  const text = await answer.text();
  const value = text ? readable(text, answer.status) : null;
  if (answer.ok) return value as T;
  throw new ApiError(answer.status, errorOf(value) ?? fault(answer.status, `the server answers ${answer.status}`));
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

const fault = (status: number, message: string): ErrorBody =>
  ({ code: status, status_code: status, message, context: { reason: 'INTERNAL' } });

const unreachable = () => new ApiError(0, fault(0, 'the proxy does not answer'));
