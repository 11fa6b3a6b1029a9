// A wide table scrolls within its own box, by keyboard too.
import { Box, type BoxProps } from '@mantine/core';

interface Props { label: string; minWidth?: BoxProps['miw']; maxHeight?: number; children: React.ReactNode }

export function Scroll({ label, minWidth = 0, maxHeight, children }: Props) {
  return (
    <Box role="group" aria-label={label} tabIndex={0} mah={maxHeight} style={{ overflow: 'auto' }}>
      <Box miw={minWidth}>{children}</Box>
    </Box>
  );
}
