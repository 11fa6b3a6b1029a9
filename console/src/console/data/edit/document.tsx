// A JSON column: as a tree with pickers where keys stand, or as text.
import { useRef, useState } from 'react';
import { Box, Button, Group, SegmentedControl, Text, Textarea } from '@mantine/core';
import type { Json } from '../../api/types';
import { writeJson } from '../../api/client';
import type { ControlProps } from './field';
import type { Faults } from './faults';
import { isObject } from '../../api/json';
import { readDocument, text } from './held';
import { Node } from './node';
import { skeleton, type LeafReference } from './references';
import { blank, emptied } from './scalar';
import { WithinContext } from './within';

/** A tree of more would be slow, and nobody could survey it. */
const NODES = 1500;

export function DocumentControl({ id, column, held, onChange, describedBy, fault, creating, leaves, faults, pointer
  }: ControlProps & { leaves: LeafReference[]; faults: Faults; pointer: string }) {
  const [mode, setMode] = useState<'tree' | 'text'>(() => (held.as === 'text' || (held.as === 'json' && sizeOf(held.value) > NODES) ? 'text' : 'tree'));
  const [typed, setTyped] = useState<string | null>(null);
  const plain = typed ?? (held.as === 'json' ? writeJson(held.value, 2) : held.as === 'text' ? held.text : '');
  const box = useRef<HTMLDivElement>(null);
  const start = (value: Json) => {
    onChange({ as: 'json', value });
    // The button that was pressed goes: on to the first field or button of the document.
    requestAnimationFrame(() => [...box.current?.querySelectorAll<HTMLElement>('button, input:not([type=radio]):not([type=hidden])') ?? []].at(0)?.focus());
  };
  const outline = leaves.length ? skeleton(leaves) : null;
  const change = (mode: string) => {
    setTyped(null);
    if (mode === 'tree' && held.as === 'text') {
      // Broken text has no tree; it stays until it is mended.
      return;
    }
    setMode(mode as 'tree' | 'text');
  };
  return (
    <Box role="group" aria-label={column.name} ref={box}>
      <SegmentedControl mb={4} id={id} size="xs" aria-label={`Show ${column.name} as`}
        data={[{ value: 'tree', label: 'tree' }, { value: 'text', label: 'JSON' }]} value={mode} onChange={change} disabled={held.as === 'text'} />
      {mode === 'text' && (
        <Textarea aria-label={`${column.name} as JSON`} aria-describedby={describedBy} error={Boolean(fault)} autosize minRows={3} maxRows={24}
          value={plain} placeholder={blank(column, held)} spellCheck={false}
          classNames={{ input: 'mono' }} disabled={column.generated}
          onChange={({ currentTarget: { value } }) => { setTyped(value); onChange(value.trim() ? textToHeld(value) : emptied(column, creating)); }} />
      )}
      {mode === 'tree' && held.as === 'json' && (
        <WithinContext.Provider value={{ leaves, faults }}>
          <Node value={held.value} pointer={pointer} pattern="" label={column.name} onChange={(value, at) => onChange({ as: 'json', value }, at)} />
        </WithinContext.Provider>
      )}
      {mode === 'tree' && (held.as === 'null' || held.as === 'left') && !column.generated && (
        <Group gap={6}>
          <Text size="xs" c="dimmed">Begin with</Text>
          {outline !== null && <Button size="compact-xs" variant="light" onClick={() => start(outline)}>{Array.isArray(outline) ? 'a list of keys' : 'its keys'}</Button>}
          <Button size="compact-xs" variant="default" onClick={() => start({})}>an object</Button>
          <Button size="compact-xs" variant="default" onClick={() => start([])}>a list</Button>
        </Group>
      )}
    </Box>
  );
}

function textToHeld(value: string) {
  const document = readDocument(value);
  return 'fault' in document ? text(value) : { as: 'json' as const, value: document.value };
}

function sizeOf(value: Json): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + sizeOf(one), 1);
  return isObject(value) ? Object.values(value).reduce((sum: number, one) => sum + sizeOf(one), 1) : 1;
}
