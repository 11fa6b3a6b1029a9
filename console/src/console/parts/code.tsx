// Text to copy, as it stands.
import { ActionIcon, Box, Code, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

export function CodeBlock({ children, label }: { children: string; label: string }) {
  return (
    <Box pos="relative">
      <Code block tabIndex={0} role="region" aria-label={label} pr={40} style={{ whiteSpace: 'pre', overflowX: 'auto' }}>{children}</Code>
      <Box pos="absolute" top={4} right={4}>
        <CopyButton value={children}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon variant="default" size="sm" onClick={copy} aria-label={`Copy ${label}`}>{copied ? <IconCheck size={14} /> : <IconCopy size={14} />}</ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Box>
    </Box>
  );
}
