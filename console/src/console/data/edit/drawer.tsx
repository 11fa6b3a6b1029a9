// The stack of forms in a panel of its own: the top one is seen, those beneath keep what was filled in.
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react';
import { Button, Drawer, Group, Modal, Text } from '@mantine/core';
import type { JsonObject } from '../../api/types';
import { Form } from './form';
import { StackContext, titleOfAim, type Aim, type Stack } from './stack';
import './edit.css';

interface Frame {
  number: number;
  aim: Aim;
  done: (row: JsonObject | null) => void;
  /** What had the focus when it was opened. */
  from: Element | null;
}

export function EditorDrawer({ aim, onClosed }: { aim: Aim; onClosed: (row: JsonObject | null) => void }) {
  const body = useRef<HTMLDivElement>(null);
  const dirty = useRef(new Set<number>());
  const next = useRef(1);
  const [frames, setFrames] = useState<Frame[]>([{ number: 0, aim, done: onClosed, from: null }]);
  const [asking, setAsking] = useState<{ many: boolean; yes: () => void } | null>(null);
  const top = frames.at(-1)!;

  const stack = useMemo<Stack>(() => ({
    push: (aim) => new Promise((done) => setFrames((frames) => [...frames, { number: next.current++, aim, done, from: document.activeElement }])),
  }), []);
  const close = useCallback((frame: Frame, row: JsonObject | null) => {
    dirty.current.delete(frame.number);
    frame.done(row);
    if (frame.number === 0) return;
    setFrames((frames) => frames.filter((other) => other !== frame));
    setTimeout(() => { if (frame.from instanceof HTMLElement) frame.from.focus(); });
  }, []);
  const report = useCallback((number: number, changed: boolean) => {
    if (changed) dirty.current.add(number);
    else dirty.current.delete(number);
  }, []);

  const guarded = (changed: boolean, many: boolean, yes: () => void) => { if (changed) setAsking({ many, yes }); else yes(); };
  const back = () => guarded(dirty.current.has(top.number), false, () => close(top, null));
  const closeAll = () => guarded(dirty.current.size > 0, dirty.current.size > 1, () => onClosed(null));
  useLeaving(dirty);
  useBack(dirty, onClosed, (yes) => setAsking({ many: dirty.current.size > 1, yes }));

  useEscape(body, back);
  return (
    <Drawer opened onClose={closeAll} position="right" size="calc(min(860px, 100%))" padding={0} closeOnEscape={false}
      closeButtonProps={{ 'aria-label': 'Close the editor' }}
      styles={{ header: { padding: '10px 16px', minHeight: 0, borderBottom: '1px solid var(--mantine-color-default-border)' }, title: { minWidth: 0 } }}
      title={<Crumbs frames={frames} />}>
      <StackContext.Provider value={stack}>
        <div ref={body}>
          {frames.map((frame) => (
            <div key={frame.number} hidden={frame !== top}>
              <Form aim={frame.aim} nested={frame.number > 0} top={frame === top} onBack={back}
                onSaved={(row) => close(frame, row)} onChanged={(changed) => report(frame.number, changed)} />
            </div>
          ))}
        </div>
      </StackContext.Provider>
      <Modal opened={asking !== null} onClose={() => setAsking(null)} withCloseButton={false} size="sm" zIndex={400}
        title={<Text fw={600}>Discard what you changed?</Text>}>
        <Text size="sm">{asking?.many ? 'Several forms have changes that are not saved.' : 'The form has changes that are not saved.'}</Text>
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" data-autofocus onClick={() => setAsking(null)}>Keep editing</Button>
          <Button color="red.9" onClick={() => { setAsking(null); asking?.yes(); }}>Discard</Button>
        </Group>
      </Modal>
    </Drawer>
  );
}

function Crumbs({ frames }: { frames: Frame[] }) {
  return (
    <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
      {frames.map((frame, at) => (
        <Text key={frame.number} span inherit fw={at === frames.length - 1 ? 600 : 400} c={at === frames.length - 1 ? undefined : 'dimmed'}>
          {at > 0 && <span aria-hidden> › </span>}{titleOfAim(frame.aim)}
        </Text>
      ))}
    </Text>
  );
}

/** One level back. Dialogs and lists on top of the panel have an Escape of their own. */
function useEscape(body: RefObject<HTMLDivElement | null>, back: () => void) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const panel = body.current?.closest('[role="dialog"]');
      // What had the focus may be gone, so that nothing has it.
      const ours = event.target === document.body || (event.target instanceof Node && panel?.contains(event.target));
      if (event.key !== 'Escape' || event.defaultPrevented || !ours || document.querySelectorAll('[aria-modal="true"]').length > 1) return;
      event.preventDefault();
      back();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  });
}

/** The browser asks before a page with changes is left. */
function useLeaving(dirty: { current: Set<number> }) {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => { if (dirty.current.size) event.preventDefault(); };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);
}

/** The browser's Back: asks as well, and until it is answered the page beneath stays. */
function useBack(dirty: { current: Set<number> }, onClosed: (row: null) => void, ask: (yes: () => void) => void) {
  const here = useRef({ address: window.location.href, state: history.state as unknown });
  useEffect(() => {
    const onPop = (event: PopStateEvent) => {
      if (!dirty.current.size) return onClosed(null);
      // The router is not told; the address is what it was.
      event.stopImmediatePropagation();
      history.pushState(here.current.state, '', here.current.address);
      ask(() => { onClosed(null); history.back(); });
    };
    window.addEventListener('popstate', onPop, true);
    return () => window.removeEventListener('popstate', onPop, true);
  });
}
