import type { Notifier } from '../notify/notifier.ts';
import type { RenderedReport, ReportRequest } from '../report/index.ts';
import type { LateReports } from './late-reports.ts';
import type { Notebook } from './notebook.ts';

/** What shows the work of a loop: notebook, notifier and reports. */
export interface Outputs {
  notebook: Notebook;
  notifier: Notifier | null;
  report(request: ReportRequest): Promise<RenderedReport>;
  /** Those of committed sprints, for which the next sprint does not wait. */
  late: LateReports;
}
