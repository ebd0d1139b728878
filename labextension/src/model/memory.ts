import type { Memory } from '../contract';

const KEY = 'dltrainer:panel';

/** What the browser refused to keep: a sandboxed frame, or a full storage. It lasts as long as the page. */
const unkept: Record<string, unknown> = {};

/**
 * What a person chose, kept by the browser for every view and every page. What is there is read anew each time, because
 * another view, or the script of another panel, may have added to it since.
 */
export function browserMemory(): Memory {
  return {
    get: key => ({ ...kept(), ...unkept })[key],
    set(key, value) {
      try {
        localStorage.setItem(KEY, JSON.stringify({ ...kept(), [key]: value }));
        delete unkept[key];
      } catch (error) {
        if (!(error instanceof DOMException)) {
          throw error;
        }
        unkept[key] = value;
      }
    }
  };
}

function kept(): object {
  try {
    return { ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch (error) {
    if (error instanceof DOMException || error instanceof SyntaxError) {
      return {};
    }
    throw error;
  }
}
