// Saves a form: first what it would touch where others refer to a changed value, then the write; errors go to their fields.
import { useEffect, useRef, useState, type RefObject } from 'react';
import type { Catalog, JsonObject, Key } from '../../api/types';
import { ApiError, refusal, writeJson } from '../../api/client';
import { readRow } from '../../api/rest';
import { faultsOf, innermost } from './faults';
import type { KeyPreview } from './key-change';
import { referencedColumns } from './references';
import { refusalsOf } from './refused';
import type { Aim } from './stack';
import { tellWritten } from './told';
import type { Draft } from './use-draft';
import { forgetRows, insert, tryUpdate, update, writeName, type Written } from './write';

interface Given {
  aim: Aim;
  row: JsonObject;
  catalog: Catalog;
  draft: Draft;
  nested: boolean;
  box: RefObject<HTMLDivElement | null>;
  onSaved: (row: JsonObject) => void;
}

export function useSave({ aim, row, catalog, draft, nested, box, onSaved }: Given) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [preview, setPreview] = useState<KeyPreview | null>(null);
  const [failed, setFailed] = useState(0);
  const attempt = useRef({ body: '', name: '' });
  const known = useRef(row);
  const { table } = aim;

  // To the first field that is wrong, or to the words above all.
  useEffect(() => {
    if (!failed) return;
    const faulty = box.current?.querySelector<HTMLElement>(':is(input, textarea, select):is([aria-invalid="true"], :invalid)');
    (faulty ?? box.current?.querySelector('[role="alert"]'))?.scrollIntoView({ block: 'nearest' });
    faulty?.focus();
  }, [failed, box]);

  const fail = async (cause: unknown, record: JsonObject) => {
    const follows = (key: Key) => key.on_update !== 'cascade' && key.referenced.columns.some((name) => name in record);
    const refused = aim.does === 'edit' ? await refusalsOf(cause, catalog, table, [aim.id], follows) : null;
    if (refused) return setPreview({ refused });
    setFailed((times) => times + 1);
    if (!(cause instanceof ApiError)) return setProblem(cause);
    const error = innermost(cause);
    const faults = faultsOf(error, table, record);
    draft.setFaults(faults);
    if (!Object.keys(faults).length) setProblem(new ApiError(cause.status, error));
  };
  const write = async (record: JsonObject) => {
    // Sent again after an answer was lost, the same write has the same name, and is done once.
    const body = writeJson(record);
    if (attempt.current.body !== body) attempt.current = { body, name: writeName() };
    const { name } = attempt.current;
    const written: Written = aim.does === 'create' ? await insert(table, record, name) : await update(table, aim.id, record, name);
    tellWritten(aim.does === 'create' ? `A row of ${table.id} is added` : `${table.id} ${aim.id.join(', ')} is saved`, written, nested);
    onSaved(written.row);
    // Whoever opened the stack looks anew at what it shows; of the forms on top of the first it is not told.
    if (nested) void forgetRows();
  };
  // What somebody else has written meanwhile is told once before it is written over.
  const refuseOverwriting = async (id: string[], record: JsonObject) => {
    const now = await readRow(table, id);
    const changed = Object.keys(record).filter((name) => writeJson(now[name]) !== writeJson(known.current[name]));
    if (!changed.length) return;
    const told = changed.map((name) => `${name} was ${writeJson(known.current[name])} and is ${writeJson(now[name])}`);
    known.current = now;
    throw refusal(`the row was changed meanwhile: ${told.join('; ')}`, 'save once more to write over it', 'CONFLICT');
  };
  const during = async (record: JsonObject, work: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (cause) {
      setPreview(null);
      await fail(cause, record);
    }
    setBusy(false);
  };

  const start = async () => {
    if (busy || table.read_only) return;
    const collected = draft.collect();
    if ('faults' in collected || box.current?.querySelector(':is(input, textarea, select):invalid')) {
      draft.setFaults('faults' in collected ? collected.faults : {});
      setProblem(null);
      return setFailed((times) => times + 1);
    }
    const { record } = collected;
    if (aim.does === 'edit' && !Object.keys(record).length) return onSaved(row);
    await during(record, async () => {
      if (aim.does === 'edit') await refuseOverwriting(aim.id, record);
      const referenced = referencedColumns(catalog, table);
      if (aim.does === 'edit' && Object.keys(record).some((name) => referenced.has(name))) {
        const changes = await tryUpdate(table, aim.id, record);
        if (changes.some(({ foreign_key: key }) => key !== null)) return setPreview({ changes });
      }
      await write(record);
    });
  };
  const confirm = async () => {
    const collected = draft.collect();
    if ('record' in collected) await during(collected.record, () => write(collected.record));
  };
  return { busy, problem, preview, start, confirm, dismiss: () => setPreview(null) };
}
