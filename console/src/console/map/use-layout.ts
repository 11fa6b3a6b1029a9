// Asks the worker where tables stand, and remembers its answers: who comes back to the map finds it at once.
import { useEffect, useMemo, useState } from 'react';
import type { Arranged, Input } from './arrange';
import type { MapModel } from './model';

const KEPT = 6;
const known = new Map<string, Arranged>();
const waiting = new Map<number, { done: (arranged: Arranged) => void; failed: (error: Error) => void; start: number }>();
// Started with the view, while the catalog is still on its way.
let worker: Worker | undefined = started();
let asked = 0;

export interface Layout {
  /** The model that it was made for: while another one is laid out, the old map stays. */
  model: MapModel;
  arranged: Arranged;
}

export function useLayout(model: MapModel, tall: boolean): { layout?: Layout; error?: Error } {
  const [state, setState] = useState<{ layout?: Layout; error?: Error }>({});
  const input = useMemo(() => inputOf(model, tall), [model, tall]);
  useEffect(() => {
    let current = true;
    ask(input).then(
      (arranged) => current && setState({ layout: { model, arranged } }),
      (error: Error) => current && setState({ error }),
    );
    return () => { current = false; };
  }, [model, input]);
  return state;
}

const inputOf = ({ tables, keys }: MapModel, tall: boolean): Input => ({
  tall,
  tables: tables.map(({ id, source, width, height }) => ({ id, source, width, height })),
  keys: keys.map(({ id, from, to }) => ({ id, from, to })),
});

async function ask(input: Input): Promise<Arranged> {
  const text = JSON.stringify(input);
  const arranged = known.get(text) ?? await byWorker(input);
  known.delete(text);
  known.set(text, arranged);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return arranged;
}

function byWorker(input: Input): Promise<Arranged> {
  worker ??= started();
  const number = (asked += 1);
  return new Promise((done, failed) => {
    waiting.set(number, { done, failed, start: performance.now() });
    worker!.postMessage({ number, input });
  });
}

function started() {
  const made = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
  made.addEventListener('message', ({ data }: MessageEvent<{ number: number; arranged: Arranged; time: number }>) => {
    const { done, start } = waiting.get(data.number)!;
    waiting.delete(data.number);
    // For whoever measures: from question to answer, and the worker's own part of it.
    performance.measure('map-layout', { start, end: performance.now(), detail: { worker: data.time } });
    done(data.arranged);
  });
  made.addEventListener('error', ({ message }) => {
    for (const { failed } of waiting.values()) failed(new Error(`the map could not be laid out${message ? `: ${message}` : ''}`));
    waiting.clear();
    worker = undefined;
  });
  return made;
}
