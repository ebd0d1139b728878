/** The forms of a sentence with a number in it; `#` stands for the number. */
export interface Forms {
  one: string;
  other: string;
}

/** Gives the form that a language uses for a number, with the number in it. */
export type Plural = (number: number, forms: Forms) => string;

export function pluralOf(language: string): Plural {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  // Portuguese and Spanish have a third form, for whole millions; nothing here is counted so far.
  return (number, { one, other }) =>
    (rules.select(number) === 'one' ? one : other).replace('#', digits.format(number));
}
