// The map as a picture that stands alone: all text is escaped, and it has the colours of both schemes.
import { DEFAULT_THEME } from '@mantine/core';
import { sourceColour } from '../theme';
import { around, curveOf, type Box } from './geometry';
import { inRow, marksOf, compact, type Mark } from './marks';
import { HEAD, LINE, type MapKey, type MapModel, type MapTable } from './model';
import type { Point } from './arrange';

interface Scene {
  model: MapModel;
  boxes: ReadonlyMap<string, Box>;
  lanes: Record<string, Point[]>;
  orphans: ReadonlyMap<string, number>;
  /** All sources, whose order gives their colours. */
  sources: { name: string }[];
}

export function svgOf({ model, boxes, lanes, orphans, sources }: Scene): string {
  const frames = model.sources
    .map((source) => ({ source, of: model.tables.filter((table) => table.source === source.name).map(({ id }) => boxes.get(id)!) }))
    .filter(({ of }) => of.length).map(({ source, of }) => ({ source, box: around(of) }));
  const curves = new Map(model.keys.map((key) => [key.id, curveOf(key, boxes.get(key.from)!, boxes.get(key.to)!, lanes[key.id])]));
  const page = extent(frames.map(({ box }) => box), [...curves.values()].map(({ middle }) => middle));
  const rect = `x="${page.x}" y="${page.y}" width="${page.width}" height="${page.height}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${page.x} ${page.y} ${page.width} ${page.height}" width="${page.width}" height="${page.height}"`,
    ' font-family="system-ui, sans-serif">',
    `<title>${model.tables.length} tables, ${model.keys.length} keys</title>`,
    `<style>${style(sources)}</style>`,
    `<rect class="page" ${rect}/>`,
    ...frames.map(({ source, box }) => frame(source.name, source.kind, sources, box)),
    ...model.keys.map((key) => edge(key, curves.get(key.id)!)),
    ...model.tables.map((table) => node(table, sources, boxes.get(table.id)!)),
    ...model.keys.map((key) => signs(key, curves.get(key.id)!.middle, orphans.get(key.id))),
    '</svg>\n',
  ].join('\n');
}

// Keys bend outside of the boxes; a curve's middle is where it is farthest out.
function extent(boxes: Box[], middles: Point[]): Box {
  const xs = [...boxes.flatMap(({ x, width }) => [x, x + width]), ...middles.map(({ x }) => x)];
  const ys = [...boxes.flatMap(({ y, height }) => [y, y + height]), ...middles.map(({ y }) => y)];
  const [x, y] = [Math.floor(least(xs)) - 30, Math.floor(least(ys)) - 20];
  return { x, y, width: Math.ceil(-least(xs.map((one) => -one))) + 30 - x, height: Math.ceil(-least(ys.map((one) => -one))) + 20 - y };
}

const least = (numbers: number[]) => numbers.reduce((one, other) => Math.min(one, other), Infinity);

function frame(name: string, kind: string, sources: { name: string }[], { x, y, width, height }: Box) {
  return `<g class="${classOf(sources, name)}"><rect class="source" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`
    + `<text class="caption" x="${x + 14}" y="${y + 24}"><tspan font-weight="600">${escaped(name)}</tspan><tspan class="dim" dx="6">${escaped(kind)}</tspan></text></g>`;
}

function node({ id, name, source, rows, view, readOnly, lines }: MapTable, sources: { name: string }[], { x, y, width, height }: Box) {
  const shown = fitting(name, (width - (rows === null ? 18 : 44)) / 7.6);
  const more = [view && 'view', readOnly && 'read-only'].filter(Boolean).join(', ');
  return [
    `<g class="${classOf(sources, source)}" transform="translate(${x},${y})"><title>${escaped(id)}${more && ` (${more})`}</title>`,
    `<rect class="table" width="${width}" height="${height}" rx="4"/><path class="stripe" d="M4,0h${width - 8}a4,4 0 0 1 4,4h-${width}a4,4 0 0 1 4,-4z"/>`,
    `<text class="name" x="10" y="${HEAD - 7}"${view ? ' font-style="italic"' : ''}>${escaped(shown)}</text>`,
    rows === null ? '' : `<text class="dim" x="${width - 8}" y="${HEAD - 7}" text-anchor="end" font-size="11">${compact(rows)}</text>`,
    ...lines.map(({ text, type, primary }, index) =>
      `<g transform="translate(0,${HEAD + (index + 1) * LINE - 5})"${primary ? ' font-weight="600"' : ''}>`
      + `<text class="line" x="10">${escaped(fitting(text, (width - type.length * 5.6 - 26) / 6.6))}</text>`
      + `<text class="dim" x="${width - 8}" text-anchor="end" font-size="10" font-weight="400">${escaped(type)}</text></g>`),
    '</g>',
  ].join('');
}

