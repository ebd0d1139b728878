import type { Memory } from '../contract';

const KEY = 'dltrainer:panel';

/** What a person chose, kept by the browser for every panel; forgotten with the page where it keeps nothing. */
export function browserMemory(): Memory {
  const values = read();
  return {
    get: key => values[key],
    set(key, value) {
      values[key] = value;
      try {
        localStorage.setItem(KEY, JSON.stringify(values));
      } catch (error) {
        // A sandboxed frame or a full storage: the choice then lasts as long as the page.
        if (!(error instanceof DOMException)) {
          throw error;
        }
      }
    }
  };
}

function read(): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch (error) {
    if (error instanceof DOMException || error instanceof SyntaxError) {
      return {};
    }
    throw error;
  }
}
