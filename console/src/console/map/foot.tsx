// Under the map: what its marks mean.
import { Anchor } from '@mantine/core';
import { Link } from 'wouter';
import { links } from '../links';
import { MarkSign } from './key-layer';
import { MARKS, type Mark } from './marks';

export function Foot({ audited }: { audited: boolean }) {
  return (
    <ul className="map-foot" aria-label="Legend">
      <li><Line kind="virtual" />virtual key</li>
      <li><Line kind="native" />native key</li>
      <li><Sign mark={MARKS.cascade} />delete cascades</li>
      <li><Sign mark={MARKS.path} />inside JSON</li>
      <li><Sign mark={MARKS.junction} />joins many to many</li>
      <li>
        <Sign mark={{ kind: 'orphans', text: '3', title: 'orphans' }} />
        <span>orphans{!audited && <>, after an <Anchor component={Link} underline="always" href={links.health()} inherit>audit</Anchor></>}</span>
      </li>
    </ul>
  );
}

function Line({ kind }: { kind: 'virtual' | 'native' }) {
  return (
    <svg width={30} height={10} aria-hidden className="map-keys">
      <g className={kind}><path className="line" d="M0,5H22" /><path className="head" d="M30,5l-9,-4.5v9z" /></g>
    </svg>
  );
}

function Sign({ mark }: { mark: Mark }) {
  return <svg width={24} height={16} viewBox="-12 -8 24 16" aria-hidden><MarkSign mark={mark} x={0} width={mark.text && mark.text.length > 1 ? 24 : 16} /></svg>;
}