const edge = ({ key, id, from, to, label }: MapKey, { line, head }: { line: string; head: string }) =>
  `<g class="key ${key.virtual ? 'virtual' : 'native'}" id="key-${escaped(id)}"><title>${escaped(`${from} → ${to}: ${label}`)}</title>`
  + `<path d="${line}"/><path class="head" d="${head}"/></g>`;

function signs(key: MapKey, { x, y }: Point, orphans?: number) {
  const marks = inRow(marksOf(key, orphans));
  return marks.length ? `<g transform="translate(${x},${y})">${marks.map(({ mark, x, width }) => sign(mark, x, width)).join('')}</g>` : '';
}

const sign = ({ kind, title, text, path }: Mark, x: number, width: number) =>
  `<g class="mark ${kind}" transform="translate(${x},0)"><title>${escaped(text && kind === 'orphans' ? `${text} ${title}` : title)}</title>`
  + `<rect x="${-width / 2}" y="-8" width="${width}" height="16" rx="8"/>`
  + `${path ? `<path d="${path}"/>` : `<text y="3.5">${escaped(text ?? '')}</text>`}</g>`;

const fitting = (text: string, chars: number) => (text.length > chars ? `${text.slice(0, Math.max(1, Math.floor(chars) - 1))}…` : text);

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  // XML has no control characters, not even as references.
  .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');

const classOf = (sources: { name: string }[], name: string) => `s${Math.max(0, sources.findIndex((one) => one.name === name))}`;

function style(sources: { name: string }[]) {
  const shade = (name: string, shade: number) => DEFAULT_THEME.colors[sourceColour(sources, name)]![shade]!;
  const scheme = (light: boolean) => [
    `.page{fill:${light ? '#fff' : '#242424'}}.table{fill:${light ? '#fff' : '#2e2e2e'};stroke:${light ? '#ced4da' : '#4a4a4a'}}`,
    `text{fill:${light ? '#212529' : '#e0e0e0'}}.dim{fill:${light ? '#566069' : '#a8b0b8'}}`,
    `.native{--key:${light ? '#5c6670' : '#a8b0b8'}}.virtual{--key:${light ? '#4263eb' : '#91a7ff'}}`,
    `.mark rect{fill:${light ? '#fff' : '#2e2e2e'};stroke:${light ? '#868e96' : '#8a8a8a'}}.mark path{stroke:${light ? '#212529' : '#e0e0e0'}}`,
    ...sources.map(({ name }, index) => `.s${index}{--source:${shade(name, light ? 6 : 5)}}`),
  ].join('');
  return `${scheme(true)}@media(prefers-color-scheme:dark){${scheme(false)}}`
    + '.source{fill:var(--source);fill-opacity:.07;stroke:var(--source);stroke-opacity:.5}.stripe{fill:var(--source)}'
    + '.name{font-size:13px;font-weight:600}.caption{font-size:13px}.line{font-size:11px;font-family:ui-monospace,monospace}'
    + '.key path{fill:none;stroke:var(--key);stroke-width:1.5}.key.virtual path{stroke-dasharray:6 4}.key .head{fill:var(--key);stroke:none}'
    + '.mark text{font-size:10px;text-anchor:middle}.mark path{fill:none;stroke-width:1.4}'
    + '.orphans rect{fill:#c92a2a!important;stroke:#c92a2a!important}.orphans text{fill:#fff;font-weight:600}';
}
