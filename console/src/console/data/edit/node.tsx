// A part of a document: an object with its members, a list with its elements, or a single value.
import { useRef, useState, type ReactNode } from 'react';
import { ActionIcon, Box, Button, Group, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconChevronUp, IconPlus, IconTrash } from '@tabler/icons-react';
import type { Json, JsonObject } from '../../api/types';
import { isObject } from '../../api/json';
import { KindSelect, Leaf } from './leaf';
import { escaped, membersBelow, nextElement, skeleton } from './references';
import { useWithin } from './within';

export interface NodeProps {
  value: Json;
  /** Where it stands in the row: `/items/0/product`. */
  pointer: string;
  /** The same for all elements of a list, below the column: `/[]/product`. */
  pattern: string;
  /** Its name for screen readers. */
  label: string;
  /** `at`: what of the row has another value now. */
  onChange: (value: Json, at: string) => void;
}

export function Node(props: NodeProps) {
  const { value } = props;
  if (Array.isArray(value)) return <List {...props} value={value} />;
  return isObject(value) ? <Members {...props} value={value} /> : <Leaf {...props} />;
}

/** The hand stays near what was removed. */
function focusAfterRemoval(box: HTMLElement | null, at: number) {
  setTimeout(() => {
    const near = box?.querySelector<HTMLElement>(`:scope > [data-at="${at}"] > [data-remove]`)
      ?? box?.querySelector<HTMLElement>(`:scope > [data-at="${at - 1}"] > [data-remove]`);
    (near ?? [...(box?.querySelectorAll<HTMLElement>('[data-add]') ?? [])].at(-1))?.focus();
  });
}

const isBranch = (value: Json) => Array.isArray(value) || isObject(value);

function Members({ value, pointer, pattern, label, onChange }: Omit<NodeProps, 'value'> & { value: JsonObject }) {
  const { leaves } = useWithin();
  const box = useRef<HTMLDivElement>(null);
  const names = Object.keys(value);
  const missing = membersBelow(leaves, pattern).filter((name) => name !== '[]' && !(name in value));
  const add = (name: string, member: Json) => {
    onChange({ ...value, [name]: member }, `${pointer}/${escaped(name)}`);
    // What comes next is to be filled in.
    const within = member === null && missing.includes(name) ? '.edit-value ' : '';
    setTimeout(() => box.current?.querySelector<HTMLElement>(`:scope > [data-at="${names.length}"] ${within}input`)?.focus());
  };
  const rename = (from: string, to: string) => onChange(Object.fromEntries(Object.entries(value).map(([name, member]) => [name === from ? to : name, member])), pointer);
  const fresh = () => {
    let number = names.length + 1;
    while (`member${number}` in value) number++;
    return `member${number}`;
  };
  return (
    <Box ref={box} className="edit-node" role="group" aria-label={label}>
      {names.map((name, at) => (
        <Box key={at} className="edit-member" data-at={at} data-branch={isBranch(value[name]!) ? true : undefined}>
          <MemberName name={name} taken={names} label={label} onRename={(to) => rename(name, to)} />
          <Part value={value[name]!} pointer={`${pointer}/${escaped(name)}`} pattern={`${pattern}/${escaped(name)}`} label={`${label}.${name}`}
            onChange={(member, at) => onChange({ ...value, [name]: member }, at)}>
            <Remove label={`${label}.${name}`}
              onClick={() => { onChange(Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)), pointer); focusAfterRemoval(box.current, at); }} />
          </Part>
        </Box>
      ))}
      <Group gap={6} mt={4}>
        {missing.map((name) => (
          <Button key={name} size="compact-xs" variant="light" leftSection={<IconPlus size={12} aria-hidden />}
            onClick={() => add(name, skeleton(leaves, `${pattern}/${escaped(name)}`))}>{name}</Button>
        ))}
        <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} aria-hidden />} data-add aria-label={`Add a member to ${label}`}
          onClick={() => add(fresh(), '')}>member</Button>
      </Group>
    </Box>
  );
}

