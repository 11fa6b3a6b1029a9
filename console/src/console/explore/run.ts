// Sends a request as it was built, and keeps what came back.
import { useMutation } from '@tanstack/react-query';
import { exchange, readJson, writeJson } from '../api/client';

export type Sent = { url: string; query?: undefined } | { url: string; query: string };
export interface Answer { status: number; milliseconds: number; text: string; cut: boolean }

/** More than this is not shown: the page would stand still. */
const SHOWN = 200_000;

export const useRun = () => useMutation({ mutationFn: run });

async function run({ url, query }: Sent): Promise<Answer> {
  const { status, milliseconds, text: answered } = await exchange(url, query === undefined ? {} : { method: 'POST', body: { query } });
  const text = pretty(answered);
  return { status, milliseconds, text: text.slice(0, SHOWN), cut: text.length > SHOWN };
}

// Numbers keep their digits.
function pretty(text: string) {
  try {
    return writeJson(readJson(text), 2);
  } catch {
    return text;
  }
}
