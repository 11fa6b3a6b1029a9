// Full screen, where the browser has it.
import { useEffect, useState } from 'react';

export function toggleFullScreen(root: HTMLElement | null) {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void root?.requestFullscreen?.().catch(() => { /* Refused: the map stays as it is. */ });
}

export function useFullScreen() {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const change = () => setFull(Boolean(document.fullscreenElement));
    document.addEventListener('fullscreenchange', change);
    return () => document.removeEventListener('fullscreenchange', change);
  }, []);
  return full;
}
