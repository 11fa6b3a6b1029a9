// Signs on keys, the same on the page and in the exported picture. Each is drawn in a square of 12 around 0,0, or is a short text.
import type { MapKey } from './model';

export interface Mark {
  kind: 'cascade' | 'path' | 'junction' | 'orphans';
  /** For people. */
  title: string;
  path?: string;
  text?: string;
}

export const MARKS = {
  cascade: { kind: 'cascade', title: 'a delete cascades', path: 'M-3.5,-3.6L0,-0.4L3.5,-3.6M-3.5,0.6L0,3.8L3.5,0.6' },
  path: { kind: 'path', title: 'inside JSON', text: '{ }' },
  junction: { kind: 'junction', title: 'one of a pair that joins many to many', text: 'n:m' },
} as const satisfies Record<string, Mark>;

export const marksOf = ({ cascade, path, junction }: MapKey, orphans?: number): Mark[] => [
  ...(cascade ? [MARKS.cascade] : []),
  ...(path ? [MARKS.path] : []),
  ...(junction ? [MARKS.junction] : []),
  ...(orphans ? [{ kind: 'orphans', title: orphans === 1 ? 'orphan' : 'orphans', text: compact(orphans) } as const] : []),
];

export const markWidth = ({ text }: Mark) => (text ? Math.max(16, text.length * 6 + 8) : 16);

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
export const compact = (count: number) => short.format(count);

/** Each mark with its middle, in a row around 0. */
export function inRow(marks: Mark[]): { mark: Mark; x: number; width: number }[] {
  const widths = marks.map(markWidth);
  let x = -(widths.reduce((sum, width) => sum + width + 2, -2)) / 2;
  return marks.map((mark, index) => {
    const width = widths[index]!;
    const middle = x + width / 2;
    x += width + 2;
    return { mark, x: middle, width };
  });
}
