// The style sheets of what shows what a model does, in the order they build on one another.
import './confusion.css';
import './examples.css';
import './metrics.css';
import './try.css';
import './trying.css';
import './tests.css';
import './sides.css';
import './analysis.css';
