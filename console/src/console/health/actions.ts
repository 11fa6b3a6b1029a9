// What can be done from the health view: audits, and writes that wait for a person.
import { useMutation } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { request } from '../api/client';
import { client } from '../api/queries';

const told = (error: Error) => notifications.show({ message: error.message, color: 'red', title: 'Not done' });

/** Of all keys, or of one by its id. */
export const useStartAudit = () => useMutation({
  mutationFn: (key?: string) => request('/admin/audit', { method: 'POST', body: key === undefined ? undefined : { key } }),
  onSettled: () => client.invalidateQueries({ queryKey: ['audit'] }),
  onError: told,
});

export const useStopAudit = () => useMutation({
  mutationFn: () => request('/admin/audit', { method: 'DELETE' }),
  onSettled: () => client.invalidateQueries({ queryKey: ['audit'] }),
  onError: told,
});

export type Verdict = 'retry' | 'discard';

export const useVerdict = () => useMutation({
  mutationFn: ({ id, action }: { id: string; action: Verdict }) =>
    request(`/admin/transactions/${encodeURIComponent(id)}`, { method: 'POST', body: { action } }),
  onSettled: () => client.invalidateQueries({ queryKey: ['transactions'] }),
  onError: told,
});
