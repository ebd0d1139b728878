import { type Dictionaries, inLanguage } from './language';

/** What JupyterLab shows around the views: commands, titles, notifications. */
const en = {
  runs: 'Runs',
  showRuns: 'Show runs',
  newRun: 'New run',
  newRunCaption: 'Train from a YAML configuration, in a process of its own',
  openRun: 'Open run…',
  compareRuns: 'Compare runs…',
  compare: (runs: number) => `Compare ${runs} runs`,
  insertCode: 'Insert code that shows the newest run',
  newest: {
    pause: 'Pause newest run',
    resume: 'Resume newest run',
    suspend: 'Suspend newest run',
    stop: 'Stop newest run',
    checkpoint: 'Save checkpoint of newest run'
  },
  choose: 'Which runs?',
  chooseOne: 'Which run?',
  chooseTwo: 'Choose two runs or more to compare.',
  noRuns: 'There are no runs yet.',
  none: {
    pause: 'No run is running.',
    resume: 'No run is paused.',
    suspend: 'No run is running or paused.',
    stop: 'No run is running or paused.',
    checkpoint: 'No run is running or paused.'
  },
  asked: {
    pause: (name: string) => `${name}: pausing.`,
    resume: (name: string) => `${name}: resuming.`,
    suspend: (name: string) => `${name}: suspending.`,
    stop: (name: string) => `${name}: stopping.`,
    checkpoint: (name: string) => `${name}: saving a checkpoint.`
  },
  done: {
    pause: 'paused.',
    resume: 'goes on.',
    suspend: 'suspended.',
    stop: 'stopped.',
    checkpoint: 'the checkpoint was asked for.'
  },
  answer: (name: string, answer: string) => `${name}: ${answer}`,
  completed: (name: string) => `${name} has finished.`,
  completedBest: (name: string, metric: string, value: string) =>
    `${name} has finished, best ${metric} ${value}.`,
  failed: (name: string, reason: string) => `${name} failed: ${reason}`,
  failedSilently: (name: string) => `${name} failed.`,
  lost: (name: string) => `${name} was lost: its trainer is gone. It can be resumed.`,
  open: 'Open run',
  notLoaded: (reason: string) => `This view could not be loaded: ${reason}`,
  tryAgain: 'Try again'
};

export type LabWords = typeof en;

const pt: LabWords = {
  runs: 'Execuções',
  showRuns: 'Mostrar execuções',
  newRun: 'Nova execução',
  newRunCaption: 'Treinar a partir de uma configuração YAML, em um processo próprio',
  openRun: 'Abrir execução…',
  compareRuns: 'Comparar execuções…',
  compare: runs => `Comparar ${runs} execuções`,
  insertCode: 'Inserir código que mostra a execução mais recente',
  newest: {
    pause: 'Pausar a execução mais recente',
    resume: 'Retomar a execução mais recente',
    suspend: 'Suspender a execução mais recente',
    stop: 'Parar a execução mais recente',
    checkpoint: 'Salvar checkpoint da execução mais recente'
  },
  choose: 'Quais execuções?',
  chooseOne: 'Qual execução?',
  chooseTwo: 'Escolha duas ou mais execuções para comparar.',
  noRuns: 'Ainda não há execuções.',
  none: {
    pause: 'Nenhuma execução em andamento.',
    resume: 'Nenhuma execução pausada.',
    suspend: 'Nenhuma execução em andamento ou pausada.',
    stop: 'Nenhuma execução em andamento ou pausada.',
    checkpoint: 'Nenhuma execução em andamento ou pausada.'
  },
  asked: {
    pause: name => `${name}: pausando.`,
    resume: name => `${name}: retomando.`,
    suspend: name => `${name}: suspendendo.`,
    stop: name => `${name}: parando.`,
    checkpoint: name => `${name}: salvando um checkpoint.`
  },
  done: {
    pause: 'pausada.',
    resume: 'retomada.',
    suspend: 'suspensa.',
    stop: 'parada.',
    checkpoint: 'o checkpoint foi pedido.'
  },
  answer: (name, answer) => `${name}: ${answer}`,
  completed: name => `${name} terminou.`,
  completedBest: (name, metric, value) => `${name} terminou, melhor ${metric} ${value}.`,
  failed: (name, reason) => `${name} falhou: ${reason}`,
  failedSilently: name => `${name} falhou.`,
  lost: name => `${name} foi perdida: o processo que a treinava não existe mais. Ela pode ser retomada.`,
  open: 'Abrir execução',
  notLoaded: reason => `Não foi possível carregar esta vista: ${reason}`,
  tryAgain: 'Tentar de novo'
};

const es: LabWords = {
  runs: 'Ejecuciones',
  showRuns: 'Mostrar ejecuciones',
  newRun: 'Nueva ejecución',
  newRunCaption: 'Entrenar a partir de una configuración YAML, en un proceso propio',
  openRun: 'Abrir ejecución…',
  compareRuns: 'Comparar ejecuciones…',
  compare: runs => `Comparar ${runs} ejecuciones`,
  insertCode: 'Insertar código que muestra la ejecución más reciente',
  newest: {
    pause: 'Pausar la ejecución más reciente',
    resume: 'Reanudar la ejecución más reciente',
    suspend: 'Suspender la ejecución más reciente',
    stop: 'Detener la ejecución más reciente',
    checkpoint: 'Guardar checkpoint de la ejecución más reciente'
  },
  choose: '¿Qué ejecuciones?',
  chooseOne: '¿Qué ejecución?',
  chooseTwo: 'Elija dos o más ejecuciones para comparar.',
  noRuns: 'Aún no hay ejecuciones.',
  none: {
    pause: 'Ninguna ejecución en curso.',
    resume: 'Ninguna ejecución en pausa.',
    suspend: 'Ninguna ejecución en curso o en pausa.',
    stop: 'Ninguna ejecución en curso o en pausa.',
    checkpoint: 'Ninguna ejecución en curso o en pausa.'
  },
  asked: {
    pause: name => `${name}: pausando.`,
    resume: name => `${name}: reanudando.`,
    suspend: name => `${name}: suspendiendo.`,
    stop: name => `${name}: deteniendo.`,
    checkpoint: name => `${name}: guardando un checkpoint.`
  },
  done: {
    pause: 'en pausa.',
    resume: 'reanudada.',
    suspend: 'suspendida.',
    stop: 'detenida.',
    checkpoint: 'se pidió el checkpoint.'
  },
  answer: (name, answer) => `${name}: ${answer}`,
  completed: name => `${name} ha terminado.`,
  completedBest: (name, metric, value) => `${name} ha terminado, mejor ${metric} ${value}.`,
  failed: (name, reason) => `${name} falló: ${reason}`,
  failedSilently: name => `${name} falló.`,
  lost: name => `${name} se perdió: el proceso que la entrenaba ya no existe. Se puede reanudar.`,
  open: 'Abrir ejecución',
  notLoaded: reason => `No se pudo cargar esta vista: ${reason}`,
  tryAgain: 'Reintentar'
};

const LANGUAGES: Dictionaries<LabWords> = { en, pt, es };

/** The words of a language such as `pt-BR`; English where there are none. */
export function labWords(language: string): LabWords {
  return inLanguage(LANGUAGES, language);
}
