// Where labels of highlighted keys stand: at the middle of their lines, and not on each other.
import type { Point } from './arrange';

export interface Label { id: string; text: string; x: number; y: number; width: number }

const HIGH = 15;

export function labelsOf(keys: { id: string; text: string; middle: Point; marked: boolean }[], size: number): Label[] {
  const placed: Label[] = [];
  const wanted = keys.map(({ id, text, middle, marked }) => ({ id, text, x: middle.x, y: middle.y - (marked ? 17 : 0) * size, width: (text.length * 6.7 + 10) * size }));
  for (const label of wanted.sort((one, other) => one.y - other.y)) {
    // Downwards until it is free.
    for (let met = over(label, placed, size); met; met = over(label, placed, size)) label.y = met.y + HIGH * size;
    placed.push(label);
  }
  return placed;
}

const over = (label: Label, placed: Label[], size: number) =>
  placed.find(({ x, y, width }) => Math.abs(x - label.x) < (width + label.width) / 2 && label.y - y < HIGH * size - 0.1 && y - label.y < HIGH * size - 0.1);
