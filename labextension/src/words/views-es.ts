import { builderEs } from './builder-es';
import { pluralOf } from './plural';
import type { ViewWords } from './views-en';

const plural = pluralOf('es');

export const viewsEs: ViewWords = {
  builder: builderEs,
  tracking: {
    late: 'con retraso',
    catchingUp: 'poniéndose al día',
    of: (step, steps) => `${step} de ${steps}`,
    states: {
      waiting: () => 'nada enviado todavía',
      following: steps => `${steps} pasos enviados`,
      catching_up: steps => `poniéndose al día, ${steps} pasos enviados`,
      behind: (steps, since, why) => `con retraso desde ${since}, ${steps} pasos enviados. ${why}`,
      delivered: steps => `los ${steps} pasos enviados`
    }
  },
  trackers: {
    by: trackers => `registrada por ${trackers}`,
    open: tracker => `Abrir en ${tracker}`,
    copyPlace: tracker => `Copiar la ruta en ${tracker}`
  },
  run: {
    waiting: 'Cargando la ejecución…',
    waitingHint: 'Las curvas aparecen en cuanto el servidor las haya leído.',
    unknownTitle: 'Aquí no existe esa ejecución.',
    suggestions: 'Quizás una de estas:',
    deletedTitle: 'Esta ejecución fue eliminada.',
    deleted: 'Su historial y sus checkpoints ya no existen.',
    again: 'Nueva ejecución con su configuración',
    newWithSettings: 'Nueva ejecución con esta configuración…',
    unreachable: 'Sin conexión con el servidor',
    changeSettings: 'Cambiar la configuración…',
    askDelete: name => `¿Eliminar ${name} con su historial y sus checkpoints?`,
    delete: 'Eliminar',
    keep: 'Conservar',
    extend: 'Entrenar más…',
    extendTo: 'Entrenar hasta la época',
    extendHint: epochs => `más de ${epochs}`,
    extendNow: 'Continuar',
    insertCode: 'Insertar código en el notebook'
  },
  live: {
    open: 'Cambiar ajustes…',
    title: 'Cambiar ajustes de esta ejecución',
    hint: 'desde el próximo paso',
    never: 'nunca',
    whole: 'un número entero mayor que 0',
    number: 'un número mayor que 0',
    names: {
      epochs: 'Épocas en total',
      learning_rate: 'Tasa de aprendizaje',
      'validation.interval': 'Validar cada … épocas',
      'early_stopping.patience': 'Paciencia de la parada temprana',
      'checkpoint.every_seconds': 'Checkpoint cada … segundos',
      'checkpoint.every_epochs': 'Checkpoint cada … épocas',
      'checkpoint.keep': 'Checkpoints que se conservan'
    }
  },
  clone: {
    title: (name, step) => `Nueva ejecución a partir de ${name}, con los pesos del paso ${step}`,
    label: 'Configuración de la nueva ejecución, en YAML',
    unchanged: 'Aún no se ha cambiado nada.',
    changed: 'Lo que hace de otro modo:',
    kept: keys => `Omitido, por tanto como en esta ejecución: ${keys}.`,
    start: 'Iniciar clon',
    starting: 'Iniciando…'
  },
  comparison: {
    title: 'Comparar ejecuciones',
    shown: 'Ejecuciones en los gráficos',
    hide: name => `Ocultar ${name}`,
    show: name => `Mostrar ${name}`,
    remove: name => `Quitar ${name} de la comparación`,
    add: 'Añadir ejecución',
    addHint: 'nombre, state:running, framework:jax',
    nothingFound: 'Ninguna otra ejecución coincide.',
    emptyTitle: 'Aún no hay nada que comparar.',
    empty: 'Añada dos ejecuciones o más; sus curvas están en un gráfico por métrica.',
    role: 'Qué curvas',
    roles: { validation: 'Validación', train: 'Entrenamiento', both: 'Ambas' },
    notFinite: 'no finito',
    dashed: 'Entrenamiento en líneas discontinuas.',
    units: { step: 'Paso', epoch: 'Época', time: 'Tiempo' },
    time: unit => `Tiempo de entrenamiento en ${unit}, a la velocidad media de cada ejecución`,
    zoomHint: 'Arrastre para ampliar, doble clic para volver',
    wholeRuns: 'Ejecuciones enteras',
    noCurves: 'El primer punto aparece después de la primera época.',
    hidden: 'Todas las ejecuciones están ocultas.',
    run: 'Ejecución',
    state: 'Estado',
    best: 'Mejor',
    epochs: 'Épocas',
    byDefault: 'por defecto',
    differences: 'Ajustes que difieren',
    sameSettings: 'Todos los ajustes son iguales.',
    table: 'Las ejecuciones comparadas y lo que difiere en su configuración',
    waiting: 'cargando…',
    missing: 'no encontrada',
    chart: (metric, runs) =>
      `${metric} de ${plural(runs, { one: '# ejecución', other: '# ejecuciones' })}. Las flechas leen valores, Escape muestra las ejecuciones enteras.`
  },
  create: {
    title: 'Nueva ejecución',
    label: 'Configuración de la nueva ejecución, en YAML',
    leaveEditor: 'Escape y después Tab sale del editor. Ctrl+Intro inicia la ejecución.',
    keys: 'Ctrl+Intro inicia · Esc y después Tab sale del editor',
    open: 'Abrir archivo…',
    template: 'Ejemplo',
    dropHere: 'Suelte un archivo YAML para abrirlo',
    opened: file => `Se abrió ${file}.`,
    undo: 'Ctrl+Z recupera lo que había aquí.',
    tooLarge: (file, size) => `${file} tiene ${size}; una configuración tiene 1 MB como máximo.`,
    notText: file => `${file} no es texto. Abra un archivo YAML.`,
    unreadable: file => `No se puede leer ${file}.`,
    checking: 'Comprobando…',
    noProblems: 'Sin problemas. Se puede iniciar.',
    problems: number => plural(number, { one: '# problema', other: '# problemas' }),
    unchecked: 'Ahora no se puede comprobar:',
    leftOut: number =>
      plural(number, { one: 'No se puede usar un complemento:', other: 'No se pueden usar # complementos:' }),
    line: line => `Línea ${line}`,
    start: 'Iniciar entrenamiento',
    starting: 'Iniciando…',
    mendFirst: 'Corrija antes los problemas',
    meaning: 'Entrena en un proceso propio en el servidor, que sigue cuando se cierra esta página.',
    meaningHere: 'Entrena en el kernel de este notebook, salvo que el ejecutor diga otra cosa.',
    startedBelow: (name: string) => `${name} ha empezado; su panel está abajo.`,
    noKernel:
      'El kernel ha terminado o se ha reiniciado, así que desde aquí no se puede comprobar ni empezar nada. Ejecute la celda otra vez; lo escrito aquí queda hasta entonces.'
  }
};
