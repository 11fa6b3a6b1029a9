// The whole of what a cell has no room for, beside the cell.
import { useState } from 'react';
import { CloseButton, Group, Popover, ScrollArea, Text } from '@mantine/core';
import { IconArrowsDiagonal } from '@tabler/icons-react';
import { CodeBlock } from '../parts/code';
import classes from './data.module.css';

interface Props {
  /** What it is, for the heading and for screen readers. */
  title: string;
  text: () => string;
  tabIndex?: number;
}

export function Peek({ title, text, tabIndex }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" width="min(560px, 92vw)" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <button type="button" className={classes.tiny} tabIndex={tabIndex} aria-label={`Whole ${title}`}
          onClick={(event) => { event.stopPropagation(); setOpened(!opened); }}><IconArrowsDiagonal size={12} aria-hidden /></button>
      </Popover.Target>
      <Popover.Dropdown p="xs" onKeyDown={(event) => event.stopPropagation()}>
        {opened && (
          <>
            <Group justify="space-between" mb={4}>
              <Text size="sm" fw={600}>{title}</Text>
              <CloseButton size="sm" onClick={() => setOpened(false)} aria-label="Close" />
            </Group>
            <ScrollArea.Autosize mah={360}><CodeBlock label={title}>{text()}</CodeBlock></ScrollArea.Autosize>
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
