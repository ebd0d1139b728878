import { builderPt } from './builder-pt';
import { pluralOf } from './plural';
import type { ViewWords } from './views-en';

const plural = pluralOf('pt');

export const viewsPt: ViewWords = {
  builder: builderPt,
  tracking: {
    late: 'atrasado',
    catchingUp: 'recuperando o atraso',
    of: (step, steps) => `${step} de ${steps}`,
    states: {
      waiting: () => 'nada enviado ainda',
      following: steps => `${steps} passos enviados`,
      catching_up: steps => `recuperando o atraso, ${steps} passos enviados`,
      behind: (steps, since, why) => `atrasado desde ${since}, ${steps} passos enviados. ${why}`,
      delivered: steps => `todos os ${steps} passos enviados`
    }
  },
  trackers: {
    by: trackers => `rastreada por ${trackers}`,
    open: tracker => `Abrir em ${tracker}`,
    copyPlace: tracker => `Copiar o caminho em ${tracker}`
  },
  run: {
    waiting: 'Carregando a execução…',
    waitingHint: 'As curvas aparecem assim que o servidor as tiver lido.',
    unknownTitle: 'Não há tal execução aqui.',
    suggestions: 'Talvez uma destas:',
    deletedTitle: 'Esta execução foi excluída.',
    deleted: 'O histórico e os checkpoints não existem mais.',
    again: 'Nova execução com essas configurações',
    newWithSettings: 'Nova execução com estas configurações…',
    unreachable: 'Sem conexão com o servidor',
    changeSettings: 'Mudar configurações…',
    askDelete: name => `Excluir ${name} com o histórico e os checkpoints?`,
    delete: 'Excluir',
    keep: 'Manter',
    extend: 'Treinar mais…',
    extendTo: 'Treinar até a época',
    extendHint: epochs => `mais que ${epochs}`,
    extendNow: 'Continuar',
    insertCode: 'Inserir código no notebook'
  },
  live: {
    open: 'Alterar configurações…',
    title: 'Alterar configurações desta execução',
    hint: 'a partir do próximo passo',
    never: 'nunca',
    whole: 'um número inteiro acima de 0',
    number: 'um número acima de 0',
    names: {
      epochs: 'Épocas no total',
      learning_rate: 'Taxa de aprendizado',
      'validation.interval': 'Validar a cada … épocas',
      'early_stopping.patience': 'Paciência da parada antecipada',
      'checkpoint.every_seconds': 'Checkpoint a cada … segundos',
      'checkpoint.every_epochs': 'Checkpoint a cada … épocas',
      'checkpoint.keep': 'Checkpoints a manter'
    }
  },
  clone: {
    title: (name, step) => `Nova execução a partir de ${name}, com os pesos do passo ${step}`,
    label: 'Configurações da nova execução, em YAML',
    unchanged: 'Nenhuma configuração foi mudada ainda.',
    changed: 'O que ela faz de outro modo:',
    kept: keys => `Deixado de fora, portanto como nesta execução: ${keys}.`,
    start: 'Iniciar clone',
    starting: 'Iniciando…'
  },
  comparison: {
    title: 'Comparar execuções',
    shown: 'Execuções nos gráficos',
    hide: name => `Ocultar ${name}`,
    show: name => `Mostrar ${name}`,
    remove: name => `Remover ${name} da comparação`,
    add: 'Adicionar execução',
    addHint: 'nome, state:running, framework:jax',
    nothingFound: 'Nenhuma outra execução corresponde.',
    emptyTitle: 'Nada para comparar ainda.',
    empty: 'Adicione duas execuções ou mais; as curvas ficam em um gráfico por métrica.',
    role: 'Quais curvas',
    roles: { validation: 'Validação', train: 'Treino', both: 'Ambas' },
    notFinite: 'não finito',
    dashed: 'Treino tracejado.',
    units: { step: 'Passo', epoch: 'Época', time: 'Tempo' },
    time: unit => `Tempo de treino em ${unit}, pela velocidade média de cada execução`,
    zoomHint: 'Arraste para ampliar, clique duplo para voltar',
    wholeRuns: 'Execuções inteiras',
    noCurves: 'O primeiro ponto aparece depois da primeira época.',
    hidden: 'Todas as execuções estão ocultas.',
    run: 'Execução',
    state: 'Estado',
    best: 'Melhor',
    epochs: 'Épocas',
    byDefault: 'padrão',
    differences: 'Configurações diferentes',
    sameSettings: 'Todas as configurações são iguais.',
    table: 'As execuções comparadas e o que difere em suas configurações',
    waiting: 'carregando…',
    missing: 'não encontrada',
    chart: (metric, runs) =>
      `${metric} de ${plural(runs, { one: '# execução', other: '# execuções' })}. As setas leem valores, Escape mostra as execuções inteiras.`
  },
  create: {
    title: 'Nova execução',
    label: 'Configuração da nova execução, em YAML',
    leaveEditor: 'Escape e depois Tab sai do editor. Ctrl+Enter inicia a execução.',
    keys: 'Ctrl+Enter inicia · Esc e depois Tab sai do editor',
    open: 'Abrir arquivo…',
    template: 'Exemplo',
    dropHere: 'Solte um arquivo YAML para abri-lo',
    opened: file => `${file} foi aberto.`,
    undo: 'Ctrl+Z traz de volta o que estava aqui.',
    tooLarge: (file, size) => `${file} tem ${size}; uma configuração tem no máximo 1 MB.`,
    notText: file => `${file} não é texto. Abra um arquivo YAML.`,
    unreadable: file => `Não foi possível ler ${file}.`,
    checking: 'Verificando…',
    noProblems: 'Nenhum problema. Pode ser iniciada.',
    problems: number => plural(number, { one: '# problema', other: '# problemas' }),
    unchecked: 'Não é possível verificar agora:',
    leftOut: number =>
      plural(number, { one: 'Um plug-in não pode ser usado:', other: '# plug-ins não podem ser usados:' }),
    line: line => `Linha ${line}`,
    start: 'Iniciar treinamento',
    starting: 'Iniciando…',
    mendFirst: 'Corrija os problemas primeiro',
    meaning: 'Treina em um processo próprio no servidor, que continua quando esta página é fechada.',
    meaningHere: 'Treina no kernel deste notebook, a menos que o executor diga outra coisa.',
    startedBelow: (name: string) => `${name} começou; o painel está abaixo.`,
    noKernel:
      'O kernel terminou ou foi reiniciado, por isso daqui não se pode verificar nem começar nada. Execute a célula outra vez; o que está escrito aqui fica até lá.'
  }
};
