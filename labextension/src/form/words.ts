import { formEn, type FormWords } from '../words/form';
import { formEs } from '../words/form-es';
import { formPt } from '../words/form-pt';
import { type Dictionaries, inLanguage } from '../words/language';
import { useWords } from '../words/words';

/** What the form says, by language: apart from the words of all views, so that these load without it. */
export const FORM: Dictionaries<FormWords> = { en: formEn, es: formEs, pt: formPt };

/** The words of the form, in the language of the view it stands in. */
export function useFormWords(): FormWords {
  return inLanguage(FORM, useWords().language);
}
