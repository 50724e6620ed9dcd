// Lists everything that a user has, page by page. The position is that of the first request: what
// happens while later pages are read, the channel brings again, and nothing is lost by repetition.

import { type Project, type Task, listProjects, listTasks } from '@taskwire/client';

import { type Answer, ask } from '../http.ts';

export interface Listed {
  tasks: Task[];
  projects: Project[];
  position: string;
}

const PAGE = 200;

/** `progress` is told how many tasks there are so far. */
export async function listAll(user: string, progress: (tasks: number) => void): Promise<Answer<Listed>> {
  const path = { user_id: user };
  const projects = await ask(listProjects({ path, query: { archived: 'all' } }));
  if (projects.kind !== 'ok') return projects;
  const { position } = projects.data;
  const tasks: Task[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await ask(listTasks({ path, query: { limit: PAGE, ...(cursor && { cursor }) } }));
    if (page.kind !== 'ok') return page;
    tasks.push(...page.data.tasks);
    cursor = page.data.next_cursor;
    progress(tasks.length);
  } while (cursor);
  const bare = projects.data.projects.map(({ open_tasks: _, completed_tasks: __, ...project }) => project);
  return { kind: 'ok', data: { tasks, projects: bare, position }, response: projects.response };
}
