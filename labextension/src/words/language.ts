/** What is said, by the language's tag without its region. */
export type Dictionaries<T> = Record<string, T> & { en: T };

/** Gives what is said in a language such as `pt-BR` or `pt_BR`; in English where it isn't spoken. */
export function inLanguage<T>(dictionaries: Dictionaries<T>, language: string): T {
  return dictionaries[language.toLowerCase().split(/[-_]/)[0] ?? ''] ?? dictionaries.en;
}
