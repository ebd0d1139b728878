import { type Dictionaries, inLanguage } from '../../words/language';
import { type EvaluationWords, en } from './evaluation/en';
import { es } from './evaluation/es';
import { pt } from './evaluation/pt';

export type { EvaluationWords } from './evaluation/en';

const DICTIONARIES: Dictionaries<EvaluationWords> = { en, pt, es };

/** What the views of the evaluation say in a language such as `pt-BR`. */
export function evaluationWords(language: string): EvaluationWords {
  return inLanguage(DICTIONARIES, language);
}
