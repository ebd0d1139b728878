/** Numbers, times and sizes as people read them. A missing value is an en dash, never an empty place. */

const MISSING = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1204` → `1,204`. */
export function count(value: number | null | undefined): string {
  return isNumber(value) ? grouped.format(value) : MISSING;
}

/** A metric or loss to four significant places: `0.9842`, `12.34`, `1,204`, `4.21e-5`. */
export function metric(value: number | null | undefined): string {
  if (!isNumber(value)) {
    return MISSING;
  }
  const size = Math.abs(value);
  if (size === 0) {
    return '0';
  }
  if (size < 1e-3 || size >= 1e6) {
    return exponent(value, 3);
  }
  if (size < 1) {
    return value.toFixed(4);
  }
  return size < 1000 ? value.toPrecision(4) : grouped.format(value);
}

/** A learning rate as one writes it: `1e-3`, `3.2e-4`, `0.05`. */
export function learningRate(value: number | null | undefined): string {
  if (!isNumber(value)) {
    return MISSING;
  }
  return value !== 0 && Math.abs(value) < 0.01 ? exponent(value, 3) : String(Number(value.toPrecision(3)));
}

/**
 * The number on an axis: as few places as tell the ticks apart.
 *
 * @param step from one tick to the next, where they are even
 */
export function tick(value: number, step = 0): string {
  const size = Math.abs(value);
  const places = step > 0 && size > 0 ? Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)) + 1 : 0;
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return exponent(value, 3);
  }
  return size >= 1000
    ? grouped.format(value)
    : String(Number(value.toPrecision(Math.min(Math.max(4, places), 12))));
}

/** Steps in a second, with the unit. */
export function speed(value: number | null): string {
  if (!isNumber(value)) {
    return `${MISSING} steps/s`;
  }
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} steps/s`;
}

/** A fraction between 0 and 1, rounded: `36 %`. Only what is whole is `100 %`; what comes near is `> 99 %`. */
export function percent(fraction: number, digits = 0): string {
  const value = Math.min(100, Math.max(0, fraction * 100));
  const shown = value.toFixed(digits);
  const near = value < 100 && Number(shown) === 100;
  return `${near ? `> 99${digits > 0 ? `.${'9'.repeat(digits)}` : ''}` : shown} %`;
}

/** The same as a bare number, for cells of a table. */
export function wholePercent(part: number, whole: number): string {
  const rounded = Math.round((100 * part) / Math.max(1, whole));
  return rounded === 100 && part < whole ? '>99' : String(rounded);
}

/** How much of some work is done, in whole percent: what isn't done doesn't count. */
export function done(fraction: number): string {
  return percent(Math.floor(fraction * 100) / 100);
}

/** A share of something counted, rounded: `1.4 %`. */
export function share(part: number, whole: number): string {
  return whole > 0 ? percent(part / whole, 1) : MISSING;
}

/** `1264321` → `1.3 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time in its two largest units: `2 h 5 min`, `3 min 12 s`, `4.2 s`. */
export function duration(seconds: number | null): string {
  if (!isNumber(seconds) || seconds < 0) {
    return MISSING;
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  return twoUnits(whole);
}

/**
 * Time left, coarse enough not to flicker: to the second under 10 s, to 5 s under a minute, then to the
 * minute, then to 10 minutes from five hours on.
 */
export function timeLeft(seconds: number | null): string {
  if (!isNumber(seconds) || seconds < 0) {
    return MISSING;
  }
  if (seconds < 10) {
    return `${Math.ceil(seconds)} s`;
  }
  const fine = Math.ceil(seconds / 5) * 5;
  if (fine < 60) {
    return `${fine} s`;
  }
  const minutes = Math.max(1, Math.round(seconds / 60));
  return twoUnits(60 * (minutes < 300 ? minutes : Math.round(minutes / 10) * 10));
}

/** The time of day, with the date in front if it isn't `now`'s. */
export function clock(iso: string, now: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return MISSING;
  }
  const time = date.toLocaleTimeString('en-GB', { hour12: false });
  const sameDay = date.toDateString() === new Date(now).toDateString();
  return sameDay ? time : `${date.getDate()} ${date.toLocaleDateString('en-GB', { month: 'short' })} ${time}`;
}

/** `1` → `1 checkpoint`, `3` → `3 checkpoints`. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function twoUnits(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1]
  ];
  const first = units.findIndex(([, length]) => seconds >= length);
  let rest = seconds;
  const parts: string[] = [];
  for (const [name, length] of units.slice(first, first + 2)) {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    if (amount > 0) {
      parts.push(`${amount} ${name}`);
    }
  }
  return parts.join(' ');
}

function exponent(value: number, places: number): string {
  const [mantissa = '0', power = '0'] = value.toExponential(places - 1).split('e');
  return `${Number(mantissa)}e${Number(power)}`;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
