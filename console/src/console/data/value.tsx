// A value as its column's type asks for it: NULL is told from the empty text, numbers have all their digits.
import { writeJson } from '../api/client';
import { isNumber } from '../api/json';
import type { Column, Json } from '../api/types';
import { textOf } from './rows';
import { Peek } from './peek';
import classes from './data.module.css';

const LONG = 60;

export function Value({ column, value, tabIndex, whole }: { column: Column; value: Json | undefined; tabIndex?: number; whole?: boolean }) {
  if (value === undefined) return <span className={classes.quiet} title="not read">…</span>;
  if (value === null) return <span className={classes.null}>NULL</span>;
  if (value === '') return <span className={classes.empty} title="empty text">''</span>;
  const json = column.type === 'json' || typeof value === 'object' && !('isLosslessNumber' in value);
  if (json && !whole) {
    const full = () => writeJson(value, 2);
    return <Clipped title={column.name} short={writeJson(value)} full={full} mono always={typeof value === 'object'} tabIndex={tabIndex} />;
  }
  if (json) return <span className="mono">{writeJson(value, 2)}</span>;
  const text = textOf(value);
  if (column.type === 'bytes') return <span className={classes.cell}><Bytes column={column} text={text} tabIndex={tabIndex} /></span>;
  if (whole) return <>{text}</>;
  if (isNumber(value)) return <span className={classes.clip} title={text}>{text}</span>;
  return text.length > LONG || text.includes('\n')
    ? <Clipped title={column.name} short={text} full={() => text} always tabIndex={tabIndex} />
    : <span className={classes.clip} title={text}>{text}</span>;
}

interface ClippedProps { title: string; short: string; full: () => string; always?: boolean; mono?: boolean; tabIndex?: number }

function Clipped({ title, short, full, always, mono, tabIndex }: ClippedProps) {
  return (
    <>
      <span className={`${classes.clip} ${mono ? 'mono' : ''}`}>{short.slice(0, 300)}</span>
      {always && <Peek title={title} text={full} tabIndex={tabIndex} />}
    </>
  );
}

function Bytes({ column, text, tabIndex }: { column: Column; text: string; tabIndex?: number }) {
  const length = Math.floor(text.replace(/=+$/, '').length * 3 / 4);
  return (
    <>
      <span className={classes.quiet}>{length} bytes</span>
      <span className={`${classes.clip} mono`}>{text.slice(0, 24)}{text.length > 24 ? '…' : ''}</span>
      {text.length > 24 && <Peek title={column.name} text={() => text} tabIndex={tabIndex} />}
    </>
  );
}
