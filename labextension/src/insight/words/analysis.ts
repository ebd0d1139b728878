import type { Dictionaries } from '../../words/language';

const en = {
  layers: 'Layers',
  table: 'The layers of the model: shapes, parameters, operations and time',
  layer: 'Layer',
  type: 'Type',
  input: 'Input',
  output: 'Output',
  parameters: 'Parameters',
  trainable: 'Trainable',
  flops: 'FLOPs',
  milliseconds: 'Time',
  total: 'Total',
  all: 'all',
  none: 'none',
  frozen: (part: string) => `${part} of them`,
  waiting: 'Reading the model…',
  missingTitle: 'The model wasn’t looked into.',
  missing:
    'Its layers are measured when the first epoch has ended; this run ended before that, or its model can’t be taken apart.',
  notRead: 'The model can’t be read.',
  again: 'Try again',
  distributions: 'Distributions over epochs',
  kinds: { weights: 'Weights', activations: 'Activations', gradients: 'Gradients' } as Record<string, string>,
  kind: 'What is shown',
  pick: 'Layer or parameter',
  noHistogramsTitle: 'No distributions.',
  noHistograms:
    'They are kept from the end of the first epoch on, unless the configuration says histograms: false.',
  heat: (what: string, name: string) => `${what} of ${name} over epochs. Arrow keys read its columns.`,
  at: (epoch: number, value: string, share: string) => `Epoch ${epoch}: ${share} near ${value}`,
  column: (epoch: number, median: string, least: string, most: string) =>
    `Epoch ${epoch}: median ${median}, from ${least} to ${most}`,
  hint: 'Stronger: more of the values. The line is their median.',
  epoch: 'epoch'
};

export type AnalysisWords = typeof en;

const pt: AnalysisWords = {
  layers: 'Camadas',
  table: 'As camadas do modelo: formas, parâmetros, operações e tempo',
  layer: 'Camada',
  type: 'Tipo',
  input: 'Entrada',
  output: 'Saída',
  parameters: 'Parâmetros',
  trainable: 'Treináveis',
  flops: 'FLOPs',
  milliseconds: 'Tempo',
  total: 'Total',
  all: 'todos',
  none: 'nenhum',
  frozen: part => `${part} deles`,
  waiting: 'Lendo o modelo…',
  missingTitle: 'O modelo não foi examinado.',
  missing:
    'As camadas são medidas quando a primeira época termina; esta execução acabou antes disso, ou o modelo não pode ser desmontado.',
  notRead: 'O modelo não pode ser lido.',
  again: 'Tentar de novo',
  distributions: 'Distribuições ao longo das épocas',
  kinds: { weights: 'Pesos', activations: 'Ativações', gradients: 'Gradientes' },
  kind: 'O que é mostrado',
  pick: 'Camada ou parâmetro',
  noHistogramsTitle: 'Sem distribuições.',
  noHistograms:
    'São guardadas a partir do fim da primeira época, salvo se a configuração diz histograms: false.',
  heat: (what, name) => `${what} de ${name} ao longo das épocas. As setas leem as colunas.`,
  at: (epoch, value, share) => `Época ${epoch}: ${share} perto de ${value}`,
  column: (epoch, median, least, most) => `Época ${epoch}: mediana ${median}, de ${least} a ${most}`,
  hint: 'Mais forte: mais valores. A linha é a mediana.',
  epoch: 'época'
};

const es: AnalysisWords = {
  layers: 'Capas',
  table: 'Las capas del modelo: formas, parámetros, operaciones y tiempo',
  layer: 'Capa',
  type: 'Tipo',
  input: 'Entrada',
  output: 'Salida',
  parameters: 'Parámetros',
  trainable: 'Entrenables',
  flops: 'FLOPs',
  milliseconds: 'Tiempo',
  total: 'Total',
  all: 'todos',
  none: 'ninguno',
  frozen: part => `${part} de ellos`,
  waiting: 'Leyendo el modelo…',
  missingTitle: 'El modelo no se examinó.',
  missing:
    'Las capas se miden cuando termina la primera época; esta ejecución acabó antes, o el modelo no se puede desmontar.',
  notRead: 'No se puede leer el modelo.',
  again: 'Reintentar',
  distributions: 'Distribuciones a lo largo de las épocas',
  kinds: { weights: 'Pesos', activations: 'Activaciones', gradients: 'Gradientes' },
  kind: 'Qué se muestra',
  pick: 'Capa o parámetro',
  noHistogramsTitle: 'Sin distribuciones.',
  noHistograms:
    'Se guardan desde el final de la primera época, salvo que la configuración diga histograms: false.',
  heat: (what, name) => `${what} de ${name} a lo largo de las épocas. Las flechas leen las columnas.`,
  at: (epoch, value, share) => `Época ${epoch}: ${share} cerca de ${value}`,
  column: (epoch, median, least, most) => `Época ${epoch}: mediana ${median}, de ${least} a ${most}`,
  hint: 'Más intenso: más valores. La línea es la mediana.',
  epoch: 'época'
};

/** What is said of a model's layers. */
export const ANALYSIS: Dictionaries<AnalysisWords> = { en, pt, es };
