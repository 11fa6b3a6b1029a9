// A button with a sign and a name. Its tooltip stays within the map, which may fill the screen.
import type { ReactNode } from 'react';
import { ActionIcon, Tooltip, type FloatingPosition } from '@mantine/core';

interface Props { label: string; keys?: string; onClick: () => void; children: ReactNode; position?: FloatingPosition; size?: number }

export function IconButton({ label, keys, onClick, children, position = 'bottom', size = 28 }: Props) {
  return (
    <Tooltip label={keys ? `${label} (${keys})` : label} position={position} withinPortal={false}>
      <ActionIcon variant="default" size={size} onClick={onClick} aria-label={label} aria-keyshortcuts={keys}>{children}</ActionIcon>
    </Tooltip>
  );
}
