import type { Notifier } from '../notify/notifier.ts';
import type { RenderedReport, ReportRequest } from '../report/index.ts';
import type { Notebook } from './notebook.ts';

/** What shows a loop's work. */
export interface Outputs {
  notebook: Notebook;
  notifier: Notifier | null;
  report(request: ReportRequest): Promise<RenderedReport>;
}
