// Zoom, fit and full screen, in the map's corner.
import type { RefObject } from 'react';
import { Panel } from '@xyflow/react';
import { Stack } from '@mantine/core';
import { IconArrowsMaximize, IconArrowsMinimize, IconFocusCentered, IconMinus, IconPlus } from '@tabler/icons-react';
import type { Camera } from './camera';
import { toggleFullScreen, useFullScreen } from './full-screen';
import { IconButton } from './icon-button';

export function ZoomButtons({ camera, root }: { camera: Camera; root: RefObject<HTMLDivElement> }) {
  const full = useFullScreen();
  return (
    <Panel position="top-left" style={{ margin: 8 }}>
      <Stack gap={4}>
        <IconButton position="right" label="Zoom in" keys="+" onClick={() => camera.zoom(1.3)}><IconPlus size={16} /></IconButton>
        <IconButton position="right" label="Zoom out" keys="-" onClick={() => camera.zoom(1 / 1.3)}><IconMinus size={16} /></IconButton>
        <IconButton position="right" label="Show everything" keys="0" onClick={() => camera.fit()}><IconFocusCentered size={16} /></IconButton>
        <IconButton position="right" label={full ? 'Leave full screen' : 'Full screen'} keys="f" onClick={() => toggleFullScreen(root.current)}>
          {full ? <IconArrowsMinimize size={16} /> : <IconArrowsMaximize size={16} />}
        </IconButton>
      </Stack>
    </Panel>
  );
}