function List({ value, pointer, pattern, label, onChange }: Omit<NodeProps, 'value'> & { value: Json[] }) {
  const { leaves } = useWithin();
  const box = useRef<HTMLDivElement>(null);
  const move = (from: number, to: number) => {
    const moved = [...value];
    moved.splice(to, 0, ...moved.splice(from, 1));
    onChange(moved, pointer);
    // The hand stays on what it moves; at an end its button cannot be pressed any more.
    setTimeout(() => {
      const element = box.current?.querySelector(`:scope > [data-at="${to}"]`);
      const button = (way: string) => element?.querySelector<HTMLElement>(`[data-move="${way}"]:not(:disabled)`);
      (button(to > from ? 'down' : 'up') ?? button(to > from ? 'up' : 'down'))?.focus();
    });
  };
  const add = () => {
    onChange([...value, nextElement(value, leaves, pattern)], `${pointer}/${value.length}`);
    setTimeout(() => {
      const element = box.current?.querySelector(`:scope > [data-at="${value.length}"]`);
      (element?.querySelector<HTMLElement>('.edit-value :is(input, textarea)') ?? element?.querySelector<HTMLElement>('input, select'))?.focus();
    });
  };
  return (
    <Box ref={box} className="edit-node" role="group" aria-label={label}>
      {value.map((element, at) => (
        // Elements have no names of their own, and what a picker keeps to itself ends when it closes.
        <Box key={at} className="edit-member" data-at={at} data-branch={isBranch(element) ? true : undefined}>
          <Group gap={2} wrap="nowrap" pt={3}>
            <Text size="xs" c="dimmed" className="mono" w={28}>{at}</Text>
            <ActionIcon variant="subtle" size="sm" data-move="up" disabled={at === 0} aria-label={`Move ${label}[${at}] up`}
              onClick={() => move(at, at - 1)}><IconChevronUp size={14} /></ActionIcon>
            <ActionIcon variant="subtle" size="sm" data-move="down" disabled={at === value.length - 1} aria-label={`Move ${label}[${at}] down`}
              onClick={() => move(at, at + 1)}><IconChevronDown size={14} /></ActionIcon>
          </Group>
          <Part value={element} pointer={`${pointer}/${at}`} pattern={`${pattern}/[]`} label={`${label}[${at}]`}
            onChange={(changed, where) => onChange(value.map((other, position) => (position === at ? changed : other)), where)}>
            <Remove label={`${label}[${at}]`} onClick={() => {
              onChange(value.filter((_, position) => position !== at), pointer);
              focusAfterRemoval(box.current, at);
            }} />
          </Part>
        </Box>
      ))}
      {!value.length && <Text size="xs" c="dimmed">an empty list</Text>}
      <Button size="compact-xs" variant="subtle" mt={4} leftSection={<IconPlus size={12} aria-hidden />} data-add
        aria-label={`Add an item to ${label}`} onClick={add}>item</Button>
    </Box>
  );
}

/** A value beside its name, with its content below where it has parts. */
function Part({ children, ...props }: NodeProps & { children: ReactNode }) {
  const [open, setOpen] = useState(true);
  const { value, label, pointer, onChange } = props;
  if (!isBranch(value)) return <><Box className="edit-value"><Leaf {...props} /></Box>{children}</>;
  const size = Object.keys(value as object).length;
  const count = `${size} ${Array.isArray(value) ? 'item' : 'member'}${size === 1 ? '' : 's'}`;
  return (
    <>
      <Group gap={6} className="edit-value" wrap="nowrap">
        <Box w={90}><KindSelect value={value} label={label} onChange={(changed) => onChange(changed, pointer)} /></Box>
        <ActionIcon variant="subtle" size="sm" aria-expanded={open} aria-label={`${open ? 'Fold' : 'Unfold'} ${label}`} onClick={() => setOpen(!open)}>
          {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        </ActionIcon>
        <Text size="xs" c="dimmed">{count}</Text>
      </Group>
      {children}
      {open && <Node {...props} />}
    </>
  );
}

function MemberName({ name, taken, label, onRename }: { name: string; taken: string[]; label: string; onRename: (name: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const clash = typed !== null && typed !== name && taken.includes(typed);
  const commit = () => {
    if (typed !== null && typed !== name && !clash) onRename(typed);
    if (!clash) setTyped(null);
  };
  return (
    <TextInput size="xs" variant="unstyled" className="edit-member-name" aria-label={`Name of ${label}.${name}`} value={typed ?? name}
      error={clash ? 'is there already' : undefined} classNames={{ input: 'mono' }} spellCheck={false}
      // The same name twice cannot be saved, so the form stops at it.
      ref={(input) => input?.setCustomValidity(clash ? 'is there already' : '')}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)} onBlur={commit} onKeyDown={(event) => { if (event.key === 'Enter') commit(); }} />
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return <ActionIcon variant="subtle" color="gray" size="md" data-remove aria-label={`Remove ${label}`} onClick={onClick}><IconTrash size={15} /></ActionIcon>;
}
