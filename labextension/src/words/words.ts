import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Words, en } from './en';
import { es } from './es';
import { type Dictionaries, inLanguage } from './language';
import { pt } from './pt';

export type { Words } from './en';

/** The languages the studio views speak, by their tag. */
export const LANGUAGES: Dictionaries<Words> = { en, pt, es };

/** The words of a language such as `pt-BR`; English where there are none. */
export function words(language: string): Words {
  return inLanguage(LANGUAGES, language);
}

/** Around a view: `<WordsContext.Provider value={words(host.language)}>`. */
export const WordsContext = createContext<Words>(en);

/** The words of the view a component stands in. */
export function useWords(): Words {
  return useContext(WordsContext);
}
