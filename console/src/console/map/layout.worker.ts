// Lays maps out off the main thread.
import { arrange, type Input } from './arrange';

addEventListener('message', ({ data }: MessageEvent<{ number: number; input: Input }>) => {
  const start = performance.now();
  const arranged = arrange(data.input);
  postMessage({ number: data.number, arranged, time: performance.now() - start });
});
