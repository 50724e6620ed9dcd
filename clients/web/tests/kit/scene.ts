// A person with something of everything, so that each view has what it can have, and the views.

import type { CreateTask, Task } from '@taskwire/client';

import { Member } from './member.ts';
import type { Person } from './person.ts';

const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

export interface Scene {
  ada: Person;
  task: Task;
  views: { name: string; path: string }[];
}

export async function scene(): Promise<Scene> {
  const ada = await Member.join('Ada Lovelace');
  await ada.signIn('Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15');
  await ada.call('POST', 'tokens', { name: 'Backup of the laptop', scope: 'read', expires_at: `${day(90)}T00:00:00Z` });
  await ada.call('POST', 'tokens', { name: 'Calendar in the hall', scope: 'read-write' });
  const home = await ada.addProject('Home', '#0f766e');
  const work = await ada.addProject('Analytical engine', '#5a55c9');
  const reading = await ada.addProject('Reading list', '#c2680f');
  const tasks: CreateTask[] = [
    { title: 'Pay the rent', project_id: home.id, due: { date: day(0), time: '18:00', time_zone: 'Europe/Berlin' }, recurrence: 'FREQ=MONTHLY', labels: ['bills'], priority: 'high' },
    { title: 'Water the plants', project_id: home.id, due: { date: day(0) }, recurrence: 'FREQ=WEEKLY;BYDAY=MO,TH', labels: ['garden'] },
    { title: 'Answer Charles about the order of the punched cards', project_id: work.id, due: { date: day(-2) }, priority: 'urgent', labels: ['letters'] },
    { title: 'Send back the borrowed book', due: { date: day(-1) }, project_id: reading.id },
    { title: 'Write notes on the memoir', description: 'Note G first.\nCompare with what Luigi has.', project_id: work.id, due: { date: day(3) }, priority: 'medium', labels: ['writing', 'letters'] },
    { title: 'Order more cards', project_id: work.id, due: { date: day(1) }, priority: 'low' },
    { title: 'Dinner with the Somervilles', due: { date: day(5), time: '19:30', time_zone: 'Europe/London' }, labels: ['friends'] },
    { title: 'Mend the roof of the shed before winter comes, and ask whether the neighbours have a ladder that is long enough', project_id: home.id },
    { title: 'Sketches of the differential and integral calculus', project_id: reading.id },
    { title: 'Learn the harp piece', priority: 'low', labels: ['music'] },
  ];
  await ada.addMany(tasks);
  const all = new Map((await ada.tasks()).map((task) => [task.title, task]));
  const task = all.get('Write notes on the memoir')!;
  await ada.addMany(['Note A', 'Note B', 'Note G: numbers of Bernoulli'].map((title) => ({ title, parent_id: task.id })));
  const done = await ada.add({ title: 'Buy ink', project_id: work.id });
  await ada.call('PATCH', `tasks/${done.id}/complete`, { completed: true });
  const note = (await ada.tasks()).find(({ title }) => title === 'Note A')!;
  await ada.call('PATCH', `tasks/${note.id}/complete`, { completed: true });
  for (const title of ['An old letter', 'A plan that came to nothing']) await ada.call('DELETE', `tasks/${(await ada.add(title)).id}`);
  const views = [
    { name: 'today', path: '/today' },
    { name: 'upcoming', path: '/upcoming' },
    { name: 'overdue', path: '/overdue' },
    { name: 'all', path: '/all' },
    { name: 'completed', path: '/completed' },
    { name: 'trash', path: '/trash' },
    { name: 'search', path: '/search?q=no' },
    { name: 'project', path: `/project/${work.id}` },
    { name: 'label', path: '/label/letters' },
    { name: 'filtered', path: '/all?priority=high,urgent' },
    { name: 'task', path: `/all?task=${task.id}` },
    { name: 'settings', path: '/all?settings=general' },
    { name: 'settings-account', path: '/all?settings=account' },
    { name: 'settings-devices', path: '/all?settings=devices' },
    { name: 'settings-tokens', path: '/all?settings=tokens' },
    { name: 'settings-data', path: '/all?settings=data' },
  ];
  return { ada, task, views };
}
