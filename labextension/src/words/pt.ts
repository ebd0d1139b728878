import type { Words } from './en';
import { pluralOf } from './plural';
import { viewsPt } from './views-pt';

const plural = pluralOf('pt');

export const pt: Words = {
  ...viewsPt,
  language: 'pt',
  states: {
    pending: 'Pendente',
    running: 'Em execução',
    paused: 'Pausada',
    suspended: 'Suspensa',
    completed: 'Concluída',
    stopped: 'Parada',
    failed: 'Falhou',
    lost: 'Perdida'
  },
  verbs: {
    pause: 'Pausar',
    resume: 'Retomar',
    suspend: 'Suspender',
    stop: 'Parar',
    checkpoint: 'Checkpoint',
    set: 'Alterar a taxa de aprendizado…',
    clone: 'Clonar',
    try: 'Testar',
    delete: 'Excluir…'
  },
  doing: {
    pause: 'Pausando…',
    resume: 'Retomando…',
    suspend: 'Suspendendo…',
    stop: 'Parando…',
    checkpoint: 'Salvando…',
    set: 'Alterando…',
    clone: 'Clonando…',
    try: 'Prevendo…',
    delete: 'Excluindo…'
  },
  actions: {
    open: 'Abrir',
    newRun: 'Nova execução',
    compare: 'Comparar',
    select: 'Selecionar para comparar',
    deselect: 'Desfazer a seleção',
    insertCode: 'Inserir código no notebook',
    copyId: 'Copiar o id da execução',
    copied: id => `${id} copiado.`,
    notCopied: id => `O id da execução é ${id}.`,
    cancel: 'Cancelar',
    set: 'Alterar',
    clear: 'Limpar',
    tryAgain: 'Tentar de novo',
    dismiss: 'Dispensar',
    more: 'Mais',
    actionsOf: name => `Ações de ${name}`
  },
  connection: {
    unreachable: 'O servidor não responde. Ele ainda está em execução?',
    lost: 'Sem conexão com o servidor.',
    retrying: 'O que você vê pode estar desatualizado. Tentando de novo…',
    silent: 'O servidor ainda não respondeu.',
    silentHint: 'Ele está ocupado, ou a rede está lenta.',
    refused: status => `O servidor recusou o pedido (HTTP ${status}).`
  },
  list: {
    title: 'Execuções',
    groups: { running: 'Em execução', paused: 'Pausadas', finished: 'Concluídas', failed: 'Com falha' },
    runs: number => plural(number, { one: '# execução', other: '# execuções' }),
    filter: 'Filtrar execuções',
    filterHint: 'nome, state:running, val_accuracy>0.9',
    clearFilter: 'Limpar o filtro',
    sort: 'Ordenar',
    sorts: {
      newest: 'Mais novas primeiro',
      oldest: 'Mais antigas primeiro',
      name: 'Nome',
      best: 'Melhor valor',
      updated: 'Última mudança'
    },
    loading: 'Carregando execuções…',
    emptyTitle: 'Nenhuma execução ainda.',
    empty: 'Comece uma aqui, ou use %%dltrain em um notebook. Toda execução aparece aqui sozinha.',
    noMatchTitle: 'Nenhuma execução corresponde.',
    noMatch: filter => `Nada corresponde a “${filter}”. Mude o filtro, ou limpe-o para ver todas.`,
    errorTitle: 'Não foi possível listar as execuções.',
    best: (metric, value) => `melhor ${metric} ${value}`,
    left: time => `faltam ${time}`,
    epoch: (epoch, epochs) => `época ${epoch} de ${epochs}`,
    progress: 'Progresso do treinamento',
    on: host => `em ${host}`,
    created: age => `iniciada ${age}`,
    askDelete: name => `Excluir ${name}?`,
    keep: 'Manter',
    delete: 'Excluir',
    deleted: name => `${name} foi excluída.`,
    askStop: name => `Parar ${name}?`,
    stop: 'Parar',
    keepTraining: 'Continuar',
    cloned: name => `Clonada como ${name}.`,
    done: verb => `${verb}: feito.`,
    learningRate: 'Taxa de aprendizado',
    rateHint: 'um número acima de 0',
    selected: number => plural(number, { one: '# selecionada', other: '# selecionadas' }),
    selectMore: 'Selecione outra execução para comparar.',
    keys: 'Setas movem, Enter abre, Espaço seleciona, Delete exclui, Shift+F10 mostra as ações.',
    stateChanged: (name, state) => `${name}: ${state}.`
  },
  charts: {
    title: 'Configurações dos gráficos',
    log: 'Log y',
    smooth: 'Suavizar',
    smoothHint: 'Média móvel sobre esta parte do eixo',
    off: 'não',
    axis: 'Eixo horizontal'
  },
  gauges: {
    title: host => `Carga de ${host}`,
    waiting: 'Medindo a carga do servidor…',
    cpu: 'CPU',
    memory: 'Memória',
    gpu: 'GPU',
    cores: number => plural(number, { one: '# núcleo', other: '# núcleos' })
  }
};
