/** What the settings of charts say in English; the notebook's panel says it in no other language. */
export const chartsEn = {
  title: 'Chart settings',
  log: 'Log y',
  smooth: 'Smooth',
  smoothHint: 'Moving average over this share of the axis',
  off: 'off',
  axis: 'Horizontal axis'
};

export type ChartWords = typeof chartsEn;
