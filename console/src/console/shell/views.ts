// The views, in the order in which they are listed.
import { IconActivityHeartbeat, IconApi, IconHierarchy2, IconKey, IconTable } from '@tabler/icons-react';
import { links } from '../links';

export const VIEWS = [
  { to: links.map(), label: 'Map', icon: IconHierarchy2 },
  { to: links.keys(), label: 'Keys', icon: IconKey },
  { to: links.data(), label: 'Data', icon: IconTable },
  { to: links.api(), label: 'API', icon: IconApi },
  { to: links.health(), label: 'Health', icon: IconActivityHeartbeat },
];

/** The one that an address is of: `/data/crm` is of `/data`, `/database` of none. */
export const viewOf = (location: string) => VIEWS.find(({ to }) => location.split('/')[1] === to.slice(1));
