import { render } from 'preact';
import type { Insight, InsightProps, InsightTab } from './contract';
import { AnalysisView } from './views/analysis';
import { CompareView } from './views/compare';
import { ConfusionView } from './views/confusion';
import { ExamplesView } from './views/examples';
import { MetricsView } from './views/metrics';
import { TestsView } from './views/tests';
import { TryView } from './views/try';
import type { JSX } from 'preact';

/** Every view by its tab; one that is missing says so in the type. */
const VIEWS: Record<InsightTab, (props: InsightProps) => JSX.Element> = {
  confusion: ConfusionView,
  metrics: MetricsView,
  examples: ExamplesView,
  try: TryView,
  tests: TestsView,
  compare: CompareView,
  analysis: AnalysisView
};

/** Shows one of the views inside an element of a panel; the style sheets are the page's affair. */
export const mount: Insight['mount'] = (element, first) => {
  const show = (props: InsightProps) => {
    const View = VIEWS[props.tab];
    render(<View key={props.tab} {...props} />, element);
  };
  show(first);
  return { update: show, unmount: () => render(null, element) };
};
