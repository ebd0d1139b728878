import { count } from '../../model/format';
import type { Dictionaries } from '../../words/language';
import { pluralOf } from '../../words/plural';

const one = pluralOf('en');
const um = pluralOf('pt');
const un = pluralOf('es');

const en = {
  start: 'Test on a data set…',
  title: 'Test a checkpoint on a whole data set',
  data: 'Data set',
  dataHint: 'validation',
  checkpoint: 'Checkpoint',
  best: 'best',
  last: 'last',
  step: (step: number) => `step ${count(step)}`,
  deleted: (step: number) => `step ${count(step)} (deleted)`,
  test: 'Test',
  testing: 'Testing…',
  cancel: 'Cancel',
  running: (name: string) => `Testing on ${name}. It goes on while you look at other tabs.`,
  done: (name: string, number: number) =>
    `Tested on ${name}: ${one(number, { one: '# example', other: '# examples' })}.`,
  heldBack: 'validation',
  emptyTitle: 'No test runs yet.',
  empty: 'A test run measures a checkpoint on a whole data set and keeps what became of each example.',
  waiting: 'Reading the test runs…',
  notRead: 'The test runs can’t be read.',
  again: 'Try again',
  table: 'Test runs of this run, newest first',
  number: 'No.',
  numberHint: (number: number) => `In Python: test_run=${number}`,
  examples: 'Examples',
  seconds: 'Took',
  when: 'When',
  back: 'All test runs',
  of: (name: string, step: number, epoch: number, digest: string) =>
    `${name}, step ${count(step)} (epoch ${count(epoch)}), weights ${digest}`,
  downloadCsv: 'Download CSV',
  downloadJson: 'Download JSON',
  delete: 'Delete',
  askDelete: (name: string) => `Delete the test on ${name}?`,
  keep: 'Keep',
  forgotten: (name: string) => `The test on ${name} was deleted.`,
  gone: 'Nobody answers, so nothing can be tested now.'
};

export type TestWords = typeof en;

const pt: TestWords = {
  start: 'Testar em um conjunto de dados…',
  title: 'Testar um checkpoint em um conjunto de dados inteiro',
  data: 'Conjunto de dados',
  dataHint: 'validação',
  checkpoint: 'Checkpoint',
  best: 'melhor',
  last: 'último',
  step: step => `passo ${count(step)}`,
  deleted: step => `passo ${count(step)} (excluído)`,
  test: 'Testar',
  testing: 'Testando…',
  cancel: 'Cancelar',
  running: name => `Testando em ${name}. Segue enquanto você olha outras abas.`,
  done: (name, number) => `Testado em ${name}: ${um(number, { one: '# exemplo', other: '# exemplos' })}.`,
  heldBack: 'validação',
  emptyTitle: 'Ainda não há testes.',
  empty: 'Um teste mede um checkpoint em um conjunto de dados inteiro e guarda o resultado de cada exemplo.',
  waiting: 'Lendo os testes…',
  notRead: 'Os testes não podem ser lidos.',
  again: 'Tentar de novo',
  table: 'Testes desta execução, os mais novos primeiro',
  number: 'N.º',
  numberHint: number => `Em Python: test_run=${number}`,
  examples: 'Exemplos',
  seconds: 'Levou',
  when: 'Quando',
  back: 'Todos os testes',
  of: (name, step, epoch, digest) => `${name}, passo ${count(step)} (época ${count(epoch)}), pesos ${digest}`,
  downloadCsv: 'Baixar CSV',
  downloadJson: 'Baixar JSON',
  delete: 'Excluir',
  askDelete: name => `Excluir o teste em ${name}?`,
  keep: 'Manter',
  forgotten: name => `O teste em ${name} foi excluído.`,
  gone: 'Ninguém responde, então nada pode ser testado agora.'
};

const es: TestWords = {
  start: 'Probar con un conjunto de datos…',
  title: 'Probar un checkpoint con un conjunto de datos entero',
  data: 'Conjunto de datos',
  dataHint: 'validación',
  checkpoint: 'Checkpoint',
  best: 'mejor',
  last: 'último',
  step: step => `paso ${count(step)}`,
  deleted: step => `paso ${count(step)} (eliminado)`,
  test: 'Probar',
  testing: 'Probando…',
  cancel: 'Cancelar',
  running: name => `Probando con ${name}. Sigue mientras usted mira otras pestañas.`,
  done: (name, number) => `Probado con ${name}: ${un(number, { one: '# ejemplo', other: '# ejemplos' })}.`,
  heldBack: 'validación',
  emptyTitle: 'Aún no hay pruebas.',
  empty:
    'Una prueba mide un checkpoint con un conjunto de datos entero y guarda el resultado de cada ejemplo.',
  waiting: 'Leyendo las pruebas…',
  notRead: 'No se pueden leer las pruebas.',
  again: 'Reintentar',
  table: 'Pruebas de esta ejecución, las más nuevas primero',
  number: 'N.º',
  numberHint: number => `En Python: test_run=${number}`,
  examples: 'Ejemplos',
  seconds: 'Tardó',
  when: 'Cuándo',
  back: 'Todas las pruebas',
  of: (name, step, epoch, digest) => `${name}, paso ${count(step)} (época ${count(epoch)}), pesos ${digest}`,
  downloadCsv: 'Descargar CSV',
  downloadJson: 'Descargar JSON',
  delete: 'Eliminar',
  askDelete: name => `¿Eliminar la prueba con ${name}?`,
  keep: 'Conservar',
  forgotten: name => `La prueba con ${name} se eliminó.`,
  gone: 'Nadie responde, así que ahora no se puede probar nada.'
};

/** What is said of test runs. */
export const TESTS: Dictionaries<TestWords> = { en, pt, es };
