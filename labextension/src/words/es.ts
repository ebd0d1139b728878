import type { Words } from './en';
import { pluralOf } from './plural';
import { viewsEs } from './views-es';

const plural = pluralOf('es');

export const es: Words = {
  ...viewsEs,
  language: 'es',
  states: {
    pending: 'Pendiente',
    running: 'En curso',
    paused: 'En pausa',
    suspended: 'Suspendida',
    completed: 'Completada',
    stopped: 'Detenida',
    failed: 'Fallida',
    lost: 'Perdida'
  },
  verbs: {
    pause: 'Pausar',
    resume: 'Reanudar',
    suspend: 'Suspender',
    stop: 'Detener',
    checkpoint: 'Checkpoint',
    set: 'Cambiar la tasa de aprendizaje…',
    clone: 'Clonar',
    try: 'Probar',
    delete: 'Eliminar…'
  },
  doing: {
    pause: 'Pausando…',
    resume: 'Reanudando…',
    suspend: 'Suspendiendo…',
    stop: 'Deteniendo…',
    checkpoint: 'Guardando…',
    set: 'Cambiando…',
    clone: 'Clonando…',
    try: 'Prediciendo…',
    delete: 'Eliminando…'
  },
  actions: {
    open: 'Abrir',
    newRun: 'Nueva ejecución',
    compare: 'Comparar',
    select: 'Seleccionar para comparar',
    deselect: 'Quitar de la selección',
    insertCode: 'Insertar código en el notebook',
    copyId: 'Copiar el id de la ejecución',
    copied: id => `Se copió ${id}.`,
    notCopied: id => `El id de la ejecución es ${id}.`,
    cancel: 'Cancelar',
    set: 'Cambiar',
    clear: 'Borrar',
    tryAgain: 'Reintentar',
    dismiss: 'Descartar',
    more: 'Más',
    actionsOf: name => `Acciones de ${name}`
  },
  connection: {
    unreachable: 'El servidor no responde. ¿Sigue en marcha?',
    lost: 'Sin conexión con el servidor.',
    retrying: 'Lo que ve puede estar desactualizado. Reintentando…',
    silent: 'El servidor aún no responde.',
    silentHint: 'Está ocupado, o la red es lenta.',
    refused: status => `El servidor rechazó la petición (HTTP ${status}).`
  },
  list: {
    title: 'Ejecuciones',
    groups: { running: 'En curso', paused: 'En pausa', finished: 'Terminadas', failed: 'Fallidas' },
    runs: number => plural(number, { one: '# ejecución', other: '# ejecuciones' }),
    filter: 'Filtrar ejecuciones',
    filterHint: 'nombre, state:running, val_accuracy>0.9',
    clearFilter: 'Borrar el filtro',
    sort: 'Ordenar',
    sorts: {
      newest: 'Más nuevas primero',
      oldest: 'Más antiguas primero',
      name: 'Nombre',
      best: 'Mejor valor',
      updated: 'Último cambio'
    },
    loading: 'Cargando ejecuciones…',
    emptyTitle: 'Aún no hay ejecuciones.',
    empty: 'Inicie una aquí, o use %%dltrain en un notebook. Cada ejecución aparece aquí por sí sola.',
    noMatchTitle: 'Ninguna ejecución coincide.',
    noMatch: filter => `Nada coincide con «${filter}». Cambie el filtro, o bórrelo para verlas todas.`,
    errorTitle: 'No se pueden listar las ejecuciones.',
    best: (metric, value) => `mejor ${metric} ${value}`,
    left: time => `faltan ${time}`,
    epoch: (epoch, epochs) => `época ${epoch} de ${epochs}`,
    progress: 'Progreso del entrenamiento',
    on: host => `en ${host}`,
    created: age => `iniciada ${age}`,
    askDelete: name => `¿Eliminar ${name}?`,
    keep: 'Conservar',
    delete: 'Eliminar',
    deleted: name => `${name} se eliminó.`,
    askStop: name => `¿Detener ${name}?`,
    stop: 'Detener',
    keepTraining: 'Seguir',
    cloned: name => `Clonada como ${name}.`,
    done: verb => `${verb}: hecho.`,
    learningRate: 'Tasa de aprendizaje',
    rateHint: 'un número mayor que 0',
    selected: number => plural(number, { one: '# seleccionada', other: '# seleccionadas' }),
    selectMore: 'Seleccione otra ejecución para comparar.',
    keys: 'Las flechas mueven, Intro abre, Espacio selecciona, Supr elimina, Mayús+F10 muestra las acciones.',
    stateChanged: (name, state) => `${name}: ${state}.`
  },
  charts: {
    title: 'Ajustes de los gráficos',
    log: 'Log y',
    smooth: 'Suavizar',
    smoothHint: 'Media móvil sobre esta parte del eje',
    off: 'no',
    axis: 'Eje horizontal'
  },
  gauges: {
    title: host => `Carga de ${host}`,
    waiting: 'Midiendo la carga del servidor…',
    cpu: 'CPU',
    memory: 'Memoria',
    gpu: 'GPU',
    cores: number => plural(number, { one: '# núcleo', other: '# núcleos' })
  }
};
