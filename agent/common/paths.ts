import { join } from 'node:path';

export const sprintsDir = (repo: string) => join(repo, 'sprints');
export const reportsDir = (repo: string) => join(repo, 'reports');
export const stateDir = (repo: string) => join(repo, 'state');
export const eventsPath = (repo: string) => join(repo, 'state', 'events.jsonl');
