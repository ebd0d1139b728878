// The build compiles JSX to calls of these two; each element is some bytes shorter than with the automatic
// runtime, and the widget's script is saved in every notebook.
export { Fragment as _Fragment, h as _h } from 'preact';
