const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
];

/** Gives how long ago something was, in a language's own short words: `3 min. ago`; `now` under a minute. */
export function ageIn(language: string): (iso: string, now: number) => string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' });
  const soon = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  return (iso, now) => {
    const seconds = (now - Date.parse(iso)) / 1000;
    if (!Number.isFinite(seconds)) {
      return '–';
    }
    const unit = UNITS.find(([, length]) => seconds >= length);
    return unit === undefined
      ? soon.format(0, 'second')
      : format.format(-Math.floor(seconds / unit[1]), unit[0]);
  };
}
