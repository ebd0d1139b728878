// The style sheets of the panel and what it stands on, in the order they build on one another.
import 'uplot/dist/uPlot.min.css';
import './theme.css';
import './panel.css';
import './buttons.css';
import './header.css';
import './trackers.css';
import './progress.css';
import './banner.css';
import './navigation.css';
import './curves.css';
import './tables.css';
import './details.css';
