// Sets rectangles side by side in rows, so that all together are as wide for their height as is wanted.
import type { Point } from './arrange';

export interface Size { width: number; height: number }

export interface Packed extends Size { corners: Point[] }

/** `shape`: how many times as wide as high the whole shall be. */
export function pack(sizes: Size[], gap: number, shape: number): Packed {
  // The side that a screen of the shape must have to hold it.
  const cost = ({ width, height }: Size) => Math.max(width / shape, height);

  const widths = new Set(sizes.map((_, count) => sizes.slice(0, count + 1).reduce((sum, { width }) => sum + width + gap, 0)));
  const tried = [...widths].map((limit) => rows(sizes, gap, limit));
  return tried.reduce((best, one) => (cost(one) < cost(best) ? one : best));
}

// Beneath a low rectangle of a row further ones stand, as long as they fit under its height.
function rows(sizes: Size[], gap: number, limit: number): Packed {
  const corners: Point[] = sizes.map(() => ({ x: 0, y: 0 }));
  const order = sizes.map((_, index) => index).sort((one, other) => sizes[other]!.height - sizes[one]!.height || one - other);
  let [x, y, high, wide, under, column] = [0, 0, 0, 0, 0, 0];
  for (const index of order) {
    const { width, height } = sizes[index]!;
    if (column && under + gap + height <= high && width <= column) {
      corners[index] = { x, y: y + under + gap };
      under += gap + height;
    } else {
      x = column ? x + column + gap : x;
      if (x && x + width > limit) [x, y, high] = [0, y + high + gap * (high ? 1 : 0), 0];
      corners[index] = { x, y };
      [column, under, high] = [width, height, Math.max(high, height)];
    }
    wide = Math.max(wide, x + column);
  }
  return { corners, width: wide, height: y + high };
}
