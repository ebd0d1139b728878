import { LabIcon } from '@jupyterlab/ui-components';

/** A falling curve and its best point, in the colours JupyterLab gives its icons. */
export const runsIcon = new LabIcon({
  name: 'dltrainer:runs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24" fill="none">
  <g class="jp-icon3 jp-icon-selectable" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M3.5 3.5v17h17"/>
    <path d="M7.5 6c.8 6 3 9.3 7 9.8"/>
  </g>
  <circle class="jp-icon3 jp-icon-selectable" cx="17.6" cy="15.8" r="2.6" fill="#616161"/>
</svg>`
});
