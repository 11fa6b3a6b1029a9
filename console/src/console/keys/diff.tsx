// A change of a file, line by line: signs as well as colours tell what comes and what goes.
import { Box, VisuallyHidden } from '@mantine/core';

const LOOK: Record<string, { colour?: string; says?: string }> = {
  '+': { colour: 'var(--mantine-color-green-light)', says: 'added: ' },
  '-': { colour: 'var(--mantine-color-red-light)', says: 'removed: ' },
};

export function Diff({ text, label }: { text: string; label: string }) {
  const lines = text.replace(/\n$/, '').split('\n').filter((line) => !/^(---|\+\+\+) /.test(line));
  return (
    <Box component="pre" tabIndex={0} role="region" aria-label={label} m={0} py={6} fz="xs" lh={1.55} ff="monospace"
      bg="var(--mantine-color-default-hover)"
      style={{ overflowX: 'auto', borderRadius: 'var(--mantine-radius-sm)' }}>
      {/* As wide as the longest line, so that colours do not end where it scrolls. */}
      <Box miw="100%" w="max-content">{lines.map((line, at) => <Line key={at} line={line} />)}</Box>
    </Box>
  );
}

function Line({ line }: { line: string }) {
  const look = LOOK[line[0] ?? ''];
  const place = line.startsWith('@@');
  return (
    <Box px="xs" bg={look?.colour} c={place ? 'dimmed' : undefined}>
      {look?.says && <VisuallyHidden component="span">{look.says}</VisuallyHidden>}{line || ' '}
    </Box>
  );
}
